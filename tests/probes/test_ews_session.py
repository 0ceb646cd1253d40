"""The EWS session against the simulator: sign-ins, batches, throttling; every envelope valid (the fixture asserts)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_flowscape.facts import Kind, ResolvedName
from tests.probes.ews_sessions import ALL_WAYS, FIVE, RUN, Desk, desk_of, kinds, run_in_threads
from tests.simulator.harness import Simulator


@pytest.fixture
def desk(simulator: Simulator, tmp_path: Path) -> Iterator[Desk]:
    desk = desk_of(simulator, tmp_path)
    yield desk
    desk.close()


# --- signing in -------------------------------------------------------------------------------------


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


# --- asking -----------------------------------------------------------------------------------------


def test_one_request_for_many_mailboxes(simulator: Simulator, desk: Desk) -> None:
    session = desk.session()
    answers = session.get_folder(desk.rooms, FIVE, rights=True)
    assert list(answers) == list(desk.rooms)
    assert set(kinds(answers).values()) == {None}
    assert [folder.name for folder in answers[desk.rooms[0]].folders] == list(FIVE)
    assert len({folder.folder_id for answer in answers.values() for folder in answer.folders}) == 5 * len(desk.rooms)
    assert all(folder.rights and folder.rights["Read"] for answer in answers.values() for folder in answer.folders)
    assert session.counts["GetFolder"] == 1
    (entry,) = [entry for entry in simulator.log() if entry["status"] == 200]
    assert set(entry["mailboxes"]) == set(desk.rooms)


def test_owner_view(desk: Desk) -> None:
    room = desk.rooms[0]
    session = desk.session(way="NTLM")
    owner = session.get_folder([room], FIVE, impersonate=room, rights=True, permissions=True)[room]
    assert owner.impersonated == room
    assert owner.first_trouble is None
    assert all(folder.permissions is not None for folder in owner.folders)
    delegate = session.get_folder([room], FIVE)[room]
    assert [folder.folder_id for folder in delegate.folders] == [folder.folder_id for folder in owner.folders]
    sync = session.sync_calendar(room, impersonate=room)
    assert sync.sync_state
    assert sync.trouble is None
    own = session.get_folder([""], ["calendar"])[""]
    assert own.folders[0].folder_id not in {folder.folder_id for folder in owner.folders}


def test_request_headers(simulator: Simulator, desk: Desk) -> None:
    desk.session().sync_calendar(desk.rooms[0], impersonate=desk.rooms[0])
    last = simulator.log()[-1]
    told = {str(key).lower().replace("-", "_"): value for key, value in last.items()}
    assert RUN[:24] in str(told)


def test_impersonation_refused(simulator: Simulator, desk: Desk) -> None:
    room = desk.rooms[0]
    simulator.plant(f"IMPERSONATION-1:{room}")
    session = desk.session()
    answer = session.get_folder([room], FIVE, impersonate=room)[room]
    assert answer.trouble is not None
    assert answer.trouble.kind is Kind.IMPERSONATION_REFUSED
    assert answer.trouble.status == 500
    assert answer.trouble.code == "ErrorImpersonateUserDenied"
    assert session.counts["GetFolder"] == 1


def test_no_such_mailbox_and_not_primary(simulator: Simulator, desk: Desk) -> None:
    room = desk.rooms[1]
    simulator.plant(f"alias:{room}")
    session = desk.session()
    answers = session.get_folder(["nobody@demo.test", *desk.rooms[:3]], FIVE)
    told = kinds(answers)
    assert told["nobody@demo.test"] is Kind.NO_MAILBOX
    assert told[room] is Kind.NOT_PRIMARY
    assert told[desk.rooms[0]] is None
    assert told[desk.rooms[2]] is None
    trouble = answers[room].first_trouble
    assert trouble is not None
    assert trouble.values["Primary"]


@pytest.mark.parametrize("at", [0, 2, 5], ids=["first", "middle", "last"])
def test_a_batch_that_stops(simulator: Simulator, desk: Desk, at: int) -> None:
    room = desk.rooms[at]
    simulator.plant(f"PERMISSION-1:{room}", f"stops-batch:{room}")
    session = desk.session()
    told = kinds(session.get_folder(desk.rooms, FIVE))
    assert told == {**dict.fromkeys(desk.rooms), room: Kind.NO_ACCESS}
    assert session.counts["GetFolder"] <= 3


def test_every_room_stops_the_batch(simulator: Simulator, desk: Desk) -> None:
    for room in desk.rooms:
        simulator.plant(f"PERMISSION-1:{room}", f"stops-batch:{room}")
    told = kinds(desk.session().get_folder(desk.rooms, FIVE))
    assert told == dict.fromkeys(desk.rooms, Kind.NO_ACCESS)


def test_resolve_names(simulator: Simulator, desk: Desk) -> None:
    session = desk.session()
    told = session.resolve_names(desk.email.upper())
    assert (told.trouble, told.others, told.complete) == (None, 0, True)
    (found,) = told.contacts
    assert found.full
    assert (found.primary, found.given_name, found.surname) == (desk.email, "Flowscape", "Service")
    assert session.resolve_names("nobody@demo.test") == ResolvedName("nobody@demo.test")


def test_resolve_names_by_an_alias(simulator: Simulator, desk: Desk) -> None:
    room = desk.rooms[0]
    simulator.plant(f"alias:{room}")
    (found,) = desk.session().resolve_names(room).contacts
    assert found.primary != room
    assert f"smtp:{room}" in found.smtp_addresses


# --- throttling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ["throttled-once", "inner-throttled-once", "unavailable-once"])
def test_throttled_once_is_asked_again(simulator: Simulator, desk: Desk, condition: str) -> None:
    simulator.plant(condition)
    session = desk.session(connections=4)
    told = kinds(session.get_folder(desk.rooms[:1], FIVE))
    assert told == {desk.rooms[0]: None}
    assert session.counts["GetFolder"] == 2
    assert simulator.count("refused") == 0


@pytest.mark.parametrize("condition", ["throttled", "inner-throttled"])
def test_throttled_for_ever_is_later_and_never_no_access(simulator: Simulator, desk: Desk, condition: str) -> None:
    simulator.plant(condition)
    session = desk.session(timeout=2)
    told = kinds(session.get_folder(desk.rooms[:1], FIVE))
    assert told == {desk.rooms[0]: Kind.THROTTLED}
    assert session.counts["GetFolder"] <= 4
    sync = session.sync_calendar(desk.rooms[0], impersonate=desk.rooms[0])
    assert sync.trouble is not None
    assert sync.trouble.kind is Kind.THROTTLED


def test_store_sessions_that_run_out(simulator: Simulator, desk: Desk) -> None:
    simulator.plant("one-session")
    told = kinds(desk.session().get_folder(desk.rooms[:3], FIVE))
    assert set(told.values()) == {None}


def test_connection_limit_halves_the_connections(simulator: Simulator, desk: Desk) -> None:
    simulator.plant("one-at-a-time")
    session = desk.session(connections=4, timeout=20)

    def ask(at: int) -> dict[str, Kind | None]:
        session.get_folder([desk.rooms[at]], ["calendar"])
        return kinds(session.get_folder([desk.rooms[at]], ["calendar"]))

    answers = run_in_threads(ask, 4)
    assert session.counts["throttled"] >= 1
    assert session._talk.pool.size == 2
    assert all(set(told.values()) <= {None, Kind.THROTTLED} for told in answers)


def test_a_mailbox_that_moves_is_asked_again(simulator: Simulator, desk: Desk) -> None:
    room = desk.rooms[1]
    simulator.plant(f"moving-once:{room}")
    told = kinds(desk.session().get_folder(desk.rooms[:3], FIVE))
    assert told == dict.fromkeys(desk.rooms[:3])


def test_a_mailbox_that_keeps_moving_is_transient(simulator: Simulator, desk: Desk) -> None:
    room = desk.rooms[1]
    simulator.plant(f"moving:{room}")
    session = desk.session(timeout=2)
    told = kinds(session.get_folder(desk.rooms[:3], FIVE))
    assert told == {**dict.fromkeys(desk.rooms[:3]), room: Kind.TRANSIENT}


# --- connections ------------------------------------------------------------------------------------


def test_threads_share_the_connections(simulator: Simulator, desk: Desk) -> None:
    session = desk.session(connections=3, way="NTLM")

    def ask(at: int) -> bool:
        room = desk.rooms[at % len(desk.rooms)]
        answer = session.get_folder([room], ["calendar"], impersonate=room)[room]
        expected = session.get_folder([room], ["calendar"])[room]
        return answer.first_trouble is None and answer.folders[0].folder_id == expected.folders[0].folder_id

    assert all(run_in_threads(ask, 12))
    assert 1 <= session.counts["handshakes"] <= 3
    assert session.counts["GetFolder"] == 24
    assert simulator.count("ews.http_connections") <= 3


def test_front_ends_are_collected(simulator: Simulator, desk: Desk) -> None:
    simulator.plant("many-front-ends")
    session = desk.session(connections=3)
    for _ in range(6):
        session.get_folder([""], ["calendar"])
    assert session.front_ends <= {"EX01", "EX02", "EX03"}
    assert session.front_ends


@pytest.mark.parametrize("way", ALL_WAYS)
def test_a_worker_uses_the_proven_way(desk: Desk, way: str) -> None:
    session = desk.session(way=way)
    assert set(kinds(session.get_folder(desk.rooms[:2], FIVE)).values()) == {None}
    assert session.way == way


def test_password_changed_in_mid_run(simulator: Simulator, desk: Desk) -> None:
    gate = desk.gate()
    good = desk.session(auth="basic", gate=gate)
    assert good.sign_in(desk.email, proven=False)[0].succeeded
    stale = desk.session(gate=gate, way="Basic", password="changed meanwhile", connections=4)
    told = run_in_threads(lambda at: stale.get_folder([desk.rooms[at]], ["calendar"])[desk.rooms[at]], 4)
    found = [answer.trouble.kind for answer in told if answer.trouble]
    assert sorted(kind.name for kind in found) == ["LOST_SIGN_IN", "STOPPED", "STOPPED", "STOPPED"]
    assert simulator.count("refused") == 1
    assert kinds(good.get_folder(desk.rooms[:1], FIVE)) == {desk.rooms[0]: Kind.STOPPED}
