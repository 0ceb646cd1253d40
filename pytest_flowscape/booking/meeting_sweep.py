"""Remove what dead processes have left of their meetings, late answers included, and nothing else; nothing is sent.

A journal keeps a meeting of which nothing is there any more as long as mail
about it may still arrive: until it is seen that the room has answered, or for a day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pytest_flowscape.booking.calls import REMOVING, ask
from pytest_flowscape.booking.journal import Journals
from pytest_flowscape.booking.meeting_items import CALENDAR, Found, Mailboxes, find, remove
from pytest_flowscape.facts import Sweep, Trouble, Written
from pytest_flowscape.probes.ews import meeting_answers

ANSWER, CANCELLATION = "answer", "cancellation"
MAX_UNDER_WAY = timedelta(hours=24)
FINAL = ("Accept", "Decline")  # after anything else somebody may still decide
OpenMailboxes = Callable[[Written], Mailboxes]


def sweep_meetings(journals: Journals, open_mailboxes: OpenMailboxes, now: datetime) -> Sweep:
    """Sweep after every meeting that a dead process has open; the journals note what is gone. ``now`` is aware."""
    meetings = [item for item in journals.open_items.values() if item.invited]
    return Sweep.together([_sweep(item, open_mailboxes(item), journals, now) for item in meetings])


def _sweep(item: Written, boxes: Mailboxes, journals: Journals, now: datetime) -> Sweep:
    known = {*journals.open_items, *journals.alive}
    found = find(boxes, item, known, REMOVING)
    if found.trouble is not None and not found.ours:
        return Sweep(left=((item, f"the mailboxes could not be searched: {found.trouble.said}"),))
    due = still_due(item, found, boxes)
    if due != item.due:
        item = replace(item, due=due)
        journals.learnt(item)
    removal = remove(boxes, item, known)
    if not removal.clean:
        return Sweep(removed=removal.removed, left=removal.left, strangers=removal.strangers)
    if due and item.sent is not None and now - item.sent < MAX_UNDER_WAY:
        return Sweep(removed=removal.removed, gone=(item.tag,), awaited=(item,))
    journals.closed([item.tag])
    return Sweep(removed=removal.removed, gone=(item.tag,))


def still_due(item: Written, found: Found, boxes: Mailboxes) -> tuple[str, ...]:
    """Return which mail about a meeting may still be under way, from what is there of it."""
    due = set(item.due)
    own = next((one for one in found.ours if one.told.item.tag == item.tag), None)
    room = found.of(item.invited)
    if own is not None and own.folder == CALENDAR:
        due.discard(CANCELLATION)  # it never went out: a cancelled item is moved
        told = ask(lambda: boxes.organizer.know(own.told.item.item_id, own.told.item.change_key), REMOVING)
        known = () if isinstance(told, Trouble) else meeting_answers.told(told)
        if any(not one.sent or one.answer_of(item.invited).response in FINAL for one in known):
            due.discard(ANSWER)
    elif any(one.told.item.kind == "MeetingResponse" for one in found.ours):
        due.discard(ANSWER)
    if any(one.told.item.kind == "MeetingCancellation" for one in room):
        due.discard(CANCELLATION)
    if CANCELLATION in due and item.uid:
        told = ask(lambda: boxes.room.copies(item.uid), REMOVING)
        if any(one.cancelled for one in (() if isinstance(told, Trouble) else meeting_answers.told(told))):
            due.discard(CANCELLATION)
    return tuple(sorted(due))
