"""What a front end answers instead of EWS: pages, redirects, statuses; each by the name that a condition sets."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_flowscape.simulator.ews.authentication import BEARER

SIGN_IN_PAGE = "https://sts.demo.test/adfs/ls"
PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form method='post' action='/adfs/ls'>"
    b"<input name='UserName'><input name='Password' type='password'></form></body></html>"
)
HTML = "text/html; charset=utf-8"
XML = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; ``headers`` may repeat a name."""

    status: int
    body: bytes = b""
    content_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()


_REPLIES = {
    "404": Reply(404, b"<html><body>404 - File or directory not found.</body></html>"),
    "503": Reply(503, b"<html><body>Service Unavailable</body></html>", headers=(("Retry-After", "1"),)),
    "403": Reply(403),
    "302": Reply(302, headers=(("Location", SIGN_IN_PAGE),)),
    "440": Reply(440),
    "html": Reply(200, PAGE),
    "401-bearer": Reply(401, headers=(("WWW-Authenticate", BEARER),)),
    "500": Reply(500, b"<html><body>Runtime Error</body></html>"),
    "502": Reply(502, b"<html><body>Bad Gateway</body></html>"),
}


def front_reply(condition: str) -> Reply | None:
    """Return the answer of a condition, None where there is no condition. Raises KeyError for an unknown one."""
    return _REPLIES[condition] if condition else None


def unauthorized(challenges: tuple[str, ...]) -> Reply:
    """Return the 401 with one WWW-Authenticate header for each challenge."""
    return Reply(401, headers=tuple(("WWW-Authenticate", challenge) for challenge in challenges))
