"""Ctrl-C and SIGTERM, wherever a run waits: it ends in seconds, says what it has, and leaves nothing behind."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.booking.sites import book, journals, sweep
from tests.session.interrupted import (
    Running,
    Stopped,
    alive,
    assert_ended_well,
    ours,
    patient_site,
    silent_port,
    wait_for,
)
from tests.simulator.harness import Simulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM is a kill there; see docs/ci.md")

WAYS = ("ctrl-c", "sigterm")
WORKERS = ("0", "2")
CROSSED = [("0", "sigterm"), ("2", "ctrl-c")]  # Ctrl-C reaches the workers too, SIGTERM the controller alone
# what is kept back, and whether the password had been shown to somebody who did not answer
POINTS = {
    "directory-sign-in": ("answers-held:ldap.bind", True),
    "directory-search": ("answers-held:ldap.search", False),
    "sign-in": ("answers-held:GetFolder", True),
    "rooms-as-themselves": ("answers-held:GetFolder/6", False),
    "rooms-as-delegate": ("answers-held:SyncFolderItems", False),
}


def stop_when_held(simulator: Simulator, folder: Path, how: str, *arguments: str) -> Stopped:
    with Running(patient_site(simulator, folder), folder, *arguments) as run:
        simulator.wait_held()
        return run.stop(how)


CASES = [
    *((point, workers, how) for point in ("sign-in", "rooms-as-themselves") for workers in WORKERS for how in WAYS),
    *((point, "0", "ctrl-c") for point in ("directory-sign-in", "directory-search", "rooms-as-delegate")),
    *((point, "2", "sigterm") for point in ("directory-sign-in", "directory-search", "rooms-as-delegate")),
]


@pytest.mark.parametrize(("point", "workers", "how"), CASES)
def test_while_a_server_keeps_its_answer(
    point: str, workers: str, how: str, simulator: Simulator, tmp_path: Path
) -> None:
    condition, shown = POINTS[point]
    simulator.plant(condition)
    done = stop_when_held(simulator, tmp_path, how, "-n", workers)
    assert_ended_well(done, workers)
    assert (done.folder / "refused-sign-in.json").exists() is shown
    assert done.outcomes("failed") == set()
    assert bool(done.outcomes("passed")) == point.startswith("rooms")
    # before the rooms no worker is started at all
    assert (tmp_path / "started").exists() is (workers == "2" and point.startswith("rooms"))
    said = {"ctrl-c": "Ctrl-C", "sigterm": "SIGTERM"}[how]
    assert f"interrupted ({said})" in done.output


@pytest.mark.parametrize(("workers", "how"), CROSSED)
def test_in_the_host_probe(workers: str, how: str, simulator: Simulator, tmp_path: Path) -> None:
    site = patient_site(simulator, tmp_path)
    with silent_port() as (port, came):
        text = re.sub(r"(?m)^hostname = .*$", f"hostname = localhost:{port}", site.read_text(encoding="utf-8"))
        site.write_text(text, encoding="utf-8")
        with Running(site, tmp_path, "-n", workers) as run:
            assert came.wait(60), run.output
            done = run.stop(how)
    assert_ended_well(done, workers)
    assert simulator.count("ldap.bind") == simulator.count("ews.requests") == 0


@pytest.mark.parametrize(("workers", "how"), CROSSED)
def test_while_the_server_asked_to_wait(workers: str, how: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("long-back-off:200")
    with Running(patient_site(simulator, tmp_path), tmp_path, "-n", workers) as run:
        wait_for(simulator, "ews.throttled")
        done = run.stop(how)
    assert_ended_well(done, workers)
    assert simulator.count("ews.throttled") == 1


@pytest.mark.parametrize(("workers", "how"), CROSSED)
def test_while_rooms_wait_as_they_were_asked_to(workers: str, how: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("answers-held:GetFolder/6")
    with Running(patient_site(simulator, tmp_path), tmp_path, "-n", workers) as run:
        simulator.wait_held()
        simulator.plant("long-back-off:200", "answers-held:GetFolder/1000")
        simulator.release()
        wait_for(simulator, "ews.throttled")
        done = run.stop(how)
    assert_ended_well(done, workers)


def test_again_and_again_changes_nothing(simulator: Simulator, tmp_path: Path) -> None:
    """Impatient fingers: the report is whole all the same."""
    simulator.plant("answers-held:GetFolder/6")
    with Running(patient_site(simulator, tmp_path), tmp_path, "-n", "2") as run:
        simulator.wait_held()
        run.signal("ctrl-c")
        run.signal("ctrl-c")
        done = run.stop("ctrl-c")
    assert_ended_well(done, "2")


# --- bookings -----------------------------------------------------------------------------------

# write 1 to 4 are the controller's, with or without workers; the sixth is a worker's
WRITES = [
    ("0", "1", "sigterm"),
    ("0", "2", "ctrl-c"),
    ("0", "3", "sigterm"),
    ("0", "4", "ctrl-c"),
    ("0", "6", "sigterm"),
    ("2", "2", "ctrl-c"),
    ("2", "6", "sigterm"),
    ("2", "6", "ctrl-c"),
]


def assert_all_told(done: Stopped, simulator: Simulator, before: list[dict[str, Any]], folder: Path) -> None:
    """What the run could not remove in its seconds stands on the page and in the journal; the sweep removes it."""
    left = done.results["bookings"]["left"]
    here = {item["subject"] for item in simulator.items() if item not in before}
    assert here <= {item["subject"] for item in left}, done.output
    assert bool(left) == bool(journals(folder)), done.output
    assert ("LEFT BEHIND" in done.page) == bool(left)
    assert all(item["subject"] in done.page for item in left)
    swept = sweep(simulator, folder)
    assert swept.returncode == 0, swept.stdout
    assert simulator.items() == before
    assert journals(folder) == []


@pytest.mark.parametrize(("workers", "write", "how"), WRITES)
def test_a_booking_is_removed_or_told(workers: str, write: str, how: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"booking-held:{write}")
    done = stop_when_held(simulator, tmp_path, how, "-n", workers, "--flowscape-book")
    assert_ended_well(done, workers)
    assert done.results["booking_exercised"] is True
    assert_all_told(done, simulator, before, tmp_path)


INTERRUPT = """
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar

MOVE = BookingCalendar.move_end

def move_end(self, *arguments):
    MOVE(self, *arguments)
    raise KeyboardInterrupt

BookingCalendar.move_end = move_end
"""


@pytest.mark.parametrize("workers", WORKERS)
def test_an_interrupted_booking_is_removed_where_there_is_time(
    workers: str, simulator: Simulator, tmp_path: Path
) -> None:
    """Without a signal there is no limit to the tidying up: so this does not depend on the machine."""
    (tmp_path / "interrupting.py").write_text(INTERRUPT)
    before = simulator.items()
    done = book(simulator, tmp_path, "-n", workers, "-p", "interrupting", env={"PYTHONPATH": str(tmp_path)})
    assert (done.code, done.verdict) == (2, "INCOMPLETE"), done.output
    assert simulator.items() == before
    assert journals(tmp_path) == []
    assert done.results["bookings"]["left"] == []
    (trip,) = done.results["bookings"]["trips"]
    assert [step["name"] for step in trip["steps"]][-2:] == ["interrupted", "remove"]
    assert len(trip["written"]) == 1


@pytest.mark.parametrize(("workers", "how"), CROSSED)
def test_a_booking_that_may_still_arrive_stays_journalled(
    workers: str, how: str, simulator: Simulator, tmp_path: Path
) -> None:
    """The request was sent, nobody answered, and nothing is there yet: the sweep of another day looks again."""
    before = simulator.items()
    simulator.plant("booking-held-before:1")
    done = stop_when_held(simulator, tmp_path, how, "-n", workers, "--flowscape-book")
    assert_ended_well(done, workers)
    assert len(journals(tmp_path)) == len(done.results["bookings"]["left"]) == 1
    assert_all_told(done, simulator, before, tmp_path)


@pytest.mark.parametrize(
    ("workers", "write", "how"), [("0", "2", "sigterm"), ("0", "6", "ctrl-c"), ("2", "6", "sigterm")]
)
def test_a_booking_that_cannot_be_removed_is_told_and_journalled(
    workers: str, write: str, how: str, simulator: Simulator, tmp_path: Path
) -> None:
    """The server answers no search any more."""
    before = simulator.items()
    simulator.plant(f"booking-held:{write}")
    with Running(patient_site(simulator, tmp_path), tmp_path, "-n", workers, "--flowscape-book") as run:
        simulator.wait_held()
        simulator.plant("answers-held:FindItem")
        done = run.stop(how)
    assert_ended_well(done, workers)
    assert done.results["bookings"]["left"]
    simulator.release()
    simulator.plant("answers-held:FindItem/100000")
    assert_all_told(done, simulator, before, tmp_path)


def test_a_sweep_that_is_interrupted_says_so_and_is_done_again(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant("booking-held:2", "answers-held:FindItem/2")
    site = patient_site(simulator, tmp_path)
    first = tmp_path / "first"
    first.mkdir()
    with Running(site, tmp_path, "--flowscape-book") as run:
        simulator.wait_held()
    assert alive(run.group) == []
    assert len(journals(tmp_path)) == 1
    simulator.plant("answers-held:FindItem")
    with Running(site, first, "--flowscape-sweep", state=tmp_path / "state") as run:
        simulator.wait_held()
        done = run.stop("sigterm")
    assert done.code == 2, done.output
    assert "interrupted: run --flowscape-sweep again" in done.output
    assert ours(done.temporary) == []
    simulator.plant("answers-held:FindItem/100000")
    assert sweep(simulator, tmp_path).returncode == 0
    assert simulator.items() == before
