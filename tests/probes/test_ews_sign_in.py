"""Signing in to EWS, on the simulator: each way, what a refusal stops, and what follows a way that fails."""

from __future__ import annotations

import pytest

from pytest_flowscape.facts import Kind
from tests.probes.ews_sessions import FIVE, Desk, kinds, run_in_threads
from tests.simulator.harness import Simulator


@pytest.mark.parametrize("username", [r"DEMO\svc-flowscape", "svc-flowscape@demo.test"], ids=["netbios", "upn"])
@pytest.mark.parametrize("auth", ["auto", "negotiate", "ntlm", "basic"])
def test_sign_in(simulator: Simulator, desk: Desk, auth: str, username: str) -> None:
    session = desk.session(auth=auth, username=username)
    sign_in, own = session.sign_in(desk.email, proven=False)
    assert sign_in.succeeded
    assert sign_in.way.lower() == ("negotiate" if auth == "auto" else auth)
    assert sign_in.server_version == "15.2.1748.10"
    assert sign_in.front_ends == ("EX01",)
    assert sign_in.notes == ()
    assert [folder.name for folder in own.folders] == ["inbox", "inbox"]
    bare, addressed = own.folders
    assert bare.folder_id
    assert bare.folder_id == addressed.folder_id
    assert session.counts == {"handshakes": 1, "GetFolder": 1}
    assert simulator.count("refused") == 0


@pytest.mark.parametrize("auth", ["auto", "ntlm", "basic"])
def test_wrong_password_is_shown_once(simulator: Simulator, desk: Desk, auth: str) -> None:
    gate = desk.gate()
    session = desk.session(auth=auth, gate=gate, password="not the password", connections=4)
    sign_in, own = session.sign_in(desk.email, proven=False)
    assert sign_in.tried
    assert not sign_in.succeeded
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is Kind.SIGN_IN_REFUSED
    assert sign_in.trouble.status == 401
    assert sign_in.trouble.challenges
    assert own.trouble == sign_in.trouble
    assert gate.stopped
    # nothing of the run signs in after that, whoever asks
    other = desk.session(auth=auth, gate=gate, connections=4)
    run_in_threads(lambda at: other.get_folder([desk.rooms[at % 4]], ["calendar"]), 8)
    assert kinds(session.get_folder(desk.rooms[:2], FIVE)) == dict.fromkeys(desk.rooms[:2], Kind.STOPPED)
    sync = session.sync_calendar(desk.rooms[0], impersonate=desk.rooms[0])
    assert sync.trouble is not None
    assert sync.trouble.kind is Kind.STOPPED
    assert simulator.count("refused") == 1
    assert simulator.count("ews.refused") == 1


def test_refused_way_with_a_proven_password(simulator: Simulator, desk: Desk) -> None:
    simulator.plant("ntlm-refused")
    gate = desk.gate()
    session = desk.session(gate=gate)
    sign_in, own = session.sign_in(desk.email, proven=True)
    assert sign_in.succeeded
    assert sign_in.way == "Basic"
    assert any("Negotiate" in note for note in sign_in.notes)
    assert not gate.stopped
    assert own.first_trouble is None
    assert kinds(session.get_folder(desk.rooms[:1], FIVE)) == {desk.rooms[0]: None}


def test_refused_way_without_proof_is_the_end(simulator: Simulator, desk: Desk) -> None:
    simulator.plant("ntlm-refused")
    gate = desk.gate()
    sign_in, _ = desk.session(gate=gate).sign_in(desk.email, proven=False)
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is Kind.SIGN_IN_REFUSED
    assert gate.stopped
    assert simulator.count("ews.refused") == 1


def test_two_refused_ways_are_the_end_of_a_proven_password(simulator: Simulator, desk: Desk) -> None:
    gate = desk.gate()
    sign_in, _ = desk.session(gate=gate, password="changed since").sign_in(desk.email, proven=True)
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is Kind.SIGN_IN_REFUSED
    assert gate.stopped
    assert simulator.count("ews.refused") == 2


@pytest.mark.parametrize("auth", ["negotiate", "ntlm"])
def test_extended_protection_is_answered(simulator: Simulator, desk: Desk, auth: str) -> None:
    simulator.plant("extended-protection")
    sign_in, _ = desk.session(auth=auth).sign_in(desk.email, proven=False)
    assert sign_in.succeeded


def test_bridged_tls_breaks_channel_binding(simulator: Simulator, desk: Desk) -> None:
    simulator.plant("tls-bridged")
    sign_in, _ = desk.session(auth="ntlm").sign_in(desk.email, proven=False)
    assert not sign_in.succeeded


@pytest.mark.parametrize(
    ("auth", "ways"), [("ntlm", ("Basic",)), ("auto", ("Bearer",)), ("auto", ())], ids=["other", "bearer", "none"]
)
def test_way_that_is_not_offered(simulator: Simulator, desk: Desk, auth: str, ways: tuple[str, ...]) -> None:
    session = desk.session(auth=auth, ways=ways)
    sign_in, own = session.sign_in(desk.email, proven=True)
    assert not sign_in.tried
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is Kind.WAY_MISSING_HERE
    assert own.trouble is not None
    assert kinds(session.get_folder(desk.rooms[:1], FIVE)) == {desk.rooms[0]: Kind.WAY_MISSING_HERE}
    assert simulator.count("ews.requests") == 0


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("forbidden-after", Kind.FORBIDDEN),
        ("page-after", Kind.LOGIN_PAGE),
        ("html-after", Kind.LOGIN_PAGE),
        ("440-after", Kind.LOGIN_PAGE),
        ("503-after", Kind.THROTTLED),
    ],
)
def test_stopped_after_the_password(simulator: Simulator, desk: Desk, condition: str, kind: Kind) -> None:
    simulator.plant(condition)
    gate = desk.gate()
    sign_in, _ = desk.session(gate=gate).sign_in(desk.email, proven=False)
    assert sign_in.tried
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is kind
    assert not gate.stopped  # the password was not refused
    assert simulator.count("refused") == 0


def test_account_without_a_mailbox_is_signed_in(simulator: Simulator, desk: Desk) -> None:
    simulator.plant("ACCOUNT-3:site")
    sign_in, own = desk.session().sign_in(desk.email, proven=False)
    assert sign_in.succeeded
    assert own.first_trouble is not None
