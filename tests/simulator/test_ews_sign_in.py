"""Signing in at the simulated EWS endpoint, over real sockets."""

from __future__ import annotations

import pytest

from tests.simulator.ews_client import EMAIL, USER, Client, distinguished, get_folder
from tests.simulator.harness import Simulator

INBOX = get_folder(distinguished("inbox"))


def test_a_post_without_credentials_is_told_the_ways_in_headers_of_their_own(simulator: Simulator) -> None:
    with Client(simulator) as client:
        reply = client.post(INBOX)
    assert (reply.status, reply.ways) == (401, ["Negotiate", "NTLM", "Basic"])
    assert reply.header("WWW-Authenticate")[2].startswith('Basic realm="')
    assert simulator.count("ews.unauthenticated") == 1
    assert simulator.count("ews.refused") == 0


@pytest.mark.parametrize("user", [USER, EMAIL, r"demo\SVC-FLOWSCAPE", r"demo.test\svc-flowscape"])
@pytest.mark.parametrize("way", ["Basic", "NTLM", "Negotiate"])
def test_the_right_password_signs_in_under_every_name_form(simulator: Simulator, way: str, user: str) -> None:
    with Client(simulator) as client:
        reply = client.basic(INBOX, user) if way == "Basic" else client.sign_in(way, INBOX, user)
    assert (reply.status, reply.codes) == (200, ["NoError"])
    assert simulator.count("ews.sign_ins") == 1
    assert simulator.log()[-1]["user"] == USER
    assert simulator.log()[-1]["way"] == way


@pytest.mark.parametrize("way", ["Basic", "NTLM", "Negotiate"])
@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), (r"DEMO\nobody", None), ("svc-flowscape", None)])
def test_a_wrong_sign_in_is_refused_and_counted_once(
    simulator: Simulator, way: str, user: str, password: str | None
) -> None:
    with Client(simulator) as client:
        basic = way == "Basic"
        reply = client.basic(INBOX, user, password) if basic else client.sign_in(way, INBOX, user, password)
    assert (reply.status, reply.body) == (401, b"")
    assert reply.ways == ["Negotiate", "NTLM", "Basic"]
    assert (simulator.count("ews.refused"), simulator.count("refused")) == (1, 1)
    assert simulator.count("ews.sign_ins") == 0


def test_ntlm_signs_in_a_connection_and_no_other(simulator: Simulator) -> None:
    with Client(simulator) as first, Client(simulator) as second:
        assert first.sign_in("NTLM", INBOX).status == 200
        assert first.post(INBOX).status == 200
        assert second.post(INBOX).status == 401
    assert simulator.count("ews.sign_ins") == 1
    assert simulator.count("ews.http_connections") == 2


def test_basic_signs_in_a_request_and_not_the_connection(simulator: Simulator) -> None:
    with Client(simulator) as client:
        assert client.basic(INBOX).status == 200
        assert client.basic(INBOX).status == 200
        assert client.post(INBOX).status == 401
    assert simulator.count("ews.sign_ins") == 1


def test_a_refused_handshake_takes_the_earlier_sign_in_away(simulator: Simulator) -> None:
    with Client(simulator) as client:
        assert client.sign_in("NTLM", INBOX).status == 200
        assert client.sign_in("NTLM", INBOX, password="wrong").status == 401
        assert client.post(INBOX).status == 401


def test_a_refused_basic_sign_in_ends_the_connections_own_too(simulator: Simulator) -> None:
    with Client(simulator) as client:
        assert client.sign_in("NTLM", INBOX).status == 200
        assert client.basic(INBOX, password="wrong").status == 401
        assert client.post(INBOX).status == 401


def test_wrong_passwords_lock_the_account_and_ews_does_not_say_so(simulator: Simulator) -> None:
    with Client(simulator) as client:
        for _ in range(5):
            assert client.basic(INBOX, password="wrong").status == 401
        locked = client.basic(INBOX)
    assert (locked.status, locked.body) == (401, b"")
    assert simulator.count("ews.refused") == 6


def test_success_forgives_earlier_wrong_passwords(simulator: Simulator) -> None:
    with Client(simulator) as client:
        for password in ["wrong"] * 4 + [None] + ["wrong"] * 4 + [None]:
            reply = client.basic(INBOX, password=password)
    assert reply.status == 200


@pytest.mark.parametrize(
    "state", ["ACCOUNT-2", "locked", "expired", "must-change", "password-expired", "smart-card", "HANDOVER-1"]
)
@pytest.mark.parametrize("way", ["Basic", "NTLM"])
def test_an_account_that_may_not_sign_in_gets_a_bare_401(simulator: Simulator, state: str, way: str) -> None:
    simulator.plant(state)
    with Client(simulator) as client:
        reply = client.basic(INBOX) if way == "Basic" else client.sign_in(way, INBOX)
    assert (reply.status, reply.body) == (401, b"")
    assert simulator.count("ews.refused") == 1


@pytest.mark.parametrize("state", ["logon-530", "logon-531", "logon-569"])
def test_what_one_domain_controller_refuses_does_not_concern_ews(simulator: Simulator, state: str) -> None:
    simulator.plant(state)
    with Client(simulator) as client:
        assert client.basic(INBOX).status == 200


@pytest.mark.parametrize(
    ("condition", "ways"),
    [
        ("negotiate-only", ["Negotiate"]),
        ("ntlm-only", ["NTLM"]),
        ("basic-only", ["Basic"]),
        ("ews-bearer-only", ["Bearer"]),
    ],
)
def test_only_the_ways_of_the_policy_are_offered(simulator: Simulator, condition: str, ways: list[str]) -> None:
    simulator.plant(condition)
    with Client(simulator) as client:
        assert client.post(INBOX).ways == ways


def test_a_way_that_is_not_offered_signs_nobody_in_and_counts_nothing_wrong(simulator: Simulator) -> None:
    simulator.plant("ntlm-only")
    with Client(simulator) as client:
        reply = client.basic(INBOX)
    assert (reply.status, simulator.count("ews.refused")) == (401, 0)


@pytest.mark.parametrize("way", ["NTLM", "Negotiate"])
def test_extended_protection_wants_this_certificates_bindings(simulator: Simulator, way: str) -> None:
    simulator.plant("extended-protection")
    with Client(simulator) as bound, Client(simulator) as loose:
        assert bound.sign_in(way, INBOX, bind=True).status == 200
        assert loose.sign_in(way, INBOX).status == 401


def test_extended_protection_takes_empty_bindings_for_none(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.plant("extended-protection")
    monkeypatch.setattr("spnego._ntlm.md5", lambda _data: bytes(16))
    with Client(simulator) as client:
        assert client.sign_in("NTLM", INBOX, bind=True).status == 401


def test_behind_a_box_that_ends_tls_ntlm_fails_and_basic_works(simulator: Simulator) -> None:
    simulator.plant("tls-bridged")
    with Client(simulator) as client:
        assert client.sign_in("NTLM", INBOX, bind=True).status == 401
        assert client.basic(INBOX).status == 200


def test_extended_protection_failing_is_no_wrong_password(simulator: Simulator) -> None:
    simulator.plant("tls-bridged")
    with Client(simulator) as client:
        for _ in range(6):
            client.sign_in("NTLM", INBOX, bind=True)
        assert client.basic(INBOX).status == 200


def test_a_refused_way_leaves_the_others(simulator: Simulator) -> None:
    simulator.plant("ntlm-refused")
    with Client(simulator) as client:
        assert client.sign_in("NTLM", INBOX).status == 401
        assert client.sign_in("Negotiate", INBOX).status == 401
        assert client.basic(INBOX).status == 200


@pytest.mark.parametrize("header", ["NTLM !!!", "Negotiate", "Basic", "NTLM TlRMTVNTUAAD", "Digest x"])
def test_a_damaged_authorization_is_a_401_and_no_crash(simulator: Simulator, header: str) -> None:
    with Client(simulator) as client:
        assert client.post(INBOX, Authorization=header).status == 401
    assert simulator.schema_problems() == []
