"""One request of a booking from question to answer: judged on the raw answer, asked again only where that is safe.

What only reads is asked again as everywhere else in a run. What writes is not:
where its answer was lost, it is found out whether it happened; a creation is
never sent a second time unless the server itself refused the first for being
busy, and a look shows that nothing came of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_flowscape.booking.client.transport import RawAnswer
from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.facts.policy import MAX_RETRIES, REPEATED, THROTTLING
from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ledger import AGAIN, LEDGER
from pytest_flowscape.probes.network import Deadline

Call = Callable[[], "tuple[RawAnswer, ...]"]
Told = tuple[Envelope, ...] | Trouble
RETRY_PAUSES = (0.2, 0.8, 2.0, 5.0, 10.0)  # seconds
LOOK_PAUSES, MAX_LOOK_PAUSE = (0.5, 1.0, 2.0, 4.0, 8.0), 15.0  # seconds
# a write that was answered by one of these may have happened all the same
UNCERTAIN = frozenset(REPEATED) - THROTTLING | {Kind.MALFORMED, Kind.HTTP}


@dataclass(frozen=True)
class Patience:
    """How often a request is asked again, and for how many seconds in all; ``heeds``: to be told to wait is no try."""

    tries: int
    seconds: float
    heeds: bool = False


def measuring(timeout: float) -> Patience:
    """Return the patience of a step that is measured: that of every other request of the run."""
    return Patience(MAX_RETRIES, timeout)


REMOVING = Patience(6, 300.0, heeds=True)
"""Nothing is to be left behind: a server may ask to wait for minutes."""


@dataclass(frozen=True)
class Changed:
    """What became of a write: ``trouble`` None means that it happened.

    ``note`` tells that its answer was lost and it was seen to have happened.
    ``envelopes`` are its answer, empty where that was lost. ``unsure``: it did
    not happen as far as could be seen, and its request may still be on its way.
    """

    envelopes: tuple[Envelope, ...] = ()
    trouble: Trouble | None = None
    note: str = ""
    unsure: bool = False


def read(call: Call) -> Told:
    """Send a call once, and judge its raw answers."""
    raws = call()
    broken = next((raw.trouble for raw in raws if raw.trouble is not None), None)
    return broken or item_answers.read_all((raw.status, raw.body, raw.seconds) for raw in raws)


def ask(call: Call, patience: Patience) -> Told:
    """Send a call that only reads, again where time may cure its trouble."""
    waiting = _Waiting(patience)
    while True:
        told = read(call)
        if not isinstance(told, Trouble) or told.kind not in REPEATED or not waiting.again(told):
            return told


def create(call: Call, happened: Callable[[], bool | None], patience: Patience) -> Changed:
    """Send a creation. ``happened`` looks whether it did; None where that cannot be known."""
    waiting = _Waiting(patience)
    while True:
        told = read(call)
        if not isinstance(told, Trouble):
            return Changed(told, note=waiting.note)
        if told.kind not in UNCERTAIN | THROTTLING:
            return Changed(trouble=told)
        if happened():
            return _lost(told)
        # a request may still be on its way where its answer was lost: only a plain "later" allows another one
        if told.kind not in THROTTLING:
            return Changed(trouble=told, unsure=True)
        if not waiting.again(told) or happened() is not False:
            return Changed(trouble=told)


def change(call: Call, happened: Callable[[], bool | None], patience: Patience) -> Changed:
    """Send a change or a removal, which may be sent again: a second one makes no difference."""
    waiting = _Waiting(patience)
    while True:
        told = read(call)
        if not isinstance(told, Trouble):
            return Changed(told, note=waiting.note)
        if told.kind not in UNCERTAIN | THROTTLING:
            return Changed(trouble=told)
        if told.kind in UNCERTAIN and happened():
            return _lost(told)
        if not waiting.again(told):
            return Changed(trouble=told)


def _lost(trouble: Trouble) -> Changed:
    return Changed(note=f"its answer was lost ({trouble.said}), and a look showed that it had happened")


class _Waiting:
    """The tries of one call: how many are left, and until when."""

    def __init__(self, patience: Patience) -> None:
        self._left = patience.tries
        self._heeds = patience.heeds
        self._made = 0
        self._deadline = Deadline(patience.seconds)
        self.note = ""

    def again(self, trouble: Trouble) -> bool:
        """Wait as long as the server asks for, and give True if there is another try; False if this was the last."""
        pause = RETRY_PAUSES[min(self._made, len(RETRY_PAUSES) - 1)] if trouble.back_off is None else trouble.back_off
        if self._left <= 0 or pause >= self._deadline.left():
            return False
        self._left -= not (self._heeds and trouble.kind in THROTTLING)
        self._made += 1
        self.note = f"it was sent again, {self._made + 1} times in all, after: {trouble.said}"
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
