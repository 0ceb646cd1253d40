"""What both fault proxies share: the fault that is planned for a point of a run, and a connection that it spoils."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tests.faults.listener import Listener, wait_until_gone
from tests.faults.wire import reset

FOR_EVER = 1_000_000
P = TypeVar("P", bound=str)  # where in a run a request belongs


@dataclass
class Turn:
    """One request at the faulted point, and what may be done about it; ``over`` ends the connection."""

    sock: socket.socket
    ending: threading.Event  # of the proxy
    over: bool = field(default=False, init=False)

    def send(self, *data: bytes) -> None:
        self.sock.sendall(b"".join(data))

    def close(self) -> None:
        """End the connection as servers do."""
        self.over = True
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        self.over = True
        reset(self.sock)

    def hold(self) -> None:
        """Send nothing until the product has gone."""
        self.over = True
        wait_until_gone(self.sock, self.ending)


T = TypeVar("T", bound=Turn)


class FaultProxy(ABC, Generic[P, T]):
    """A proxy before a server's port. ``met`` counts the requests by point, ``spoilt`` the faults done."""

    def __init__(self, upstream_port: int, context: ssl.SSLContext, door: P) -> None:
        self._upstream_port = upstream_port
        self._door = door  # the point before TLS
        self._lock = threading.Lock()
        self._point: P | None = None
        self._fault: Callable[[T], None] | None = None
        self._left = 0
        self.met: Counter[str] = Counter()
        self.spoilt = 0
        self._listener = Listener(self._serve, context, self._at_door)
        self.port = self._listener.port
        self.ending = self._listener.ending

    def plan(self, point: P | None = None, fault: Callable[[T], None] | None = None, times: int = 0) -> None:
        """Begin again: no connection is left, and this fault is at this point so many times."""
        self.drop_all()
        with self._lock:
            self._point, self._fault, self._left = point, fault, times
            self.met, self.spoilt = Counter(), 0
            self._forget()

    def _forget(self) -> None:
        """Forget what else was counted; the lock is held."""

    def drop_all(self) -> None:
        """End every connection."""
        self._listener.drop_all()

    def close(self) -> None:
        self._listener.close()

    def _next_fault(self, point: P) -> Callable[[T], None] | None:
        """Count a request at this point, and return the fault that is to be made; None for none."""
        with self._lock:
            self.met[point] += 1
            if self._point is not point or self._left <= 0:
                return None
            self._left -= 1
            self.spoilt += 1
            return self._fault

    def _at_door(self, sock: socket.socket) -> bool:
        fault = self._next_fault(self._door)
        if fault is None:
            return True
        sock.recv(1, socket.MSG_PEEK)  # the product has begun to speak
        fault(self._first_turn(sock))
        return False

    @abstractmethod
    def _first_turn(self, sock: socket.socket) -> T:
        """Return the turn of a connection on which nothing was read yet."""

    @abstractmethod
    def _serve(self, sock: socket.socket) -> None:
        """Serve one connection after TLS."""
