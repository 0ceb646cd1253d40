"""The endpoint probe: one POST without credentials, and what each answer means."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from pytest_flowscape.facts import Endpoint, Kind
from pytest_flowscape.probes.endpoint import probe_endpoint
from pytest_flowscape.site.model import Exchange
from tests.probes.tls_server import Http, Server, Talk, ca_file, closed_port, http, in_turn, server_context

RUN = str(uuid.uuid4())
OFFER = ("WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM", 'WWW-Authenticate: Basic realm="mail"')
PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"

Asks = Callable[..., Endpoint]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ask(authority: trustme.CA, tmp_path: Path) -> Asks:
    """Probe a server that answers as told."""
    anchor = ca_file(authority, tmp_path)
    context = server_context(authority)

    def asked(talk: Talk, timeout: float = 5.0) -> Endpoint:
        with Server(talk, context) as server:
            return probe_endpoint(Exchange("127.0.0.1", server.port, ca_file=anchor, timeout=timeout), RUN)

    return asked


def test_offers(ask: Asks) -> None:
    talk = Http(in_turn([http(401, *OFFER, "X-FEServer: EX02", "Server: Microsoft-IIS/10.0")]))
    endpoint = ask(talk)
    assert endpoint.trouble is None
    assert endpoint.status == 401
    assert endpoint.ways == ("Negotiate", "NTLM", "Basic")
    assert endpoint.headers == {"X-FEServer": "EX02", "Server": "Microsoft-IIS/10.0"}
    (request,) = talk.requests
    assert request.line == "POST /EWS/Exchange.asmx HTTP/1.1"
    assert "authorization" not in request.headers
    assert request.headers["client-request-id"][:24] == RUN[:24]
    assert request.headers["return-client-request-id"] == "true"
    assert request.headers["user-agent"] == "Flowscape"


def test_offers_in_one_header(ask: Asks) -> None:
    endpoint = ask(Http(in_turn([http(401, 'WWW-Authenticate: Bearer a="x, y", Negotiate, Basic realm="NTLM, all"')])))
    assert endpoint.ways == ("Bearer", "Negotiate", "Basic")
    assert endpoint.trouble is None


ANSWERS: dict[str, tuple[bytes | None, Kind]] = {
    "401-bearer": (http(401, 'WWW-Authenticate: Bearer authorization_uri="https://login.test"'), Kind.NO_PASSWORD_WAY),
    "401-digest": (http(401, "WWW-Authenticate: Digest realm=x"), Kind.NO_PASSWORD_WAY),
    "401-nothing": (http(401), Kind.NO_PASSWORD_WAY),
    "404": (http(404, body=PAGE, kind="text/html"), Kind.NOT_FOUND),
    "403": (http(403), Kind.FORBIDDEN),
    "403-page": (http(403, body=PAGE, kind="text/html"), Kind.FORBIDDEN),
    "302": (http(302, "Location: https://login.test/adfs/ls"), Kind.LOGIN_PAGE),
    "440": (http(440, body=PAGE, kind="text/html"), Kind.LOGIN_PAGE),
    "200-page": (http(200, body=PAGE, kind="text/html"), Kind.LOGIN_PAGE),
    "200-page-untold": (http(200, body=b"\xef\xbb\xbf  <HTML>", kind="text/plain"), Kind.LOGIN_PAGE),
    "200-text": (http(200, body=b"hello", kind="text/plain"), Kind.MALFORMED),
    "301": (http(301, "Location: https://new.test/EWS/Exchange.asmx"), Kind.HTTP),
    "500-page": (http(500, body=PAGE, kind="text/html"), Kind.HTTP),
    "456": (http(456), Kind.HTTP),
    "not-http": (b"220 mail.test ESMTP\r\n", Kind.MALFORMED),
    "closed": (None, Kind.RESET),
}


@pytest.mark.parametrize(("answer", "kind"), ANSWERS.values(), ids=ANSWERS)
def test_every_other_answer(ask: Asks, answer: bytes | None, kind: Kind) -> None:
    endpoint = ask(Http(in_turn([answer])), timeout=2)
    assert endpoint.trouble is not None
    assert endpoint.trouble.kind is kind
    assert endpoint.trouble.said


def test_everything_told_is_kept(ask: Asks) -> None:
    trouble = ask(Http(in_turn([http(302, "Location: https://login.test/adfs/ls?x=1", kind="text/html")]))).trouble
    assert trouble is not None
    assert (trouble.status, trouble.location, trouble.content_type) == (
        302,
        "https://login.test/adfs/ls?x=1",
        "text/html",
    )
    offered = ask(Http(in_turn([http(401, 'WWW-Authenticate: Bearer client_id="1"')])))
    assert offered.trouble is not None
    assert offered.trouble.challenges == ('Bearer client_id="1"',)


def test_redirect_is_not_followed(ask: Asks, authority: trustme.CA) -> None:
    elsewhere = Http(in_turn([http(200)]))
    with Server(elsewhere, server_context(authority)) as other:
        ask(Http(in_turn([http(307, f"Location: https://127.0.0.1:{other.port}/EWS/Exchange.asmx")])))
        assert other.connections == 0


def test_unavailable_is_asked_twice(ask: Asks) -> None:
    talk = Http(in_turn([http(503)]))
    endpoint = ask(talk, timeout=1)
    assert endpoint.trouble is not None
    assert endpoint.trouble.kind is Kind.UNAVAILABLE
    assert len(talk.requests) == 2


def test_retry_after_is_honoured(ask: Asks) -> None:
    talk = Http(in_turn([http(503, "Retry-After: 1"), http(401, *OFFER)]))
    started = time.monotonic()
    assert ask(talk).trouble is None
    assert time.monotonic() - started >= 1
    late = Http(in_turn([http(503, "Retry-After: 600"), http(401, *OFFER)]))
    trouble = ask(late).trouble
    assert trouble is not None
    assert (trouble.kind, trouble.back_off) == (Kind.UNAVAILABLE, 600.0)
    assert len(late.requests) == 1


def test_refused(tmp_path: Path, authority: trustme.CA) -> None:
    exchange = Exchange("127.0.0.1", closed_port(), ca_file=ca_file(authority, tmp_path), timeout=1)
    trouble = probe_endpoint(exchange, RUN).trouble
    assert trouble is not None
    assert trouble.kind is Kind.REFUSED


def endless_head(sock: socket.socket) -> None:
    sock.recv(4096)
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        sock.sendall(b"X-%d: y\r\n" % number)


def long_line(sock: socket.socket) -> None:
    sock.recv(4096)
    sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(1000):
        sock.sendall(b"y" * 4096)


def endless_body(sock: socket.socket) -> None:
    sock.recv(4096)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        sock.sendall(b"y" * 65536)


def bomb(sock: socket.socket) -> None:
    import gzip

    body = gzip.compress(b"\0" * 30_000_000, 9)
    sock.recv(4096)
    head = "HTTP/1.1 200 OK", "Content-Type: text/xml", "Content-Encoding: gzip", f"Content-Length: {len(body)}"
    sock.sendall("\r\n".join((*head, "", "")).encode() + body)


def broken_body(sock: socket.socket) -> None:
    sock.recv(4096)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n<a>")


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (endless_head, Kind.MALFORMED),
        (long_line, Kind.MALFORMED),
        (endless_body, Kind.MALFORMED),
        (bomb, Kind.MALFORMED),
        (broken_body, Kind.RESET),
    ],
)
def test_hostile_answers_are_bounded(ask: Asks, talk: Talk, kind: Kind) -> None:
    trouble = ask(talk, timeout=20).trouble
    assert trouble is not None
    assert trouble.kind is kind


def dripping(start: bytes) -> Talk:
    def talk(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(start)
        while True:
            sock.sendall(b"y")
            time.sleep(0.02)

    return talk


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["status", "head", "body"]
)
def test_a_server_that_drips_is_silent(ask: Asks, start: bytes) -> None:
    started = time.monotonic()
    trouble = ask(dripping(start), timeout=0.6).trouble
    assert trouble is not None
    assert trouble.kind is Kind.SILENT
    assert time.monotonic() - started < 5
