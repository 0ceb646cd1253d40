"""The connections of one session: at most so many at once, fewer after throttling, never one lost to an interrupt."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator

from pytest_flowscape.probes.ews.connection import Connection
from pytest_flowscape.probes.ews.sign_in import Speaker


class Line:
    """One connection together with what it says to sign in; ``signed_in`` once a server has accepted that.

    ``smooth``: nothing in the last answer asks for anybody's attention, such as
    a request to wait, before the next request may go out.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.speaker: Speaker | None = None
        self.signed_in = False
        self.smooth = False

    @property
    def usable(self) -> bool:
        """Whether the line can carry another request without a new sign-in."""
        return self.signed_in and self.connection.is_open

    def close(self) -> None:
        """Close the connection and forget the sign-in."""
        self.connection.close()
        self.speaker = None
        self.signed_in = False


class _Waiting:
    """A thread that waits for a line: what it would do with it at once, and then the line, None if there is none."""

    def __init__(self, begin: Callable[[Line], None] | None) -> None:
        self.begin = begin
        self.line: Line | None = None
        self._served = threading.Lock()
        self._served.acquire()

    def serve(self, line: Line | None) -> None:
        """End the waiting; ``line`` is no longer the caller's. Called once."""
        self.line = line
        try:
            if line is not None and self.begin is not None:
                self.begin(line)
        finally:
            self._served.release()

    def wait(self) -> None:
        """Return once ``serve`` has been called, and is done."""
        self._served.acquire()


class Pool:
    """Lend lines to threads, ``size`` at most at the same time, in the order in which they ask.

    A line that is not usable when it comes back is closed. After a fork the
    child starts with none: two processes must never read one connection.
    """

    def __init__(self, size: int, make: Callable[[], Connection]) -> None:
        self._make = make
        self._size = max(1, size)
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._free: list[Line] = []
        self._lent = 0
        self._queue: deque[_Waiting] = deque()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Return how many connections may be open at once; 0 when none is left."""
        return self._size

    def halve(self) -> None:
        """Use half as many connections from now on, one at least."""
        with self._lock:
            self._size = max(1, self._size // 2)
            while self._free and len(self._free) + self._lent > self._size:
                self._free.pop().close()

    def lose_one(self) -> None:
        """Use one connection fewer from now on, none at last: a lost sign-in is not replaced."""
        with self._lock:
            self._size = max(0, self._size - 1)
            unserved = [] if self._size else [self._queue.popleft() for _ in range(len(self._queue))]
        for waiting in unserved:
            waiting.serve(None)

    @contextlib.contextmanager
    def line(self, begin: Callable[[Line], None] | None = None) -> Iterator[Line | None]:
        """Lend a line, waiting for one if all are in use; None if the session has no connection left.

        ``begin`` is called with a line that was waited for by the thread that
        gives it back, before that one goes on to its answer: a connection does
        not stand idle until the thread that waits is awake. It raises nothing.
        """
        if self._process != os.getpid():
            self._reset()
        waiting: _Waiting | None = None
        with self._lock:
            if 0 < self._size <= self._lent:
                waiting = _Waiting(begin)
                self._queue.append(waiting)
            else:
                line = self._take()
        if waiting is not None:
            line = self._wait(waiting)
        if line is None:
            yield None
            return
        try:
            yield line
        except BaseException:
            line.close()
            raise
        finally:
            self._give_back(line)

    def _take(self) -> Line | None:
        """Lend a line to somebody, while the lock is held."""
        if self._size <= 0:
            return None
        self._lent += 1
        return self._free.pop() if self._free else Line(self._make())

    def _wait(self, waiting: _Waiting) -> Line | None:
        try:
            waiting.wait()
        except BaseException:  # Ctrl-C: nobody is left to use a line
            with self._lock:
                served = waiting not in self._queue
                if not served:
                    self._queue.remove(waiting)
            if served:
                waiting.wait()
                if waiting.line is not None:
                    waiting.line.close()
                    self._give_back(waiting.line)
            raise
        return waiting.line

    def _give_back(self, line: Line) -> None:
        with self._lock:
            self._lent -= 1
            if line.usable and self._lent + len(self._free) < self._size:
                self._free.append(line)
            else:
                line.close()
            waiting = self._queue.popleft() if self._queue and self._lent < self._size else None
            following = self._take() if waiting is not None else None
        if waiting is not None:
            waiting.serve(following)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            while self._free:
                self._free.pop().close()
