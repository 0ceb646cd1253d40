"""One HTTP message over one TLS connection, as a proxy reads and writes it; no library that would repair anything."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import struct
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

LIMIT = 30.0  # seconds until a proxy gives up on a silent partner; far more than any test lets the product wait
NTLM_NEGOTIATE = b"NTLMSSP\x00\x01\x00\x00\x00"


@dataclass(frozen=True)
class Message:
    """A request or an answer: its first line, its headers as sent, its body."""

    line: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def opens_ntlm(self) -> bool:
        """Whether it only opens a sign-in by NTLM: no proof of the password is in it."""
        _, _, token = self.header("authorization").partition(" ")
        with contextlib.suppress(ValueError):
            return NTLM_NEGOTIATE in base64.b64decode(token)
        return False

    @property
    def proves(self) -> bool:
        """Whether it carries a password, or a proof of one."""
        return bool(self.header("authorization")) and not self.opens_ntlm

    def with_body(self, body: bytes, kind: str = "") -> Message:
        """Return the same answer with another body, and with another content type unless ``kind`` is empty."""
        kept = [(key, value) for key, value in self.headers if not (kind and key.lower() == "content-type")]
        return replace(self, headers=(*kept, *([("Content-Type", kind)] if kind else [])), body=body)

    def with_header(self, name: str, value: str) -> Message:
        """Return the same message with this header in place of those of its name."""
        kept = [(key, old) for key, old in self.headers if key.lower() != name]
        return replace(self, headers=(*kept, (name, value)))

    def encode(self, *, length: int | None = None) -> bytes:
        """Return the bytes to send, the length as it is or as it is claimed to be."""
        kept = [f"{key}: {value}" for key, value in self.headers if key.lower() != "content-length"]
        lines = [self.line, *kept, f"Content-Length: {len(self.body) if length is None else length}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


def answer(status: int, body: bytes = b"", *headers: tuple[str, str], kind: str = "text/xml; charset=utf-8") -> Message:
    """Return an answer of our own."""
    return Message(f"HTTP/1.1 {status} Status", (("Content-Type", kind), *headers), body)


def read(stream: Any) -> Message | None:
    """Return the next message, which has a length; None where the other end has closed. Raises OSError."""
    line = stream.readline(65536).decode("latin-1").strip()
    if not line:
        return None
    headers: list[tuple[str, str]] = []
    while text := stream.readline(65536).decode("latin-1").strip():
        name, _, value = text.partition(":")
        headers.append((name, value.strip()))
    message = Message(line, tuple(headers))
    return replace(message, body=stream.read(int(message.header("content-length") or 0)))


def reset(sock: socket.socket) -> None:
    """Break a connection off with RST, so that the other end meets an error and no end."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # a TLS object would say goodbye first
    raw = socket.socket(fileno=sock.detach()) if sock.fileno() >= 0 else None
    if raw is not None:
        raw.close()


class Upstream:
    """The one connection to the real server that belongs to one connection of the product; opened when needed.

    One to one, so that a sign-in of a connection (NTLM) stays with it.
    ``refused`` counts the proofs of a password that it carried and the server
    refused; ``number`` is the connection's own.
    """

    _numbers = count(1)

    def __init__(self, port: int) -> None:
        self.number = next(self._numbers)
        self.refused = 0
        self._port = port
        self._sock: ssl.SSLSocket | None = None
        self._stream: Any = None

    def ask(self, request: Message) -> Message:
        """Pass a request on as it came, and return the answer. Raises OSError."""
        if self._sock is None:
            self._sock = connect(self._port)
            self._stream = self._sock.makefile("rb")
        self._sock.sendall(request.encode())
        reply = read(self._stream)
        if reply is None:
            raise ConnectionError("the simulator closed the connection")
        self.refused += " 401 " in reply.line and request.proves
        return reply

    def close(self) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            self._stream.close()
            sock.close()


def connect(port: int) -> ssl.SSLSocket:
    """Connect to the simulator's TLS on loopback; its certificate is the proxy's own, there is nothing to verify."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), LIMIT)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain)
    except BaseException:
        plain.close()
        raise
