"""Letters about a meeting: written for its attendees and for its organizer, posted, and kept as sent copies.

Item classes: [MS-OXOCAL] 2.2.4.1, 2.2.6.1, 2.2.7.1. The words before the
subject are those of an English Exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Attendee, Body, Item, Person, Value
from pytest_flowscape.simulator.model_meetings import CANCELLATION, REQUEST, RESPONSE, Letter, Meeting, Posted

ATTENDEES = ("calendar:RequiredAttendees", "calendar:OptionalAttendees", "calendar:Resources")
SEQUENCE = "calendar:AppointmentSequenceNumber"
CANCELLED = "Canceled: "
_ANSWERS = {
    "Accept": ("Accepted: ", "IPM.Schedule.Meeting.Resp.Pos"),
    "Tentative": ("Tentative: ", "IPM.Schedule.Meeting.Resp.Tent"),
    "Decline": ("Declined: ", "IPM.Schedule.Meeting.Resp.Neg"),
}
# what a meeting is, for everybody; named properties of the organizer's own item are not among it
_COMMON = (
    "item:Subject",
    "item:Body",
    "item:Sensitivity",
    "calendar:Start",
    "calendar:End",
    "calendar:StartTimeZone",
    "calendar:EndTimeZone",
    "calendar:IsAllDayEvent",
    "calendar:LegacyFreeBusyStatus",
    "calendar:Location",
    *ATTENDEES,
)


def owner(organisation: Organisation, mailbox: Mailbox) -> Person:
    """Return the owner of a mailbox, as items name people."""
    account = organisation.accounts.get(mailbox.owner_sid)
    return Person(account.display_name if account else mailbox.primary, mailbox.primary)


def attendees(item: Item) -> Iterator[tuple[str, Attendee]]:
    """Return everybody invited to an item, each with the property that names them."""
    for uri in ATTENDEES:
        for one in item.values.get(uri, ()):  # type: ignore[union-attr]
            if isinstance(one, Attendee):
                yield uri, one


def addresses(item: Item) -> list[str]:
    """Return the addresses of everybody invited, each once."""
    return list(dict.fromkeys(attendee.person.address.strip().lower() for _, attendee in attendees(item)))


def meeting_of(organisation: Organisation, mailbox: Mailbox, item: Item) -> Meeting:
    """Return the meeting that the organizer's item is, as of now."""
    values = {uri: item.values[uri] for uri in _COMMON if uri in item.values}
    sequence = item.values.get(SEQUENCE, 0)
    return Meeting(item.uid, owner(organisation, mailbox), sequence if isinstance(sequence, int) else 0, values)


def subject_of(meeting: Meeting) -> str:
    """Return the organizer's own subject."""
    return str(meeting.values.get("item:Subject", ""))


def request(meeting: Meeting, to: str, *, update: bool) -> Letter:
    """Write a meeting request, or the update of one."""
    body = meeting.values.get("item:Body")
    text = body.text if isinstance(body, Body) else ""
    who = meeting.organizer
    kind = "IPM.Schedule.Meeting.Request"
    return Letter(REQUEST, to, who, who, subject_of(meeting), kind, text, meeting, update=update)


def cancellation(meeting: Meeting, to: str, text: str = "") -> Letter:
    """Write a cancellation."""
    who, subject = meeting.organizer, CANCELLED + subject_of(meeting)
    return Letter(CANCELLATION, to, who, who, subject, "IPM.Schedule.Meeting.Canceled", text, meeting)


def response(meeting: Meeting, answer: str, text: str, *, sender: Person, author: Person) -> Letter:
    """Write the answer to a request: Accept, Tentative or Decline."""
    word, kind = _ANSWERS[answer]
    to = meeting.organizer.address
    return Letter(RESPONSE, to, sender, author, word + subject_of(meeting), kind, text, meeting, answer)


def post(organisation: Organisation, letter: Letter, delay: float = 0.0) -> None:
    """Put a letter on its way, ``delay`` seconds from now at the earliest."""
    mailbox = organisation.holder(letter.to)[0]
    arrives = mailbox.flow.arrives_after if mailbox is not None else 0.0
    organisation.letters.append(Posted(letter, delay + arrives))


def keep_copy(mailbox: Mailbox, letter: Letter, to: Iterable[str], now: datetime) -> None:
    """Put a copy of what was sent into Sent Items."""
    people = tuple(Person(address, address) for address in to)
    put(mailbox, "sentitems", letter, {"message:IsRead": True, "message:ToRecipients": people}, now)


def put(mailbox: Mailbox, folder: str, letter: Letter, more: dict[str, Value], now: datetime) -> Item:
    """Put a letter into a folder as the item that it is there."""
    values: dict[str, Value] = {
        "item:ItemClass": letter.item_class,
        "item:Subject": letter.subject,
        "item:Body": Body(letter.body),
        "item:IsDraft": False,
        "message:Sender": letter.sender,
        "message:From": letter.author,
        "message:ToRecipients": (Person(letter.to, letter.to),),
        "message:IsRead": False,
    }
    if letter.meeting is not None:
        values |= _about(letter, letter.meeting)
    return mailbox.contents().add(folder, letter.kind, values | more, now=now)


def _about(letter: Letter, meeting: Meeting) -> dict[str, Value]:
    """Return what a letter holds about its meeting: all in a request, the time and place in any other."""
    uris = [uri for uri in meeting.values if not uri.startswith("item:")]
    if letter.kind != REQUEST:
        uris = [uri for uri in ("calendar:Start", "calendar:End", "calendar:Location") if uri in uris]
    values: dict[str, Value] = {uri: meeting.values[uri] for uri in uris}
    values["calendar:UID"] = meeting.uid
    values["meeting:IsDelegated"] = letter.sender != letter.author
    if letter.response:
        values["meeting:ResponseType"] = letter.response
    if letter.kind == REQUEST:
        values["calendar:Organizer"] = meeting.organizer
        values[SEQUENCE] = meeting.sequence
        values["meetingRequest:MeetingRequestType"] = "FullUpdate" if letter.update else "NewMeetingRequest"
        intended = meeting.values.get("calendar:LegacyFreeBusyStatus", "Busy")
        values["meetingRequest:IntendedFreeBusyStatus"] = intended
    return values


def forward(letter: Letter, to: str, sender: Person) -> Letter:
    """Return a letter sent on to somebody else, in its author's name."""
    return replace(letter, to=to, sender=sender)
