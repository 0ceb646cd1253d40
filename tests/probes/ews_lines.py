"""Tiny servers that misbehave on the wire, and the real client in front of them: what both test modules share."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pytest_flowscape.facts import Kind
from pytest_flowscape.probes.ews.session import EwsSession
from tests.probes.ews_samples import folder, response
from tests.probes.ews_sessions import Desk, kinds
from tests.probes.tls_server import Http, Request, http

PASSWORD = 'Pl4nted&"Märker"<\\>'
USER = "DEMO\\svc"
ROOMS = ("a@demo.test", "b@demo.test", "c@demo.test")
CHALLENGE = http(401, 'WWW-Authenticate: Basic realm="x"')

Answer = Callable[[Request], "bytes | None"]
Opens = Callable[[Answer], tuple[Desk, Http]]


def good(request: Request) -> bytes:
    """Answer every folder asked for."""
    count = request.body.count(b"<t:DistinguishedFolderId")
    return http(200, body=response("GetFolder", *(folder(f"F{at}") for at in range(count))))


class Script:
    """Answer by the number of the request, the last answer for ever after."""

    def __init__(self, *answers: Answer | bytes | None) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._next = 0

    def __call__(self, request: Request) -> bytes | None:
        with self._lock:
            answer = self._answers[min(self._next, len(self._answers) - 1)]
            self._next += 1
        return answer(request) if callable(answer) else answer


def ask(session: EwsSession, *rooms: str) -> dict[str, Kind | None]:
    return kinds(session.get_folder(rooms or ROOMS[:1], ["calendar"]))
