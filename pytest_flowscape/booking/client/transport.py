"""A requests adapter that hands exchangelib's requests to the run's own EWS session, and keeps each raw answer.

So exchangelib opens no connection, holds no password and follows no redirect.
Trust, proxy, budget, deadlines, User-Agent, the run's id and every rule about
sign-ins are those of the session.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import responses
from types import SimpleNamespace
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import summary_of

# headers that exchangelib sets for connections of its own; the session sets them itself
_OURS = frozenset(
    ("user-agent", "authorization", "accept-encoding", "connection", "content-length", "content-type", "host", "accept")
)
# the body is read whole and decoded before it is handed on
_CONSUMED = frozenset(("content-encoding", "transfer-encoding", "content-length", "connection"))
_TLS = frozenset((Kind.TLS_NAME, Kind.TLS_EXPIRED, Kind.TLS_UNKNOWN_ISSUER, Kind.TLS_OTHER))
_SIGN_IN = frozenset((Kind.STOPPED, Kind.LOST_SIGN_IN, Kind.SIGN_IN_REFUSED, Kind.WAY_MISSING_HERE))


@dataclass(frozen=True)
class RawAnswer:
    """One HTTP exchange: the operation, the status and the bytes that came back.

    ``status`` is 0 where no answer came; ``trouble`` then says why.
    ``impersonated`` is the address that the request acted as, empty for none.
    """

    operation: str
    status: int
    body: bytes = field(repr=False)
    impersonated: str = ""
    trouble: Trouble | None = None
    seconds: float = 0.0


def owner() -> tuple[int, int]:
    """Return the process and thread that run now."""
    return os.getpid(), threading.get_ident()


def require_owner(made_by: tuple[int, int]) -> None:
    """Raise RuntimeError unless the process and thread that run now are ``made_by``."""
    if owner() != made_by:
        raise RuntimeError("an exchange account is for the one process and thread that asked for it")


class Sender(Protocol):
    """The part of ``EwsSession`` that is needed here."""

    def pass_on(self, body: bytes, *, anchor: str, headers: Mapping[str, str]) -> HttpAnswer | Trouble:
        """Send one SOAP request once."""


class SessionAdapter(HTTPAdapter):
    """Sends what exchangelib wrote through ``sender``; ``answers`` collects what came back, in order.

    For the thread that made it: another one, or a forked child, gets a
    RuntimeError. exchangelib's threads can wait for each other for ever, and
    forks of it read each other's answers (measured, 5.6.0).
    """

    def __init__(self, sender: Sender, answers: list[RawAnswer]) -> None:
        super().__init__(max_retries=0)
        self._sender = sender
        self._answers = answers
        self._owner = owner()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send one request. Raises an error that exchangelib expects, or NotMeasured where nobody may sign in."""
        require_owner(self._owner)
        sent = request.body
        if not isinstance(sent, bytes):
            raise TypeError("exchangelib sends bytes")
        headers = {str(name): str(value) for name, value in request.headers.items() if name.lower() not in _OURS}
        anchor = headers.get("X-AnchorMailbox", "")
        answer = self._sender.pass_on(sent, anchor=anchor, headers=headers)
        summary = summary_of(sent)
        if isinstance(answer, Trouble):
            raw = RawAnswer(summary.operation, 0, b"", summary.impersonated, answer, answer.seconds)
            self._answers.append(raw)
            raise _error(answer, request)
        raw = RawAnswer(summary.operation, answer.status, answer.body, summary.impersonated, seconds=answer.seconds)
        self._answers.append(raw)
        return self.build_response(request, _response(answer))


def _error(trouble: Trouble, request: requests.PreparedRequest) -> Exception:
    """Return the error that exchangelib expects for a missing answer."""
    if trouble.kind in _TLS:
        return requests.exceptions.SSLError(trouble.said, request=request)
    if trouble.kind in _SIGN_IN:
        return NotMeasured(f"no sign-in to Exchange: {trouble.said}")
    if trouble.kind is Kind.SILENT:
        return requests.exceptions.ReadTimeout(trouble.said, request=request)
    return requests.exceptions.ConnectionError(trouble.said, request=request)


def _response(answer: HttpAnswer) -> HTTPResponse:
    headers, message = HTTPHeaderDict(), Message()
    for name, value in answer.headers:
        if name.lower() not in _CONSUMED:
            headers.add(name, value)
            message.add_header(name, value)  # where requests looks for cookies
    headers.add("Content-Length", str(len(answer.body)))
    return HTTPResponse(
        body=io.BytesIO(answer.body),
        headers=headers,
        status=answer.status,
        reason=responses.get(answer.status, ""),
        preload_content=False,
        decode_content=False,
        original_response=SimpleNamespace(msg=message, isclosed=lambda: True, close=lambda: None),  # type: ignore[arg-type]
        request_method="POST",
    )
