"""A blocking socket whose exchanges end in time and in size, whatever the server sends.

A socket's own timeout holds for one call: a server that sends a byte now and
then would hold a run for ever, and one that announces two gigabytes would fill
the memory.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

from pytest_flowscape.probes.network import Deadline


class TooLarge(OSError):  # noqa: N818  named by what happened
    """More came in one exchange than is allowed."""


class BoundedSocket:
    """What EWS and the LDAP library use of a socket: at most ``most`` bytes may come in one exchange.

    ``until`` sets the limits for all that follows, ``each`` for each request.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, most: int) -> None:
        self._sock = sock
        self._most = most
        self._seconds: float | None = None
        self.until(deadline)

    def until(self, deadline: Deadline) -> None:
        """Begin an exchange: all reads and writes together end by this deadline."""
        self._deadline, self._seconds, self._left = deadline, None, self._most

    def each(self, seconds: float) -> None:
        """Let each request and its answer be an exchange of so many seconds."""
        self._seconds = seconds

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return self._deadline.left() <= 0

    @property
    def readable(self) -> bool:
        """Whether something has come, or the end of the connection; what has come is lost."""
        self._sock.settimeout(0)
        try:
            self._sock.recv(1)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            pass
        return True

    def sendall(self, data: bytes) -> None:
        """Send a request. Raises OSError."""
        if self._seconds is not None:
            self._deadline, self._left = Deadline(self._seconds), self._most
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self._deadline.require())
            rest = rest[self._sock.send(rest) :]

    def recv(self, size: int) -> bytes:
        """Receive something, nothing at the end of the connection. Raises OSError, TooLarge beyond the limit."""
        self._sock.settimeout(self._deadline.require())
        data = self._sock.recv(size)
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"the answer is larger than {self._most // 1024**2} MB")
        return data

    def shutdown(self, how: int) -> None:
        """Shut down one side or both."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the socket; never raises."""
        with contextlib.suppress(OSError):
            self._sock.close()
