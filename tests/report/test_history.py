"""history/: what is kept, what is read again, and what cannot harm a run."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report.files import history, results
from pytest_flowscape.report.files.changes import Changes
from pytest_flowscape.site.model import Site
from tests.report.report_samples import NOON, REQUIREMENTS, failure, result, run_info, site
from tests.report.report_schema import faults

ROOM = "room0001@contoso.test"
BAD = [("PERMISSION-1", ROOM)]


def run(
    folder: Path, judged: Result, *, day: int = 0, where: Site | None = None, run_id: str = ""
) -> tuple[Changes | None, str]:
    """Do what the recorder does at the end of a run, so many days after the first."""
    where = where or site()
    started, run_id = NOON + timedelta(days=day), run_id or f"run-{day}"
    changed, note = history.look_back(folder, judged, where, started)
    info = run_info(started=started, ended=started, run_id=run_id, changes=changed)
    written = results.write(folder, judged, REQUIREMENTS, where, None, info)
    assert faults(json.loads(written.read_text("utf-8")), "results-1") == []
    history.keep(folder, written, started, run_id)
    return changed, note


def green(where: Site | None = None) -> Result:
    return result(where or site())


def red(where: Site | None = None) -> Result:
    return result(where or site(), [failure(*pair) for pair in BAD])


def known(found: tuple[Changes | None, str]) -> Changes:
    """Return the changes of a run that had something to compare with, and nothing to complain of."""
    assert found[1] == ""
    assert found[0] is not None
    return found[0]


def test_planted_once_is_one_new_and_mended_is_one_fixed(tmp_path: Path) -> None:
    assert run(tmp_path, green()) == (None, "")
    assert known(run(tmp_path, green(), day=1)).nothing_changed
    planted = known(run(tmp_path, red(), day=2))
    assert (list(planted.new), planted.fixed, planted.still, planted.otherwise) == (BAD, (), (), 0)
    stays = known(run(tmp_path, red(), day=3))
    assert stays.nothing_changed
    assert list(stays.still) == BAD
    mended = known(run(tmp_path, green(), day=4))
    assert (mended.new, list(mended.fixed), mended.still, mended.otherwise) == ((), BAD, (), 0)
    assert mended.previous_run == "run-3"
    assert mended.previous_date == "2026-11-23T12:00:00Z"
    assert [point[1] for point in mended.trend] == [0, 0, 1, 1, 0]


def test_what_is_kept_is_the_very_file_that_a_signed_page_names(tmp_path: Path) -> None:
    run(tmp_path, red(), run_id="5f2c0a3e-0000-4000-8000-000000000000")
    kept = tmp_path / "history" / "20261120T120000Z-5f2c0a3e-0000-4000-8000-000000000000.json"
    assert kept.read_bytes() == (tmp_path / "results.json").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits")
def test_folder_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        run(tmp_path, red())
    finally:
        os.umask(before)
    folder = tmp_path / "history"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


def test_the_newest_200_stay_and_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    run(tmp_path, green(), day=300)
    folder = tmp_path / "history"
    for day in range(230):
        stamp = (NOON + timedelta(days=day)).strftime("%Y%m%dT%H%M%SZ")
        (folder / f"{stamp}-run.json").write_text("{}", encoding="utf-8")
    mine = folder / "notes.txt"
    mine.write_text("mine", encoding="utf-8")
    run(tmp_path, green(), day=301)
    names = sorted(path.name for path in folder.iterdir() if path != mine)
    assert len(names) == history.MAX_RUNS == 200
    assert names[-1].endswith("-run-301.json")
    assert names[0].startswith((NOON + timedelta(days=32)).strftime("%Y%m%dT"))
    assert mine.exists()


HARM = {
    "half-written": '{"schema": "flowscape-results/1", "site": {',
    "empty": "",
    "no JSON": "not at all",
    "a list": "[1, 2]",
    "a number": "7",
    "null": "null",
    "another schema": '{"schema": "flowscape-results/2"}',
    "deep": "[" * 100_000,
    "not UTF-8": b"\xff\xfe\x00",
    "no outcomes": '{"schema": "flowscape-results/1", "site": {"customer": "Contoso Ltd", "name": "Headquarters", '
    '"hostname": "x"}, "run": {}, "outcomes": [{}]}',
    "outcomes of another kind": '{"schema": "flowscape-results/1", "site": {"customer": "Contoso Ltd", "name": '
    '"Headquarters", "hostname": "x"}, "run": {"id": "1", "started": "x"}, "outcomes": [{"outcome": "splendid"}]}',
}


@pytest.mark.parametrize("content", HARM.values(), ids=HARM)
def test_a_file_of_no_use_is_named_once_and_the_one_before_it_is_used(tmp_path: Path, content: str | bytes) -> None:
    run(tmp_path, green())
    name = "20261121T120000Z-broken.json"
    (tmp_path / "history" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    changed, note = run(tmp_path, red(), day=2)
    assert changed is not None
    assert changed.previous_run == "run-0"
    assert list(changed.new) == BAD
    assert name in note
    assert len(note.splitlines()) == 1


def test_many_files_of_no_use_make_one_note(tmp_path: Path) -> None:
    run(tmp_path, green())
    for day in range(21, 25):
        (tmp_path / "history" / f"202611{day}T120000Z-x.json").write_text("", encoding="utf-8")
    _, note = run(tmp_path, green(), day=9)
    assert "20261124T120000Z-x.json and 3 more" in note


def test_a_first_run_among_rubbish_says_so_too(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    (folder / "20261101T120000Z-x.json").mkdir()  # a folder where a file is expected
    changed, note = run(tmp_path, green())
    assert changed is None
    assert "20261101T120000Z-x.json" in note


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_hold_the_run_up(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    os.mkfifo(tmp_path / "history" / "20261101T120000Z-x.json")
    assert run(tmp_path, green())[0] is None


def test_another_site_in_the_same_folder_is_told_and_not_compared_with(tmp_path: Path) -> None:
    elsewhere = site(customer="Fabrikam")
    run(tmp_path, red(elsewhere), where=elsewhere)
    changed, note = run(tmp_path, green(), day=1)
    assert changed is None
    assert "another version or site" in note


def test_a_site_keeps_its_history_when_its_hostname_or_case_is_corrected(tmp_path: Path) -> None:
    wrong = replace(site(name="headquarters"), exchange=replace(site().exchange, hostname="mial.contoso.test"))
    run(tmp_path, red(wrong), where=wrong)
    assert list(known(run(tmp_path, green(), day=1)).fixed) == BAD


def test_a_run_that_started_later_is_left_alone(tmp_path: Path) -> None:
    run(tmp_path, green(), day=0)
    run(tmp_path, red(), day=2)  # ended before the one that started a day earlier
    assert known(run(tmp_path, green(), day=1)).previous_run == "run-0"


def test_two_runs_with_one_id_are_both_kept(tmp_path: Path) -> None:
    """A ticket's id is given to every nightly run."""
    run(tmp_path, green(), day=0, run_id="same")
    run(tmp_path, green(), day=1, run_id="same")
    assert len(list((tmp_path / "history").iterdir())) == 2


def test_a_run_of_some_rooms_compares_what_it_ran_and_hides_nothing_from_the_next(tmp_path: Path) -> None:
    run(tmp_path, red())
    some = result(site(), leave_out=("PERMISSION-1",))
    partly = known(run(tmp_path, some, day=1))
    assert partly.nothing_changed
    assert partly.left_out == len(site().rooms)
    assert "not run" in partly.sentence
    assert len(partly.trend) == 1  # the whole run before it; its own counts compare with nothing
    whole = known(run(tmp_path, red(), day=2))
    assert list(whole.still) == BAD
    assert whole.new == ()
    assert [point[1] for point in whole.trend] == [1, 1]


def test_a_requirement_of_a_newer_version_is_found_for_the_first_time(tmp_path: Path) -> None:
    without = {id_: one for id_, one in REQUIREMENTS.items() if id_ != "PERMISSION-1"}
    run(tmp_path, result(site(), requirements=without))
    found = known(run(tmp_path, red(), day=1))
    assert list(found.new) == list(found.first) == BAD
    assert found.otherwise == 0


def test_the_trend_holds_twelve_runs(tmp_path: Path) -> None:
    for day in range(15):
        found = run(tmp_path, green(), day=day)
    trend = known(found).trend
    assert len(trend) == 12
    assert trend[-1][0] == "2026-12-04T12:00:00Z"
    assert trend[0][0] == "2026-11-23T12:00:00Z"


def test_a_folder_that_cannot_be_written_raises_and_one_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file stands in the way", encoding="utf-8")
    assert history.look_back(tmp_path, green(), site(), NOON) == (None, "")
    written = results.write(tmp_path, green(), REQUIREMENTS, site(), None, run_info())
    with pytest.raises(OSError):  # noqa: PT011  its text is the system's
        history.keep(tmp_path, written, NOON, "x")


@pytest.mark.parametrize("run_id", ["../../etc/passwd", "", "a/b", "x" * 300, "\u202e"])
def test_no_run_id_leads_out_of_the_folder(tmp_path: Path, run_id: str) -> None:
    written = results.write(tmp_path, green(), REQUIREMENTS, site(), None, run_info())
    kept = history.keep(tmp_path, written, datetime.fromisoformat("2026-11-20T12:00:00+02:00"), run_id)
    assert kept.parent == tmp_path / "history"
    assert kept.name.startswith("20261120T100000Z-")
