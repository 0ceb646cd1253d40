"""A pytest plugin for the product's run: the name service gives ``localhost`` an IPv6 address too, and first.

So the site with a dead address is the same on every machine, whatever is in
its hosts file.
"""

from __future__ import annotations

import socket
from typing import Any

_real = socket.getaddrinfo


def _both(host: Any, port: Any, *arguments: Any, **options: Any) -> list[Any]:
    found = _real(host, port, *arguments, **options)
    if host != "localhost":
        return found
    others = [entry for entry in found if entry[0] == socket.AF_INET]
    return [(socket.AF_INET6, entry[1], entry[2], "", ("::1", entry[4][1], 0, 0)) for entry in others] + others


socket.getaddrinfo = _both  # type: ignore[assignment]
