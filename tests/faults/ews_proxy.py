"""The fault proxy before the simulated Exchange: HTTP over TLS on both sides, one connection for one connection.

A fault takes the place of the answers to the first so many requests at one
point of the run; everything else goes through as it is. The proxy shows the
simulator's own certificate, so channel binding holds through it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from pytest_flowscape.probes.ews.request import summary_of
from tests.faults.listener import Listener, gone
from tests.faults.wire import Message, Upstream, read, reset

FOR_EVER = 1_000_000


class Point(str, Enum):
    """Where in a run a request to Exchange belongs."""

    CONNECTION = "connection"  # before TLS: the host probe's, and everybody's
    HOST_PROBE = "host probe"
    CHALLENGE = "sign-in, first message"
    SIGN_IN = "sign-in"
    OWN_FOLDERS = "own folders"
    IMPERSONATED = "impersonated call"
    DELEGATE = "delegate batch"
    SYNC = "sync"
    RESOLVE = "ResolveNames"


@dataclass
class Turn:
    """One request at the faulted point, and what may be done about it; ``over`` ends the connection."""

    sock: socket.socket
    request: Message
    upstream: Upstream
    proxy: EwsProxy
    over: bool = False

    def answer(self) -> Message:
        """Pass the request on and give the simulator's answer."""
        return self.upstream.ask(self.request)

    def send(self, message: Message) -> None:
        self.sock.sendall(message.encoded())

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def close(self) -> None:
        """End the connection as servers do."""
        self.over = True
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        self.over = True
        reset(self.sock)

    def hold(self) -> None:
        """Be silent until the product has gone."""
        self.over = True
        gone(self.sock, self.proxy.ending)


Fault = Callable[[Turn], None]


@dataclass
class Plan:
    """Which fault stands where, and how often still."""

    point: Point | None = None
    fault: Fault | None = None
    left: int = 0
    met: Counter[str] = field(default_factory=Counter)


class EwsProxy:
    """A proxy before the EWS port of a simulator.

    ``met`` counts the requests by point, ``spoilt`` the faults done. ``refused``
    counts, for each connection, the proofs of a password that the server refused;
    ``unheard`` those of them of which the product was not told, its connection
    having been ended meanwhile.
    """

    def __init__(self, upstream_port: int, context: ssl.SSLContext) -> None:
        self._upstream_port = upstream_port
        self._lock = threading.Lock()
        self._plan = Plan()
        self.spoilt = 0
        self.refused: Counter[int] = Counter()
        self.unheard = 0
        self.mailboxes: tuple[str, ...] = ()  # of the site, for answers to another request
        self._last: dict[str, Message] = {}  # the last good answer by operation
        self._listener = Listener(self._serve, context, self._at_door)
        self.port = self._listener.port
        self.ending = self._listener.ending

    @property
    def met(self) -> Counter[str]:
        return self._plan.met

    def plan(self, point: Point | None = None, fault: Fault | None = None, times: int = 0) -> None:
        """Begin anew: no connection is left, and this fault stands at this point so many times."""
        self._listener.drop_all()
        with self._lock:
            self._plan = Plan(point, fault, times)
            self.spoilt = 0
            self.unheard = 0
            self.refused.clear()
            self._last.clear()

    def before(self, body: bytes) -> Message | None:
        """Return the last good answer to the operation that this request asks for."""
        with self._lock:
            return self._last.get(summary_of(body).operation)

    def close(self) -> None:
        self._listener.close()

    def _take(self, point: Point) -> Fault | None:
        with self._lock:
            plan = self._plan
            plan.met[point] += 1
            if plan.point is not point or plan.left <= 0:
                return None
            plan.left -= 1
            self.spoilt += 1
            return plan.fault

    def _at_door(self, sock: socket.socket) -> bool:
        fault = self._take(Point.CONNECTION)
        if fault is None:
            return True
        sock.recv(1, socket.MSG_PEEK)  # the product has begun to speak
        fault(Turn(sock, Message(""), Upstream(self._upstream_port), self))
        return False

    def _serve(self, sock: socket.socket) -> None:
        upstream = Upstream(self._upstream_port)
        credentials = False
        try:
            with sock.makefile("rb") as stream:
                while (request := read(stream)) is not None:
                    credentials = credentials or bool(request.header("authorization"))
                    turn = Turn(sock, request, upstream, self)
                    self._one(turn, point_of(request, credentials))
                    if turn.over:
                        return
        finally:
            upstream.close()
            if upstream.refused:
                with self._lock:
                    self.refused[upstream.number] = upstream.refused

    def drop_all(self) -> None:
        """End every connection."""
        self._listener.drop_all()

    def _one(self, turn: Turn, point: Point) -> None:
        fault = self._take(point)
        if fault is None:
            refused = turn.upstream.refused
            through = turn.answer()
            if " 200 " in through.line:
                with self._lock:
                    self._last[summary_of(turn.request.body).operation] = through
            try:
                turn.send(through)
            except OSError:
                with self._lock:
                    self.unheard += turn.upstream.refused - refused
                raise
        else:
            fault(turn)


def point_of(request: Message, credentials: bool) -> Point:
    """Return where in a run a request belongs, from what it says itself."""
    if not credentials:
        return Point.HOST_PROBE
    if request.opens_ntlm:
        return Point.CHALLENGE
    asked = summary_of(request.body)
    if asked.operation == "SyncFolderItems":
        return Point.SYNC
    if asked.operation == "ResolveNames":
        return Point.RESOLVE
    if asked.impersonated:
        return Point.IMPERSONATED
    if b'"msgfolderroot"' not in request.body:
        return Point.SIGN_IN
    return Point.DELEGATE if any(asked.mailboxes) else Point.OWN_FOLDERS
