"""When a request is asked again, in one place.

- Throttled (ErrorServerBusy and its kin, HTTP 503 with Retry-After) and
  transient answers (a mailbox that moves, a store that is away, a broken
  connection) are asked again, at most three times, after the time that the
  server asks for, else after 0.2, 0.8 and 2 seconds.
- All tries of one request together end within ``exchange.timeout``. A back-off
  that does not fit in is not waited for: the last answer is the answer.
- A refused sign-in is never repeated, nor is a sign-in whose answer was lost
  after the password had been shown, unless the password is proven.
- Nothing else is repeated here. In particular "no access" is an answer.

Back-off is kept per charged party: delegate requests charge the service
account, impersonated ones the mailbox (EWS throttling in Exchange).
"""

from __future__ import annotations

import threading
import time

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.probes.network import Deadline

MOST_RETRIES = 3
_PAUSES = (0.2, 0.8, 2.0)

THROTTLING = frozenset({Kind.THROTTLED})
BROKEN = frozenset({Kind.RESET, Kind.REFUSED, Kind.UNRESOLVABLE, Kind.SILENT})
REPEATED = THROTTLING | BROKEN | {Kind.TRANSIENT, Kind.UNAVAILABLE}


class Attempts:
    """The tries of one request: how many are left, and until when."""

    def __init__(self, seconds: float, *, made: int = 0) -> None:
        self.deadline = Deadline(seconds)
        self._made = made

    def again(self, trouble: Trouble) -> bool:
        """Wait and give True if the request may be asked again; False if this answer is final."""
        if trouble.kind not in REPEATED or self._made >= MOST_RETRIES:
            return False
        pause = trouble.back_off if trouble.back_off is not None else _PAUSES[self._made]
        self._made += 1
        if pause >= self.deadline.left():
            return False
        time.sleep(pause)
        return True


class BackOff:
    """What servers asked us to wait for, by charged party; shared by the threads of a session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def note(self, party: str, trouble: Trouble) -> None:
        """Remember the back-off of an answer, if it asks for one."""
        if trouble.back_off:
            with self._lock:
                self._until[party] = max(self._until.get(party, 0.0), time.monotonic() + trouble.back_off)

    def left(self, party: str) -> float:
        """Give the seconds that this party still has to wait."""
        with self._lock:
            return max(0.0, self._until.get(party, 0.0) - time.monotonic())
