"""exchangelib books, changes and removes calendar items: in a room's calendar and in the account's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from exchangelib import UTC, Account, CalendarItem, EWSDate, EWSTimeZone, ExtendedProperty, HTMLBody, Message
from exchangelib.errors import ErrorItemNotFound
from exchangelib.items import SEND_TO_NONE

from tests.exchangelib_client.accounts import ObjectId, account
from tests.simulator.ews_client import EMAIL
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
GROUP_ROOM = "bergen@demo.test"  # FullAccess by a group
THREE_ITEMS = "zuerich@demo.test"
BEGIN = datetime(2031, 3, 5, 21, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Tag(ExtendedProperty):
    """The mark of one run, as a named property of everybody's."""

    property_set_id = "00020329-0000-0000-C000-000000000046"
    property_name = "X-Test-Run"
    property_type = "String"


@pytest.fixture
def _extended_properties() -> Iterator[None]:
    CalendarItem.register("run_tag", Tag)
    CalendarItem.register("object_id", ObjectId)
    yield
    CalendarItem.deregister("run_tag")
    CalendarItem.deregister("object_id")


@pytest.fixture(params=["own", "delegate", "by group", "owner"])
def opened(request: pytest.FixtureRequest, simulator: Simulator, way: str) -> Account:
    """The account's own mailbox; a room's by FullAccess, directly and by a group; a room's by impersonation."""
    named = {"own": EMAIL, "delegate": ROOM, "by group": GROUP_ROOM}
    if request.param in named:
        return account(simulator, way, address=named[request.param])
    return account(simulator, way, impersonate=ROOM)


def book(opened: Account, subject: str = "Panel check", **more: object) -> CalendarItem:
    item = CalendarItem(account=opened, folder=opened.calendar, subject=subject, start=BEGIN, end=BEGIN + HOUR, **more)
    item.save(send_meeting_invitations=SEND_TO_NONE)
    return item


def subjects(opened: Account) -> list[str]:
    return [item.subject for item in opened.calendar.view(start=BEGIN - DAY, end=BEGIN + DAY)]


def test_a_booking_is_made_extended_ended_early_and_removed_and_synchronisation_tells_each(opened: Account) -> None:
    calendar = opened.calendar
    list(calendar.sync_items())
    item = book(opened, legacy_free_busy_status="Free", reminder_is_set=False)
    assert subjects(opened) == ["Panel check"]
    ((kind, seen),) = calendar.sync_items()
    assert (kind, seen.id, seen.subject, seen.end) == ("create", item.id, "Panel check", BEGIN + HOUR)
    for end in (BEGIN + HOUR * 2, BEGIN + HOUR / 2):
        before = item.changekey
        item.end = end
        item.save(update_fields=["end"], send_meeting_invitations=SEND_TO_NONE)
        assert item.changekey != before
        ((kind, seen),) = calendar.sync_items()
        assert (kind, seen.id, seen.end, seen.legacy_free_busy_status) == ("update", item.id, end, "Free")
    known = item.id
    item.delete(send_meeting_cancellations=SEND_TO_NONE)
    ((kind, seen),) = calendar.sync_items()
    assert (kind, seen.id) == ("delete", known)
    assert list(calendar.sync_items()) == []
    assert subjects(opened) == []


@pytest.mark.usefixtures("_extended_properties")
def test_what_was_set_is_read_back(opened: Account) -> None:
    set_here = {
        "body": HTMLBody("<p>Beamer &amp; whiteboard</p>"),
        "location": "Zürich, 3rd floor",
        "categories": ["Blue", "Check"],
        "sensitivity": "Private",
        "importance": "High",
        "legacy_free_busy_status": "Tentative",
        "reminder_is_set": True,
        "reminder_minutes_before_start": 5,
        "run_tag": "run-17",
    }
    item = book(opened, **set_here)
    (read,) = opened.fetch([(item.id, item.changekey)])
    assert {name: getattr(read, name) for name in set_here} == set_here
    assert (read.start, read.end, read.type, read.is_meeting) == (BEGIN, BEGIN + HOUR, "Single", False)
    assert read.text_body == "Beamer & whiteboard"
    assert read.organizer.email_address == opened.primary_smtp_address
    assert read.last_modified_name
    assert bytes.fromhex(read.uid) == read.object_id


def test_the_whole_item_is_saved_again_with_what_is_empty_left_empty(opened: Account) -> None:
    item = book(opened, location="Here")
    item.refresh()
    item.location, item.subject = None, "Another"
    item.save(send_meeting_invitations=SEND_TO_NONE)
    item.refresh()
    assert (item.subject, item.location, item.start) == ("Another", None, BEGIN)


@pytest.mark.usefixtures("_extended_properties")
def test_an_extended_property_is_found_changed_and_deleted(opened: Account) -> None:
    book(opened, "Panel check", run_tag="run-17")
    book(opened, "Panel check", run_tag="run-18")
    book(opened, "Panel check")
    calendar = opened.calendar
    (mine,) = calendar.filter(run_tag="run-17")
    assert sorted(item.run_tag for item in calendar.filter(run_tag__exists=True)) == ["run-17", "run-18"]
    mine.run_tag = "run-19"
    mine.save(update_fields=["run_tag"])
    assert calendar.filter(run_tag="run-17").count() == 0
    (mine,) = calendar.filter(run_tag="run-19")
    mine.run_tag = None
    mine.save(update_fields=["run_tag"])
    assert calendar.filter(run_tag__exists=True).count() == 1


def test_attendees_and_resources_are_kept_and_make_a_meeting(opened: Account) -> None:
    item = book(opened, required_attendees=["anna.lind@demo.test"], resources=["aurora@demo.test"])
    item.refresh()
    assert [a.mailbox.email_address for a in item.required_attendees] == ["anna.lind@demo.test"]
    assert [(a.mailbox.email_address, a.response_type) for a in item.resources] == [("aurora@demo.test", "Unknown")]
    assert (item.is_meeting, item.meeting_request_was_sent, item.my_response_type) == (True, False, "Organizer")


def test_local_time_and_whole_days(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    zone = EWSTimeZone("Europe/Berlin")
    start = datetime(2031, 7, 1, 9, 0, tzinfo=zone)
    item = CalendarItem(account=opened, folder=opened.calendar, subject="Local", start=start, end=start + HOUR)
    item.save()
    item.refresh()
    assert item.start == start
    assert item.start.astimezone(zone).hour == 9
    assert item._start_timezone.ms_id == "W. Europe Standard Time"
    day = EWSDate(2031, 7, 2)
    whole = CalendarItem(account=opened, folder=opened.calendar, subject="Day", start=day, end=day, is_all_day=True)
    whole.save()
    whole.refresh()
    assert (whole.start, whole.end) == (day, day)


def test_a_calendar_view_has_what_overlaps_it_in_order(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    for hours in (3, 1, 2):
        start = BEGIN + hours * HOUR
        CalendarItem(
            account=opened, folder=opened.calendar, subject=str(hours), start=start, end=start + HOUR * 2
        ).save()
    view = opened.calendar.view
    assert [item.subject for item in view(start=BEGIN, end=BEGIN + DAY)] == ["1", "2", "3"]
    # what ends as the view begins, and what begins as it ends, is outside
    assert [item.subject for item in view(start=BEGIN + 3 * HOUR, end=BEGIN + 3 * HOUR + HOUR / 2)] == ["2", "3"]
    assert [item.subject for item in view(start=BEGIN, end=BEGIN + HOUR)] == []
    assert [item.subject for item in view(start=BEGIN, end=BEGIN + DAY, max_items=2)] == ["1", "2"]


def test_items_that_were_there_before_are_synchronised_and_read(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, impersonate=THREE_ITEMS)
    changes = list(opened.calendar.sync_items())
    assert [kind for kind, _ in changes] == ["create"] * 3
    assert sorted(item.id for _, item in changes) == sorted(item.id for item in opened.calendar.all())


def test_deleted_items_and_recoverable_items(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    book(opened, "trash").move_to_trash()
    book(opened, "soft").soft_delete()
    book(opened, "hard").delete()
    folders = (opened.trash, opened.recoverable_items_deletions, opened.recoverable_items_purges)
    assert [[item.subject for item in folder.all()] for folder in folders] == [["trash"], ["soft"], ["hard"]]
    assert opened.calendar.all().count() == 0


def test_a_deleted_item_is_gone(opened: Account) -> None:
    item = book(opened)
    other = CalendarItem(account=opened, folder=opened.calendar, id=item.id, changekey=item.changekey)
    item.delete()
    with pytest.raises(ErrorItemNotFound):
        other.refresh()
    with pytest.raises(ErrorItemNotFound):
        other.delete()
    other.subject = "Still there?"
    with pytest.raises(ErrorItemNotFound):
        other.save(update_fields=["subject"])


def test_many_at_once(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    items = [CalendarItem(subject=f"n {n}", start=BEGIN + n * DAY, end=BEGIN + n * DAY + HOUR) for n in range(5)]
    made = opened.bulk_create(folder=opened.calendar, items=items)
    read = list(opened.fetch(made))
    assert [item.subject for item in read] == [f"n {n}" for n in range(5)]
    for item in read:
        item.location = "Moved"
    opened.bulk_update([(item, ["location"]) for item in read])
    assert opened.calendar.filter(location="Moved").count() == 5
    assert opened.bulk_delete(made) == [True] * 5
    assert opened.calendar.all().count() == 0


def test_a_message_is_saved_to_a_folder_and_read_there(opened: Account) -> None:
    note = Message(
        account=opened,
        folder=opened.drafts,
        subject="Note",
        body="Text",
        to_recipients=["anna.lind@demo.test"],
        cc_recipients=["joerg.maeder@demo.test"],
    )
    note.save()
    (found,) = opened.drafts.all()
    assert (found.subject, found.body, found.is_draft, found.is_read) == ("Note", "Text", True, False)
    assert [person.email_address for person in found.to_recipients] == ["anna.lind@demo.test"]
    assert found.display_cc == "joerg.maeder@demo.test"
    for read, unread in ((False, 1), (True, 0)):
        found.is_read = read
        found.save(update_fields=["is_read"])
        opened.drafts.refresh()
        assert (opened.drafts.total_count, opened.drafts.unread_count) == (1, unread)
    found.delete()
    assert list(opened.drafts.all()) == []


def test_a_reset_brings_the_items_back_and_takes_new_ones_away(simulator: Simulator) -> None:
    opened = account(simulator, address=THREE_ITEMS)
    before = {item.id for item in opened.calendar.all()}
    opened.calendar.all().delete()
    book(opened)
    simulator.reset()
    again = account(simulator, address=THREE_ITEMS)
    assert {item.id for item in again.calendar.all()} == before
    assert len(before) == 3
