"""How many mailboxes delegate requests hold open at once: never more than this process's share.

Exchange opens a store session for each mailbox that a delegate request names,
16 at most for one user on one mailbox database (Microsoft, "Exchange store
limits"); the live product shares them. The server may close a session a moment
after its answer, so a mailbox counts for a moment longer here too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

REST = 0.03  # seconds that a mailbox counts after the answer; sessions were seen to linger for 20 ms


class StoreSessions:
    """Let delegate requests through while they hold at most ``most`` mailboxes together; for several threads."""

    def __init__(self, most: int, *, rest: float = REST) -> None:
        self._most = max(1, most)
        self._rest = rest
        self._open = 0
        self._resting: dict[str, float] = {}  # until when, by address
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, addresses: Collection[str]) -> Iterator[None]:
        """Wait until these mailboxes may be open too, and hold them.

        One that rests is taken again. A request that names more than may be
        open waits until nothing else is.
        """
        if not addresses:
            yield
            return
        count = min(len(addresses), self._most)
        with self._changed:
            while self._open + self._resting_besides(addresses) + count > self._most:
                until = min(self._resting.values(), default=None)
                self._changed.wait(None if until is None else max(0.0, until - time.monotonic()))
            self._open += count
            for address in addresses:
                self._resting.pop(address, None)
        try:
            yield
        finally:
            with self._changed:
                self._open -= count
                until = time.monotonic() + self._rest
                self._resting.update((address, until) for address in list(addresses)[: self._most])
                self._changed.notify_all()

    def _resting_besides(self, wanted: Collection[str]) -> int:
        """Count the mailboxes that rest and that are not among those wanted."""
        now = time.monotonic()
        for address in [address for address, until in self._resting.items() if until <= now]:
            del self._resting[address]
        return sum(1 for address in self._resting if address not in wanted)
