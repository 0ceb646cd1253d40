"""The EWS session against the simulator: batches, throttling, connections; the fixture checks each envelope."""

from __future__ import annotations

import pytest

from pytest_flowscape.facts import Kind, ResolvedName
from tests.probes.ews_sessions import ALL_WAYS, FIVE, RUN, Desk, kinds, run_in_threads
from tests.simulator.harness import Simulator

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
