"""Signing in to the simulated directory: once, over TLS, by name, and what a refusal stops."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_flowscape.facts import Kind
from pytest_flowscape.probes.directory.search import Channel
from pytest_flowscape.probes.gate import Gate
from tests.probes.directory_sessions import EMAIL, NONE, PASSWORD, ROOMS, UPN, Sessions, change, count, policy


@pytest.mark.parametrize("port", ["ldaps", "ldap"])
def test_bind_over_tls(session: Sessions, port: str) -> None:
    bound = session(port)
    bind = bound.bind()
    assert bind.trouble is None
    assert bind.server == f"{'ldap' if port == 'ldap' else 'ldaps'}://localhost:{session.directory.ports[port]}"
    assert (bind.username, bind.as_service_account, bind.tried) == (UPN, True, True)
    assert bind.certificate is not None
    assert "localhost" in bind.certificate.names
    assert bound.bind() == bind
    assert count(session, "ldap.bind") == session.door.sign_ins == 1


def test_no_password_without_tls(session: Sessions) -> None:
    bind = session("ldap", start_tls=False).bind()
    assert bind.trouble is not None
    assert bind.trouble.kind is Kind.TLS_OTHER
    assert count(session, "ldap.connections") == session.door.sign_ins == 0


def test_a_down_level_name_is_sent_as_given(session: Sessions) -> None:
    bind = session(username="DEMO\\svc-flowscape").bind()
    assert bind.trouble is None
    assert bind.username == "DEMO\\svc-flowscape"


@pytest.mark.parametrize("password", ["Pa\u00ad\u00a0ss \u2168", "pä\U0001f511*)(\\", " blank "])
def test_a_password_goes_unprepared(session: Sessions, password: str) -> None:
    change(session, "svc-flowscape", password=password)
    assert session(password=password).bind().trouble is None


REFUSALS: dict[str, dict[str, object]] = {
    "52e": {"password": "another"},
    "525": {"upn": "somebody.else@demo.test", "sam": "somebody.else"},
    "775": {"locked": True},
    "533": {"enabled": False},
    "701": {"expires": 133500000000000000},
    "532": {"password_never_expires": False, "password_expired": True},
    "773": {"password_never_expires": False, "must_change_password": True, "pwd_last_set": 0},
    "530": {"logon_denied": "530"},
    "531": {"logon_denied": "531"},
    "569": {"logon_denied": "569"},
}


@pytest.mark.parametrize("sub_code", REFUSALS)
def test_a_refusal_tells_its_cause_and_is_not_repeated(session: Sessions, sub_code: str) -> None:
    change(session, "svc-flowscape", **REFUSALS[sub_code])
    refused = session("ldaps", "ldap")
    bind = refused.bind()
    assert bind.trouble is not None
    assert (bind.trouble.kind, bind.trouble.ldap_result) == (Kind.BIND_REFUSED, 49)
    assert bind.trouble.sub_code == sub_code
    assert f"data {sub_code}" in bind.trouble.message
    assert bool(session.door.stopped) is (sub_code not in ("530", "531", "569"))
    view = refused.gather(EMAIL, UPN, ROOMS, (), reads=NONE)
    assert refused.bind() == view.bind == bind
    assert view.trouble == bind.trouble
    assert [h.trouble for h in view.rooms.values()] == [bind.trouble] * len(ROOMS)
    assert (count(session, "ldap.bind"), count(session, "ldap.refused")) == (1, 1)
    assert count(session, "ldap.search") == 0


def test_a_separate_user_that_is_refused_stops_its_own_sign_ins(session: Sessions) -> None:
    bind = session(password="wrong", own=False).bind()
    assert bind.trouble is not None
    assert (bind.trouble.sub_code, bind.as_service_account) == ("52e", False)
    # the gate is that user's own: gather_site gives the service account another
    assert session.door.stopped


def test_an_interrupted_bind_counts_as_a_refused_one(session: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Channel, "bind", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session().bind()
    assert "interrupted" in session.door.stopped[0]


def test_after_a_stop_no_bind_is_sent(session: Sessions, tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    assert session(password="wrong", gate=gate).bind().trouble is not None
    assert gate.stopped
    bind = session(gate=gate).bind()
    assert bind.trouble is not None
    assert (bind.trouble.kind, bind.tried) == (Kind.STOPPED, False)
    assert count(session, "ldap.bind") == 1


@pytest.mark.parametrize(("username", "password"), [("", PASSWORD), (UPN, "")], ids=["name", "password"])
def test_an_empty_name_or_password_is_never_sent(session: Sessions, username: str, password: str) -> None:
    bind = session(username=username, password=password).bind()
    assert bind.trouble is not None
    assert (bind.trouble.kind, bind.tried) == (Kind.OTHER, False)
    assert count(session, "ldap.connections") == 0


def test_busy_is_not_refusal(session: Sessions) -> None:
    policy(session, ldap_trouble="busy")
    bind = session().bind()
    assert bind.trouble is not None
    assert (bind.trouble.kind, bind.trouble.ldap_result) == (Kind.OTHER, 51)
    assert not session.door.stopped


def test_a_silent_bind_ends_in_time_and_is_not_repeated(session: Sessions) -> None:
    policy(session, ldap_trouble="silent")
    started = time.monotonic()
    bind = session("ldaps", "ldaps", timeout=0.6).bind()
    assert bind.trouble is not None
    assert bind.trouble.kind is Kind.SILENT
    assert time.monotonic() - started < 2
    assert session.door.sign_ins == 1


# --- nothing of the password is left ------------------------------------------------------------


def reachable(root: object) -> Iterator[object]:
    """Walk what a debugger would show: attributes and items, not what closures hold."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, (type, ssl.SSLContext)):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, dict):
            todo += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            todo += one
        todo += vars(one).values() if hasattr(one, "__dict__") else []


@pytest.mark.parametrize("password", [PASSWORD, "not-the-Password-1"], ids=["right", "wrong"])
def test_a_session_shows_no_password(session: Sessions, password: str) -> None:
    bound = session(password=password)
    bind = bound.bind()
    bound.gather(EMAIL, UPN, ROOMS, (), reads=NONE)
    shown = [repr(bind), *(repr(one) for one in reachable(bound))]
    assert not [text for text in shown if password in text]
