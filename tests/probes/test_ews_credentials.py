"""Where credentials go and where they do not, and what else a request carries; on the wire."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable

import pytest

from pytest_flowscape.facts import Kind
from pytest_flowscape.site.model import Exchange
from tests.probes.ews_lines import PASSWORD, ROOMS, USER, Opens, Script, ask, good
from tests.probes.ews_sessions import RUN
from tests.probes.tls_server import Request, http


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_follow_no_redirect(opens: Opens, status: int) -> None:
    far, heard = opens(good)
    where = f"https://127.0.0.1:{far.exchange.port}/EWS/Exchange.asmx"
    desk, _ = opens(Script(http(status, f"Location: {where}")))
    sign_in, _ = desk.session(ways=("Basic",)).sign_in("svc@demo.test", proven=False)
    assert not sign_in.succeeded
    assert sign_in.trouble is not None
    assert sign_in.trouble.location == where
    assert heard.requests == []


def test_basic_never_goes_through_a_proxy(opens: Opens) -> None:
    desk, talk = opens(good)
    desk.exchange = Exchange("127.0.0.1", desk.exchange.port, proxy="http://127.0.0.1:9", timeout=1)
    sign_in, _ = desk.session(ways=("Basic",)).sign_in("svc@demo.test", proven=True)
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is Kind.WAY_MISSING_HERE
    assert talk.requests == []


def test_no_password_without_trust(opens: Opens) -> None:
    desk, talk = opens(good)
    desk.exchange = Exchange("127.0.0.1", desk.exchange.port, timeout=1)  # no ca_file
    gate = desk.gate()
    sign_in, _ = desk.session(ways=("Basic",), gate=gate).sign_in("svc@demo.test", proven=True)
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is Kind.TLS_UNKNOWN_ISSUER
    assert talk.requests == []


def test_what_every_request_carries(opens: Opens) -> None:
    desk, talk = opens(good)
    desk.session(way="Basic").get_folder(["a@demo.test"], ["calendar"], impersonate="a@demo.test")
    (request,) = talk.requests
    assert request.headers["x-anchormailbox"] == "a@demo.test"
    assert request.headers["user-agent"] == "Flowscape"
    assert request.headers["return-client-request-id"] == "true"
    assert uuid.UUID(request.headers["client-request-id"])
    assert base64.b64decode(request.authorization.split()[1]).decode("latin-1") == f"{USER}:{PASSWORD}"


def returning(*ids: str) -> Callable[[Request], bytes | None]:
    """Answer well, with these ids; "own" is the request's."""

    def answer(request: Request) -> bytes | None:
        own = request.headers["client-request-id"].upper()
        lines = "".join(f"client-request-id: {own if told == 'own' else told}\r\n" for told in ids)
        return (good(request) or b"").replace(b"\r\n", b"\r\n" + lines.encode(), 1)

    return answer


def test_each_request_has_an_id_of_its_own(opens: Opens) -> None:
    desk, talk = opens(good)
    session = desk.session(way="Basic")
    for _ in range(3):
        assert ask(session) == {ROOMS[0]: None}
    ids = {request.headers["client-request-id"] for request in talk.requests}
    assert len(ids) == 3
    assert {own[:24] for own in ids} == {RUN[:24]}


@pytest.mark.parametrize("ids", [(), ("",), ("own",), ("a-box-s-own", "own")])
def test_an_answer_to_our_request(opens: Opens, ids: tuple[str, ...]) -> None:
    desk, talk = opens(returning(*ids))
    assert ask(desk.session(way="Basic")) == {ROOMS[0]: None}
    assert len(talk.requests) == 1


def test_an_answer_to_another_request_proves_nothing(opens: Opens) -> None:
    desk, talk = opens(returning("own"))
    session = desk.session(way="Basic")
    assert ask(session) == {ROOMS[0]: None}
    talk.answer = returning(str(uuid.uuid4()))
    (answer,) = session.get_folder(ROOMS[:1], ["calendar"], impersonate=ROOMS[0]).values()
    assert answer.first_trouble is not None
    assert answer.first_trouble.kind is Kind.MALFORMED
    assert "the answer to another request" in answer.first_trouble.said
    assert len(talk.requests) == 3  # asked again once
    talk.answer = returning("own")
    assert ask(session) == {ROOMS[0]: None}
    assert session.counts["handshakes"] == 3  # no answer is read from a connection that mixed them up


def test_an_address_that_no_header_can_hold(opens: Opens) -> None:
    desk, talk = opens(good)
    assert ask(desk.session(way="Basic"), "zoë@demo.test", "\u4f1a@demo.test") == {
        "zoë@demo.test": None,
        "\u4f1a@demo.test": None,
    }
    assert "x-anchormailbox" not in talk.requests[0].headers
