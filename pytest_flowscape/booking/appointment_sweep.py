"""Remove what journals of dead processes list, by exact tag, and nothing else.

In a calendar that holds more tagged items than all journals know, nothing is
touched: they are listed for people. What cannot be removed is listed likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from pytest_flowscape.booking.calls import REMOVING, Changed, Patience, ask, change
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar
from pytest_flowscape.booking.journal import Journals
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import Sweep, Trouble, Written
from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.item_answers import ItemTold

CALENDAR = "calendar"
OpenCalendar = Callable[[str], BookingCalendar]


@dataclass(frozen=True)
class Look:
    """What a look at a calendar for tagged items found, by tag; ``trouble`` means that nothing is known."""

    found: dict[str, list[ItemTold]]
    trouble: Trouble | None = None

    def others(self, known: set[str]) -> list[ItemTold]:
        """Return the items whose tags are not among these."""
        return [item for tag, items in self.found.items() if tag not in known for item in items]


def look(calendar: BookingCalendar, patience: Patience) -> Look:
    """Find every tagged item of a calendar."""
    told = ask(calendar.tagged, patience)
    if isinstance(told, Trouble):
        return Look({}, told)
    found: dict[str, list[ItemTold]] = {}
    for item in item_answers.items(told):
        if item.tag is not None:
            found.setdefault(item.tag, []).append(item)
    return Look(found)


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
    patience: Patience = REMOVING,
) -> tuple[Sweep, Trouble | None]:
    """Sweep one room's calendar; ``own`` are tags that this process itself has open there.

    Trouble where the calendar could not be searched at all.
    """
    wanted = {tag: item for tag, item in journals.open_items.items() if item.mailbox == room and not item.invited}
    before = look(calendar, patience)
    if before.trouble is not None:
        return Sweep(left=_left(wanted, f"the calendar could not be searched: {before.trouble.said}")), before.trouble
    present = {tag: item for tag, item in wanted.items() if tag in before.found}
    missing = {tag: item for tag, item in wanted.items() if tag not in present}
    late: tuple[tuple[Written, str], ...] = ()
    if INTERRUPTION:  # a request that was on its way a moment ago may still arrive: these stay in the journal
        late = _left(missing, "it is not there, but its request may still arrive: look again with --flowscape-sweep")
        missing = {}
    absent = tuple(missing)
    journals.closed(absent)
    # a server might carry the tag of a meeting into the room's copy: it is known all the same
    strangers = before.others({*journals.open_items, *journals.alive, *own})
    if strangers:
        said = "it was not touched, as the calendar holds tagged items that no journal here knows"
        others = tuple(as_written(room, item) for item in strangers)
        return Sweep(left=(*late, *_left(present, said)), strangers=others, gone=absent), None
    if not present:
        return Sweep(left=late, gone=absent), None
    refused = _remove(calendar, [item for tag in present for item in before.found[tag]])
    now = look(calendar, REMOVING)
    if now.trouble is not None:
        said = f"it could not be seen whether it is gone: {now.trouble.said}"
        return Sweep(left=(*late, *_left(present, said))), None
    gone = [tag for tag in present if tag not in now.found]
    journals.closed(gone)
    removed = tuple(as_written(room, item) for tag in gone for item in before.found[tag])
    left = tuple(
        (as_written(room, item), refused.get(item.item_id, "it is still there"))
        for tag in present
        for item in now.found.get(tag, [])
    )
    return Sweep(removed=removed, left=(*late, *left), gone=absent), None


def _remove(calendar: BookingCalendar, items: list[ItemTold]) -> dict[str, str]:
    """Delete items for good, and give the reasons of those that could not be, by item id."""
    refused = {}
    for item in items:
        trouble = remove(calendar, item, REMOVING).trouble
        if trouble is not None:
            refused[item.item_id] = trouble.said
    return refused


def remove(calendar: BookingCalendar, item: ItemTold, patience: Patience) -> Changed:
    """Delete one tagged item for good."""
    tag = item.tag

    def gone() -> bool | None:
        seen = look(calendar, patience)
        return None if seen.trouble else tag not in seen.found

    return change(lambda: calendar.delete(item.item_id, item.change_key), gone, patience)


def as_written(room: str, item: ItemTold) -> Written:
    """Return an item that was found, for people."""
    return Written(room, CALENDAR, item.tag or "", item.subject, item.begin, item.end, item.item_id, item.uid)


def _left(items: dict[str, Written], said: str) -> tuple[tuple[Written, str], ...]:
    return tuple((item, said) for item in items.values())
