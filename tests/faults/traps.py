"""Servers that nobody has any business with: they keep what they receive."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from pathlib import Path

import trustme

from tests.faults.listener import Listener
from tests.faults.wire import LIMIT, connect


class Trap:
    """Listens on loopback; ``received`` holds the bytes of each connection, TLS or not."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._lock = threading.Lock()
        self._listener = Listener(self._keep, None)
        self.port = self._listener.port

    def _keep(self, sock: socket.socket) -> None:
        at = len(self.received)
        with self._lock:
            self.received.append(b"")
        sock.settimeout(1.0)
        with contextlib.suppress(OSError):
            while data := sock.recv(65536):
                self.received[at] += data

    def close(self) -> None:
        self._listener.close()


class InspectingProxy:
    """An HTTP proxy that opens the TLS of everybody who asks for a tunnel, and signs with a CA of its own.

    ``heard`` is all that it read in clear. It passes on what it reads to the server, and back.
    """

    def __init__(self, upstream_port: int, folder: Path) -> None:
        self._upstream_port = upstream_port
        authority = trustme.CA(organization_name="Inspection")
        self.ca = folder / "inspection.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._context)
        self._lock = threading.Lock()
        self.tunnels = 0
        self.heard = bytearray()
        self._listener = Listener(self._tunnel, None)
        self.port = self._listener.port

    def _tunnel(self, sock: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                return
            head += byte
        with self._lock:
            self.tunnels += 1
            self.heard += head
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inside = self._context.wrap_socket(sock, server_side=True)
        with inside, connect(self._upstream_port) as server, contextlib.suppress(OSError):
            self._pass_on(inside, server)

    def _pass_on(self, inside: ssl.SSLSocket, server: ssl.SSLSocket) -> None:
        """Pass on what comes from either side until one closes; in one thread: OpenSSL allows no two at an object."""
        other = {inside: server, server: inside}
        with selectors.DefaultSelector() as waiting:
            for sock in other:
                sock.settimeout(0)
                waiting.register(sock, selectors.EVENT_READ)
            while any(sock.pending() for sock in other) or waiting.select(LIMIT):
                for sock, beyond in other.items():
                    try:
                        data = sock.recv(65536)
                    except ssl.SSLWantReadError:  # nothing, half a record, or none that is for us
                        continue
                    if not data:
                        return
                    if sock is inside:
                        with self._lock:
                            self.heard += data
                    beyond.settimeout(LIMIT)
                    beyond.sendall(data)
                    beyond.settimeout(0)

    def close(self) -> None:
        self._listener.close()
