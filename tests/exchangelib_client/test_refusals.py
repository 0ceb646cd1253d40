"""What exchangelib raises where the simulator refuses: rights, scope, ids, change keys, wrong items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from exchangelib import UTC, Account, CalendarItem, Mailbox
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorCalendarEndDateIsEarlierThanStartDate,
    ErrorCalendarViewRangeTooBig,
    ErrorCannotCreateCalendarItemInNonCalendarFolder,
    ErrorChangeKeyRequiredForWriteOperations,
    ErrorCreateItemAccessDenied,
    ErrorFolderNotFound,
    ErrorImpersonateUserDenied,
    ErrorInvalidChangeKey,
    ErrorInvalidIdMalformed,
    ErrorIrresolvableConflict,
    ErrorItemNotFound,
    ErrorNonExistentMailbox,
    ErrorNonPrimarySmtpAddress,
    UnauthorizedError,
)
from exchangelib.folders import Calendar, Root
from exchangelib.items import ALWAYS_OVERWRITE, AUTO_RESOLVE, NEVER_OVERWRITE
from exchangelib.properties import DistinguishedFolderId
from exchangelib.services import UpdateItem

from tests.exchangelib_client.accounts import account, configuration
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
OUTSIDE = "outside@demo.test"
UNKNOWN = "nobody@demo.test"
BEGIN = datetime(2031, 3, 5, 21, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bare_calendar(opened: Account) -> Calendar:
    """Return the calendar by its distinguished id: exchangelib asks for no root folder, which is closed to editors."""
    mailbox = Mailbox(email_address=opened.primary_smtp_address)
    return Calendar(_distinguished_id=DistinguishedFolderId(id="calendar", mailbox=mailbox), root=Root(account=opened))


def found_items(calendar: Calendar) -> list[CalendarItem]:
    """Return what FindItem alone has of the items: for the rest exchangelib would ask for the root folder."""
    return list(calendar.all().only("id", "changekey", "subject"))


def create_item(
    opened: Account, subject: str = "Made", calendar: Calendar | None = None, **more: object
) -> CalendarItem:
    folder = opened.calendar if calendar is None else calendar
    item = CalendarItem(account=opened, folder=folder, subject=subject, start=BEGIN, end=BEGIN + HOUR, **more)
    item.save()
    return item


def update(item: CalendarItem, name: str, resolution: str) -> object:
    """Send an update as it is: ``save`` checks the item first, and asks for its change key."""
    return UpdateItem(account=item.account).get(
        items=[(item, [name])],
        conflict_resolution=resolution,
        message_disposition="SaveOnly",
        send_meeting_invitations_or_cancellations="SendToNone",
        suppress_read_receipts=True,
    )


@pytest.mark.parametrize(
    ("fault", "error"),
    [("PERMISSION-1", ErrorFolderNotFound), ("stops-batch", ErrorAccessDenied), ("deny", ErrorFolderNotFound)],
)
def test_without_full_access_the_folders_stay_closed(
    simulator: Simulator, way: str, fault: str, error: type[Exception]
) -> None:
    simulator.plant(f"{fault}:{ROOM}")
    opened = account(simulator, way, address=ROOM)
    with pytest.raises(error):
        list(opened.root.walk())
    with pytest.raises(error):
        _ = opened.calendar
    # the owner is not concerned
    assert list(account(simulator, way, impersonate=ROOM).calendar.all()) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda item: item.refresh(),
        lambda item: item.delete(),
        lambda item: item.save(update_fields=["subject"]),
    ],
    ids=["read", "delete", "update"],
)
def test_without_full_access_an_items_id_opens_nothing(
    simulator: Simulator, way: str, act: Callable[[CalendarItem], object]
) -> None:
    item = create_item(account(simulator, way, address=ROOM))
    simulator.plant(f"PERMISSION-1:{ROOM}")
    with pytest.raises(ErrorItemNotFound):
        act(item)


def test_out_of_scope_impersonation_is_denied(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, impersonate=OUTSIDE)
    with pytest.raises(ErrorImpersonateUserDenied):
        _ = opened.calendar
    with pytest.raises(ErrorImpersonateUserDenied):
        bare_calendar(opened).test_access()
    assert simulator.count("ews.CreateItem") == 0


@pytest.mark.parametrize(
    ("address", "error"),
    [(UNKNOWN, ErrorNonExistentMailbox), ("room-aurora@demo.test", ErrorNonPrimarySmtpAddress)],
)
def test_addresses_that_are_no_primary_ones(
    simulator: Simulator, way: str, address: str, error: type[Exception]
) -> None:
    for opened in (account(simulator, way, address=address), account(simulator, way, impersonate=address)):
        with pytest.raises(error):
            _ = opened.calendar


def test_a_wrong_password_is_one_refused_attempt(simulator: Simulator, way: str) -> None:
    opened = Account(
        ROOM,
        config=configuration(simulator, way, "wrong"),
        access_type="delegate",
        default_timezone=UTC,
        locale="en_US",
    )
    with pytest.raises(UnauthorizedError):
        _ = opened.root
    assert simulator.count("ews.refused") == 1


def test_an_editor_of_the_calendar_does_all_there_and_nothing_else(simulator: Simulator, way: str) -> None:
    item = create_item(account(simulator, way, impersonate=ROOM), "The owner's")
    simulator.plant(f"editor-on-calendar:{ROOM}")
    opened = account(simulator, way, address=ROOM)
    with pytest.raises(ErrorFolderNotFound):
        _ = opened.calendar  # exchangelib begins at the root
    calendar = bare_calendar(opened)
    assert [found.subject for found in found_items(calendar)] == ["The owner's"]
    mine = create_item(opened, "Mine", calendar)
    for own in (mine, CalendarItem(account=opened, folder=calendar, id=item.id, changekey=item.changekey)):
        own.subject = "Edited"
        own.save(update_fields=["subject"])
        own.delete()
    assert found_items(calendar) == []


def test_an_author_changes_only_what_is_the_authors(simulator: Simulator, way: str) -> None:
    item = create_item(account(simulator, way, impersonate=ROOM), "The owner's")
    simulator.plant(f"author-on-calendar:{ROOM}")
    opened = account(simulator, way, address=ROOM)
    calendar = bare_calendar(opened)
    mine = create_item(opened, "Mine", calendar)
    mine.delete()
    (other,) = found_items(calendar)
    assert other.id == item.id
    other.subject = "Edited"
    with pytest.raises(ErrorAccessDenied):
        other.save(update_fields=["subject"])
    with pytest.raises(ErrorAccessDenied):
        other.delete()


def test_a_reviewer_reads_and_creates_nothing(simulator: Simulator, way: str) -> None:
    create_item(account(simulator, way, impersonate=ROOM), "Open")
    create_item(account(simulator, way, impersonate=ROOM), "Secret", sensitivity="Private")
    simulator.plant(f"reviewer-on-calendar:{ROOM}")
    opened = account(simulator, way, address=ROOM)
    calendar = bare_calendar(opened)
    assert [found.subject for found in found_items(calendar)] == ["Open"]
    assert [found.subject for kind, found in calendar.sync_items()] == ["Open"]
    with pytest.raises(ErrorCreateItemAccessDenied):
        create_item(opened, calendar=calendar)


def test_a_contributor_creates_and_reads_nothing(simulator: Simulator, way: str) -> None:
    simulator.plant(f"contributor-on-calendar:{ROOM}")
    opened = account(simulator, way, address=ROOM)
    calendar = bare_calendar(opened)
    create_item(opened, calendar=calendar)
    with pytest.raises(ErrorAccessDenied):
        found_items(calendar)
    with pytest.raises(ErrorAccessDenied):
        list(calendar.sync_items())
    assert account(simulator, way, impersonate=ROOM).calendar.all().count() == 1


def two_versions(simulator: Simulator, way: str) -> tuple[CalendarItem, CalendarItem]:
    """Return an item as one client has it now, and as another client has it, without the last change."""
    opened = account(simulator, way, address=ROOM)
    new = create_item(opened)
    old = CalendarItem(account=opened, folder=opened.calendar, id=new.id, changekey=new.changekey)
    new.subject = "Changed"
    new.save(update_fields=["subject"])
    return new, old


def test_an_old_change_key_never_overwrites(simulator: Simulator, way: str) -> None:
    new, old = two_versions(simulator, way)
    old.location = "There"
    with pytest.raises(ErrorIrresolvableConflict):
        old.save(update_fields=["location"], conflict_resolution=NEVER_OVERWRITE)
    new.location = "Here"
    new.save(update_fields=["location"], conflict_resolution=NEVER_OVERWRITE)
    new.refresh()
    assert (new.subject, new.location) == ("Changed", "Here")


def test_an_old_change_key_is_resolved_where_nothing_collides(simulator: Simulator, way: str) -> None:
    new, old = two_versions(simulator, way)
    old.subject = "Mine"
    with pytest.raises(ErrorIrresolvableConflict):
        old.save(update_fields=["subject"], conflict_resolution=AUTO_RESOLVE)
    old.location = "There"
    old.save(update_fields=["location"], conflict_resolution=AUTO_RESOLVE)
    new.refresh()
    assert (new.subject, new.location) == ("Changed", "There")


def test_an_old_change_key_always_overwrites_if_told_to(simulator: Simulator, way: str) -> None:
    new, old = two_versions(simulator, way)
    old.subject = "Mine"
    old.save(update_fields=["subject"], conflict_resolution=ALWAYS_OVERWRITE)
    new.refresh()
    assert new.subject == "Mine"


def test_deleting_does_not_look_at_the_change_key(simulator: Simulator, way: str) -> None:
    new, old = two_versions(simulator, way)
    old.delete()
    with pytest.raises(ErrorItemNotFound):
        new.refresh()


def test_without_change_key_only_always_overwrite_is_obeyed(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    item = create_item(opened)
    bare = CalendarItem(account=opened, folder=opened.calendar, id=item.id, subject="Bare")

    for resolution in (AUTO_RESOLVE, NEVER_OVERWRITE):
        with pytest.raises(ErrorChangeKeyRequiredForWriteOperations):
            update(bare, "subject", resolution)
    update(bare, "subject", ALWAYS_OVERWRITE)
    item.refresh()
    assert item.subject == "Bare"


def test_ids_and_change_keys_that_are_none(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    item = create_item(opened)
    wrong = CalendarItem(account=opened, folder=opened.calendar, id="bm9uc2Vuc2U=", changekey=item.changekey)
    with pytest.raises(ErrorInvalidIdMalformed):
        wrong.refresh()
    wrong = CalendarItem(account=opened, folder=opened.calendar, id=item.id, changekey="bm9uc2Vuc2U=", subject="x")
    with pytest.raises(ErrorInvalidChangeKey):
        wrong.save(update_fields=["subject"])


def test_items_and_views_that_cannot_be(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    item = create_item(opened)
    item.end = BEGIN - HOUR
    with pytest.raises(ErrorCalendarEndDateIsEarlierThanStartDate):
        update(item, "end", AUTO_RESOLVE)
    with pytest.raises(ErrorCalendarViewRangeTooBig):
        list(opened.calendar.view(start=BEGIN, end=BEGIN + timedelta(days=3 * 366)))
    with pytest.raises(ErrorCannotCreateCalendarItemInNonCalendarFolder):
        CalendarItem(account=opened, folder=opened.inbox, subject="x", start=BEGIN, end=BEGIN + HOUR).save()
    item.refresh()
    assert item.end == BEGIN + HOUR


def test_one_refused_item_of_many_leaves_the_others(simulator: Simulator, way: str) -> None:
    opened = account(simulator, way, address=ROOM)
    items = [create_item(opened, f"n {n}") for n in range(3)]
    known = [(item.id, item.changekey) for item in items]
    items[1].delete()
    found = list(opened.fetch(known))
    assert isinstance(found[1], ErrorItemNotFound)
    assert [found[0].subject, found[2].subject] == ["n 0", "n 2"]
    assert [result is True for result in opened.bulk_delete(known)] == [True, False, True]
