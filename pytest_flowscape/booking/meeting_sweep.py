"""Remove what dead processes have left of their meetings, late answers included, and nothing else; nothing is sent.

A journal keeps a meeting of which nothing is left as long as mail about it may
still arrive: until a look shows that the room has answered, or for a day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pytest_flowscape.booking.calls import REMOVAL_PATIENCE, Call, ask
from pytest_flowscape.booking.journal import Journals
from pytest_flowscape.booking.meeting_items import Found, Mailboxes, find, remove
from pytest_flowscape.facts import Sweep, Trouble, Written
from pytest_flowscape.probes.ews import meeting_answers
from pytest_flowscape.probes.ews.meeting_answers import MeetingItem
from pytest_flowscape.probes.ews.session import CALENDAR

ANSWER, CANCELLATION = "answer", "cancellation"
MAX_UNDER_WAY = timedelta(hours=24)
FINAL = ("Accept", "Decline")  # after anything else somebody may still decide
OpenMailboxes = Callable[[Written], Mailboxes]


def sweep_meetings(journals: Journals, open_mailboxes: OpenMailboxes, now: datetime) -> Sweep:
    """Sweep after every meeting that a dead process has open; the journals note what is gone. ``now`` is aware."""
    meetings = [item for item in journals.open_items.values() if item.invited]
    return Sweep.together([_sweep(item, open_mailboxes(item), journals, now) for item in meetings])


def _sweep(item: Written, boxes: Mailboxes, journals: Journals, now: datetime) -> Sweep:
    known_tags = {*journals.open_items, *journals.alive}
    found = find(boxes, item, known_tags, REMOVAL_PATIENCE)
    if found.trouble is not None and not found.ours:
        return Sweep(left=((item, f"the mailboxes could not be searched: {found.trouble.said}"),))
    due = still_due(item, found, boxes)
    if due != item.due:
        item = replace(item, due=due)
        journals.update(item)
    removal = remove(boxes, item, known_tags)
    if not removal.clean:
        return Sweep(removed=removal.removed, left=removal.left, strangers=removal.strangers)
    if due and item.sent is not None and now - item.sent < MAX_UNDER_WAY:
        return Sweep(removed=removal.removed, gone=(item.tag,), awaited=(item,))
    journals.mark_gone([item.tag])
    return Sweep(removed=removal.removed, gone=(item.tag,))


def still_due(item: Written, found: Found, boxes: Mailboxes) -> tuple[str, ...]:
    """Return which mail about a meeting may still be under way, from what is found of it."""
    due = set(item.due)
    own = next((one.item for one in found.ours if one.item.tag == item.tag and one.folder == CALENDAR), None)
    if own is not None:
        due.discard(CANCELLATION)  # it never went out: a cancelled item is moved
        held = _items(lambda: boxes.organizer.get(own.item_id, own.change_key))
        if any(not one.sent or one.answer_of(item.invited).response in FINAL for one in held):
            due.discard(ANSWER)
    elif any(one.item.kind == "MeetingResponse" for one in found.ours):
        due.discard(ANSWER)
    if found.has(item.invited, "MeetingCancellation"):
        due.discard(CANCELLATION)
    if CANCELLATION in due and item.uid and any(one.cancelled for one in _items(lambda: boxes.room.copies(item.uid))):
        due.discard(CANCELLATION)
    return tuple(sorted(due))


def _items(call: Call) -> tuple[MeetingItem, ...]:
    answers = ask(call, REMOVAL_PATIENCE)
    return () if isinstance(answers, Trouble) else meeting_answers.meeting_items(answers)
