"""What the plan says of bookings: what is read for them, what is written, sent and noted in audit logs."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_flowscape.site.one_run import Run

_OPENED = "A mailbox that nobody has opened yet may get its default folders when it is first opened."
_STAYS = "What is deleted lies in Recoverable Items until the retention time ends, longer under a hold."


def what_it_writes(writes: int, run: Run) -> Iterator[str]:
    """Say what a run writes, with how many requests, and what becomes of it."""
    if not writes:
        named = " [booking] names rooms; without --flowscape-book nothing is booked." if run.site.booking.rooms else ""
        yield (
            f"{writes} writes: no item, no mail, no setting, neither in Exchange nor in the directory.{named} {_OPENED}"
        )
        return
    hours = run.site.booking.window
    when = f"between {hours[0]:%H:%M} and {hours[1]:%H:%M}" if hours else "at night"
    sent = "" if run.invitees else " Nothing is sent to anybody."
    yield (
        f"{writes} writes: in the calendar of each of {many(len(run.rooms), 'room')} one appointment, some days "
        f"ahead {when} of the room's clock, shown as free, without attendees and reminder; it is extended, ended early "
        f"and deleted for good within seconds.{sent} The first room must end clean before the "
        f"others start. {_STAYS} Panels and other programs that follow these calendars see it come and go. {_OPENED}"
    )
    if run.invitees:
        site = run.site
        yield (
            f"Meetings: {many(len(run.invitees), 'room')} invited, one at a time, approved by "
            f"{site.booking.approved_by}: {', '.join(run.invitees)}. The organiser is "
            f"{site.service_account.email}, acting as itself. Each meeting "
            "lies in a free hour of the room's working time, at least a week ahead; the room gets one request, two "
            "updates and one cancellation, the organiser its answers. Nothing is sent to anybody else: a room whose "
            "mail would reach people (delegates, forwarding, moderation, restricted delivery), or that does not decide "
            "by itself, is not invited. Requests, answers, cancellations and copies are deleted for good in both "
            "mailboxes."
        )


def what_bookings_read(run: Run) -> Iterator[str]:
    """Say what is read for bookings."""
    if run.book:
        yield (
            "For bookings: when each room is taken, its working hours, and of the items in its calendar ids, ends "
            "and the mark of such runs; one more SyncFolderItems for each 512 items."
        )
    if run.invitees:
        yield (
            "For meetings: mail tips, AutomateProcessing, the meeting's own items in both mailboxes, and the text of "
            "the room's answer; one more GetItem or FindItem for each look until the room has answered, at first after "
            "half a second, later every 15 seconds."
        )


def what_audits_note(run: Run) -> Iterator[str]:
    """Say what audit logs and message tracking show of bookings."""
    if run.book:
        yield f"as Delegate in the same {many(len(run.rooms), 'room')}: one Create, two Update and one HardDelete each"
    if run.invitees:
        yield (
            f"for each meeting as Delegate in {many(len(run.invitees), 'room')} HardDelete of the copy and of what was "
            f"received, as Admin in {run.site.service_account.email} Create, Update, Send and HardDelete; in message "
            "tracking up to four letters to the room and three answers from it"
        )


def many(count: int, what: str) -> str:
    """Return a count with its noun."""
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{count} {what if count == 1 else plural}"
