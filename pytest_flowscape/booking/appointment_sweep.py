"""Remove what journals of dead processes list, by exact tag, and nothing else.

In a calendar that holds more tagged items than all journals know, nothing is
touched: they are listed for people. What cannot be removed is listed likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from pytest_flowscape.booking.calls import REMOVAL_PATIENCE, Patience, WriteResult, ask, change
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar
from pytest_flowscape.booking.journal import Journals
from pytest_flowscape.booking.removal import NOT_TOUCHED, left_reason, unseen_reason
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import Sweep, Trouble, Written
from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.item_answers import Item
from pytest_flowscape.probes.ews.session import CALENDAR

OpenCalendar = Callable[[str], BookingCalendar]


@dataclass(frozen=True)
class TaggedItems:
    """The tagged items of a calendar, by tag; ``trouble`` means that nothing is known."""

    by_tag: dict[str, list[Item]]
    trouble: Trouble | None = None

    def of(self, tags: Iterable[str]) -> list[Item]:
        """Return the items with these tags."""
        return [item for tag in tags for item in self.by_tag.get(tag, [])]


def find_tagged(calendar: BookingCalendar, patience: Patience) -> TaggedItems:
    """Find every tagged item of a calendar."""
    answers = ask(calendar.tagged, patience)
    if isinstance(answers, Trouble):
        return TaggedItems({}, answers)
    found: dict[str, list[Item]] = {}
    for item in item_answers.items(answers):
        if item.tag is not None:
            found.setdefault(item.tag, []).append(item)
    return TaggedItems(found)


def sweep(journals: Journals, open_calendar: OpenCalendar) -> Sweep:
    """Sweep every calendar in which a dead process has left something open; the journals note what is gone."""
    rooms = dict.fromkeys(item.mailbox for item in journals.open_items.values() if not item.invited)
    sweeps = [sweep_calendar(room, open_calendar(room), journals)[0] for room in rooms]
    return Sweep.together([*sweeps, Sweep(not_ours=tuple(journals.not_ours))])


def sweep_calendar(
    room: str,
    calendar: BookingCalendar,
    journals: Journals,
    *,
    own: Collection[str] = (),
    patience: Patience = REMOVAL_PATIENCE,
) -> tuple[Sweep, Trouble | None]:
    """Sweep one room's calendar; ``own`` are tags that this process itself has open there.

    The trouble says why the calendar could not be searched at all.
    """
    wanted = {tag: item for tag, item in journals.open_items.items() if item.mailbox == room and not item.invited}
    before = find_tagged(calendar, patience)
    if before.trouble is not None:
        return Sweep(left=_left(wanted, f"the calendar could not be searched: {before.trouble.said}")), before.trouble
    present = {tag: item for tag, item in wanted.items() if tag in before.by_tag}
    missing = {tag: item for tag, item in wanted.items() if tag not in present}
    late: tuple[tuple[Written, str], ...] = ()
    if INTERRUPTION:  # a request that was on its way a moment ago may still arrive: these stay in the journal
        late = _left(missing, "it is not there, but its request may still arrive: look again with --flowscape-sweep")
        missing = {}
    gone = tuple(missing)
    journals.mark_gone(gone)
    # a server might copy the tag of a meeting to the room's copy: so meetings' tags are known, too
    known = {*journals.open_items, *journals.alive, *own}
    strangers = before.of(tag for tag in before.by_tag if tag not in known)
    if strangers:
        others = tuple(to_written(room, item) for item in strangers)
        return Sweep(left=(*late, *_left(present, NOT_TOUCHED)), strangers=others, gone=gone), None
    if not present:
        return Sweep(left=late, gone=gone), None
    results = {item.item_id: delete(calendar, item, REMOVAL_PATIENCE).trouble for item in before.of(present)}
    now = find_tagged(calendar, REMOVAL_PATIENCE)
    if now.trouble is not None:
        return Sweep(left=(*late, *_left(present, unseen_reason(now.trouble)))), None
    absent = [tag for tag in present if tag not in now.by_tag]
    journals.mark_gone(absent)
    left = tuple((to_written(room, item), left_reason(results.get(item.item_id))) for item in now.of(present))
    removed = tuple(to_written(room, item) for item in before.of(absent))
    return Sweep(removed=removed, left=(*late, *left), gone=gone), None


def delete(calendar: BookingCalendar, item: Item, patience: Patience) -> WriteResult:
    """Delete one tagged item for good."""

    def happened() -> bool | None:
        tagged = find_tagged(calendar, patience)
        return None if tagged.trouble else item.tag not in tagged.by_tag

    return change(lambda: calendar.delete(item.item_id, item.change_key), happened, patience)


def to_written(room: str, item: Item) -> Written:
    """Return an item that was found, for people."""
    return Written(room, CALENDAR, item.tag or "", item.subject, item.begin, item.end, item.item_id, item.uid)


def _left(items: dict[str, Written], why: str) -> tuple[tuple[Written, str], ...]:
    return tuple((item, why) for item in items.values())
