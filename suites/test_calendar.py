"""Calendars: Flowscape can read and book them."""

from __future__ import annotations

from pytest_flowscape.facts import Kind, MailboxAnswer, RoundTrip, SyncAnswer
from pytest_flowscape.judging import entries, round_trips as booking
from pytest_flowscape.judging.remedies import ACCEPT_FIX, ACCESS_WAIT, EXCHANGE, NO_UNDO, SAFE, fix
from pytest_flowscape.requirement import Notes, Owner, Per, expect, requirement


@requirement(
    "CALENDAR-1",
    title="Room's calendar can be synchronised",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Flowscape does not see bookings made elsewhere: it shows the room as free when it is taken.",
    fix=fix(
        "Impersonation works, so check the mailbox itself. This searches for damage and repairs nothing. " + EXCHANGE,
        "  New-MailboxRepairRequest -Mailbox '{target}' -CorruptionType FolderView,AggregateCounts -DetectOnly" + SAFE,
        "  Get-MailboxRepairRequest -Mailbox '{target}' | Format-List JobState,CorruptionsDetected",
        "If it finds damage, repeat the request without -DetectOnly, out of hours: a repair cannot be undone. "
        "Nothing to undo while it only searches. Waiting time: up to an hour, until the request is completed.",
    ),
    link="https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/syncfolderitems-operation",
    guide="Service account",
    needs=("IMPERSONATION-1",),
    steps={"": "calendar_repair"},
)
def test_calendar_can_be_synchronised(
    room_sync: SyncAnswer, room_as_owner: MailboxAnswer, own_folder_ids: frozenset[str]
) -> None:
    """The calendar of each configured room MUST return the changes that Flowscape synchronises.

    Requested acting as the room, for ids only and one change at most.
    """
    expected = "a synchronisation state of the room's own calendar"
    trouble = room_sync.trouble
    no_access = trouble is not None and trouble.kind is Kind.NO_ACCESS
    expect(
        trouble is None,
        expected=expected,
        found=f"Exchange refuses to synchronise it: {trouble.said}" if trouble else "",
        cause="no-calendar" if no_access else "sync-refused",
    )
    expect(
        bool(room_sync.sync_state),
        expected=expected,
        found="Exchange returned no synchronisation state",
        cause="no-state",
    )
    entries.refuse_own(room_sync, own_folder_ids)
    calendar = room_as_owner.folder("calendar")
    if calendar is None or not calendar.folder_id:
        return
    strange = set(room_sync.parent_folder_ids) - {calendar.folder_id}
    expect(not strange, expected=expected, found="Exchange returned items of another folder", cause="other-folder")


@requirement(
    "CALENDAR-2",
    title="Booking can be made, extended, ended early and removed",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="People at the panel cannot book the room, or their booking stays when they have left.",
    fix=fix(
        "FullAccess works, so check what else may refuse the account: a right on the calendar folder itself, the "
        "mailbox's quota, a hold, or a policy. " + EXCHANGE,
        "  Get-MailboxFolderPermission -Identity ('{target}' + ':\\Calendar')",
        "  Get-MailboxPermission -Identity '{target}' -User '{account}' | Format-List AccessRights,Deny,IsInherited",
        "  Get-Mailbox -Identity '{target}' | Format-List ProhibitSendReceiveQuota,LitigationHoldEnabled,Database",
        "These commands only read. In a mailbox of another language the calendar has another name. What the run could "
        "not remove is listed with its finding: delete it in the room's calendar by hand. "
        f"{NO_UNDO} {ACCESS_WAIT}",
    ),
    link="https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/calendars-and-ews-in-exchange",
    guide="Mailbox permissions",
    needs=("PERMISSION-1",),
    opt_in="--flowscape-book",
    steps={"": "calendar_look"},
)
def test_booking_round_trip(room_booking: RoundTrip, notes: Notes) -> None:
    """The service account MUST be able to book each configured room, extend, end and remove the booking.

    With FullAccess, at night, some days ahead, shown as free, without attendees:
    no mail is sent. SyncFolderItems must report each change too.
    """
    for note in room_booking.notes:
        notes.add(note)
    booking.judge(room_booking, "a booking that is made, extended, ended early and removed, each seen at once")


@requirement(
    "CALENDAR-3",
    title="Room accepts a meeting, follows its changes and its end",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="The room does not accept the meetings that Flowscape books, or does not follow their changes.",
    fix=ACCEPT_FIX,
    link="https://learn.microsoft.com/en-us/powershell/module/exchange/set-calendarprocessing",
    guide="Impersonation",
    needs=("CALENDAR-2", "IMPERSONATION-3"),
    reads=(
        "publicDelegates",
        "altRecipient",
        "deliverAndRedirect",
        "msExchGenericForwardingAddress",
        "authOrig",
        "msExchEnableModeration",
    ),
    opt_in="--flowscape-book=meeting",
    steps={"": "calendar_accept"},
)
def test_meeting_round_trip(room_meeting: RoundTrip, notes: Notes) -> None:
    """Each room that is listed for it MUST accept a meeting of the service account, and follow its changes and its end.

    The account organises it acting as itself, in a free hour of the room's
    working time, at least a week ahead. A room whose mail reaches people is not
    invited.
    """
    for note in room_meeting.notes:
        notes.add(note)
    booking.judge(
        room_meeting, "a meeting that the room itself accepts, follows twice and gives up when it is cancelled"
    )
