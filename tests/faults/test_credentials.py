"""Whatever an answer points to, nobody but the configured servers is ever met, and no proxy hears a password."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_flowscape.site.model import Site
from tests.faults.conftest import Stage
from tests.faults.ews_proxy import Fault, Point
from tests.faults.fault_proxy import FOR_EVER
from tests.faults.in_process import FAILED, Result, accept_here, use_clients
from tests.faults.ldap_proxy import (
    BIND,
    BIND_ANSWER,
    DONE,
    REFERENCE,
    LdapPoint,
    LdapTurn,
    ber,
    message,
    referral,
    result,
)
from tests.faults.traps import InspectingProxy, Trap
from tests.faults.wire import answer
from tests.faults.wire_faults import instead

SECONDS_FOR_ONE_TEST = 300
POINTS = (Point.HOST_PROBE, Point.CHALLENGE, Point.SIGN_IN, Point.IMPERSONATED, Point.DELEGATE, Point.SYNC)


@pytest.fixture
def trap() -> Iterator[Trap]:
    one = Trap()
    yield one
    one.close()


def _redirect(status: int, scheme: str = "https") -> Callable[[str], Fault]:
    return lambda where: instead(answer(status, b"", ("Location", f"{scheme}://{where}/EWS/Exchange.asmx")))


def _autodiscover(inside: str) -> Callable[[str], Fault]:
    """Return what answers as Autodiscover does: a mailbox's settings, or where to ask for them ([MS-OXDSCLI] 2.2.4)."""

    def make(where: str) -> Fault:
        body = (
            '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/'
            'autodiscover/responseschema/2006"><Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/'
            f'outlook/responseschema/2006a"><Account>{inside.format(where=where)}</Account></Response></Autodiscover>'
        )
        return instead(answer(200, body.encode()))

    return make


LEADS: dict[str, Callable[[str], Fault]] = {
    "301": _redirect(301),
    "302": _redirect(302),
    "302 without TLS": _redirect(302, "http"),
    "303": _redirect(303),
    "307": _redirect(307),
    "308": _redirect(308),
    "300 with a choice": _redirect(300),
    "Refresh and Alt-Svc": lambda where: instead(
        answer(200, b"<html></html>", ("Refresh", f"0; url=https://{where}/"), ("Alt-Svc", f'h2="{where}"'))
    ),
    "407 of a proxy": lambda where: instead(answer(407, b"", ("Proxy-Authenticate", f'Basic realm="{where}"'))),
    "Autodiscover, another server": _autodiscover(
        "<Action>settings</Action><Protocol><Type>EXPR</Type><Server>{where}</Server>"
        "<EwsUrl>https://{where}/EWS/Exchange.asmx</EwsUrl></Protocol>"
    ),
    "Autodiscover, another address": _autodiscover(
        "<Action>redirectUrl</Action><RedirectUrl>https://{where}/autodiscover/autodiscover.xml</RedirectUrl>"
    ),
}


@pytest.mark.parametrize(
    ("lead", "auth"),
    [*((lead, "auto") for lead in LEADS), ("302", "basic"), ("Autodiscover, another server", "basic")],
)
def test_an_answer_that_leads_elsewhere_leads_nowhere(lead: str, auth: str, stage: Stage, trap: Trap) -> None:
    offered = 0
    for point in POINTS:
        if auth == "basic" and point is Point.CHALLENGE:  # of NTLM alone
            continue
        stage.ews.plan(point, LEADS[lead](f"127.0.0.1:{trap.port}"), FOR_EVER)
        site = replace(stage.site, exchange=replace(stage.site.exchange, auth=auth))
        accept_here(site, stage.password, own_tests=use_clients)
        assert stage.ews.spoilt, point
        offered += stage.ews.spoilt
    assert offered >= len(POINTS) - 1
    assert trap.received == []


def _references(where: bytes) -> Callable[[LdapTurn], None]:
    """Return what answers references in place of entries, and a referral at the end."""

    def fault(turn: LdapTurn) -> None:
        number = turn.request.number
        end = BIND_ANSWER if turn.request.tag == BIND else DONE
        reference = b"" if end == BIND_ANSWER else message(number, ber(REFERENCE, ber(4, where)))
        turn.send(reference, result(number, end, 10, referral(where)))

    return fault


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
@pytest.mark.parametrize("point", [LdapPoint.BIND, LdapPoint.ACCOUNT, LdapPoint.ADDRESSES])
def test_a_referral_is_not_followed(point: LdapPoint, scheme: str, stage: Stage, trap: Trap) -> None:
    where = f"{scheme}://127.0.0.1:{trap.port}/DC=demo,DC=test".encode()
    stage.ldap.plan(point, _references(where), FOR_EVER)
    accept_here(stage.site, stage.password, own_tests=use_clients)
    assert stage.ldap.spoilt
    assert trap.received == []


def test_the_trap_hears_what_comes(trap: Trap, stage: Stage) -> None:
    site = replace(stage.site, exchange=replace(stage.site.exchange, port=trap.port))
    accept_here(site, stage.password)
    assert trap.received


# --- a proxy that opens TLS ---------------------------------------------------------------------


@pytest.fixture
def inspecting(stage: Stage, tmp_path: Path) -> Iterator[InspectingProxy]:
    proxy = InspectingProxy(stage.simulator.ews_port, tmp_path)
    yield proxy
    proxy.close()


def _behind(stage: Stage, proxy: InspectingProxy, *, trusted: bool, auth: str, setting: str = "") -> Result:
    """Measure through the proxy, the CA of which this machine trusts or does not."""
    exchange = stage.site.exchange
    ca_file = proxy.ca if trusted else exchange.ca_file
    exchange = replace(exchange, proxy=setting or f"http://127.0.0.1:{proxy.port}", auth=auth, ca_file=ca_file)
    return accept_here(replace(stage.site, exchange=exchange), stage.password)


def _assert_no_basic(proxy: InspectingProxy, site: Site, password: str) -> None:
    heard = bytes(proxy.heard)
    assert b"Basic" not in heard
    assert password.encode() not in heard
    for name in (site.service_account.username, site.service_account.email):
        assert base64.b64encode(f"{name}:{password}".encode()) not in heard


@pytest.mark.parametrize("auth", ["auto", "basic", "ntlm"])
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "not trusted"])
@pytest.mark.parametrize("ways", ["all", "basic-only"])
def test_a_proxy_that_opens_tls_gets_assert_no_basic(
    ways: str, trusted: bool, auth: str, stage: Stage, inspecting: InspectingProxy
) -> None:
    if ways != "all":
        stage.plant(ways)
    result = _behind(stage, inspecting, trusted=trusted, auth=auth)
    assert inspecting.tunnels
    _assert_no_basic(inspecting, stage.site, stage.password)
    if not trusted:
        assert ("HOST-2", "site") in result.of(FAILED)
        assert b"POST" not in inspecting.heard
        return
    assert b"POST" in inspecting.heard
    # channel binding shows NTLM that somebody sits in between: refused once, never repeated
    assert b"Authorization: N" in inspecting.heard or "basic" in (auth, ways[:5])
    assert {pair for pair in result.of(FAILED) if pair[0].startswith(("PERMISSION", "IMPERSONATION"))} == set()


def test_a_proxy_of_the_environment_is_not_asked(
    stage: Stage, inspecting: InspectingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inspecting.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert stage.accept().differences(stage.baseline()) == {}
    assert inspecting.tunnels == 0
    result = _behind(stage, inspecting, trusted=True, auth="auto", setting="system")
    assert inspecting.tunnels
    assert result.facts.host.trouble is None
    _assert_no_basic(inspecting, stage.site, stage.password)


def test_the_proxy_would_hear_a_password(stage: Stage, inspecting: InspectingProxy) -> None:
    """Show that the two tests above can fail: Basic sent through it is heard."""
    import http.client

    through = http.client.HTTPSConnection(
        "127.0.0.1", inspecting.port, context=ssl.create_default_context(cafile=str(inspecting.ca)), timeout=10
    )
    through.set_tunnel("127.0.0.1", stage.simulator.ews_port)
    through.request("POST", "/EWS/Exchange.asmx", body=b"", headers={"Authorization": "Basic c2VjcmV0"})
    assert through.getresponse().status == 401
    through.close()
    assert b"Basic" in inspecting.heard
