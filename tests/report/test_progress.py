"""The line of progress: what it says, and that it is written to a real terminal alone."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_flowscape.judging.outcomes import Word
from tests.acceptance import without_pytest
from tests.report.staged import VARIABLE, Stage, pairs, room

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
ROOT = str(Path(__file__).parents[2])
ROOMS = 3


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(
        tmp_path,
        {
            ("PERMISSION-1", room(0)): Word.FAILED,
            ("PERMISSION-1", room(1)): Word.FAILED,
            ("ROOM-1", room(2)): Word.NOT_MEASURED,
        },
        rooms=ROOMS,
    )


def at_terminal(stage: Stage, *arguments: str, columns: int = 100) -> str:
    """Run on a pseudo-terminal of so many columns, and give every byte that came."""
    command = [sys.executable, "-m", "pytest", f"--flowscape-config={stage.site}", "--flowscape-report=report"]
    command += ["-p", "tests.report.staged", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    ours, theirs = pty.openpty()
    env = {
        **without_pytest(),
        VARIABLE: str(stage.folder),
        "PYTHONPATH": ROOT,
        "COLUMNS": str(columns),
        "TERM": "xterm",
    }
    env["XDG_STATE_HOME"] = str(stage.folder / "state")
    with subprocess.Popen(command, cwd=stage.folder, stdin=theirs, stdout=theirs, stderr=theirs, env=env):
        os.close(theirs)
        text = b""
        end = time.monotonic() + 120
        while time.monotonic() < end and select.select([ours], [], [], end - time.monotonic())[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says so when the other side has gone
                break
            if not piece:
                break
            text += piece
    os.close(ours)
    return text.decode("utf-8").replace("\r\n", "\n")


def states(text: str) -> list[str]:
    """Return what stood on the line, one after the other."""
    return [state.rstrip() for state in re.findall(r"\r(\d+/\d+ rooms[^\r\n\x1b]*)", text)]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_line_counts_rooms_and_findings_by_cause_and_pytest_goes_on_counting(workers: str, stage: Stage) -> None:
    text = at_terminal(stage, "-n", workers)
    seen = states(text)
    assert seen[-1] == f"{ROOMS}/{ROOMS} rooms, 1/1 users, 1 finding, 1 not measured"
    rooms = [int(state.partition("/")[0]) for state in seen]
    assert rooms == sorted(rooms)
    assert set(rooms) >= {1, 2, 3}
    # pytest's own words stand beside it, and no letters
    [line] = [line for line in text.split("\n") if "[100%]" in line]
    assert line.rpartition("\r")[2].startswith(seen[-1])
    plain = re.sub(r"\x1b(\[\d*m|\]9;[^\x1b]*\x1b\\)", "", text)
    for state in re.findall(r"\r(\d+/[^\r\n]*)", plain):
        assert re.fullmatch(r"\d/3 rooms(, 1/1 users)?, [01] findings?(, 1 not measured)?( +\[100%\])? *", state), state
    assert "2 failed" in plain.strip().split("\n")[-1]


def test_no_state_is_wider_than_the_terminal(stage: Stage) -> None:
    assert all(len(state) < 40 for state in states(at_terminal(stage, columns=40)))


@pytest.mark.parametrize("arguments", [("-q",), ("-v",), ("-s",), ("-o", "log_cli=true")], ids=" ".join)
def test_where_more_or_less_is_asked_for_there_is_no_line(arguments: tuple[str, ...], stage: Stage) -> None:
    text = at_terminal(stage, *arguments)
    assert states(text) == []
    assert "Measuring the site" not in text


def test_without_a_terminal_there_is_no_line_and_pytest_shows_its_letters(stage: Stage) -> None:
    done = stage.run()
    assert "\r" not in done.output
    assert "Measuring" not in done.output
    assert re.search(r"^[.FN-]{20,} +\[100%\]$", done.output, re.MULTILINE)
    assert len(pairs(ROOMS)) > 20


def test_what_is_said_before_and_after_starts_at_the_margin(stage: Stage) -> None:
    """What pytest writes when a run stops comes below the last state, not behind it."""
    text = at_terminal(stage, "-x")
    [line] = [line for line in text.split("\n") if "stopping after" in line]
    assert "rooms" not in line
    assert states(text)
