"""Accept connections on loopback, each in a thread of its own, and end every one of them on demand."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

from tests.faults.wire import LIMIT


class Listener:
    """Hand every connection to ``serve``, after TLS where ``context`` is given; ``at_door`` gets it before TLS.

    ``at_door`` returns False where the connection is to be left alone from there on.
    """

    def __init__(
        self,
        serve: Callable[[socket.socket], None],
        context: ssl.SSLContext | None,
        at_door: Callable[[socket.socket], bool] = lambda _: True,
    ) -> None:
        self._serve = serve
        self._context = context
        self._at_door = at_door
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, name="fault proxy", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self.ending.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(sock,), daemon=True).start()

    def _connection(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            sock.settimeout(LIMIT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._keep(sock)
            if not self._at_door(sock):
                return
            if self._context is not None:
                self._forget(sock)
                sock = self._context.wrap_socket(sock, server_side=True)
                self._keep(sock)
            self._serve(sock)
        self._forget(sock)
        with contextlib.suppress(OSError):
            sock.close()

    def _keep(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.add(sock)

    def _forget(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.discard(sock)

    def drop_all(self) -> None:
        """End every connection; the other ends meet an error."""
        with self._lock:
            held = list(self._open)
        for sock in held:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.ending.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_all()
        self._thread.join(5)


def wait_until_gone(sock: socket.socket, ending: threading.Event) -> None:
    """Send nothing until the other end has gone, or for as long as a proxy waits at most."""
    sock.settimeout(0.2)
    for _ in range(int(LIMIT / 0.2)):
        if ending.is_set():
            return
        try:
            if not sock.recv(65536):
                return
        except TimeoutError:
            continue
        except OSError:
            return
