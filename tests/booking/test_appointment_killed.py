"""Killed in the middle of a booking: the sweep finds what was written by its tag and removes it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchangelib import Account, CalendarItem
from exchangelib.items import SEND_TO_NONE

from pytest_flowscape.booking.client.booking_calendar import TaggedItem
from tests.booking.sites import ATLAS, ROOMS, assert_put_back, book, journals, kill_while_held, room, sweep
from tests.exchangelib_client.accounts import account
from tests.simulator.harness import Simulator

# the four writes of a round trip: book, extend, end early, remove
FOUR = ("1", "2", "3", "4")


@pytest.mark.parametrize("write", FOUR)
@pytest.mark.parametrize("when", ["booking-held", "booking-held-before"])
def test_the_sweep_puts_everything_back(when: str, write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    kill_while_held(simulator, tmp_path, f"{when}:{write}")
    there = [item for item in simulator.items() if item not in before]
    assert len(there) == ((when, write) not in {("booking-held", "4"), ("booking-held-before", "1")})
    assert len(journals(tmp_path)) == 1
    done = sweep(simulator, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("Removed: calendar of atlas@demo.test" in done.stdout) == bool(there)
    assert_put_back(simulator, tmp_path, before, done.stdout)


@pytest.mark.parametrize("write", ["5", "6", "7", "8", "11"])
def test_the_next_run_sweeps_what_a_worker_left(write: str, simulator: Simulator, tmp_path: Path) -> None:
    """Past the fourth write workers book, and are killed together with their controller."""
    before = simulator.items()
    kill_while_held(simulator, tmp_path, f"booking-held:{write}", "-n", "2")
    assert journals(tmp_path)
    done = book(simulator, tmp_path, "-n", "2")
    assert done.code == 0, done.output
    assert_put_back(simulator, tmp_path, before, done.output)


def test_nothing_to_sweep_asks_no_server(simulator: Simulator, tmp_path: Path) -> None:
    done = sweep(simulator, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing to remove" in done.stdout
    assert simulator.log() == []


def test_items_that_only_look_like_ours_survive(simulator: Simulator, tmp_path: Path) -> None:
    """The same subject without the tag, beside what a killed run left."""
    kill_while_held(simulator, tmp_path, "booking-held:2")
    (ours,) = (item for item in simulator.items() if item["extended"])
    opened = account(simulator, address=ATLAS)
    (known,) = opened.calendar.filter(subject=ours["subject"])
    put_item(opened, known, ours["subject"])
    done = sweep(simulator, tmp_path)
    assert done.returncode == 0, done.stdout
    left = [item for item in simulator.items() if item["subject"] == ours["subject"]]
    assert [item["extended"] for item in left] == [{}]
    run = book(simulator, tmp_path)  # and a run books beside it
    assert run.code == 0, run.output
    assert [item for item in simulator.items() if item["subject"] == ours["subject"]] == left


def put_item(opened: Account, like: CalendarItem, subject: str, **more: str) -> None:
    """Put an item into a calendar, at the time of another one."""
    item = TaggedItem(account=opened, folder=opened.calendar, subject=subject, **more)
    item.start, item.end = like.start, like.end
    item.save(send_meeting_invitations=SEND_TO_NONE)


def first_item(opened: Account) -> CalendarItem:
    return next(iter(opened.calendar.all().order_by("start")))


def test_a_stranger_in_the_calendar_stops_everything_there(simulator: Simulator, tmp_path: Path) -> None:
    """In zuerich, which has items of its own, are what a killed run left and somebody else's tagged item."""
    kill_while_held(simulator, tmp_path, "booking-held:2", "--flowscape-room=zuerich@demo.test")
    opened = account(simulator, address=room("zuerich"))
    put_item(opened, first_item(opened), "Somebody's", run_tag="another/1")
    before = simulator.items()
    done = sweep(simulator, tmp_path)
    assert done.returncode == 1
    assert "NOT REMOVED: calendar of zuerich@demo.test" in done.stdout
    assert "NOT OURS: calendar of zuerich@demo.test: 'Somebody's'" in done.stdout
    assert simulator.items() == before
    run = book(simulator, tmp_path, "--flowscape-room=zuerich@demo.test")
    outcome = run.outcome("CALENDAR-2", room("zuerich"))
    assert outcome["outcome"] in ("failed", "not measured")
    assert "tagged items that no journal here knows" in outcome["found"]
    assert simulator.items() == before
    assert "Not touched: calendar of zuerich@demo.test: 'Somebody's'" in run.output


def test_a_worker_that_dies_leaves_nothing(simulator: Simulator, tmp_path: Path) -> None:
    """Killed alone, by itself, right after its second write; the room is booked again elsewhere."""
    (tmp_path / "killer.py").write_text(KILLER.format(flag=str(tmp_path / "killed")))
    before = simulator.items()
    done = book(simulator, tmp_path, "-n", "2", "-p", "killer", env={"PYTHONPATH": str(tmp_path)})
    assert (tmp_path / "killed").exists(), done.output
    assert_put_back(simulator, tmp_path, before, done.output)
    assert {("CALENDAR-2", room(name)) for name in ROOMS} <= done.outcomes("passed")


KILLER = """
import os
import pathlib
import signal

from pytest_flowscape.booking.client.booking_calendar import BookingCalendar

FLAG = pathlib.Path({flag!r})
MOVE = BookingCalendar.move_end

def move_end(self, *arguments):
    answers = MOVE(self, *arguments)
    if os.environ.get("PYTEST_XDIST_WORKER") and not FLAG.exists():
        FLAG.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return answers

BookingCalendar.move_end = move_end
"""
