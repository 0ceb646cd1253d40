"""The connections of one session: at most so many at once, fewer after throttling, never one lost to an interrupt."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

from pytest_flowscape.probes.ews.connection import Connection
from pytest_flowscape.probes.ews.sign_in import Speaker


class Line:
    """One connection together with what it says to sign in; ``signed_in`` once a server has accepted that."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.speaker: Speaker | None = None
        self.signed_in = False

    @property
    def usable(self) -> bool:
        """Tell whether the line can carry another request without a new sign-in."""
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
        self._free: list[Line] = []
        self._lent = 0
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        """Give how many connections may be open at once; 0 when none is left."""
        return self._size

    def halve(self) -> None:
        """Use half as many connections from now on, one at least."""
        with self._changed:
            self._size = max(1, self._size // 2)
            while self._free and len(self._free) + self._lent > self._size:
                self._free.pop().close()

    def lose_one(self) -> None:
        """Use one connection fewer from now on, none at last: a lost sign-in is not replaced."""
        with self._changed:
            self._size = max(0, self._size - 1)
            self._changed.notify_all()

    @contextlib.contextmanager
    def line(self) -> Iterator[Line | None]:
        """Lend a line, waiting for one if all are in use; None if the session has no connection left."""
        if self._process != os.getpid():
            self._reset()
        with self._changed:
            while self._size > 0 and self._lent >= self._size:
                self._changed.wait()
            if self._size <= 0:
                line = None
            else:
                line = self._free.pop() if self._free else Line(self._make())
                self._lent += 1
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

    def _give_back(self, line: Line) -> None:
        with self._changed:
            self._lent -= 1
            if line.usable and self._lent + len(self._free) < self._size:
                self._free.append(line)
            else:
                line.close()
            self._changed.notify()

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._changed:
            while self._free:
                self._free.pop().close()
