"""The demo: what a newcomer's first command shows."""

from __future__ import annotations

import time
from pathlib import Path

from pytest_flowscape.simulator.scenarios.typical import PLANTED
from tests.acceptance import accept

ROOMS, USERS = 20, 3  # at least
PROMISED = 20.0  # seconds, from a warm installation


def test_ready_is_accepted_and_two_workers_agree(tmp_path: Path) -> None:
    started = time.monotonic()
    serial = accept("--flowscape-demo", cwd=tmp_path, report=tmp_path / "serial")
    took = time.monotonic() - started
    assert (serial.code, serial.verdict) == (0, "ACCEPTED"), serial.output
    assert "Verdict: ACCEPTED" in serial.output
    assert len({target for id_, target in serial.outcomes("passed") if id_ == "ROOM-1"}) >= ROOMS
    assert len({target for id_, target in serial.outcomes("passed") if id_ == "IMPERSONATION-2"}) >= USERS
    assert took < 2 * PROMISED  # the promise, with slack for a busy machine
    assert (tmp_path / "serial" / "acceptance.html").exists()
    assert (tmp_path / "serial" / "evidence.json").exists()
    two = accept("--flowscape-demo", "-n", "2", cwd=tmp_path, report=tmp_path / "two")
    assert (two.code, two.digest) == (0, serial.digest), two.output


def test_typical_names_each_planted_mistake_with_its_fix_and_nothing_else(tmp_path: Path) -> None:
    done = accept("--flowscape-demo=typical", cwd=tmp_path)
    assert (done.code, done.verdict) == (1, "NOT ACCEPTED"), done.output
    assert done.outcomes("failed") == set(PLANTED)
    for pair in PLANTED:
        assert done.outcome(*pair)["fix"]
        assert done.outcome(*pair)["found"]
    assert "Verdict: NOT ACCEPTED" in done.output


def test_an_unknown_scenario_is_one_sentence(tmp_path: Path) -> None:
    done = accept("--flowscape-demo=nothing", cwd=tmp_path)
    assert done.code == 4
    assert "nothing" in done.output
    assert "ready" in done.output
    assert "Traceback" not in done.output


def test_a_site_file_and_a_demo_exclude_each_other(tmp_path: Path) -> None:
    done = accept("--flowscape-demo", "--flowscape-config=site.ini", cwd=tmp_path)
    assert done.code == 4
    assert "not both" in done.output
