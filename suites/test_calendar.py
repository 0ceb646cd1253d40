"""Calendars: what Flowscape reads all day can be read."""

from __future__ import annotations

from pytest_flowscape import judgement
from pytest_flowscape.facts import Kind, MailboxAnswer, SyncAnswer
from pytest_flowscape.remedies import EXCHANGE, SAFE, fix
from pytest_flowscape.requirement import Owner, Per, expect, requirement


@requirement(
    "CALENDAR-1",
    title="Room's calendar can be synchronised",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Flowscape does not learn of bookings made elsewhere: it shows the room free when it is taken.",
    fix=fix(
        "Impersonation works, so look at the mailbox itself. This looks for damage and repairs nothing. " + EXCHANGE,
        "  New-MailboxRepairRequest -Mailbox '{target}' -CorruptionType FolderView,AggregateCounts -DetectOnly" + SAFE,
        "  Get-MailboxRepairRequest -Mailbox '{target}' | Format-List JobState,CorruptionsDetected",
        "If it finds damage, repeat the request without -DetectOnly, out of hours: a repair cannot be undone. "
        "It may take an hour; then run again.",
    ),
    link="https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/syncfolderitems-operation",
    guide="Service account",
    needs=("IMPERSONATION-1",),
)
def test_calendar_can_be_synchronised(
    room_sync: SyncAnswer, room_as_owner: MailboxAnswer, own_folder_ids: frozenset[str]
) -> None:
    """The calendar of each configured room MUST give the changes that Flowscape synchronises.

    Asked acting as the room, for ids only and one change at most.
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
        bool(room_sync.sync_state), expected=expected, found="Exchange gives no synchronisation state", cause="no-state"
    )
    judgement.refuse_own(room_sync, own_folder_ids)
    calendar = room_as_owner.folder("calendar")
    if calendar is None or not calendar.folder_id:
        return
    strange = set(room_sync.parent_folder_ids) - {calendar.folder_id}
    expect(not strange, expected=expected, found="Exchange answers with items of another folder", cause="other-folder")
