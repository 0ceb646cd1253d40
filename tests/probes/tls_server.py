"""Tiny TLS servers that answer as they are told, for everything that no real server does on demand."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType

import trustme

Talk = Callable[[socket.socket], None]
NOW = datetime.now(tz=timezone.utc)
NAMES = ("localhost", "127.0.0.1")


def server_context(authority: trustme.CA, *names: str, expired: bool = False, early: bool = False) -> ssl.SSLContext:
    """Make a server's context with a fresh certificate of this authority."""
    not_after = NOW - timedelta(days=1) if expired else None
    not_before = NOW + timedelta(days=1) if early else (NOW - timedelta(days=30) if expired else None)
    certificate = authority.issue_cert(*(names or NAMES), not_after=not_after, not_before=not_before)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def until_closed(sock: socket.socket) -> None:
    """Read, and answer nothing."""
    while sock.recv(4096):
        pass


class Server:
    """Accept connections on a free port of 127.0.0.1 and hand each to ``talk`` in a thread of its own.

    ``context`` None means plain TCP. ``connections`` counts what was accepted.
    """

    def __init__(self, talk: Talk, context: ssl.SSLContext | None = None) -> None:
        self._talk = talk
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.ending = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Server:  # noqa: PYI034  Self is in typing only from Python 3.11
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.ending.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(sock.close)
            sock.settimeout(20)
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
                stack.callback(sock.close)
                self._open.append(sock)
            self._talk(sock)


@dataclass(frozen=True)
class Request:
    """One HTTP request as it arrived; header names in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass
class Http:
    """A talk that reads requests and sends what ``answer`` gives for each; None closes the connection.

    ``requests`` lists what arrived, in order, over all connections.
    """

    answer: Callable[[Request], bytes | None]
    requests: list[Request] = field(default_factory=list)

    def __call__(self, sock: socket.socket) -> None:
        reader = sock.makefile("rb")
        with reader:
            while request := _read(reader):
                self.requests.append(request)
                told = self.answer(request)
                if told is None:
                    return
                sock.sendall(told)
                if b"connection: close" in told.lower():
                    return


def _read(reader: socket.SocketIO | object) -> Request | None:
    line = reader.readline().decode("latin-1").strip()  # type: ignore[attr-defined]
    if not line:
        return None
    headers: dict[str, str] = {}
    while text := reader.readline().decode("latin-1").strip():  # type: ignore[attr-defined]
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body: bytes = reader.read(int(headers.get("content-length", "0")))  # type: ignore[attr-defined]
    return Request(line, headers, body)


def http(status: int, *headers: str, body: bytes = b"", kind: str = "text/xml; charset=utf-8") -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status} Told", *headers, f"Content-Type: {kind}", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def in_turn(answers: Sequence[bytes | None]) -> Callable[[Request], bytes | None]:
    """Return each answer once, the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def answer(_: Request) -> bytes | None:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


def closed_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def ca_file(authority: trustme.CA, folder: Path, name: str = "ca.pem") -> Path:
    """Write the authority's certificate and give the path."""
    path = folder / name
    authority.cert_pem.write_to_path(str(path))
    return path
