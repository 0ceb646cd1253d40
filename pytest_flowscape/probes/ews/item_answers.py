"""What raw answers about items say: ids, tags and times, and the changes that SyncFolderItems reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.facts import TAG_NAME, TAG_SET, Trouble
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import MESSAGES, TYPES

_T, _M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"
CREATED, UPDATED, DELETED = "Create", "Update", "Delete"


@dataclass(frozen=True)
class Item:
    """One item as an answer has it; what is not in the answer is empty or None. ``kind`` is its element's name."""

    item_id: str
    change_key: str = ""
    kind: str = ""
    subject: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    uid: str = ""
    tag: str | None = None


@dataclass(frozen=True)
class Change:
    """One change of SyncFolderItems: Create, Update or Delete (or ReadFlagChange), and the item."""

    kind: str
    item: Item


def read_all(raws: Iterable[tuple[int, bytes, float]]) -> tuple[Envelope, ...] | Trouble:
    """Read raw answers (status, body, seconds); return the first trouble, also one in a message, instead of all."""
    found = []
    for status, body, seconds in raws:
        one = answers.read(HttpAnswer(status, (), body, seconds))
        trouble = one if isinstance(one, Trouble) else next(answers.troubles(one), None)
        if trouble is not None:
            return trouble
        assert isinstance(one, Envelope)
        found.append(one)
    return tuple(found)


def items(envelopes: Iterable[Envelope]) -> tuple[Item, ...]:
    """Return the items in answers to CreateItem, GetItem, FindItem or UpdateItem."""
    return tuple(
        item(element) for envelope in envelopes for message in envelope.messages for element in elements(message)
    )


def first_item(envelopes: Iterable[Envelope]) -> Item | None:
    """Return the first of the items, None where there is none."""
    return next(iter(items(envelopes)), None)


def elements(message: etree._Element) -> Iterator[etree._Element]:
    """Return the elements of the items in one response message."""
    for holder in ("Items", f"RootFolder/{_T}Items"):
        yield from _children(message.find(f"{_M}{holder}"))


def changes(envelopes: Iterable[Envelope]) -> Iterator[Change]:
    """Return the changes in answers to SyncFolderItems, in order."""
    for envelope in envelopes:
        for message in envelope.messages:
            for change in _children(message.find(f"{_M}Changes")):
                kind = etree.QName(change).localname
                # a removal holds the id itself, anything else holds the item
                inner = change if change.find(f"{_T}ItemId") is not None else next(_children(change), change)
                yield Change(kind, item(inner))


def _children(element: etree._Element | None) -> Iterator[etree._Element]:
    yield from () if element is None else (child for child in element if isinstance(child.tag, str))


def item(element: etree._Element) -> Item:
    """Return the item of an element."""
    identity = element.find(f"{_T}ItemId")
    return Item(
        item_id="" if identity is None else identity.get("Id", ""),
        change_key="" if identity is None else identity.get("ChangeKey", ""),
        kind=etree.QName(element).localname,
        subject=element.findtext(f"{_T}Subject") or "",
        begin=_moment(element, "Start"),
        end=_moment(element, "End"),
        uid=(element.findtext(f"{_T}UID") or "").strip(),
        tag=next((value for name, value in extended_properties(element) if _is_tag(name)), None),
    )


def extended_properties(element: etree._Element) -> Iterator[tuple[Mapping[str, str], str]]:
    """Return the extended properties of an item's element: the attributes of ExtendedFieldURI, and the value."""
    for one in element.iterfind(f"{_T}ExtendedProperty"):
        name = one.find(f"{_T}ExtendedFieldURI")
        if name is not None:
            yield {str(key): str(value) for key, value in name.attrib.items()}, one.findtext(f"{_T}Value") or ""


def _is_tag(name: Mapping[str, str]) -> bool:
    return (name.get("PropertySetId", "").lower(), name.get("PropertyName", "")) == (TAG_SET, TAG_NAME)


def utc_time(text: str) -> datetime:
    """Return an ISO 8601 time as an aware one; without a zone it is UTC. Raises ValueError and OverflowError."""
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _moment(element: etree._Element, name: str) -> datetime | None:
    try:
        return utc_time(element.findtext(f"{_T}{name}") or "")
    except (ValueError, OverflowError):  # absent, in a form of its own, or in no year at all: then it is not known
        return None
