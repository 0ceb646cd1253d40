"""Listen on loopback, on one port of every address that ``localhost`` stands for."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.error import CannotListenError

TRIES = 20  # for a port that is free on both loopback addresses


def listen(open_port: Callable[[int, str], Any], port: int = 0) -> list[Any]:
    """Open the port on every address, and return what ``open_port`` returned; 0 for a port that is free on all.

    ``open_port`` takes port and address. Raises CannotListenError or OSError
    where that is impossible; an address that this machine does not have is left out.
    """
    for _ in range(TRIES):
        first, *others = addresses()
        opened = [open_port(port, first)]
        chosen = int(opened[0].getHost().port)
        try:
            opened += [open_port(chosen, address) for address in others]
        except CannotListenError as error:
            if error.socketError.errno == errno.EADDRINUSE:
                opened[0].stopListening()
                if port:
                    raise
                continue  # taken on the other address: another port
        return opened
    raise OSError(errno.EADDRINUSE, "no port is free on every loopback address")


def addresses() -> list[str]:
    """Return the loopback addresses that ``localhost`` resolves to, IPv4 first."""
    try:
        found = socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    return ["127.0.0.1", *(["::1"] if any(family == socket.AF_INET6 for family, *_ in found) else [])]
