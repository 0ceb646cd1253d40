"""A TLS socket for the LDAP library whose every exchange ends in time and in size, whatever the server sends.

The library asks for 4 kB at a time and sets one limit for each of these calls,
so that a server that sends a byte now and then would hold a run for ever, and
one that announces two gigabytes would fill the memory.
"""

from __future__ import annotations

import contextlib
import socket

from pytest_flowscape.facts.policy import LDAP_BYTES
from pytest_flowscape.probes.network import Deadline


class BoundedSocket:
    """What the library uses of a socket. ``until`` sets a limit for all that follows, ``each`` one for each request."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._seconds: float | None = None
        self._left = LDAP_BYTES

    def until(self, deadline: Deadline) -> None:
        """Let all reads and writes end by this deadline, and bring no more than LDAP_BYTES together."""
        self._deadline, self._seconds, self._left = deadline, None, LDAP_BYTES

    def each(self, seconds: float) -> None:
        """Let each request and its answer end within so many seconds."""
        self._seconds = seconds

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return self._deadline.left() <= 0

    def sendall(self, data: bytes) -> None:
        """Send a request. Raises OSError."""
        if self._seconds is not None:
            self._deadline, self._left = Deadline(self._seconds), LDAP_BYTES
        self._sock.settimeout(self._deadline.require())
        self._sock.sendall(data)

    def recv(self, size: int) -> bytes:
        """Receive something. Raises OSError, also where the time or the size is used up."""
        self._sock.settimeout(self._deadline.require())
        data = self._sock.recv(size)
        self._left -= len(data)
        if self._left < 0:
            raise OSError("the answer is larger than a directory's can be")
        return data

    def shutdown(self, how: int) -> None:
        """Shut down one side or both."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the socket; never raises."""
        with contextlib.suppress(OSError):
            self._sock.close()
