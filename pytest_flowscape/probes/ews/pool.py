"""The connections of one session: at most so many at once, fewer after throttling, never one lost to an interrupt."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

from pytest_flowscape.probes.ews.connection import Connection
from pytest_flowscape.probes.ews.sign_in import Speaker


class Line:
    """One connection together with what it says to sign in; ``signed_in`` once a server has accepted that.

    ``lost``: a server refused it afterwards, and no other line may take its place.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.speaker: Speaker | None = None
        self.signed_in = False
        self.lost = False

    @property
    def usable(self) -> bool:
        """Whether the line can carry another request without a new sign-in."""
        return self.signed_in and self.connection.is_open

    def close(self) -> None:
        """Close the connection and forget the sign-in."""
        self.connection.close()
        self.speaker = None
        self.signed_in = False


class Pool:
    """Lend lines to threads, ``size`` at most at the same time.

    A line that is not usable when it comes back is closed. After a fork the
    child starts with none: two processes must never read one connection.
    """

    def __init__(self, size: int, make: Callable[[], Connection]) -> None:
        self._make = make
        self._size = max(1, size)
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._idle: list[Line] = []
        self._lent = 0
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        """Return how many connections may be open at once; 0 when none is left."""
        return self._size

    def halve(self) -> None:
        """Use half as many connections from now on, one at least."""
        with self._changed:
            self._size = max(1, self._size // 2)
            while self._idle and len(self._idle) + self._lent > self._size:
                self._idle.pop().close()

    @contextlib.contextmanager
    def line(self) -> Iterator[Line | None]:
        """Lend a line, waiting for one if all are in use; None if the session has no connection left."""
        if self._process != os.getpid():
            self._reset()
        line = self._take()
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
        with self._changed:
            try:
                self._changed.wait_for(lambda: self._lent < self._size or not self._size)
            except BaseException:  # Ctrl-C, perhaps of the one that was woken: another goes on in its place
                self._changed.notify()
                raise
            if not self._size:
                return None
            self._lent += 1
            return self._idle.pop() if self._idle else Line(self._make())

    def _give_back(self, line: Line) -> None:
        with self._changed:
            self._lent -= 1
            if line.lost:
                self._size = max(0, self._size - 1)
                self._changed.notify_all()  # perhaps none is left
            if line.usable and self._lent + len(self._idle) < self._size:
                self._idle.append(line)
            else:
                line.close()
            self._changed.notify()

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._changed:
            while self._idle:
                self._idle.pop().close()
