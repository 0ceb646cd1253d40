"""HTTP sites without access log and chatter, for the EWS endpoint and for control."""

from __future__ import annotations

from typing import Any

from twisted.web import server


class QuietSite(server.Site):
    """A site of Twisted that logs nothing: the simulator keeps a log of its own."""

    noisy = False

    def log(self, request: Any) -> None:
        """Leave the access log out."""


def quiet_site(resource: Any) -> QuietSite:
    """Make the site that serves this resource and everything below it."""
    return QuietSite(resource)  # type: ignore[no-untyped-call]
