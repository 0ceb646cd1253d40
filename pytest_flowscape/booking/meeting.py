"""One meeting from beginning to end: the room is invited, answers, follows two changes and the cancellation.

The service account organizes it, acting as itself; the room's own copy is read
by FullAccess. The tag is journalled before the item is made, the object id
before anything is sent. Whatever ends the trip, every item of it is removed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pytest_flowscape.booking.calls import REMOVAL_PATIENCE, looks
from pytest_flowscape.booking.meeting_items import Mailboxes, find_tagged
from pytest_flowscape.booking.meeting_sweep import CANCELLATION, sweep_meetings
from pytest_flowscape.booking.organizer_item import OrganizerItem
from pytest_flowscape.booking.removal import Removal
from pytest_flowscape.booking.room_answers import RoomAnswers
from pytest_flowscape.booking.slots import Slot, find_working_slot
from pytest_flowscape.booking.steps import LONGER, SHORTER, StepFailed, Trip, TripSetup, require
from pytest_flowscape.facts import StepTaken

LOOK = "look for meetings of earlier runs"
SLOT = "find a free time in working hours"
MAKE, IDENTITY = "make the meeting", "learn its identity"
# each sending, the room's answer to it, and the room's copy after it
INVITE, INVITE_ANSWER, INVITE_COPY = "invite the room", "hear the room's answer", "see it in the room's calendar"
EXTEND, EXTEND_ANSWER, EXTEND_COPY = "extend the meeting", "hear the answer to that", "see it extended in the room"
END, END_ANSWER, END_COPY = "end the meeting early", "hear the answer to the early end", "see it ended in the room"
CANCEL, CANCEL_COPY = "cancel the meeting", "see it cancelled in the room"
MAX_AFTERWARDS = 10.0  # seconds in which a room may process the cancellation of a meeting that went wrong


class MeetingTrip(Trip):
    """Invites the room once; ``open_mailboxes`` opens the organizer's mailbox and a room's.

    The room has ``answer_timeout`` seconds for each answer.
    """

    by_meeting = True

    def __init__(self, setup: TripSetup, open_mailboxes: Callable[[str], Mailboxes], answer_timeout: float) -> None:
        super().__init__(setup)
        self._open = open_mailboxes
        self._boxes = open_mailboxes(setup.room)
        self._answer_timeout = answer_timeout
        self._own: OrganizerItem | None = None
        self._answers: RoomAnswers | None = None

    def _take_steps(self) -> Removal:
        self._sweep()
        slot = self._add_slot(SLOT, find_working_slot(self._setup.ask_availability, self._setup.now))
        own = self._make(slot)
        answers = self._answers = RoomAnswers(own, self._boxes, self._patience, self._answer_timeout)
        self._add(own.invite(self._patience).step(INVITE))
        self._add(answers.wait(INVITE_ANSWER, explain=True))
        self._add(answers.follow(INVITE_COPY, lambda copy: copy.response == "Accept", "does not hold it as accepted"))
        self._move(own, answers, slot.begin + LONGER, (EXTEND, EXTEND_ANSWER, EXTEND_COPY))
        self._move(own, answers, slot.begin + SHORTER, (END, END_ANSWER, END_COPY))
        self._add(own.cancel(self._patience).step(CANCEL))
        still = "still holds it as if it took place"
        self._add(answers.follow(CANCEL_COPY, lambda copy: copy.cancelled, still, or_gone=True))
        own.note_arrived(CANCELLATION)
        removal = own.remove()
        self._steps += removal.steps
        return replace(removal, steps=())

    def _sweep(self) -> None:
        """Sweep what earlier runs left; invite only where no other tagged item is in the organizer's mailbox."""
        if any(item.invited for item in self._journals.open_items.values()):
            self._swept = sweep_meetings(self._journals, lambda item: self._open(item.invited), self._setup.now)
        found = require(LOOK, find_tagged(self._boxes.organizer, self._patience))
        known_tags = self._known_tags()
        strangers = tuple(one.to_written() for one in found if one.item.tag not in known_tags)
        if strangers:
            self._swept = replace(self._swept, strangers=strangers)
        self._add_sweep(LOOK, strangers)

    def _make(self, slot: Slot) -> OrganizerItem:
        """Make the item without anybody invited, and learn its object id; nothing has been sent then."""
        item = self._new_item(self._boxes.organizer.address, slot, invited=self._room)
        own = self._own = OrganizerItem(self._boxes, self._journal, item, self._known_tags)
        self._add(own.make(self._patience).step(MAKE))
        if not own.key.item_id:
            raise StepFailed(StepTaken(IDENTITY, wrong="Exchange made it, but does not find it by its tag"))
        uid = require(IDENTITY, own.read(self._patience)).uid
        if not uid:
            raise StepFailed(StepTaken(IDENTITY, wrong="Exchange does not return its global object id"))
        own.note(replace(item, item_id=own.key.item_id, uid=uid))
        self._add(StepTaken(IDENTITY))
        return own

    def _move(self, own: OrganizerItem, answers: RoomAnswers, end: datetime, steps: tuple[str, str, str]) -> None:
        sending, answer, copy_step = steps
        self._add(own.move(end, self._patience).step(sending))
        self._add(answers.wait(answer))
        self._add(answers.follow(copy_step, lambda copy: copy.item.end == end, "does not show the new end"))

    def _known_tags(self) -> set[str]:
        return {*self._journal.open_items, *self._journals.open_items, *self._journals.alive}

    def _put_back(self) -> Removal:
        """Cancel what was sent, so that a late request finds its cancellation behind it, and remove everything."""
        own = self._own
        if own is None:
            return Removal()
        declined = self._answers is not None and self._answers.declined  # then the room has nothing to give up
        if own.invited and not own.cancelled and not declined:
            with contextlib.suppress(OSError):  # where the journal cannot be written nothing is sent
                own.read(REMOVAL_PATIENCE)
                if own.cancel(REMOVAL_PATIENCE).trouble is None:
                    self._wait_for_cancellation(own)
        return own.remove()

    def _wait_for_cancellation(self, own: OrganizerItem) -> None:
        """Wait a moment for the room to process the cancellation."""
        for _ in looks(min(MAX_AFTERWARDS, self._answer_timeout)):
            if own.find(REMOVAL_PATIENCE).has(self._room, "MeetingCancellation"):
                own.note_arrived(CANCELLATION)
                return
