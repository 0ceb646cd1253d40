"""The fault proxy before the simulated directory: LDAP over TLS on both sides, message by message."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.faults.listener import Listener, gone
from tests.faults.wire import connect, reset

BIND, UNBIND, SEARCH, ENTRY, DONE, EXTENDED = 0x60, 0x42, 0x63, 0x64, 0x65, 0x78  # RFC 4511 4.2 ff.
BIND_ANSWER = 0x61
PAGED = b"1.2.840.113556.1.4.319"


class LdapPoint(str, Enum):
    """Where in a run a request to the directory belongs."""

    CONNECTION = "directory connection"  # before TLS
    BIND = "directory sign-in"
    ACCOUNT = "search for the account"
    ADDRESSES = "search for addresses"
    NEXT_PAGE = "next page"


@dataclass(frozen=True)
class Ldap:
    """One LDAP message: its bytes, its number, the tag of what it is."""

    data: bytes
    number: int
    tag: int


@dataclass
class LdapTurn:
    """One request at the faulted point; ``over`` ends the connection."""

    sock: socket.socket
    request: Ldap
    proxy: LdapProxy
    ask: Callable[[Ldap], list[Ldap]]
    over: bool = False

    def answers(self) -> list[Ldap]:
        """Pass the request on, and give all the messages that answer it."""
        return self.ask(self.request)

    def send(self, *messages: bytes) -> None:
        self.sock.sendall(b"".join(messages))

    def close(self) -> None:
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


LdapFault = Callable[[LdapTurn], None]


class LdapProxy:
    """A proxy before an LDAPS port. ``met`` counts the requests by point, ``spoilt`` the faults done."""

    def __init__(self, upstream_port: int, context: ssl.SSLContext) -> None:
        self._upstream_port = upstream_port
        self._lock = threading.Lock()
        self._fault: tuple[LdapPoint | None, LdapFault | None] = (None, None)
        self._left = 0
        self.met: Counter[str] = Counter()
        self.spoilt = 0
        self._listener = Listener(self._serve, context, self._at_door)
        self.port = self._listener.port
        self.ending = self._listener.ending

    def plan(self, point: LdapPoint | None = None, fault: LdapFault | None = None, times: int = 0) -> None:
        """Begin anew: no connection is left, and this fault stands at this point so many times."""
        self._listener.drop_all()
        with self._lock:
            self._fault, self._left = (point, fault), times
            self.met, self.spoilt = Counter(), 0

    def close(self) -> None:
        self._listener.close()

    def _take(self, point: LdapPoint) -> LdapFault | None:
        with self._lock:
            self.met[point] += 1
            where, fault = self._fault
            if where is not point or self._left <= 0:
                return None
            self._left -= 1
            self.spoilt += 1
            return fault

    def _at_door(self, sock: socket.socket) -> bool:
        fault = self._take(LdapPoint.CONNECTION)
        if fault is None:
            return True
        sock.recv(1, socket.MSG_PEEK)  # the product has begun to speak
        fault(LdapTurn(sock, Ldap(b"", 0, 0), self, lambda _: []))
        return False

    def _serve(self, sock: socket.socket) -> None:
        with connect(self._upstream_port) as upstream, sock.makefile("rb") as asked, upstream.makefile("rb") as told:

            def ask(request: Ldap) -> list[Ldap]:
                upstream.sendall(request.data)
                return list(_until_done(told))

            while (request := read(asked)) is not None and request.tag != UNBIND:
                turn = LdapTurn(sock, request, self, ask)
                fault = self._take(point_of(request))
                if fault is None:
                    turn.send(*(message.data for message in turn.answers()))
                else:
                    fault(turn)
                if turn.over:
                    return


def point_of(request: Ldap) -> LdapPoint:
    """Return where in a run a request belongs."""
    if request.tag == BIND:
        return LdapPoint.BIND
    if PAGED in request.data and not request.data.endswith(b"\x04\x00"):  # the cookie of a page before
        return LdapPoint.NEXT_PAGE
    mail = b"proxyAddresses\x04" in request.data or b"\x04\x04mail\x04" in request.data
    return LdapPoint.ADDRESSES if mail else LdapPoint.ACCOUNT


def _until_done(stream: Any) -> Iterator[Ldap]:
    while (message := read(stream)) is not None:
        yield message
        if message.tag not in (ENTRY, 0x73):
            return


# --- BER (X.690), as much as RFC 4511 needs -------------------------------------------------------


def read(stream: Any) -> Ldap | None:
    """Read one message; None where the other end has closed."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    size = head[1]
    if size & 0x80:
        more = stream.read(size & 0x7F)
        head, size = head + more, int.from_bytes(more, "big")
    body = stream.read(size)
    length = body[1]
    return Ldap(head + body, int.from_bytes(body[2 : 2 + length], "big"), body[2 + length])


def ber(tag: int, *parts: bytes) -> bytes:
    """Encode one value."""
    body = b"".join(parts)
    size = len(body).to_bytes(4, "big")
    return bytes((tag, 0x84)) + size + body


def message(number: int, *parts: bytes) -> bytes:
    return ber(0x30, ber(2, number.to_bytes(4, "big")), *parts)


def result(number: int, tag: int, code: int, *more: bytes, said: bytes = b"Words.") -> bytes:
    """Make the end of an operation: an LDAPResult under this tag."""
    return message(number, ber(tag, ber(10, code.to_bytes(2, "big")), ber(4), ber(4, said), *more))


def referral(uri: bytes) -> bytes:
    return ber(0xA3, ber(4, uri))
