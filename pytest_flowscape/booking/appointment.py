"""One booking in a room's calendar from beginning to end: made, extended, ended early and removed, each step seen.

By the service account's own rights (FullAccess), without impersonation, without
attendees and with nothing sent to anybody. Every step is judged on the raw
answers, and each change has to be told by SyncFolderItems too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pytest_flowscape.booking import slots
from pytest_flowscape.booking.appointment_sweep import CALENDAR, as_written, look, remove, sweep_calendar
from pytest_flowscape.booking.bookings import TripInterrupted
from pytest_flowscape.booking.calls import REMOVING, Changed, ask, change, create, measuring
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar
from pytest_flowscape.booking.journal import Journal, Journals
from pytest_flowscape.booking.slots import BODY, Slot, new_tag, subject_of
from pytest_flowscape.facts import RoundTrip, StepTaken, Sweep, Trouble, Written
from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.item_answers import CREATED, DELETED, UPDATED, Change, ItemTold

LOOK = "look for bookings of earlier runs"
SLOT = "find a free time"
SYNC = "synchronise the calendar"
BOOK, SEEN = "book", "see the booking"
EXTEND, EXTENDED = "extend", "see it extended"
END, ENDED = "end early", "see it ended"
REMOVE, REMOVED = "remove", "see it removed"
CHECK = "look that nothing is left"
INTERRUPTED = "interrupted"
BOOKED, LONGER, SHORTER = timedelta(minutes=30), timedelta(minutes=45), timedelta(minutes=15)
# Exchange tells a change at once; a moment is given to servers in front of it
LOOKS = (0.0, 0.3, 1.0, 2.0)


class _Stopped(Exception):  # noqa: N818  an order: this step was the last one
    """The trip ends at this step."""

    def __init__(self, step: StepTaken) -> None:
        self.step = step
        super().__init__(step.name)


@dataclass
class _Item:
    """The booking as it is known while the trip lasts; ``ids`` are all that were told for it."""

    written: Written
    told: ItemTold
    ids: set[str] = field(default_factory=set)


class Trip:
    """Makes one round trip in ``room``. ``ask_taken`` gives free/busy of it between two times; ``now`` is aware."""

    def __init__(
        self,
        room: str,
        calendar: BookingCalendar,
        ask_taken: slots.Ask,
        journal: Journal,
        journals: Journals,
        *,
        run_id: str,
        window: slots.Window,
        timeout: float,
        now: datetime,
    ) -> None:
        self._room = room
        self._calendar = calendar
        self._ask_taken = ask_taken
        self._journal = journal
        self._journals = journals
        self._run_id = run_id
        self._window = window
        self._patience = measuring(timeout)
        self._now = now
        self._steps: list[StepTaken] = []
        self._changes: list[Change] = []
        self._written: Written | None = None
        self._made = False
        self._unsure = False
        self.swept = Sweep()

    def run(self) -> RoundTrip:
        """Make the trip; whatever ends it, what it wrote is removed, or listed as left."""
        slot: Slot | None = None
        try:
            self._look()
            slot = self._slot()
            self._sync(SYNC)
            item = self._book(slot)
            self._move(item, EXTEND, EXTENDED, LONGER)
            self._move(item, END, ENDED, SHORTER)
            self._remove(item)
            self._check()
        except _Stopped as stopped:
            self._steps.append(stopped.step)
            removal, left = self._clean()
        except KeyboardInterrupt as interruption:
            self._steps.append(StepTaken(INTERRUPTED, wrong=f"the run was told to stop ({interruption})"))
            raise TripInterrupted(self._told(slot, *self._clean())) from None
        except BaseException:
            self._clean()
            raise
        else:
            removal, left = [], []
        return self._told(slot, removal, left)

    def _told(self, slot: Slot | None, removal: Sequence[StepTaken], left: Sequence[Written]) -> RoundTrip:
        return RoundTrip(
            self._room,
            steps=tuple(self._steps),
            removal=tuple(removal),
            written=(self._written,) if self._written and (self._made or left) else (),
            left=(*left, *(item for item, _ in self.swept.left)),
            strangers=self.swept.strangers,
            begin=slot.begin if slot else None,
            zone=slot.zone if slot else "",
        )

    # --- the steps ----------------------------------------------------------------------------------

    def _look(self) -> None:
        """Sweep what earlier runs left here; book only where no other tagged item is."""
        self.swept, trouble = sweep_calendar(
            self._room, self._calendar, self._journals, own=self._journal.open_items, patience=self._patience
        )
        if trouble is not None:
            raise _Stopped(StepTaken(LOOK, trouble))
        if self.swept.strangers:
            found = "; ".join(map(str, self.swept.strangers))
            raise _Stopped(StepTaken(LOOK, wrong=f"tagged items that no journal here knows: {found}"))
        if self.swept.left:
            found = "; ".join(f"{item}: {why}" for item, why in self.swept.left)
            raise _Stopped(StepTaken(LOOK, wrong=f"an earlier booking could not be removed: {found}"))
        removed = len(self.swept.removed)
        self._steps.append(StepTaken(LOOK, note=f"{removed} of an earlier run was removed" if removed else ""))

    def _slot(self) -> Slot:
        found = slots.find_night_slot(self._ask_taken, self._now, self._window)
        if isinstance(found, Slot):
            self._steps.append(StepTaken(SLOT))
            return found
        raise _Stopped(StepTaken(SLOT, found or slots.no_slot()))

    def _sync(self, name: str) -> None:
        told = ask(self._calendar.changes, self._patience)
        if isinstance(told, Trouble):
            raise _Stopped(StepTaken(name, told))
        self._changes += item_answers.changes(told)
        if name == SYNC:
            self._changes.clear()  # what was there before is nobody's business
            self._steps.append(StepTaken(SYNC))

    def _book(self, slot: Slot) -> _Item:
        tag = new_tag(self._run_id)
        item = Written(self._room, CALENDAR, tag, subject_of(tag), slot.begin, slot.begin + BOOKED)
        self._journal.intend(item)
        self._written = item
        self._unsure = True  # an interruption leaves it open whether the request still arrives
        done = create(lambda: self._calendar.create(item, BODY), lambda: self._is_there(tag), self._patience)
        self._unsure = done.unsure
        self._took(BOOK, done)
        self._made = True
        told = next(iter(item_answers.items(done.envelopes)), None) or self._find(tag)
        if told is None or not told.item_id:
            raise _Stopped(StepTaken(SEEN, wrong="Exchange says that it is booked, and does not find it by its tag"))
        self._written = replace(item, item_id=told.item_id)
        self._journal.learnt(self._written)
        booked = _Item(self._written, told, {told.item_id})
        self._watch(SEEN, booked, lambda one: one.kind == CREATED, item.end, "does not tell the booking")
        return booked

    def _move(self, item: _Item, step: str, seen: str, length: timedelta) -> None:
        assert item.written.begin is not None
        end = item.written.begin + length
        known = item.told

        def happened() -> bool | None:
            found = self._find(item.written.tag)
            return None if found is None else found.end == end

        done = change(lambda: self._calendar.move_end(known.item_id, known.change_key, end), happened, self._patience)
        self._took(step, done)
        fresh = next(iter(item_answers.items(done.envelopes)), None)
        item.told = replace(known, change_key=fresh.change_key) if fresh and fresh.change_key else known
        self._written = item.written = replace(item.written, end=end)
        self._watch(seen, item, lambda one: one.kind in (UPDATED, CREATED), end, "does not tell the new end")

    def _remove(self, item: _Item) -> None:
        self._took(REMOVE, remove(self._calendar, replace(item.told, tag=item.written.tag), self._patience))
        self._watch(REMOVED, item, lambda one: one.kind == DELETED, None, "does not tell that it is gone")

    def _check(self) -> None:
        """Look once more by the tag: only then the journal may forget it."""
        assert self._written is not None
        seen = look(self._calendar, self._patience)
        if seen.trouble is not None:
            raise _Stopped(StepTaken(CHECK, seen.trouble))
        if self._written.tag in seen.found:
            raise _Stopped(StepTaken(CHECK, wrong="Exchange says that it is removed, and still finds it by its tag"))
        self._journal.closed(self._written.tag)
        self._steps.append(StepTaken(CHECK))

    # --- ways and means -----------------------------------------------------------------------------

    def _took(self, name: str, done: Changed) -> None:
        step = StepTaken(name, done.trouble, note=done.note)
        if done.trouble is not None:
            raise _Stopped(step)
        self._steps.append(step)

    def _is_there(self, tag: str) -> bool | None:
        """Whether there is an item with this tag, None where that cannot be known."""
        seen = look(self._calendar, self._patience)
        return None if seen.trouble else tag in seen.found

    def _find(self, tag: str) -> ItemTold | None:
        """Find the item with a tag, None where there is none or that cannot be known."""
        return next(iter(look(self._calendar, self._patience).found.get(tag, [])), None)

    def _watch(
        self, name: str, item: _Item, wanted: Callable[[Change], bool], end: datetime | None, missing: str
    ) -> None:
        """Synchronise until a change of this item is told, with this end where one is given."""
        for pause in LOOKS:
            time.sleep(pause)
            self._sync(name)
            mine = [one for one in self._changes if one.item.tag == item.written.tag or one.item.item_id in item.ids]
            item.ids |= {one.item.item_id for one in mine}
            if any(wanted(one) and (end is None or one.item.end == end) for one in mine):
                self._changes.clear()
                self._steps.append(StepTaken(name))
                return
        said = ", ".join(f"{one.kind} with end {one.item.end}" for one in mine) or "nothing about it"
        raise _Stopped(StepTaken(name, wrong=f"SyncFolderItems {missing}: it tells {said}"))

    # --- afterwards ---------------------------------------------------------------------------------

    def _clean(self) -> tuple[list[StepTaken], list[Written]]:
        """Remove what the trip wrote, by its tag; give the steps of that and what may be left."""
        if self._written is None:
            return [], []
        tag = self._written.tag
        seen = look(self._calendar, REMOVING)
        if seen.trouble is not None:
            return [StepTaken(REMOVE, seen.trouble)], [self._written]
        steps = [
            StepTaken(REMOVE, done.trouble, note=done.note)
            for item in seen.found.get(tag, [])
            for done in [remove(self._calendar, item, REMOVING)]
        ]
        if steps:
            seen = look(self._calendar, REMOVING)
        if seen.trouble is not None:
            return [*steps, StepTaken(CHECK, seen.trouble)], [self._written]
        left = [as_written(self._room, item) for item in seen.found.get(tag, [])]
        # a request on its way may still arrive, unless it was seen that it has: the run looks again at its end
        if not left and (steps or not self._unsure):
            self._journal.closed(tag)
        return steps, left
