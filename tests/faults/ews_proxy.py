"""The fault proxy before the simulated Exchange: HTTP over TLS on both sides, one connection for one connection.

A fault takes the place of the answers to the first so many requests at one
point of the run; everything else goes through as it is. The proxy shows the
simulator's own certificate, so channel binding holds through it.
"""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pytest_flowscape.probes.ews.request import summary_of
from tests.faults.fault_proxy import FaultProxy, Turn
from tests.faults.wire import Message, Upstream, read


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
class EwsTurn(Turn):
    """One request to Exchange at the faulted point."""

    request: Message
    upstream: Upstream
    proxy: EwsProxy

    def answer(self) -> Message:
        """Pass the request on, and return the simulator's answer."""
        return self.upstream.ask(self.request)

    def reply(self, message: Message) -> None:
        self.send(message.encode())


Fault = Callable[[EwsTurn], None]


class EwsProxy(FaultProxy[Point, EwsTurn]):
    """A proxy before the EWS port of a simulator.

    ``refused`` counts, for each connection, the proofs of a password that the
    server refused; ``unheard`` those of them whose answer did not reach the
    product, its connection having been ended meanwhile.
    """

    def __init__(self, upstream_port: int, context: ssl.SSLContext) -> None:
        self.refused: Counter[int] = Counter()
        self.unheard = 0
        self.mailboxes: tuple[str, ...] = ()  # of the site, for answers to another request
        self._last: dict[str, Message] = {}  # the last good answer by operation
        super().__init__(upstream_port, context, Point.CONNECTION)

    def _forget(self) -> None:
        self.unheard = 0
        self.refused.clear()
        self._last.clear()

    def last_answer(self, body: bytes) -> Message | None:
        """Return the last good answer to the operation that this request asks for."""
        with self._lock:
            return self._last.get(summary_of(body).operation)

    def _first_turn(self, sock: socket.socket) -> EwsTurn:
        return EwsTurn(sock, self.ending, Message(""), Upstream(self._upstream_port), self)

    def _serve(self, sock: socket.socket) -> None:
        upstream = Upstream(self._upstream_port)
        credentials = False
        try:
            with sock.makefile("rb") as stream:
                while (request := read(stream)) is not None:
                    credentials = credentials or bool(request.header("authorization"))
                    turn = EwsTurn(sock, self.ending, request, upstream, self)
                    fault = self._next_fault(point_of(request, credentials)) or self._pass_through
                    fault(turn)
                    if turn.over:
                        return
        finally:
            upstream.close()
            if upstream.refused:
                with self._lock:
                    self.refused[upstream.number] = upstream.refused

    def _pass_through(self, turn: EwsTurn) -> None:
        refused = turn.upstream.refused
        answer = turn.answer()
        if " 200 " in answer.line:
            with self._lock:
                self._last[summary_of(turn.request.body).operation] = answer
        try:
            turn.reply(answer)
        except OSError:
            with self._lock:
                self.unheard += turn.upstream.refused - refused
            raise


def point_of(request: Message, credentials: bool) -> Point:
    """Return where in a run a request belongs, from the request itself."""
    if not credentials:
        return Point.HOST_PROBE
    if request.opens_ntlm:
        return Point.CHALLENGE
    summary = summary_of(request.body)
    if summary.operation == "SyncFolderItems":
        return Point.SYNC
    if summary.operation == "ResolveNames":
        return Point.RESOLVE
    if summary.impersonated:
        return Point.IMPERSONATED
    if b'"msgfolderroot"' not in request.body:
        return Point.SIGN_IN
    return Point.DELEGATE if any(summary.mailboxes) else Point.OWN_FOLDERS
