"""What Exchange does with a letter in a mailbox: the calendar attendant, and the booking attendant of a resource.

Microsoft, "Set-CalendarProcessing", AutomateProcessing: None leaves requests in
the inbox; AutoUpdate puts them into the calendar as tentative; AutoAccept
decides about them. A cancelled meeting stays in the calendar of a room, as
RemoveCanceledMeetings exists in Exchange Online only. Where Microsoft does not
say where something ends up (requests that a resource has decided about, the
copy of a meeting that it declines later), it is put into Deleted Items, so that
a clean-up has to look there.
"""

from __future__ import annotations

from datetime import datetime

from pytest_flowscape.simulator.meetings.booking_policy import decide
from pytest_flowscape.simulator.meetings.letters import (
    ATTENDEES,
    CANCELLED,
    SEQUENCE,
    attendees,
    forward,
    owner,
    post,
    put,
    response,
    subject_of,
)
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Attendee, Body, Item, Person, Value
from pytest_flowscape.simulator.model_meetings import (
    AUTO_ACCEPT,
    AUTO_UPDATE,
    CANCELLATION,
    NO_PROCESSING,
    REQUEST,
    RESPONSE,
    Letter,
    Meeting,
)

# AppointmentState ([MS-OXOCAL] 2.2.1.10): a meeting, received, cancelled
_RECEIVED, _CANCELLED = 3, 7


def receive(organisation: Organisation, mailbox: Mailbox, letter: Letter, now: datetime) -> None:
    """Take a letter into the inbox, and let the attendants do what the mailbox is set to."""
    message = put(mailbox, "inbox", letter, {}, now)
    setting = AUTO_UPDATE if mailbox.automate_processing is None else mailbox.automate_processing
    if letter.meeting is None or setting == NO_PROCESSING:
        return
    if letter.kind == RESPONSE:
        _track(mailbox, letter, letter.meeting, message, now)
    elif letter.kind == CANCELLATION:
        _cancel_copy(mailbox, letter.meeting, now)
        if setting == AUTO_ACCEPT and mailbox.processing.attendant:
            mailbox.contents().move(message, "deleteditems")
    elif letter.kind == REQUEST:
        if setting != AUTO_ACCEPT:
            place(mailbox, letter.meeting, "NoResponseReceived", now)
        elif mailbox.processing.attendant:
            _book(organisation, mailbox, letter, now)
            mailbox.contents().move(message, "deleteditems")


def copy_of(mailbox: Mailbox, uid: str) -> Item | None:
    """Return the calendar item of a meeting, None where the calendar has none."""
    return next((item for item in mailbox.contents().within("calendar") if item.uid == uid), None)


def place(mailbox: Mailbox, meeting: Meeting, answer: str, now: datetime) -> Item:
    """Put a meeting into an attendee's calendar, or change the copy that is there, with the attendee's answer."""
    intended = meeting.values.get("calendar:LegacyFreeBusyStatus", "Busy")
    values: dict[str, Value] = {
        **meeting.values,
        "calendar:LegacyFreeBusyStatus": intended if answer == "Accept" else "Tentative",
        "calendar:Organizer": meeting.organizer,
        "calendar:IsMeeting": True,
        "calendar:MyResponseType": answer,
        "calendar:AppointmentState": _RECEIVED,
        SEQUENCE: meeting.sequence,
        "item:ReminderIsSet": False,
    }
    if answer != "NoResponseReceived":
        values["calendar:AppointmentReplyTime"] = now
    held = copy_of(mailbox, meeting.uid)
    if held is None:
        return mailbox.contents().add("calendar", "CalendarItem", {**values, "calendar:UID": meeting.uid}, now=now)
    held.values = values
    mailbox.contents().touch(held, values, now=now)
    return held


def _book(organisation: Organisation, mailbox: Mailbox, letter: Letter, now: datetime) -> None:
    """Decide about a request as a resource does, and answer it."""
    assert letter.meeting is not None
    meeting, settings = letter.meeting, mailbox.processing
    decision = decide(mailbox, meeting, update=letter.update, now=now)
    settle(mailbox, _as_booked(mailbox, meeting), decision.response, now)
    room = owner(organisation, mailbox)
    answer = response(meeting, decision.response, decision.text, sender=room, author=room)
    post(organisation, answer, settings.answers_after)
    if decision.response != "Tentative" or not settings.forward_to_delegates:
        return
    for address in settings.delegates:
        post(organisation, forward(letter, address, room))
    if settings.delegates and settings.delegate_answer:
        holder = organisation.holder(settings.delegates[0])[0]
        delegate = owner(organisation, holder) if holder is not None else room
        settle(mailbox, _as_booked(mailbox, meeting), settings.delegate_answer, now)
        answer = response(meeting, settings.delegate_answer, "", sender=delegate, author=room)
        post(organisation, answer, settings.answers_after)


def settle(mailbox: Mailbox, meeting: Meeting, answer: str, now: datetime) -> Item | None:
    """Bring an attendee's calendar to what was answered: the meeting is there with it, or gone where it is declined."""
    if answer != "Decline":
        return place(mailbox, meeting, answer, now)
    held = copy_of(mailbox, meeting.uid)
    if held is not None:
        mailbox.contents().move(held, "deleteditems")
    return None


def _as_booked(mailbox: Mailbox, meeting: Meeting) -> Meeting:
    """Return a meeting with subject, text and privacy as the room's settings want them."""
    settings = mailbox.processing
    values = dict(meeting.values)
    subject = "" if settings.delete_subject else subject_of(meeting)
    # the name is followed by a space, also where no subject is left
    values["item:Subject"] = f"{meeting.organizer.name} {subject}" if settings.add_organizer_to_subject else subject
    if settings.delete_comments:
        values["item:Body"] = Body("")
    if settings.remove_private:
        values.pop("item:Sensitivity", None)
    return Meeting(meeting.uid, meeting.organizer, meeting.sequence, values)


def _cancel_copy(mailbox: Mailbox, meeting: Meeting, now: datetime) -> None:
    held = copy_of(mailbox, meeting.uid)
    if held is None:
        return
    if mailbox.processing.remove_cancelled:
        mailbox.contents().move(held, "deleteditems")
        return
    changes: dict[str, Value] = {
        "item:Subject": CANCELLED + str(held.values.get("item:Subject", "")),
        "calendar:LegacyFreeBusyStatus": "Free",
        "calendar:IsCancelled": True,
        "calendar:AppointmentState": _CANCELLED,
        SEQUENCE: meeting.sequence,
    }
    held.values |= changes
    mailbox.contents().touch(held, changes, now=now)


def _track(mailbox: Mailbox, letter: Letter, meeting: Meeting, message: Item, now: datetime) -> None:
    """Note an answer in the organizer's item, unless it answers an earlier state of the meeting."""
    item = copy_of(mailbox, meeting.uid)
    newest = 0 if item is None else item.values.get(SEQUENCE, 0)
    message.values["meeting:HasBeenProcessed"] = True
    if item is None or not isinstance(newest, int) or meeting.sequence < newest:
        message.values["meeting:IsOutOfDate"] = True
        return
    address = letter.author.address.lower()
    changed = {uri for uri, attendee in attendees(item) if attendee.person.address.strip().lower() == address}
    for uri in changed:
        people: tuple[Attendee, ...] = tuple(one for name, one in attendees(item) if name == uri)
        item.values[uri] = tuple(_with_answer(one, address, letter.response, now) for one in people)
    if changed:
        mailbox.contents().touch(item, changed, now=now)


def _with_answer(attendee: Attendee, address: str, answer: str, now: datetime) -> Attendee:
    if attendee.person.address.strip().lower() != address:
        return attendee
    return Attendee(Person(attendee.person.name, attendee.person.address), answer, now)


def forget_answers(values: dict[str, Value]) -> None:
    """Take every answer back: the meeting was moved, and nobody has answered that yet."""
    for uri in ATTENDEES:
        people = values.get(uri)
        if isinstance(people, tuple):
            values[uri] = tuple(Attendee(one.person) for one in people if isinstance(one, Attendee))
