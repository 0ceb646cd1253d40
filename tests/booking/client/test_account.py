"""exchangelib on the run's own session: what it sends, over which connection, and what is kept of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import exchangelib.protocol
import pytest
from exchangelib import BASIC, NTLM
from exchangelib.errors import ErrorServerBusy, ErrorTimeoutExpired, RedirectError, TransportError
from urllib3.util import wait_for_read

from pytest_flowscape.booking.client.account import AccountSettings, FlowscapeAccount, make_account
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.core.secret import MASK
from pytest_flowscape.probes.ews.session import EwsSession
from tests.probes.ews_lines import CHALLENGE, PASSWORD, USER, Opens, Script, good
from tests.probes.ews_samples import fault, refused, response
from tests.probes.ews_sessions import RUN, Desk, desk_of
from tests.probes.tls_server import http
from tests.simulator.harness import Simulator

OWN = "svc@demo.test"
CLOSE = "Connection: close"  # the tiny server closes after it; in the body the client does not see why


@pytest.fixture
def desk(simulator: Simulator, tmp_path: Path) -> Iterator[Desk]:
    desk = desk_of(simulator, tmp_path)
    yield desk
    desk.close()


def account(desk: Desk, session: EwsSession, address: str = "", *, impersonate: bool = False) -> FlowscapeAccount:
    settings = AccountSettings(desk.exchange, desk.username, session.way, session.server_version)
    return make_account(session, settings, address or desk.email, impersonate=impersonate)


# --- against the simulator ------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
def test_speaks_on_the_one_connection_that_has_signed_in(simulator: Simulator, desk: Desk, auth: str) -> None:
    session = desk.session(auth=auth)
    session.sign_in(desk.email, proven=False)
    before = simulator.log()
    own = account(desk, session)
    assert own.inbox.name == "Inbox"
    room = account(desk, session, desk.rooms[0], impersonate=True)
    assert room.calendar.name
    assert own.protocol.resolve_names([desk.email])[0].email_address == desk.email
    sent = simulator.log()[len(before) :]
    assert {entry["connection"] for entry in sent} == {before[-1]["connection"]}
    assert [entry["status"] for entry in sent] == [200] * len(sent)
    assert session.counts["handshakes"] == 1
    assert simulator.count("refused") == 0
    assert {entry["impersonated"] for entry in sent} == {desk.rooms[0], ""}


def test_the_version_and_the_sign_in_method_are_not_guessed(desk: Desk) -> None:
    session = desk.session(auth="basic")
    session.sign_in(desk.email, proven=False)
    own = account(desk, session)
    assert str(own.version.build) == "15.2.1748.10"
    assert own.protocol.auth_type == BASIC
    assert session.counts == {"handshakes": 1, "GetFolder": 1}  # the sign-in, and nothing for the account
    other = make_account(session, AccountSettings(desk.exchange, USER, "Negotiate", "99.9"), OWN)
    assert (other.protocol.auth_type, other.version.api_version) == (NTLM, "Exchange2016")


def test_every_raw_answer_is_kept(desk: Desk) -> None:
    session = desk.session()
    session.sign_in(desk.email, proven=False)
    room = account(desk, session, desk.rooms[0], impersonate=True)
    assert room.answers == []
    _ = room.calendar
    assert [(raw.operation, raw.status, raw.impersonated) for raw in room.answers][:1] == [
        ("GetFolder", 200, desk.rooms[0])
    ]
    assert b"NoError" in room.answers[0].body
    own = account(desk, session)
    assert own.answers == []  # each account has its own


def test_nothing_of_exchangelib_is_changed_for_others(desk: Desk) -> None:
    base = exchangelib.protocol.BaseProtocol
    before = (base.HTTP_ADAPTER_CLS, base.TIMEOUT, base.USERAGENT, dict(exchangelib.protocol.Protocol._protocol_cache))
    session = desk.session(auth="basic")
    session.sign_in(desk.email, proven=False)
    own = account(desk, session)
    _ = own.inbox
    after = (base.HTTP_ADAPTER_CLS, base.TIMEOUT, base.USERAGENT, dict(exchangelib.protocol.Protocol._protocol_cache))
    assert after == before


# --- against servers that misbehave ---------------------------------------------------------------


def test_sends_our_own_headers_and_holds_no_password(opens: Opens) -> None:
    desk, talk = opens(good)
    own = account(desk, desk.session(way="Basic"))
    _ = own.inbox
    (request, *_) = talk.requests
    assert request.headers["user-agent"] == "Flowscape"
    assert request.headers["client-request-id"][:24] == RUN[:24]
    assert request.headers["x-anchormailbox"] == "svc@demo.test"
    assert own.protocol.credentials.password == MASK
    session = own.protocol.get_session()
    assert session.auth is None
    assert "authorization" not in {name.lower() for name in session.headers}
    assert PASSWORD not in repr(vars(own.protocol)) + repr(vars(session)) + repr(own.answers)


def test_no_redirect_is_followed(opens: Opens) -> None:
    elsewhere, other = opens(good)
    desk, talk = opens(Script(http(302, f"Location: https://127.0.0.1:{elsewhere.exchange.port}/EWS/Exchange.asmx")))
    own = account(desk, desk.session(way="Basic"))
    with pytest.raises(RedirectError):
        _ = own.inbox
    assert len(talk.requests) == 1
    assert other.requests == []
    assert [raw.status for raw in own.answers] == [302]


def test_after_a_refusal_it_does_not_sign_in(opens: Opens) -> None:
    desk, talk = opens(Script(CHALLENGE))
    gate = desk.gate()
    own = account(desk, desk.session(way="Basic", gate=gate))
    with pytest.raises(NotMeasured, match="no sign-in"):
        _ = own.inbox
    assert gate.stopped
    for again in (own, account(desk, desk.session(way="Basic", gate=gate))):
        with pytest.raises(NotMeasured, match="no sign-in"):
            _ = again.inbox
    assert len(talk.requests) == 1


def test_throttling_is_raised_at_once_and_respected(opens: Opens) -> None:
    busy = http(500, body=fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">60000</t:Value>'))
    desk, talk = opens(Script(busy))
    session = desk.session(way="Basic", connections=4)
    own = account(desk, session)
    with pytest.raises(ErrorServerBusy):
        _ = own.inbox
    assert len(talk.requests) == 1
    assert session.counts["throttled"] == 1
    with pytest.raises(ErrorTimeoutExpired):  # our own: nothing is sent before the time is over
        _ = own.inbox
    assert len(talk.requests) == 1


def test_a_broken_connection_is_raised_and_not_tried_again(opens: Opens) -> None:
    desk, talk = opens(Script(None))
    own = account(desk, desk.session(way="Basic"))
    with pytest.raises(ErrorTimeoutExpired, match="connection was broken"):
        _ = own.inbox
    assert len(talk.requests) == 1
    assert [raw.status for raw in own.answers] == [0]


def test_a_connection_that_the_server_has_closed_is_not_used(opens: Opens) -> None:
    nobody = response("ResolveNames", refused("ErrorNameResolutionNoResults", operation="ResolveNames", text=CLOSE))
    desk, talk = opens(Script(http(200, body=nobody)))
    session = desk.session(way="Basic")
    own = account(desk, session)
    own.protocol.resolve_names(["nobody"])
    (line,) = session._talk.pool._idle
    assert wait_for_read(line.connection._socket._sock, timeout=5)  # type: ignore[union-attr]
    own.protocol.resolve_names(["nobody"])
    assert [raw.status for raw in own.answers] == [200, 200]
    assert len(talk.requests) == 2
    assert session.counts["handshakes"] == 2


def test_an_interrupt_in_a_request_leaves_the_account_usable(opens: Opens) -> None:
    """exchangelib loses the pooled session then, and would wait for it forever."""
    desk, talk = opens(Script(http(302, "Location: /x")))
    session = desk.session(way="Basic")
    own = account(desk, session)
    real, hits = session.pass_on, []

    def interrupted(*arguments: object, **named: object) -> object:
        hits.append(1)
        if len(hits) == 1:
            raise KeyboardInterrupt
        return real(*arguments, **named)  # type: ignore[arg-type]

    session.pass_on = interrupted  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        _ = own.inbox
    with pytest.raises(RedirectError):
        _ = own.inbox
    assert len(talk.requests) == 1


def test_another_thread_is_refused(opens: Opens) -> None:
    desk, talk = opens(good)
    own = account(desk, desk.session(way="Basic"))
    caught: list[BaseException] = []

    def use() -> None:
        try:
            _ = own.inbox
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(10)
    assert "one process and thread" in str(caught[0])
    assert talk.requests == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # 3.12 on: a fork where threads run
def test_a_forked_child_is_refused(opens: Opens) -> None:
    desk, talk = opens(good)
    own = account(desk, desk.session(way="Basic"))
    child = os.fork()
    if child == 0:
        try:
            _ = own.inbox
        except RuntimeError:
            os._exit(7)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert talk.requests == []


def test_a_certificate_that_is_not_trusted_is_a_transport_error(opens: Opens, tmp_path: Path) -> None:
    desk, talk = opens(good)
    desk.exchange = replace(desk.exchange, ca_file=None)
    own = account(desk, desk.session(way="Basic"))
    with pytest.raises(TransportError):
        _ = own.inbox
    assert talk.requests == []


def test_only_soap_requests_are_sent(opens: Opens) -> None:
    desk, talk = opens(good)
    for body in (b"", b"<no", b"<no/>"):
        with pytest.raises(ValueError, match="not a SOAP request"):
            desk.session(way="Basic").pass_on(body)
    assert talk.requests == []


def test_a_cookie_of_a_balancer_comes_back(opens: Opens) -> None:
    nobody = response("ResolveNames", refused("ErrorNameResolutionNoResults", operation="ResolveNames"))
    desk, talk = opens(Script(http(200, "Set-Cookie: BackEnd=ex02; path=/; secure", body=nobody)))
    own = account(desk, desk.session(way="Basic"))
    for _ in range(2):
        own.protocol.resolve_names(["nobody"])
    assert [request.headers.get("cookie") for request in talk.requests] == [None, "BackEnd=ex02"]
