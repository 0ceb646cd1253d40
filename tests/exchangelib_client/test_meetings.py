"""exchangelib, unmodified, invites a room, waits for its answer, extends the meeting, ends it early and cancels it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from exchangelib import UTC, Account, CalendarItem, Message
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorCalendarIsNotOrganizer,
    ErrorImpersonateUserDenied,
    ErrorInvalidPropertySet,
    ErrorStaleObject,
)
from exchangelib.items import (
    SEND_ONLY_TO_ALL,
    SEND_TO_ALL_AND_SAVE_COPY,
    SEND_TO_NONE,
    AcceptItem,
    MeetingCancellation,
    MeetingRequest,
    MeetingResponse,
)

from tests.exchangelib_client.accounts import ObjectId, account
from tests.simulator.ews_client import EMAIL
from tests.simulator.ews_meetings import PERSON, SHOWN, working_hour
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
HOUR = timedelta(hours=1)


@pytest.fixture
def _object_ids() -> Iterator[None]:
    kinds = (CalendarItem, Message, MeetingRequest, MeetingResponse, MeetingCancellation)
    for kind in kinds:
        kind.register("object_id", ObjectId)
    yield
    for kind in kinds:
        kind.deregister("object_id")


@pytest.fixture
def organizer(simulator: Simulator, way: str) -> Account:
    """The service account, which impersonates itself."""
    return account(simulator, way, impersonate=EMAIL)


@pytest.fixture
def room(simulator: Simulator, way: str, organizer: Account) -> Account:
    return account(simulator, way, address=ROOM)


def begin() -> datetime:
    return working_hour().astimezone(UTC)


def invite(organizer: Account, invitations: str = SEND_ONLY_TO_ALL, **more: object) -> CalendarItem:
    item = CalendarItem(
        account=organizer,
        folder=organizer.calendar,
        subject="Panel check",
        body="By a test",
        start=begin(),
        end=begin() + HOUR,
        **({"resources": [ROOM]} | more),
    )
    item.save(send_meeting_invitations=invitations)
    return item


def answer(item: CalendarItem) -> str:
    item.refresh()
    (attendee,) = item.resources
    return str(attendee.response_type)


def test_a_meeting_from_invitation_to_cancellation(organizer: Account, room: Account) -> None:
    item = invite(organizer)
    assert answer(item) == "Accept"
    assert item.resources[0].last_response_time is not None
    assert (item.is_meeting, item.meeting_request_was_sent, item.my_response_type) == (True, True, "Organizer")
    (copy,) = room.calendar.all()
    assert (copy.uid, copy.subject, copy.body, copy.my_response_type) == (item.uid, SHOWN, None, "Accept")
    assert copy.organizer.email_address == EMAIL
    for end in (begin() + HOUR * 2, begin() + HOUR / 2):
        item.end = end
        item.save(update_fields=["end"], send_meeting_invitations=SEND_ONLY_TO_ALL)
        assert answer(item) == "Accept"
        (copy,) = room.calendar.all()
        assert (copy.end, copy.appointment_sequence_number) == (end, item.appointment_sequence_number)
    item.cancel()
    (copy,) = room.calendar.all()
    assert (copy.subject, copy.is_cancelled, copy.legacy_free_busy_status) == (f"Canceled: {SHOWN}", True, "Free")
    assert item.uid not in [other.uid for other in organizer.calendar.all()]
    assert [kept.uid for kept in organizer.trash.all()] == [item.uid]


@pytest.mark.usefixtures("_object_ids")
def test_the_messages_it_makes_are_read_as_what_they_are(organizer: Account, room: Account) -> None:
    item = invite(organizer)
    item.refresh()
    (response,) = organizer.inbox.all()
    assert isinstance(response, MeetingResponse)
    assert (response.subject, response.response_type) == ("Accepted: Panel check", "Accept")
    assert response.object_id == bytes.fromhex(item.uid)  # it has no property uid here
    assert response.associated_calendar_item_id.id == item.id
    assert response.sender.email_address == ROOM
    (request,) = room.trash.all()
    assert isinstance(request, MeetingRequest)
    assert (request.object_id, request.start) == (bytes.fromhex(item.uid), begin())
    assert request.meeting_request_type == "NewMeetingRequest"
    assert request.organizer.email_address == EMAIL
    assert [attendee.mailbox.email_address for attendee in request.resources] == [ROOM]
    item.cancel()
    assert sorted(type(one).__name__ for one in room.trash.all()) == ["MeetingCancellation", "MeetingRequest"]
    (kept,) = organizer.sent.all()
    assert isinstance(kept, MeetingCancellation)
    assert kept.object_id == bytes.fromhex(item.uid)


def test_an_outdated_meeting_is_not_cancelled(organizer: Account) -> None:
    item = invite(organizer)  # the answer changes the item behind our back
    with pytest.raises(ErrorStaleObject):
        item.cancel()
    item.refresh()
    item.cancel()


def test_a_room_does_not_change_a_meeting_it_was_invited_to(organizer: Account, room: Account) -> None:
    invite(organizer)
    (copy,) = room.calendar.all()
    copy.end = begin() + HOUR * 3
    with pytest.raises(ErrorInvalidPropertySet, match="calendar:EndTimeZone"):
        copy.save(update_fields=["end"], send_meeting_invitations=SEND_TO_NONE)
    with pytest.raises(ErrorCalendarIsNotOrganizer):
        copy.cancel()


def test_sent_copies_and_cancellation_by_deleting(organizer: Account, room: Account) -> None:
    item = invite(organizer, SEND_TO_ALL_AND_SAVE_COPY)
    assert [type(sent).__name__ for sent in organizer.sent.all()] == ["MeetingRequest"]
    item.delete(send_meeting_cancellations=SEND_ONLY_TO_ALL)
    (copy,) = room.calendar.all()
    assert copy.is_cancelled


def test_somebody_accepts(simulator: Simulator, organizer: Account, way: str) -> None:
    item = invite(organizer, resources=None, required_attendees=[PERSON])
    item.refresh()
    person = account(simulator, way, impersonate=PERSON)
    (request,) = person.inbox.all()
    AcceptItem(account=person, folder=person.sent, reference_item_id=_reference(request), body="Yes").send()
    (copy,) = person.calendar.filter(subject="Panel check")
    assert (copy.my_response_type, copy.uid) == ("Accept", item.uid)
    item.refresh()
    assert item.required_attendees[0].response_type == "Accept"


def _reference(item: MeetingRequest) -> object:
    from exchangelib.properties import ReferenceItemId

    return ReferenceItemId(id=item.id, changekey=item.changekey)


@pytest.mark.usefixtures("_object_ids")
def test_all_that_is_left_is_found_by_object_id_and_removed(
    simulator: Simulator, organizer: Account, room: Account
) -> None:
    before = simulator.items()
    item = invite(organizer)
    item.refresh()
    item.end = begin() + HOUR * 2
    item.save(update_fields=["end"], send_meeting_invitations=SEND_ONLY_TO_ALL)
    item.refresh()
    item.cancel()
    removed = 0
    for opened in (organizer, room):
        for folder in (opened.calendar, opened.inbox, opened.sent, opened.trash):
            for left in folder.filter(object_id=bytes.fromhex(item.uid)):
                left.delete()
                removed += 1
    assert removed == 2 + 1 + 1 + 1 + 3  # answers, sent cancellation, the item; the room's copy, what it dealt with
    assert simulator.items() == before


def test_a_refused_cancellation(simulator: Simulator, organizer: Account) -> None:
    item = invite(organizer)
    simulator.plant("cancel-refused")
    item.refresh()
    with pytest.raises(ErrorAccessDenied):
        item.cancel()


def test_self_impersonation_is_needed(simulator: Simulator, organizer: Account) -> None:
    folder = organizer.calendar
    simulator.plant("IMPERSONATION-3")
    item = CalendarItem(account=organizer, folder=folder, subject="x", start=begin(), end=begin() + HOUR)
    with pytest.raises(ErrorImpersonateUserDenied):
        item.save(send_meeting_invitations=SEND_ONLY_TO_ALL)
