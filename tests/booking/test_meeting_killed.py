"""Killed in the middle of a meeting: the sweep finds what it left by tag and object id, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exchangelib import Message

from tests.booking.sites import ATLAS, ONE, assert_put_back, journals, kill_while_held, meet, room, run_killed, sweep
from tests.booking.test_appointment_killed import first_item, put_item
from tests.booking.test_meeting_faults import INVITE, REMOVE_OWN, WRITES
from tests.booking.test_meetings import ALL_STEPS
from tests.exchangelib_client.accounts import account
from tests.simulator.ews_client import EMAIL
from tests.simulator.harness import Simulator

SECONDS_FOR_ONE_TEST = 300
TWO = (f"--flowscape-room={ATLAS}", "--flowscape-room=aurora@demo.test")
BOOK = "--flowscape-book=meeting"


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("when", ["booking-held", "booking-held-before"])
def test_killed_while_a_write_is_under_way(when: str, write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    kill_while_held(simulator, tmp_path, f"{when}:{write}", ONE, book=BOOK)
    there = [item for item in simulator.items() if item not in before]
    assert bool(there) == ((when, write) not in {("booking-held-before", WRITES[0]), ("booking-held", WRITES[-1])})
    assert len(journals(tmp_path)) == 1
    done = sweep(simulator, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Removed: ") == len(there)
    assert_put_back(simulator, tmp_path, before, done.stdout)


@pytest.mark.parametrize("step", ALL_STEPS[2:])
def test_killed_after_each_step_in_turn(step: str, simulator: Simulator, tmp_path: Path) -> None:
    """By itself, between the step and the next one."""
    before = simulator.items()
    (tmp_path / "killer.py").write_text(KILLER.format(step=step))
    assert run_killed(simulator, tmp_path, ONE, "-p", "killer", book=BOOK, python_path=tmp_path) == -9
    done = sweep(simulator, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_put_back(simulator, tmp_path, before, done.stdout)


KILLER = """
import os
import signal

from pytest_flowscape.booking import meeting

class Steps(list):
    def append(self, step):
        super().append(step)
        if step.name == {step!r}:
            os.kill(os.getpid(), signal.SIGKILL)
    def __iadd__(self, steps):
        for step in steps:
            self.append(step)
        return self

INIT = meeting.MeetingTrip.__init__

def init(self, *arguments, **more):
    INIT(self, *arguments, **more)
    self._steps = Steps()

meeting.MeetingTrip.__init__ = init
"""


@pytest.mark.parametrize("write", ["6", "13"])
def test_the_next_run_sweeps_what_a_worker_left(write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    condition = f"booking-held:{write}@{EMAIL}" if write == "6" else f"booking-held:{write}"
    kill_while_held(simulator, tmp_path, condition, "-n", "2", *TWO, book=BOOK)
    assert journals(tmp_path)
    done = meet(simulator, tmp_path, "-n", "2", *TWO)
    assert {("CALENDAR-3", room("atlas")), ("CALENDAR-3", room("aurora"))} <= done.outcomes("passed"), done.output
    assert_put_back(simulator, tmp_path, before, done.output)


def test_items_that_only_look_like_ours_survive(simulator: Simulator, tmp_path: Path) -> None:
    """The same subject without tag and object id, in every folder that is searched, beside what a killed run left."""
    kill_while_held(simulator, tmp_path, f"booking-held:{REMOVE_OWN}", ONE, book=BOOK)
    ours = next(item for item in simulator.items() if item["mailbox"] == ATLAS and "Canceled" in item["subject"])
    own = account(simulator, impersonate=EMAIL, address=EMAIL)
    there = account(simulator, address=ATLAS)
    subject = f"Flowscape acceptance test {tag_of(tmp_path)}"
    for opened, folders in ((own, ("inbox", "sent", "trash")), (there, ("inbox", "trash"))):
        for name in folders:
            Message(account=opened, folder=getattr(opened, name), subject=f"Accepted: {subject}").save()
    for opened in (own, there):
        put_item(opened, first_item(there), subject)
    looks_like = [item for item in simulator.items() if subject in item["subject"]]
    assert len(looks_like) >= 7
    done = sweep(simulator, tmp_path)
    assert done.returncode == 0, done.stdout
    assert ours not in simulator.items()
    left = [item for item in simulator.items() if subject in item["subject"]]
    assert len(left) == 7
    assert all(not item["extended"] for item in left)


def tag_of(folder: Path) -> str:
    (path,) = journals(folder)
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return str(next(record["tag"] for record in reversed(records) if record.get("invited")))


def test_a_stranger_in_the_organizers_mailbox_stops_everything(simulator: Simulator, tmp_path: Path) -> None:
    kill_while_held(simulator, tmp_path, f"booking-held:{INVITE}", ONE, book=BOOK)
    own = account(simulator, impersonate=EMAIL, address=EMAIL)
    put_item(own, first_item(own), "Somebody's", run_tag="another/1")
    before = simulator.items()
    done = sweep(simulator, tmp_path)
    assert done.returncode == 1
    assert f"NOT OURS: calendar of {EMAIL}: 'Somebody's'" in done.stdout
    assert "NOT REMOVED:" in done.stdout
    assert simulator.items() == before
    run = meet(simulator, tmp_path, ONE)
    outcome = run.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] in ("failed", "not measured")
    assert "tagged items that no journal here knows" in outcome["found"]
    assert simulator.items() == before
