"""What an organizer's calendar item sends: invitations, updates, cancellations; and an attendee's answer.

SendMeetingInvitations, SendMeetingInvitationsOrCancellations and
SendMeetingCancellations as types.xsd names their values: SendToNone,
SendOnlyToAll, SendOnlyToChanged, and both with SaveCopy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pytest_flowscape.simulator.meetings.attendants import forget_answers
from pytest_flowscape.simulator.meetings.letters import (
    ATTENDEES,
    SEQUENCE,
    addresses,
    cancellation,
    keep_copy,
    meeting_of,
    post,
    request,
)
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item, Person
from pytest_flowscape.simulator.model_meetings import Letter

TO_NONE = "SendToNone"
WAS_SENT = "calendar:MeetingRequestWasSent"
_WHEN = frozenset(("calendar:Start", "calendar:End", "calendar:StartTimeZone", "calendar:EndTimeZone"))


@dataclass(frozen=True)
class Desk:
    """A calendar in which somebody changes something now; ``how`` is who gets mail about it, as types.xsd names it."""

    organisation: Organisation
    mailbox: Mailbox
    how: str
    now: datetime


def organizes(mailbox: Mailbox, item: Item) -> bool:
    """Whether a calendar item is its mailbox's own meeting or appointment, not one that it was invited to."""
    organizer = item.values.get("calendar:Organizer")
    return not isinstance(organizer, Person) or organizer.address.lower() == mailbox.primary


def invite(desk: Desk, item: Item) -> None:
    """Send a new item's invitations, where it has anybody to invite."""
    invited = addresses(item)
    if desk.how == TO_NONE or not invited or not organizes(desk.mailbox, item):
        return
    _send_requests(desk, item, invited, update=False)


def send_changes(desk: Desk, item: Item, before: Collection[str], changed: Collection[object]) -> None:
    """Send what became of an item: updates to those invited, cancellations to those who no longer are.

    ``before`` are the addresses invited before the change. A change of the time
    takes all answers back, and the meeting has a new sequence number.
    """
    invited = addresses(item)
    if not organizes(desk.mailbox, item) or not (invited or before):
        return
    if _WHEN.intersection(changed):
        sequence = item.values.get(SEQUENCE, 0)
        item.values[SEQUENCE] = (sequence if isinstance(sequence, int) else 0) + 1
        forget_answers(item.values)
        desk.mailbox.contents().touch(item, (SEQUENCE, *ATTENDEES), now=desk.now, by=item.modified_by)
    if desk.how == TO_NONE:
        return
    added = [address for address in invited if address not in before]
    to = added if "Changed" in desk.how else invited
    if to:
        _send_requests(desk, item, to, update=bool(before))
    gone = [address for address in before if address not in invited]
    cancel(desk, item, to=gone)


def _send_requests(desk: Desk, item: Item, to: Collection[str], *, update: bool) -> None:
    meeting = meeting_of(desk.organisation, desk.mailbox, item)
    item.values[WAS_SENT] = True
    _send(desk, [request(meeting, address, update=update) for address in to], to)


def _send(desk: Desk, letters: list[Letter], to: Collection[str]) -> None:
    for letter in letters:
        post(desk.organisation, letter)
    if desk.how.endswith("SaveCopy"):
        keep_copy(desk.mailbox, letters[0], to, desk.now)


def cancel(desk: Desk, item: Item, *, to: Collection[str] | None = None, text: str = "") -> None:
    """Send cancellations to everybody invited, or to these, if any invitation was ever sent."""
    gone = addresses(item) if to is None else to
    sent = item.folder == "calendar" and item.values.get(WAS_SENT) and organizes(desk.mailbox, item)
    if desk.how == TO_NONE or not gone or not sent:
        return
    meeting = meeting_of(desk.organisation, desk.mailbox, item)
    _send(desk, [cancellation(meeting, address, text) for address in gone], gone)
