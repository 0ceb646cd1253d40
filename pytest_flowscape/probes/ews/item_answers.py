"""What raw answers about items say: ids, tags and times, and the changes that SyncFolderItems tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
class ItemTold:
    """One item as an answer tells it; what was not told is empty or None. ``kind`` is its element's name."""

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
    item: ItemTold


def read_all(told: Iterable[tuple[int, bytes, float]]) -> tuple[Envelope, ...] | Trouble:
    """Read raw answers (status, body, seconds); the first trouble in them, be it in a message, stands for all."""
    found = []
    for status, body, seconds in told:
        one = answers.read(HttpAnswer(status, (), body, seconds))
        trouble = one if isinstance(one, Trouble) else next(answers.troubles(one), None)
        if trouble is not None:
            return trouble
        assert isinstance(one, Envelope)
        found.append(one)
    return tuple(found)


def items(envelopes: Iterable[Envelope]) -> tuple[ItemTold, ...]:
    """Return the items that CreateItem, GetItem, FindItem or UpdateItem told."""
    return tuple(
        item(element) for envelope in envelopes for message in envelope.messages for element in elements(message)
    )


def elements(message: etree._Element) -> Iterator[etree._Element]:
    """Return the elements of the items in one response message."""
    for holder in ("Items", f"RootFolder/{_T}Items"):
        yield from _children(message.find(f"{_M}{holder}"))


def changes(envelopes: Iterable[Envelope]) -> tuple[Change, ...]:
    """Return the changes that SyncFolderItems told, in order."""
    return tuple(_changes(envelopes))


def _changes(envelopes: Iterable[Envelope]) -> Iterator[Change]:
    for envelope in envelopes:
        for message in envelope.messages:
            for change in _children(message.find(f"{_M}Changes")):
                kind = etree.QName(change).localname
                # a removal holds the id itself, anything else holds the item
                inner = change if change.find(f"{_T}ItemId") is not None else next(_children(change), change)
                yield Change(kind, item(inner))


def _children(element: etree._Element | None) -> Iterator[etree._Element]:
    yield from () if element is None else (child for child in element if isinstance(child.tag, str))


def item(element: etree._Element) -> ItemTold:
    """Return what one item's element tells."""
    identity = element.find(f"{_T}ItemId")
    return ItemTold(
        item_id="" if identity is None else identity.get("Id", ""),
        change_key="" if identity is None else identity.get("ChangeKey", ""),
        kind=etree.QName(element).localname,
        subject=element.findtext(f"{_T}Subject") or "",
        begin=moment(element, "Start"),
        end=moment(element, "End"),
        uid=(element.findtext(f"{_T}UID") or "").strip(),
        tag=_tag(element),
    )


def _tag(element: etree._Element) -> str | None:
    for told in element.iterfind(f"{_T}ExtendedProperty"):
        name = told.find(f"{_T}ExtendedFieldURI")
        if name is None:
            continue
        if (name.get("PropertySetId", "").lower(), name.get("PropertyName", "")) == (TAG_SET, TAG_NAME):
            return told.findtext(f"{_T}Value") or ""
    return None


def moment(element: etree._Element, name: str) -> datetime | None:
    """Return an aware time that an element tells, None where it does not."""
    text = (element.findtext(f"{_T}{name}") or "").strip().replace("Z", "+00:00")
    try:
        told = datetime.fromisoformat(text)
        return told.astimezone(timezone.utc) if told.tzinfo else told.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):  # absent, in a form of its own, or in no year at all: then it is not known
        return None
