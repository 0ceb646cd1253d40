"""One request of a booking, judged on its raw answer and sent again only where that is safe.

What only reads is sent again as everywhere else in a run. What writes is not:
where its answer was lost, a look shows whether it happened. A creation is sent
a second time only if the server itself refused the first for being busy, and a
look shows that nothing came of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_flowscape.facts import Kind, StepTaken, Trouble
from pytest_flowscape.facts.policy import MAX_RETRIES, REPEATED, THROTTLING
from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ledger import AGAIN, LEDGER
from pytest_flowscape.probes.network import Deadline

if TYPE_CHECKING:  # imports requests, which a run without bookings does not need
    from pytest_flowscape.booking.client.transport import RawAnswer

Call = Callable[[], "tuple[RawAnswer, ...]"]
Answers = tuple[Envelope, ...] | Trouble
Happened = Callable[[], bool | None]
RETRY_PAUSES = (0.2, 0.8, 2.0, 5.0, 10.0)  # seconds
LOOK_PAUSES, MAX_LOOK_PAUSE = (0.5, 1.0, 2.0, 4.0, 8.0), 15.0  # seconds
# a write that was answered by one of these may have happened all the same
UNCERTAIN = frozenset(REPEATED) - THROTTLING | {Kind.MALFORMED, Kind.HTTP}


@dataclass(frozen=True)
class Patience:
    """How often a request is sent again, and for how many seconds in all.

    With ``unlimited_waits`` an answer that asks to wait does not count as a try.
    """

    tries: int
    seconds: float
    unlimited_waits: bool = False


def step_patience(timeout: float) -> Patience:
    """Return the patience of a step that is judged: that of every other request of the run."""
    return Patience(MAX_RETRIES, timeout)


REMOVAL_PATIENCE = Patience(6, 300.0, unlimited_waits=True)
"""Nothing may be left behind: a server may ask to wait for minutes."""


@dataclass(frozen=True)
class WriteResult:
    """What became of a write: ``trouble`` None means that it happened.

    ``envelopes`` are its answer, empty where that was lost: then ``note`` says
    that a look showed that it had happened. ``unsure``: as far as a look shows
    it did not happen, and its request may still be on its way.
    """

    envelopes: tuple[Envelope, ...] = ()
    trouble: Trouble | None = None
    note: str = ""
    unsure: bool = False

    def step(self, name: str) -> StepTaken:
        """Return it as a step."""
        return StepTaken(name, self.trouble, note=self.note)


def send(call: Call) -> Answers:
    """Send a call once, and judge its raw answers."""
    raws = call()
    broken = next((raw.trouble for raw in raws if raw.trouble is not None), None)
    return broken or item_answers.read_all((raw.status, raw.body, raw.seconds) for raw in raws)


def ask(call: Call, patience: Patience) -> Answers:
    """Send a call that only reads, again where time may cure its trouble."""
    retries = _Retries(patience)
    while True:
        answers = send(call)
        if not isinstance(answers, Trouble) or answers.kind not in REPEATED or not retries.wait(answers):
            return answers


def create(call: Call, happened: Happened, patience: Patience) -> WriteResult:
    """Send a creation. ``happened`` looks whether it did, None where that cannot be known."""
    return _write(call, happened, patience, once=True)


def change(call: Call, happened: Happened, patience: Patience) -> WriteResult:
    """Send a change or a removal, which may be sent again: a second one makes no difference."""
    return _write(call, happened, patience, once=False)


def _write(call: Call, happened: Happened, patience: Patience, *, once: bool) -> WriteResult:
    retries = _Retries(patience)
    while True:
        answers = send(call)
        if not isinstance(answers, Trouble):
            return WriteResult(answers, note=retries.note)
        refused = answers.kind in THROTTLING
        if not refused and answers.kind not in UNCERTAIN:
            return WriteResult(trouble=answers)
        if (once or not refused) and happened():
            return WriteResult(note=f"its answer was lost ({answers.said}), and a look showed that it had happened")
        # where the answer was lost the request may still be on its way: only a plain "later" allows another creation
        if once and not refused:
            return WriteResult(trouble=answers, unsure=True)
        if not retries.wait(answers) or (once and happened() is not False):
            return WriteResult(trouble=answers)


class _Retries:
    """How often one call may still be sent again, and until when."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._left = patience.tries
        self._sent = 1
        self._deadline = Deadline(patience.seconds)
        self.note = ""

    def wait(self, trouble: Trouble) -> bool:
        """Wait as long as the server asks for; return whether the call may be sent again."""
        pause = RETRY_PAUSES[min(self._sent, len(RETRY_PAUSES)) - 1] if trouble.back_off is None else trouble.back_off
        if self._left <= 0 or pause >= self._deadline.left():
            return False
        self._left -= not (self._patience.unlimited_waits and trouble.kind in THROTTLING)
        self._sent += 1
        self.note = f"it was sent {self._sent} times, the last time after: {trouble.said}"
        time.sleep(pause)
        LEDGER.note(AGAIN)
        return True


def looks(seconds: float) -> Iterator[int]:
    """Return the number of each look, pausing before all but the first; the last one is at the limit of ``seconds``."""
    deadline = Deadline(seconds)
    yield 0
    number = 0
    while (left := deadline.left()) > 0:
        time.sleep(min(left, LOOK_PAUSES[number] if number < len(LOOK_PAUSES) else MAX_LOOK_PAUSE))
        number += 1
        yield number
