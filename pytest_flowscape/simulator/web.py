"""HTTP sites without access log and chatter, for the EWS endpoint and for control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.web import server


class PlainRequest(server.Request):
    """A request that is not a form: Twisted would parse the content type of each POST to find out."""

    _kinds: Sequence[bytes] | None = None

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802  Twisted's name
        """Hide the content type from Twisted until the body is there."""
        self._kinds = self.requestHeaders.getRawHeaders(b"content-type")
        self.requestHeaders.removeHeader(b"content-type")
        super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def process(self) -> None:
        """Show it again, and answer."""
        if self._kinds:
            self.requestHeaders.setRawHeaders(b"content-type", self._kinds)
        super().process()  # type: ignore[no-untyped-call]


class QuietSite(server.Site):
    """A site of Twisted that logs nothing: the simulator keeps a log of its own."""

    noisy = False

    def log(self, request: Any) -> None:
        """Leave the access log out."""


def quiet_site(resource: Any) -> QuietSite:
    """Return the site that serves this resource and everything below it."""
    return QuietSite(resource, requestFactory=PlainRequest)  # type: ignore[no-untyped-call]
