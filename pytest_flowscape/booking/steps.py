"""What both round trips have in common: steps in order up to the first failure, and the removal of what was written."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, TypeVar

from pytest_flowscape.booking.calls import step_patience
from pytest_flowscape.booking.journal import Journal, Journals
from pytest_flowscape.booking.removal import Removal, unknown_items
from pytest_flowscape.booking.slots import AskAvailability, Slot
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import RoundTrip, StepTaken, Sweep, Trouble, Written
from pytest_flowscape.probes.ews.session import CALENDAR

NO_JOURNAL = "booking-journal"
STOPPED = "booking-stopped"
INTERRUPTED = "interrupted"
LENGTH, LONGER, SHORTER = timedelta(minutes=30), timedelta(minutes=45), timedelta(minutes=15)
SUBJECT = "Flowscape acceptance test"
BODY = (
    "Written by an acceptance test of this room, which removes it within seconds. "
    "If it is still here, nobody needs it: it may be deleted."
)
Answer = TypeVar("Answer")


class TripInterrupted(KeyboardInterrupt):
    """A signal ended a round trip; ``trip`` is what was done of it, the removal of what it wrote included."""

    def __init__(self, trip: RoundTrip) -> None:
        self.trip = trip
        super().__init__(INTERRUPTION.by)


class StepFailed(Exception):  # noqa: N818  an order: this step is the last one
    """The round trip ends at ``step``."""

    def __init__(self, step: StepTaken) -> None:
        self.step = step
        super().__init__(step.name)


def require(step: str, answer: Answer | Trouble) -> Answer:
    """Return the answer to a step. Raises StepFailed for a trouble."""
    if isinstance(answer, Trouble):
        raise StepFailed(StepTaken(step, answer))
    return answer


@dataclass(frozen=True)
class TripSetup:
    """What a round trip needs, of either kind: ``timeout`` is in seconds, of each step, and ``now`` aware."""

    room: str
    ask_availability: AskAvailability
    journal: Journal
    journals: Journals
    run_id: str
    timeout: float
    now: datetime


class OwnItem(Protocol):
    """The item that a round trip writes: as the journal knows it, and whether it was made."""

    written: Written
    made: bool


class Trip(ABC):
    """One round trip, to be run once; ``by_meeting``: the room is invited."""

    by_meeting: ClassVar[bool] = False

    def __init__(self, setup: TripSetup) -> None:
        self._setup = setup
        self._room = setup.room
        self._journal = setup.journal
        self._journals = setup.journals
        self._patience = step_patience(setup.timeout)
        self._steps: list[StepTaken] = []
        self._swept = Sweep()
        self._slot: Slot | None = None
        self._own: OwnItem | None = None

    @abstractmethod
    def _take_steps(self) -> Removal:
        """Take all steps; return what became of removing, its steps only if they are not among the steps."""

    @abstractmethod
    def _put_back(self) -> Removal:
        """Remove what was written so far."""

    def run(self) -> RoundTrip:
        """Make the trip; whatever ends it, what it wrote is removed, or listed as left. Raises TripInterrupted."""
        try:
            removal = self._take_steps()
        except StepFailed as failed:
            self._steps.append(failed.step)
            removal = self._put_back()
        except KeyboardInterrupt as interruption:
            self._steps.append(StepTaken(INTERRUPTED, wrong=f"the run was stopped ({interruption})"))
            raise TripInterrupted(self._result(self._put_back())) from None
        except BaseException:
            self._put_back()
            raise
        return self._result(removal)

    def _result(self, removal: Removal) -> RoundTrip:
        own = self._own
        return RoundTrip(
            self._room,
            steps=tuple(self._steps),
            removal=removal.steps,
            written=(own.written,) if own and (own.made or removal.left) else (),
            left=tuple(item for item, _ in (*removal.left, *self._swept.left)),
            strangers=(*self._swept.strangers, *removal.strangers),
            begin=self._slot.begin if self._slot else None,
            zone=self._slot.zone if self._slot else "",
            meeting=self.by_meeting,
        )

    def _add(self, step: StepTaken) -> None:
        """Add a step. Raises StepFailed if it did not succeed."""
        if not step.succeeded:
            raise StepFailed(step)
        self._steps.append(step)

    def _add_sweep(self, step: str, strangers: Sequence[Written]) -> None:
        """Add the step that swept. Raises StepFailed where there are strangers' tagged items, or something is left."""
        wrong = unknown_items(strangers)
        if not wrong and self._swept.left:
            left = "; ".join(f"{item}: {why}" for item, why in self._swept.left)
            wrong = f"what an earlier run booked could not be removed: {left}"
        count = len(self._swept.removed)
        self._add(StepTaken(step, wrong=wrong, note=f"removed of earlier runs: {count}" if count and not wrong else ""))

    def _add_slot(self, step: str, found: Slot | Trouble) -> Slot:
        self._slot = require(step, found)
        self._add(StepTaken(step))
        return self._slot

    def _new_item(self, mailbox: str, slot: Slot, *, invited: str = "") -> Written:
        """Return an item to be written, with a tag of its own: the run's id, by which people find the run, and chance.

        Its subject holds the tag, for people who look at the calendar.
        """
        tag = f"{self._setup.run_id}/{uuid.uuid4().hex}"
        subject, end = f"{SUBJECT} {tag}", slot.begin + LENGTH
        return Written(mailbox, CALENDAR, tag, subject, slot.begin, end, invited=invited)
