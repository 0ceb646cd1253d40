"""The tries of one request, the patience of a whole session, and what servers asked us to wait for.

Which answers are asked again, how often and how long is stated in policy.py.

- All tries of one request together end within ``exchange.timeout``. While
  another try may follow, one may wait for its answer for a share of the time
  left. A back-off that does not fit in is not waited for: the last answer is
  the answer.
- A refused sign-in is never repeated, nor is a sign-in whose answer was lost
  after the password had been shown, unless the password is proven.
- A session that waits in vain too long gives up: the rest is not asked.

Back-off is kept per charged party: delegate requests charge the service
account, impersonated ones the mailbox (EWS throttling in Exchange).
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.facts.policy import (
    BROKEN,
    FIRST_SHARE,
    MAX_IN_A_ROW,
    MAX_IN_VAIN,
    MAX_RETRIES,
    PAUSES,
    REPEATED,
    RULES,
)
from pytest_flowscape.probes.network import Deadline


class Try(Deadline):
    """The time for one try within that for all of them; what extends the one extends the other."""

    def __init__(self, whole: Deadline, share: float) -> None:
        super().__init__(whole.left() * share)
        self._whole = whole

    def extend(self, seconds: float) -> None:
        """Move both, for time spent in a queue of our own."""
        super().extend(seconds)
        self._whole.extend(seconds)


class Attempts:
    """The tries of one request: how many are left, and until when. ``once`` allows a single one."""

    def __init__(self, seconds: float, *, once: bool = False) -> None:
        self.deadline = Deadline(seconds)
        self._once = once
        self._made = 0

    def next(self) -> Deadline:
        """Return the time for the next try."""
        last = self._once or self._made >= MAX_RETRIES
        return Try(self.deadline, 1.0 if last else FIRST_SHARE)

    def again(self, trouble: Trouble) -> bool:
        """Whether the request may be asked again; waits before it returns True."""
        if self._once or self._made >= RULES[trouble.kind].again:
            return False
        pause = trouble.back_off if trouble.back_off is not None else PAUSES[self._made]
        self._made += 1
        if pause >= self.deadline.left():
            return False
        time.sleep(pause)
        return True


class Patience:
    """How long a session goes on asking a server that gives no useful answer; its threads share it."""

    def __init__(self, timeout: float) -> None:
        self._most = timeout * MAX_IN_VAIN
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._in_vain = 0.0
        self._exhausted: Trouble | None = None

    @property
    def exhausted(self) -> Trouble | None:
        """Return why nothing more is asked, None while there is patience."""
        return self._exhausted

    def learn(self, trouble: Trouble | None, seconds: float) -> None:
        """Learn how a request ended after all of its tries, and how long they took together."""
        with self._lock:
            if trouble is None or trouble.kind not in REPEATED:
                self._in_a_row = 0
                return
            self._in_vain += seconds
            self._in_a_row = self._in_a_row + 1 if trouble.kind in BROKEN else 0
            if self._in_a_row >= MAX_IN_A_ROW:
                said = f"{self._in_a_row} requests in a row got no answer, and no more are sent: {trouble.said}"
            elif self._in_vain >= self._most:
                said = f"{self._in_vain:.0f} seconds were waited in vain, and no more requests are sent: {trouble.said}"
            else:
                return
            self._exhausted = Trouble(Kind.NOT_ASKED, said)


class BackOff:
    """What servers asked us to wait for, by charged party; shared by the threads of a session.

    The processes of a run share through ``folder`` that one was
    throttled, and how long delegate requests (party "") have to wait: all of
    these charge the same account. A mailbox is asked by one process only.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._throttled = folder / "throttled"
        self._delegate = folder / "throttled-until"

    def note(self, party: str, trouble: Trouble) -> None:
        """Remember that an answer throttled us, and the back-off if it asks for one."""
        with contextlib.suppress(OSError):  # a full disk: this process knows it all the same
            self._throttled.touch()
        if not trouble.back_off:
            return
        with self._lock:
            self._until[party] = max(self._until.get(party, 0.0), time.monotonic() + trouble.back_off)
        if not party and trouble.back_off > self._delegate_left():
            fresh = self._delegate.with_suffix(f".{os.getpid()}")
            with contextlib.suppress(OSError):
                fresh.write_text(str(time.time() + trouble.back_off), encoding="ascii")
                fresh.replace(self._delegate)

    @property
    def throttled(self) -> bool:
        """Whether any process of the run has been throttled."""
        return self._throttled.exists()

    def left(self, party: str) -> float:
        """Return the seconds that this party still has to wait."""
        with self._lock:
            own = max(0.0, self._until.get(party, 0.0) - time.monotonic())
        return own if party else max(own, self._delegate_left())

    def _delegate_left(self) -> float:
        """Return the seconds that delegate requests of any process still have to wait."""
        try:
            return max(0.0, float(self._delegate.read_text(encoding="ascii")) - time.time())
        except (OSError, ValueError):
            return 0.0
