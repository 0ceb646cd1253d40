"""What raw answers about a meeting say: the organizer's item, the room's copy, and the answers to it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.item_answers import Item
from pytest_flowscape.probes.ews.request import TYPES

_T = f"{{{TYPES}}}"
_TRUE = frozenset(("true", "1"))
# PidLidGlobalObjectId: property 3 of the set Meeting ([MS-OXOCAL] 2.2.1.27)
OBJECT_ID_SET, OBJECT_ID = "Meeting", 3
_SET_ID = "6ed8da90-450b-101b-98da-00aa003f1305"  # PSETID_Meeting ([MS-OXPROPS] 1.3.2)
MAX_TEXT = 200  # characters of an answer's text that are kept


@dataclass(frozen=True)
class Attendee:
    """Somebody invited: address, answer (Unknown, Accept, Tentative, Decline, NoResponseReceived) and its time."""

    address: str
    response: str = ""
    answered: str = ""


@dataclass(frozen=True)
class MeetingItem:
    """One item that has to do with a meeting; what is not in the answer is empty.

    ``uid`` is the global object id in hexadecimal digits. ``response`` is the
    copy's own answer, or that of a message which answers. ``sender`` wrote a
    message, in the name of ``author``; ``received`` is text in ISO 8601, which
    compares as times do.
    """

    item: Item
    uid: str = ""
    item_class: str = ""
    sent: bool = False
    cancelled: bool = False
    response: str = ""
    invited: tuple[Attendee, ...] = ()
    sender: str = ""
    author: str = ""
    received: str = ""
    text: str = ""

    def answer_of(self, address: str) -> Attendee:
        """Return the answer of somebody invited, an empty one where nobody has that address."""
        same = (one for one in self.invited if one.address.lower() == address.lower())
        return next(same, Attendee(address))

    @property
    def delegated(self) -> bool:
        """Whether somebody answered in another one's name."""
        return bool(self.sender and self.author and self.sender.lower() != self.author.lower())


def meeting_items(envelopes: Iterable[Envelope]) -> tuple[MeetingItem, ...]:
    """Return the items in answers, of all folders."""
    return tuple(one for envelope in envelopes for items in by_message(envelope) for one in items)


def by_message(envelope: Envelope) -> tuple[tuple[MeetingItem, ...], ...]:
    """Return the items of each response message: FindItem has one for each folder that it was asked for."""
    return tuple(tuple(_meeting(one) for one in item_answers.elements(message)) for message in envelope.messages)


def _meeting(element: etree._Element) -> MeetingItem:
    item = item_answers.item(element)
    return MeetingItem(
        item,
        uid=_object_id(element),
        item_class=_text(element, "ItemClass"),
        sent=_text(element, "MeetingRequestWasSent") in _TRUE,
        cancelled=_text(element, "IsCancelled") in _TRUE,
        response=_text(element, "MyResponseType") or _text(element, "ResponseType"),
        invited=tuple(_invited(element)),
        sender=_text(element, f"Sender/{_T}Mailbox/{_T}EmailAddress"),
        author=_text(element, f"From/{_T}Mailbox/{_T}EmailAddress"),
        received=_text(element, "DateTimeReceived"),
        text=" ".join(_text(element, "TextBody").split())[:MAX_TEXT],
    )


def _invited(element: etree._Element) -> Iterator[Attendee]:
    for one in element.iterfind(f"{_T}Resources/{_T}Attendee"):
        address = _text(one, f"Mailbox/{_T}EmailAddress")
        yield Attendee(address, _text(one, "ResponseType"), _text(one, "LastResponseTime"))


def _object_id(element: etree._Element) -> str:
    for name, value in item_answers.extended_properties(element):
        # asked for by the set's name, the answer may have the set's GUID
        property_set = name.get("DistinguishedPropertySetId") or name.get("PropertySetId", "")
        is_meeting = property_set.lower().strip("{}") in (OBJECT_ID_SET.lower(), _SET_ID)
        if is_meeting and name.get("PropertyId") == str(OBJECT_ID):
            try:
                return base64.b64decode(value.strip(), validate=True).hex().upper()
            except binascii.Error:
                return ""
    return ""


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(f"{_T}{path}") or "").strip()
