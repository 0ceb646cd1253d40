"""More rooms than one search of the directory takes: the others are looked up while Exchange is asked already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.session.interrupted import Running, assert_ended_well, patient_site, wait_for
from tests.simulator.harness import Simulator

ROOMS = 130
BEFORE = 4  # searches: the account twice, its lockout policy, the first hundred addresses


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Simulator]:
    with Simulator(tmp_path / "simulator", rooms=ROOMS) as simulator:
        yield simulator


def last_rooms(simulator: Simulator) -> list[str]:
    """Return the rooms whose addresses the first search does not take."""
    lines = (simulator.folder / "rooms.csv").read_text(encoding="utf-8").splitlines()[1:]
    rooms = [line.split(",")[0] for line in lines]
    assert len(rooms) == ROOMS
    return rooms[100:]


def test_late_rooms_are_judged_as_the_first_ones(many: Simulator, tmp_path: Path) -> None:
    missing, alias, *_, last = last_rooms(many)
    many.plant(f"missing:{missing}", f"alias:{alias}", f"online:{last}")
    runs = []
    for workers in ("0", "2"):
        before = many.count("ldap.search")
        runs.append(accept(many.site, "-n", workers, cwd=tmp_path, report=tmp_path / f"report-{workers}"))
        searches = many.count("ldap.search") - before
        told = json.loads((runs[-1].folder / "evidence.json").read_text(encoding="utf-8"))["site"]["directory"]
        assert len(told["rooms"]) == len(told["rights"]) == ROOMS
        assert not any(holders["trouble"] for holders in told["rooms"].values())
        # second looks have a session of their own
        assert BEFORE < told["searches"] <= searches
        assert runs[-1].results["run"]["footprint"]["directory searches"] == searches
    serial, parallel = runs
    assert serial.digest == parallel.digest
    assert serial.outcomes("not measured") == parallel.outcomes("not measured")
    failed = {("ROOM-1", missing), ("ROOM-2", alias), ("ROOM-1", last)}
    assert failed <= serial.outcomes("failed")
    assert {target for _, target in serial.outcomes("failed", "not measured")} == {missing, alias, last}


def test_an_interrupted_run_does_not_wait_for_them(many: Simulator, tmp_path: Path) -> None:
    """Exchange has told of the first rooms, and the directory keeps the answer about the others back."""
    late = set(last_rooms(many))
    many.plant(f"answers-held:ldap.search/{BEFORE + 1}")
    with Running(patient_site(many, many.folder), tmp_path, "-n", "0") as run:
        many.wait_held()
        wait_for(many, "ews.requests", 200)
        done = run.stop("ctrl-c")
    assert_ended_well(done, "0")
    assert done.outcomes("failed") == set()
    passed = done.outcomes("passed")
    assert {"ROOM-1", "ROOM-2", "IMPERSONATION-1"} <= {id_ for id_, _ in passed}
    assert not {target for id_, target in passed if id_.startswith("ROOM-")} & late
