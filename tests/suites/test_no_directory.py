"""A site without any directory server: ResolveNames proves names and addresses exactly, or nothing."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance import Finished, accept, read_site
from tests.simulator.harness import Simulator

SERVICE = "svc-flowscape@demo.test"


@pytest.fixture
def site(simulator: Simulator) -> Path:
    """The simulator's site file without its [directory] section, beside its password."""
    text = simulator.site.read_text(encoding="utf-8")
    found = simulator.site.with_name("no-directory.ini")
    found.write_text(re.sub(r"(?ms)^\[directory\]\n.*?(?=^\[|\Z)", "", text), encoding="utf-8")
    return found


@pytest.fixture
def rooms(site: Path) -> list[str]:
    """The configured rooms."""
    return [room.email for room in read_site(site).rooms]


def proven(rooms: list[str]) -> set[tuple[str, str]]:
    """What ResolveNames proves on a healthy site."""
    return {("ACCOUNT-1", "site"), *(("ROOM-2", room) for room in rooms)}


def found(done: Finished, requirement: str, target: str = "site") -> tuple[str, str]:
    """Outcome and reason of one pair."""
    outcome = done.outcome(requirement, target)
    return str(outcome["outcome"]), str(outcome["found"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_names_and_addresses_are_proven_with_one_question_each(
    workers: str, simulator: Simulator, site: Path, rooms: list[str], tmp_path: Path
) -> None:
    done = accept(site, "-q", "-n", workers, cwd=tmp_path)
    assert proven(rooms) <= done.outcomes("passed"), done.output
    assert not done.outcomes("failed")
    unread = {id_ for id_, _ in done.outcomes("not measured")}
    assert unread == {"ACCOUNT-2", "ACCOUNT-4", "ACCOUNT-6", "ROOM-1"}
    assert (done.verdict, done.code) == ("INCOMPLETE", 10)
    assert "ResolveNames" in str(done.outcome("ACCOUNT-1")["notes"])
    assert "hidden from address lists" in str(done.outcome("ROOM-2", rooms[0])["notes"])
    assert simulator.count("ews.ResolveNames") == 1 + len(rooms)
    asked = Counter(entry["connection"] for entry in simulator.log() if entry["operation"] == "ResolveNames")
    if workers == "2":  # the rooms are asked by those who judge them, not one after the other before the tests
        assert len(asked) >= 3, asked


def test_what_is_wrong_fails(simulator: Simulator, site: Path, rooms: list[str], tmp_path: Path) -> None:
    simulator.plant("ACCOUNT-1", f"alias:{rooms[1]}")
    done = accept(site, "-q", cwd=tmp_path)
    assert done.outcomes("failed") == {("ACCOUNT-1", "site"), ("ROOM-2", rooms[1])}, done.output
    assert "last name" in found(done, "ACCOUNT-1")[1]
    assert f"new-{rooms[1]}" in found(done, "ROOM-2", rooms[1])[1]
    assert simulator.count("ews.ResolveNames") == 1 + len(rooms)


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        (("hidden-from-address-list:{0}",), "may be hidden from address lists"),
        (("longer-address:{0}", "hidden-from-address-list:{0}"), "1 only begin like it"),
        (("ROOM-2:{0}",), "2 entries of the address list"),
        (("longer-address:{0}", "ROOM-2:{0}"), "2 entries of the address list"),
        (("online:{0}",), "belongs to a Contact"),
    ],
)
def test_what_is_unsure_of_a_room_is_not_measured(
    planted: tuple[str, ...], words: str, *, simulator: Simulator, site: Path, rooms: list[str], tmp_path: Path
) -> None:
    simulator.plant(*(name.format(rooms[0]) for name in planted))
    done = accept(site, "-q", f"--flowscape-room={rooms[0]}", cwd=tmp_path)
    outcome, reason = found(done, "ROOM-2", rooms[0])
    assert outcome == "not measured", done.output
    assert words in reason
    assert ("ROOM-2", rooms[0]) not in done.outcomes("failed")


def test_a_longer_address_beside_the_exact_one_does_no_harm(
    simulator: Simulator, site: Path, rooms: list[str], tmp_path: Path
) -> None:
    simulator.plant(f"longer-address:{rooms[0]}")
    done = accept(site, "-q", f"--flowscape-room={rooms[0]}", cwd=tmp_path)
    assert found(done, "ROOM-2", rooms[0])[0] == "passed", done.output


def test_a_hidden_account_is_not_measured(simulator: Simulator, site: Path, rooms: list[str], tmp_path: Path) -> None:
    simulator.plant(f"hidden-from-address-list:{SERVICE}")
    done = accept(site, "-q", f"--flowscape-room={rooms[0]}", cwd=tmp_path)
    outcome, reason = found(done, "ACCOUNT-1")
    assert outcome == "not measured", done.output
    assert "may be hidden" in reason
