"""One booking in a room's calendar from beginning to end: book, extend, end early and remove; a look after each step.

By the service account's own rights (FullAccess), without impersonation, without
attendees and with nothing sent to anybody. Every step is judged on the raw
answers, and SyncFolderItems has to report each change too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pytest_flowscape.booking.appointment_sweep import delete, find_tagged, sweep_calendar, to_written
from pytest_flowscape.booking.calls import REMOVAL_PATIENCE, ask, change, create
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar
from pytest_flowscape.booking.removal import CHECK, Removal, left_reason, unseen_reason
from pytest_flowscape.booking.slots import Slot, Window, find_night_slot
from pytest_flowscape.booking.steps import BODY, LONGER, SHORTER, StepFailed, Trip, TripSetup, require
from pytest_flowscape.facts import StepTaken, Written
from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.item_answers import CREATED, DELETED, UPDATED, Change, Item

LOOK = "look for bookings of earlier runs"
SLOT = "find a free time"
SYNC = "synchronise the calendar"
# each write, and its change as SyncFolderItems reports it
BOOK, BOOK_CHANGE = "book", "see the booking"
EXTEND, EXTEND_CHANGE = "extend", "see it extended"
END, END_CHANGE = "end early", "see it ended"
REMOVE, REMOVE_CHANGE = "remove", "see it removed"
# Exchange reports a change at once; servers in front of it get a moment
PAUSES = (0.0, 0.3, 1.0, 2.0)


@dataclass
class Appointment:
    """The booking as it is known while the trip lasts.

    ``ids`` are all item ids that answers had for it. ``unsure``: its creation
    may still be under way.
    """

    written: Written
    item: Item = Item("")  # noqa: RUF009  frozen
    ids: set[str] = field(default_factory=set)
    made: bool = False
    unsure: bool = True


class AppointmentTrip(Trip):
    """Books ``calendar``, that of the room, once, inside ``window``."""

    def __init__(self, setup: TripSetup, calendar: BookingCalendar, window: Window) -> None:
        super().__init__(setup)
        self._calendar = calendar
        self._window = window
        self._changes: list[Change] = []
        self._own: Appointment | None = None

    def _take_steps(self) -> Removal:
        self._sweep()
        slot = self._add_slot(SLOT, find_night_slot(self._setup.ask_availability, self._setup.now, self._window))
        self._sync(SYNC)
        self._changes.clear()  # only what changes from now on counts
        self._add(StepTaken(SYNC))
        own = self._book(slot)
        self._move(own, (EXTEND, EXTEND_CHANGE), LONGER)
        self._move(own, (END, END_CHANGE), SHORTER)
        self._add(delete(self._calendar, replace(own.item, tag=own.written.tag), self._patience).step(REMOVE))
        self._watch(REMOVE_CHANGE, own, lambda one: one.kind == DELETED, "the removal")
        self._check(own.written.tag)
        return Removal()

    def _sweep(self) -> None:
        """Sweep what earlier runs left here; book only where no other tagged item is."""
        self._swept, trouble = sweep_calendar(
            self._room, self._calendar, self._journals, own=self._journal.open_items, patience=self._patience
        )
        require(LOOK, trouble)
        self._add_sweep(LOOK, self._swept.strangers)

    def _sync(self, step: str) -> None:
        self._changes += item_answers.changes(require(step, ask(self._calendar.changes, self._patience)))

    def _book(self, slot: Slot) -> Appointment:
        written = self._new_item(self._room, slot)
        self._journal.intend(written)
        own = self._own = Appointment(written)

        def happened() -> bool | None:
            tagged = find_tagged(self._calendar, self._patience)
            return None if tagged.trouble else written.tag in tagged.by_tag

        result = create(lambda: self._calendar.create(written, BODY), happened, self._patience)
        own.unsure = result.unsure
        self._add(result.step(BOOK))
        own.made = True
        item = item_answers.first_item(result.envelopes) or self._find(written.tag)
        if item is None or not item.item_id:
            raise StepFailed(StepTaken(BOOK_CHANGE, wrong="Exchange booked it, but does not find it by its tag"))
        own.item, own.ids = item, {item.item_id}
        own.written = replace(written, item_id=item.item_id)
        self._journal.update(own.written)
        self._watch(BOOK_CHANGE, own, lambda one: one.kind == CREATED and one.item.end == written.end, "the booking")
        return own

    def _move(self, own: Appointment, steps: tuple[str, str], length: timedelta) -> None:
        write, look = steps
        assert own.written.begin is not None
        end = own.written.begin + length
        item = own.item

        def happened() -> bool | None:
            found = self._find(own.written.tag)
            return None if found is None else found.end == end

        result = change(lambda: self._calendar.move_end(item.item_id, item.change_key, end), happened, self._patience)
        self._add(result.step(write))
        fresh = item_answers.first_item(result.envelopes)
        if fresh and fresh.change_key:
            own.item = replace(item, change_key=fresh.change_key)
        own.written = replace(own.written, end=end)
        self._watch(look, own, lambda one: one.kind in (UPDATED, CREATED) and one.item.end == end, "the new end")

    def _check(self, tag: str) -> None:
        """Look once more by the tag: only then the journal may forget it."""
        tagged = find_tagged(self._calendar, self._patience)
        require(CHECK, tagged.trouble)
        if tag in tagged.by_tag:
            raise StepFailed(StepTaken(CHECK, wrong="Exchange removed it, but still finds it by its tag"))
        self._journal.mark_gone(tag)
        self._add(StepTaken(CHECK))

    def _find(self, tag: str) -> Item | None:
        """Find the item with a tag, None where there is none or that cannot be known."""
        return next(iter(find_tagged(self._calendar, self._patience).of([tag])), None)

    def _watch(self, step: str, own: Appointment, wanted: Callable[[Change], bool], what: str) -> None:
        """Synchronise until the change that is wanted is reported for this item."""
        for pause in PAUSES:
            time.sleep(pause)
            self._sync(step)
            mine = [one for one in self._changes if one.item.tag == own.written.tag or one.item.item_id in own.ids]
            own.ids |= {one.item.item_id for one in mine}
            if any(map(wanted, mine)):
                self._changes.clear()
                self._add(StepTaken(step))
                return
        found = ", ".join(f"{one.kind} with end {one.item.end}" for one in mine) or "nothing about it"
        raise StepFailed(StepTaken(step, wrong=f"SyncFolderItems does not report {what}: it reports {found}"))

    def _put_back(self) -> Removal:
        """Remove what the trip wrote, by its tag."""
        own = self._own
        if own is None:
            return Removal()
        tag = own.written.tag
        tagged = find_tagged(self._calendar, REMOVAL_PATIENCE)
        if tagged.trouble is not None:
            return Removal(
                left=((own.written, unseen_reason(tagged.trouble)),), steps=(StepTaken(REMOVE, tagged.trouble),)
            )
        steps = [delete(self._calendar, item, REMOVAL_PATIENCE).step(REMOVE) for item in tagged.of([tag])]
        if steps:
            tagged = find_tagged(self._calendar, REMOVAL_PATIENCE)
        if tagged.trouble is not None:
            left = [(own.written, unseen_reason(tagged.trouble))]
            return Removal(left=tuple(left), steps=(*steps, StepTaken(CHECK, tagged.trouble)))
        left = [(to_written(self._room, item), left_reason(steps[0].trouble)) for item in tagged.of([tag])]
        # a request on its way may still arrive, unless a look showed that it has: the run looks again at its end
        if not left and (steps or not own.unsure):
            self._journal.mark_gone(tag)
        return Removal(left=tuple(left), steps=tuple(steps))
