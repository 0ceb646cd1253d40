"""Whole runs: what they leave for administrators, and what a file that cannot be written costs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.acceptance import Finished, accept
from tests.report import powershell
from tests.report.fix_files import assert_fix_is_written
from tests.simulator.harness import Simulator


@pytest.fixture(scope="module")
def typical(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The mistakes that customers make, measured."""
    return accept("--flowscape-demo=typical", "-q", cwd=tmp_path_factory.mktemp("typical"))


def test_each_mistake_of_the_demo_has_its_fix_for_its_owner(typical: Finished) -> None:
    failed = [o for o in typical.results["outcomes"] if o["outcome"] == "failed"]
    assert len({o["requirement"] for o in failed}) > 6
    for outcome in failed:
        assert_fix_is_written(typical.folder, outcome)


def test_the_scripts_of_the_demo_are_powershell(typical: Finished) -> None:
    scripts = sorted((typical.folder / "fixes").glob("*.ps1"))
    assert [path.name for path in scripts] == ["active-directory.ps1", "exchange.ps1"]
    for path in scripts:
        source = path.read_text(encoding="utf-8-sig")
        assert not powershell.faults(source)
        literals = [token.text for token in powershell.tokens(source) if token.kind == "literal"]
        assert "DEMO\\svc-flowscape" in literals
    assert not (typical.folder / "fixes" / "network.txt").exists()  # nothing is wrong with the network


def test_the_handover_of_the_demo_tells_every_room(typical: Finished) -> None:
    with (typical.folder / "handover.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    states = {row["value"]: row["state"] for row in rows if row["what"] == "room"}
    failed = {o["target"] for o in typical.results["outcomes"] if o["outcome"] == "failed" and "@" in o["target"]}
    assert len(states) == 24
    assert {room for room, state in states.items() if state == "failed"} == failed & set(states)
    assert {row["state"] for row in rows if row["what"] == "run"} == {typical.verdict}


def test_a_run_with_nothing_to_fix_takes_the_scripts_of_the_last_one_away(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("PERMISSION-1:atlas@demo.test")
    accept(simulator.site, "-q", cwd=tmp_path)
    assert (tmp_path / "report" / "fixes" / "exchange.ps1").is_file()
    simulator.reset()
    done = accept(simulator.site, "-q", cwd=tmp_path)
    assert done.verdict == "ACCEPTED", done.output
    assert not (tmp_path / "report" / "fixes").exists()
    assert (tmp_path / "report" / "handover.csv").is_file()


def test_files_that_cannot_be_written_are_told_and_cost_no_other(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("PERMISSION-1:atlas@demo.test")
    report = tmp_path / "report"
    for name in ("handover.csv", "fixes/exchange.ps1", "evidence.json"):
        (report / name).mkdir(parents=True)  # a folder is in the way
    done = accept(simulator.site, "-q", cwd=tmp_path, report=report)
    assert done.verdict == "NOT ACCEPTED", done.output
    assert done.code == 1
    assert "INTERNALERROR" not in done.output
    told = [note for note in done.results["notes"] if "could not be written" in note]
    assert {note.partition(" ")[0] for note in told} == {"handover.csv", "fixes/exchange.ps1", "evidence.json"}
    assert "handover.csv could not be written" in done.output
    assert "handover.csv could not be written" in (report / "acceptance.html").read_text(encoding="utf-8")


def test_an_acceptance_without_its_record_is_none_and_still_has_its_other_files(
    simulator: Simulator, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    (report / "results.json").mkdir(parents=True)
    done = accept(simulator.site, "-q", cwd=tmp_path, report=report)
    assert (done.code, done.results) == (3, {}), done.output
    page = (report / "acceptance.html").read_text(encoding="utf-8")
    assert "results.json could not be written" in page
    assert (report / "handover.csv").is_file()
    assert (report / "evidence.json").is_file()
