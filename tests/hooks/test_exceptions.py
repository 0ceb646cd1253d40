"""Waivers, attestations and decisions: what a person's word changes, and what it never does."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.acceptance import accept, read_site
from tests.simulator.harness import Simulator

TOMORROW = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011  a site file's dates are local
YESTERDAY = (date.today() - timedelta(days=1)).isoformat()  # noqa: DTZ011


def with_lines(simulator: Simulator, folder: Path, *lines: str, drop: str = "") -> Path:
    """Write a site file with more lines at its end; ``drop`` names a section that is left out."""
    text = simulator.site.read_text(encoding="utf-8")
    if drop:
        head, _, tail = text.partition(f"[{drop}]")
        text = head + (tail[tail.index("\n[") + 1 :] if "\n[" in tail else "")
    path = folder / "site.ini"
    path.write_text(text + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def first_room(simulator: Simulator) -> str:
    return read_site(simulator.site).rooms[0].email


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_waived_failure_is_an_exception_and_covers_what_it_stops(
    workers: str, simulator: Simulator, tmp_path: Path
) -> None:
    room = first_room(simulator)
    simulator.plant(f"IMPERSONATION-1:{room}")
    line = f"IMPERSONATION-1 {room} = A. Admin until {TOMORROW}: scope is widened on Monday"
    done = accept(with_lines(simulator, tmp_path, "[waivers]", line), "-n", workers, "--junitxml=j.xml", cwd=tmp_path)
    assert (done.verdict, done.code) == ("ACCEPTED WITH EXCEPTIONS", 0), done.output
    assert done.outcomes("waived") == {("IMPERSONATION-1", room), ("CALENDAR-1", room)}
    assert "A. Admin" in done.output
    skipped = ET.parse(tmp_path / "j.xml").getroot().iter("skipped")
    requested = len(done.outcomes("not requested"))
    assert len(list(skipped)) == 2 + requested


def test_an_expired_waiver_waives_nothing_and_is_named(simulator: Simulator, tmp_path: Path) -> None:
    room = first_room(simulator)
    simulator.plant(f"PERMISSION-1:{room}")
    line = f"PERMISSION-1 {room} = A. Admin until {YESTERDAY}: it was late"
    done = accept(with_lines(simulator, tmp_path, "[waivers]", line), cwd=tmp_path)
    assert (done.verdict, done.code) == ("NOT ACCEPTED", 1)
    assert f"ended on {YESTERDAY}" in " ".join(done.output.split())


def test_a_waiver_of_the_account_lets_no_room_through_unseen(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("must-change")
    line = f"ACCOUNT-4 = A. Admin until {TOMORROW}: will be changed"
    done = accept(with_lines(simulator, tmp_path, "[waivers]", line), cwd=tmp_path)
    assert (done.verdict, done.code) == ("INCOMPLETE", 10), done.output
    assert {id_ for id_, _ in done.outcomes("not measured")} >= {"PERMISSION-1", "IMPERSONATION-1", "CALENDAR-1"}


def test_what_cannot_be_measured_may_be_attested(simulator: Simulator, tmp_path: Path) -> None:
    ids = ("ACCOUNT-2", "ACCOUNT-4", "ACCOUNT-6", "ROOM-1")
    lines = [f"{id_} = A. Admin 2026-11-20: looked at it together" for id_ in ids]
    site = with_lines(simulator, tmp_path, "[attestations]", *lines, drop="directory")
    done = accept(site, "--junitxml=j.xml", cwd=tmp_path)
    assert (done.verdict, done.code) == ("ACCEPTED WITH EXCEPTIONS", 0), done.output
    assert {id_ for id_, _ in done.outcomes("attested")} == set(ids)
    # ResolveNames proves the rest exactly
    assert {("ACCOUNT-1", "site"), ("ROOM-2", first_room(simulator))} <= done.outcomes("passed")


def test_an_attestation_never_covers_a_failure(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("ACCOUNT-4:site")
    line = "ACCOUNT-4 = A. Admin 2026-11-20: it never expires"
    done = accept(with_lines(simulator, tmp_path, "[attestations]", line), cwd=tmp_path)
    assert done.outcomes("failed") == {("ACCOUNT-4", "site")}
    assert done.code == 1


def test_no_users_by_decision(simulator: Simulator, tmp_path: Path) -> None:
    site = with_lines(simulator, tmp_path, "[users]", "none = A. Admin 2026-11-20: rooms only", drop="users")
    done = accept(site, cwd=tmp_path)
    assert (done.verdict, done.code) == ("ACCEPTED WITH EXCEPTIONS", 0), done.output
    assert "rooms only" in done.output


def test_a_prompt_without_a_terminal_is_a_usage_error(simulator: Simulator, tmp_path: Path) -> None:
    text = simulator.site.read_text(encoding="utf-8").splitlines()
    lines = ["password = prompt" if line.startswith("password = file:") else line for line in text]
    (tmp_path / "site.ini").write_text("\n".join(lines), encoding="utf-8")
    for workers in ("0", "2"):
        done = accept("site.ini", "-n", workers, cwd=tmp_path)
        assert done.code == 4, done.output
        assert "terminal" in done.output
        assert "Traceback" not in done.output
    assert simulator.count("ews.requests") == 0


@pytest.mark.parametrize(
    ("condition", "unmeasured"),
    [
        ("hidden-exchange-attributes", {"ROOM-1", "ROOM-2", "ACCOUNT-6"}),
    ],
)
def test_what_a_hardened_directory_hides_is_not_measured(
    condition: str, unmeasured: set[str], simulator: Simulator, tmp_path: Path
) -> None:
    simulator.plant(condition)
    done = accept(simulator.site, cwd=tmp_path)
    assert done.outcomes("failed") == set(), done.output
    assert {id_ for id_, _ in done.outcomes("not measured")} == unmeasured, done.output
    assert done.verdict == "INCOMPLETE"


def test_workers_above_the_budget_are_cut_with_a_note(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "-n", "6", cwd=tmp_path)
    assert done.code == 0, done.output
    assert "-n 6 was cut to 4" in done.output
    assert done.results["run"]["workers"] == 4


@pytest.mark.parametrize("workers", ["0", "2"])
def test_throttling_is_later_and_never_no_access(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    for condition in ("throttled-once", "inner-throttled-once", "unavailable-once", "two-sessions"):
        simulator.reset()
        simulator.plant(condition)
        done = accept(simulator.site, "-n", workers, cwd=tmp_path)
        assert done.outcomes("failed") == set(), (condition, done.output)
        assert done.outcomes("not run") == set()
        if condition.endswith("once"):
            assert (done.verdict, done.code) == ("ACCEPTED", 0), (condition, done.output)
