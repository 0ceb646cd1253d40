"""One meeting from beginning to end: the room is invited, answers, follows two changes and the cancellation.

The service account organizes it, acting as itself; the room's own copy is read
by FullAccess. The tag is journalled before the item is made, the object id
before anything is sent. Whatever ends the trip, every trace of it is removed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pytest_flowscape.booking import slots
from pytest_flowscape.booking.appointment import INTERRUPTED
from pytest_flowscape.booking.bookings import TripInterrupted
from pytest_flowscape.booking.calls import REMOVING, Changed, ask, looks, measuring
from pytest_flowscape.booking.journal import Journal, Journals
from pytest_flowscape.booking.meeting_items import CALENDAR, Mailboxes, Removal, find, remove, tagged
from pytest_flowscape.booking.meeting_sweep import ANSWER, CANCELLATION, FINAL, sweep_meetings
from pytest_flowscape.booking.organizer_item import Organized
from pytest_flowscape.booking.room_answers import Seen, by_delegate, silence, unwanted
from pytest_flowscape.booking.slots import Slot, new_tag, subject_of
from pytest_flowscape.facts import RoundTrip, StepTaken, Sweep, Trouble, Written
from pytest_flowscape.probes.ews import meeting_answers
from pytest_flowscape.probes.ews.item_answers import ItemTold
from pytest_flowscape.probes.ews.meeting_answers import MeetingTold

LOOK = "look for meetings of earlier runs"
SLOT = "find a free time in working hours"
MAKE, KNOW = "make the meeting", "learn its identity"
INVITE, ANSWERED, SEEN = "invite the room", "hear the room's answer", "see it in the room's calendar"
EXTEND, EXTEND_ANSWERED, EXTENDED = "extend the meeting", "hear the answer to that", "see it extended in the room"
END, END_ANSWERED, ENDED = "end the meeting early", "hear the answer to the early end", "see it ended in the room"
CANCEL, CANCELLED = "cancel the meeting", "see it cancelled in the room"
BOOKED, LONGER, SHORTER = timedelta(minutes=30), timedelta(minutes=45), timedelta(minutes=15)
NOT_YET = ("", "Unknown", "NoResponseReceived")
AFTERWARDS = 10.0  # seconds in which a room may take in the cancellation of a meeting that went wrong


class _Stopped(Exception):  # noqa: N818  an order: this step was the last one
    """The trip ends at this step."""

    def __init__(self, step: StepTaken) -> None:
        self.step = step
        super().__init__(step.name)


class MeetingTrip:
    """Invites ``room`` once.

    ``open_mailboxes`` gives the organizer's mailbox and a room's, ``ask_taken``
    free/busy of the room; ``answer_timeout`` is in seconds, ``now`` aware.
    """

    def __init__(
        self,
        room: str,
        open_mailboxes: Callable[[str], Mailboxes],
        ask_taken: slots.Ask,
        journal: Journal,
        journals: Journals,
        *,
        run_id: str,
        timeout: float,
        answer_timeout: float,
        now: datetime,
    ) -> None:
        self._room = room
        self._open = open_mailboxes
        self._boxes = open_mailboxes(room)
        self._ask_taken = ask_taken
        self._journal = journal
        self._journals = journals
        self._run_id = run_id
        self._patience = measuring(timeout)
        self._answer_timeout = answer_timeout
        self._now = now
        self._steps: list[StepTaken] = []
        self._own: Organized | None = None
        self._answered_at = ""
        self._declined = False
        self.swept = Sweep()

    def run(self) -> RoundTrip:
        """Make the trip; whatever ends it, what it wrote is removed, or listed as left."""
        slot: Slot | None = None
        removal = Removal()
        try:
            self._look()
            slot = self._slot()
            self._make(slot)
            self._invite()
            self._follow(SEEN, lambda copy: copy.response == "Accept", "does not hold it as accepted")
            self._move(LONGER, EXTEND, EXTEND_ANSWERED, EXTENDED)
            self._move(SHORTER, END, END_ANSWERED, ENDED)
            self._cancel()
            removal = self._remove()
            self._steps += removal.steps
        except _Stopped as stopped:
            self._steps.append(stopped.step)
            removal = self._put_back()
        except KeyboardInterrupt as interruption:
            self._steps.append(StepTaken(INTERRUPTED, wrong=f"the run was told to stop ({interruption})"))
            raise TripInterrupted(self._told(slot, self._put_back())) from None
        except BaseException:
            self._put_back()
            raise
        return self._told(slot, removal)

    def _told(self, slot: Slot | None, removal: Removal) -> RoundTrip:
        ended_well = all(step.succeeded for step in self._steps)
        return RoundTrip(
            self._room,
            steps=tuple(self._steps),
            removal=() if ended_well else tuple(step for step in removal.steps if step not in self._steps),
            written=(self._own.written,) if self._own and (self._own.made or removal.left) else (),
            left=tuple(item for item, _ in (*removal.left, *self.swept.left)),
            strangers=(*self.swept.strangers, *removal.strangers),
            begin=slot.begin if slot else None,
            zone=slot.zone if slot else "",
            meeting=True,
        )

    # --- before anything is sent --------------------------------------------------------------------

    def _look(self) -> None:
        """Sweep what earlier runs left; invite only where no other tagged item is in the organizer's mailbox."""
        if any(item.invited for item in self._journals.open_items.values()):
            self.swept = sweep_meetings(self._journals, lambda item: self._open(item.invited), self._now)
        seen = tagged(self._boxes.organizer, self._patience)
        if isinstance(seen, Trouble):
            raise _Stopped(StepTaken(LOOK, seen))
        known = self._known()
        strangers = tuple(one.as_written() for one in seen if one.told.item.tag not in known)
        if strangers:
            self.swept = replace(self.swept, strangers=strangers)
            found = "; ".join(map(str, strangers))
            raise _Stopped(StepTaken(LOOK, wrong=f"tagged items that no journal here knows: {found}"))
        if self.swept.left:
            found = "; ".join(f"{item}: {why}" for item, why in self.swept.left)
            raise _Stopped(StepTaken(LOOK, wrong=f"an earlier meeting could not be removed: {found}"))
        removed = len(self.swept.removed)
        self._steps.append(StepTaken(LOOK, note=f"{removed} items of an earlier run were removed" if removed else ""))

    def _slot(self) -> Slot:
        found = slots.find_working_slot(self._ask_taken, self._now)
        if isinstance(found, Slot):
            self._steps.append(StepTaken(SLOT))
            return found
        raise _Stopped(StepTaken(SLOT, found or slots.no_working_slot()))

    def _make(self, slot: Slot) -> None:
        """Make the item without anybody invited, and learn its object id; nothing has been sent then."""
        tag = new_tag(self._run_id)
        end = slot.begin + BOOKED
        address = self._boxes.organizer.address
        item = Written(address, CALENDAR, tag, subject_of(tag), slot.begin, end, invited=self._room)
        own = self._own = Organized(self._boxes.organizer, self._journal, item, self._known)
        self._took(MAKE, own.make(self._patience))
        if not own.key.item_id:
            raise _Stopped(StepTaken(KNOW, wrong="Exchange says that it is made, and does not find it by its tag"))
        known = self._read(KNOW)
        if not known.uid:
            raise _Stopped(StepTaken(KNOW, wrong="Exchange does not tell its global object id"))
        own.note(replace(item, item_id=own.key.item_id, uid=known.uid))
        self._steps.append(StepTaken(KNOW))

    # --- what is sent -------------------------------------------------------------------------------

    def _invite(self) -> None:
        self._took(INVITE, self._meeting.invite(self._patience))
        self._hear(ANSWERED, first=True)

    def _move(self, length: timedelta, step: str, answered: str, seen: str) -> None:
        begin = self._meeting.written.begin
        assert begin is not None
        end = begin + length
        self._took(step, self._meeting.move(end, self._patience))
        self._hear(answered)
        self._follow(seen, lambda copy: copy.item.end == end, "does not tell the new end")

    def _cancel(self) -> None:
        self._took(CANCEL, self._meeting.cancel(self._patience))
        self._follow(CANCELLED, lambda copy: copy.cancelled, "still holds it as if it took place", or_gone=True)
        self._meeting.arrived(CANCELLATION)

    # --- what comes back ----------------------------------------------------------------------------

    def _hear(self, name: str, *, first: bool = False) -> None:
        """Wait for the answer to what was sent last; an answer before it does not count."""
        for _ in looks(self._answer_timeout):
            told = self._read(name)
            answer = told.answer_of(self._room)
            new = answer.answered != self._answered_at or told.item.change_key != self._meeting.updated_key
            if answer.response not in NOT_YET and new:
                break
        else:
            raise _Stopped(self._silence(name))
        self._answered_at = answer.answered
        self._declined = answer.response == "Decline"
        if answer.response in FINAL:
            self._meeting.arrived(ANSWER)
        explained = first or answer.response != "Accept"
        message = (
            self._meeting.newest_answer(answer.response, self._patience) if explained else MeetingTold(ItemTold(""))
        )
        step = by_delegate(name, answer.response, message) or unwanted(name, answer.response, message)
        if step is not None:
            raise _Stopped(step)
        self._steps.append(StepTaken(name))

    def _silence(self, name: str) -> StepTaken:
        """Say how far the request has come, as the room's mailbox shows."""
        item = self._meeting.written
        found = find(self._boxes, item, self._known(), self._patience)
        copies = ask(lambda: self._boxes.room.copies(item.uid), self._patience)
        trouble = found.trouble or (copies if isinstance(copies, Trouble) else None)
        if trouble is not None or isinstance(copies, Trouble):
            return StepTaken(name, trouble)
        held = meeting_answers.told(copies)
        where = frozenset(one.folder for one in found.of(self._room))
        step, unanswered = silence(name, self._answer_timeout, Seen(held, where))
        if unanswered:  # and what was not answered is removed before anybody can
            self._meeting.arrived(ANSWER)
        return step

    def _follow(self, name: str, wanted: Callable[[MeetingTold], bool], missing: str, *, or_gone: bool = False) -> None:
        """Look at the room's copy until it is as it has to be."""
        uid = self._meeting.written.uid
        copies: tuple[MeetingTold, ...] = ()
        for _ in looks(self._answer_timeout):
            told = ask(lambda: self._boxes.room.copies(uid), self._patience)
            if isinstance(told, Trouble):
                raise _Stopped(StepTaken(name, told))
            copies = meeting_answers.told(told)
            if any(map(wanted, copies)) or (or_gone and not copies):
                self._steps.append(StepTaken(name))
                return
        held = ", ".join(f"end {one.item.end}, answer {one.response}" for one in copies) or "nothing"
        raise _Stopped(StepTaken(name, wrong=f"the room's calendar {missing}: it holds {held}", cause="not-followed"))

    # --- ways and means -----------------------------------------------------------------------------

    @property
    def _meeting(self) -> Organized:
        assert self._own is not None
        return self._own

    def _known(self) -> set[str]:
        return {*self._journal.open_items, *self._journals.open_items, *self._journals.alive}

    def _took(self, name: str, done: Changed) -> None:
        step = StepTaken(name, done.trouble, note=done.note)
        if done.trouble is not None:
            raise _Stopped(step)
        self._steps.append(step)

    def _read(self, name: str) -> MeetingTold:
        """Get the organizer's item as it is now."""
        told = self._meeting.read(self._patience)
        if isinstance(told, Trouble):
            raise _Stopped(StepTaken(name, told))
        return told

    # --- afterwards ---------------------------------------------------------------------------------

    def _remove(self) -> Removal:
        """Remove every trace; the journal forgets the meeting where nothing is left and nothing may still come."""
        item = self._meeting.written
        removal = remove(self._boxes, item, self._known())
        if removal.clean and not item.due and not self._meeting.unsure:
            self._journal.closed(item.tag)
        return removal

    def _put_back(self) -> Removal:
        """Call off what was sent, so that a late request finds its cancellation behind it, and remove everything."""
        own = self._own
        if own is None:
            return Removal()
        if own.invited and not own.cancelled and not self._declined:  # a room that declined has nothing to give up
            with contextlib.suppress(OSError):  # where the journal cannot be written nothing is sent
                own.read(REMOVING)
                if own.cancel(REMOVING).trouble is None:
                    self._see_cancelled()
        return self._remove()

    def _see_cancelled(self) -> None:
        """Return the room a moment to take the cancellation in."""
        for _ in looks(min(AFTERWARDS, self._answer_timeout)):
            there = find(self._boxes, self._meeting.written, self._known(), REMOVING).of(self._room)
            if any(one.told.item.kind == "MeetingCancellation" for one in there):
                self._meeting.arrived(CANCELLATION)
                return
