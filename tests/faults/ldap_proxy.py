"""The fault proxy before the simulated directory: LDAP over TLS on both sides, message by message."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.faults.fault_proxy import FaultProxy, Turn
from tests.faults.wire import connect

BIND, UNBIND, SEARCH, ENTRY, DONE, EXTENDED = 0x60, 0x42, 0x63, 0x64, 0x65, 0x78  # RFC 4511 4.2 ff.
BIND_ANSWER, REFERENCE = 0x61, 0x73
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
    """One LDAP message: its bytes, its number, the tag of its operation."""

    data: bytes
    number: int
    tag: int


@dataclass
class LdapTurn(Turn):
    """One request to the directory at the faulted point."""

    request: Ldap
    ask: Callable[[Ldap], list[Ldap]]

    def answers(self) -> list[Ldap]:
        """Pass the request on, and return all the messages that answer it."""
        return self.ask(self.request)


LdapFault = Callable[[LdapTurn], None]


class LdapProxy(FaultProxy[LdapPoint, LdapTurn]):
    """A proxy before the LDAPS port of a simulator."""

    def __init__(self, upstream_port: int, context: ssl.SSLContext) -> None:
        super().__init__(upstream_port, context, LdapPoint.CONNECTION)

    def _first_turn(self, sock: socket.socket) -> LdapTurn:
        return LdapTurn(sock, self.ending, Ldap(b"", 0, 0), lambda _: [])

    def _serve(self, sock: socket.socket) -> None:
        with connect(self._upstream_port) as upstream, sock.makefile("rb") as near, upstream.makefile("rb") as far:

            def ask(request: Ldap) -> list[Ldap]:
                upstream.sendall(request.data)
                return list(_until_done(far))

            while (request := read(near)) is not None and request.tag != UNBIND:
                turn = LdapTurn(sock, self.ending, request, ask)
                fault = self._next_fault(point_of(request)) or pass_through
                fault(turn)
                if turn.over:
                    return


def pass_through(turn: LdapTurn) -> None:
    turn.send(*(message.data for message in turn.answers()))


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
        if message.tag not in (ENTRY, REFERENCE):
            return


# --- BER (X.690), as much as RFC 4511 needs -------------------------------------------------------


def read(stream: Any) -> Ldap | None:
    """Return the next message, None where the other end has closed."""
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


def result(number: int, tag: int, code: int, *more: bytes, text: bytes = b"Words.") -> bytes:
    """Return the end of an operation: an LDAPResult under this tag."""
    return message(number, ber(tag, ber(10, code.to_bytes(2, "big")), ber(4), ber(4, text), *more))


def referral(uri: bytes) -> bytes:
    return ber(0xA3, ber(4, uri))
