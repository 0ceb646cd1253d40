"""A second run says what changed; whole runs, on the simulator and on a stage."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.judging.outcomes import Word
from tests.acceptance import Finished, accept, read_site
from tests.report.report_schema import faults
from tests.report.staged import Stage, room
from tests.simulator.harness import Simulator

SECONDS_FOR_ONE_TEST = 300  # five runs
BAD = ("PERMISSION-1", room(1))


def pairs(found: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(one["requirement"], one["target"]) for one in found]


def changes_of(done: Finished) -> dict[str, Any]:
    assert faults(done.results, "results-1") == []
    assert done.results["changes"] is not None
    return dict(done.results["changes"])


def history_files(done: Finished) -> list[Path]:
    """Return the kept runs in the order in which they were kept."""
    return sorted((done.folder / "history").iterdir(), key=lambda path: path.stat().st_mtime_ns)


def test_nothing_changed_then_one_new_then_one_fixed_serially_and_with_workers(
    simulator: Simulator, tmp_path: Path
) -> None:
    first = accept(simulator.site, cwd=tmp_path)
    assert first.results["changes"] is None
    assert "Since" not in first.output
    second = accept(simulator.site, "-n", "4", cwd=tmp_path)
    assert second.digest == first.digest
    assert changes_of(second)["nothing_changed"]
    assert changes_of(second)["previous_run"] == first.results["run"]["id"]
    assert "no changes" in second.output
    target = read_site(simulator.site).rooms[2].email
    simulator.plant(f"PERMISSION-1:{target}")
    planted = accept(simulator.site, cwd=tmp_path)
    assert pairs(changes_of(planted)["new"]) == [("PERMISSION-1", target)]
    assert (changes_of(planted)["fixed"], changes_of(planted)["still"], changes_of(planted)["otherwise"]) == ([], [], 0)
    assert "1 new, 0 fixed" in planted.output
    again = accept(simulator.site, "-n", "4", cwd=tmp_path)
    assert again.digest == planted.digest
    assert changes_of(again)["nothing_changed"]
    assert pairs(changes_of(again)["still"]) == [("PERMISSION-1", target)]
    simulator.reset()
    mended = accept(simulator.site, cwd=tmp_path)
    assert pairs(changes_of(mended)["fixed"]) == [("PERMISSION-1", target)]
    assert (changes_of(mended)["new"], changes_of(mended)["still"], changes_of(mended)["otherwise"]) == ([], [], 0)
    assert "0 new, 1 fixed" in mended.output
    assert [point["failed"] for point in changes_of(mended)["trend"]] == [0, 0, 1, 1, 0]
    assert history_files(mended)[-1].read_bytes() == (mended.folder / "results.json").read_bytes()
    assert len(history_files(mended)) == 5


def test_a_run_of_one_room_or_one_that_was_stopped_hides_nothing_from_the_next(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {BAD: Word.FAILED})
    stage.run()
    for arguments in ((f"--flowscape-room={room(0)}",), ("-x",), ("-k", "test_host")):
        some = stage.run(*arguments)
        assert some.code in (1, 2, 10), some.output
        assert changes_of(some)["new"] == changes_of(some)["fixed"] == []
        assert changes_of(some)["left_out"] == some.results["not_run"] > 0
        assert "not run" in some.output
    whole = stage.run()
    assert pairs(changes_of(whole)["still"]) == [BAD]
    assert changes_of(whole)["new"] == []


def test_two_runs_at_once_are_both_kept_and_compare_with_the_one_before_them(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {BAD: Word.FAILED})
    first = stage.run()
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda _: stage.run(), range(2)))
    assert [one.code for one in done] == [1, 1], done[0].output + done[1].output
    assert len(history_files(first)) == 3
    for path in history_files(first):
        document = json.loads(path.read_text(encoding="utf-8"))
        assert faults(document, "results-1") == []
        assert document["changes"] is None or document["changes"]["nothing_changed"]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_that_cannot_be_kept_says_so_and_is_not_lost(workers: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path, {})
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "history").write_text("in the way", encoding="utf-8")
    done = stage.run("-n", workers)
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
    assert "could not be kept in history/" in done.output
    assert "Traceback" not in done.output


def test_what_cannot_be_used_of_the_history_is_one_note_on_every_page(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {})
    folder = tmp_path / "report" / "history"
    folder.mkdir(parents=True)
    for day in range(3):
        (folder / f"2026110{day + 1}T120000Z-x.json").write_text("{", encoding="utf-8")
    done = stage.run()
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
    [note] = [note for note in done.results["notes"] if "Not compared with" in note]
    assert "20261103T120000Z-x.json and 2 more" in note
    assert "Not compared with" in done.output


def test_one_that_only_looks_at_the_tests_leaves_no_trace(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {})
    done = stage.run("--collect-only", "-q")
    assert done.code == 0, done.output
    assert not (tmp_path / "report").exists()
