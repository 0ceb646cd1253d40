"""Killed in the middle of a meeting: the sweep finds what it left by tag and object id, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exchangelib import Message
from exchangelib.items import SEND_TO_NONE

from pytest_flowscape.booking.client.booking_calendar import TaggedItem
from tests.booking.sites import journals, killed_while_held, meet, room, run_killed, sweep
from tests.booking.test_meeting_faults import INVITE, ONE, REMOVE_OWN, WRITES
from tests.booking.test_meetings import ALL_STEPS
from tests.exchangelib_client.accounts import account
from tests.simulator.ews_client import EMAIL
from tests.simulator.harness import Simulator

SECONDS_FOR_ONE_TEST = 300
ATLAS = room("atlas")
TWO = (f"--flowscape-room={ATLAS}", "--flowscape-room=aurora@demo.test")
BOOK = "--flowscape-book=meeting"


def killed_at(simulator: Simulator, folder: Path, condition: str) -> None:
    simulator.plant(condition)
    killed_while_held(simulator, folder, ONE, book=BOOK)
    simulator.release()


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("when", ["booking-held", "booking-held-before"])
def test_killed_while_a_write_is_under_way(when: str, write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    killed_at(simulator, tmp_path, f"{when}:{write}")
    there = [item for item in simulator.items() if item not in before]
    assert bool(there) == ((when, write) not in {("booking-held-before", WRITES[0]), ("booking-held", WRITES[-1])})
    assert len(journals(tmp_path)) == 1
    done = sweep(simulator, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Removed: ") == len(there)
    assert simulator.deliver() == 0
    assert simulator.items() == before
    assert journals(tmp_path) == []


@pytest.mark.parametrize("step", ALL_STEPS[2:])
def test_killed_after_each_step_in_turn(step: str, simulator: Simulator, tmp_path: Path) -> None:
    """By itself, between the step and whatever would come next."""
    before = simulator.items()
    (tmp_path / "killer.py").write_text(KILLER.format(step=step))
    assert run_killed(simulator, tmp_path, ONE, "-p", "killer", book=BOOK, python_path=tmp_path) == -9
    done = sweep(simulator, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert simulator.items() == before
    assert journals(tmp_path) == []


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

MADE = meeting.MeetingTrip.__init__

def made(self, *arguments, **more):
    MADE(self, *arguments, **more)
    self._steps = Steps()

meeting.MeetingTrip.__init__ = made
"""


@pytest.mark.parametrize("write", ["6", "13"])
def test_the_next_run_sweeps_what_a_worker_left(write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"booking-held:{write}@{EMAIL}" if write == "6" else f"booking-held:{write}")
    killed_while_held(simulator, tmp_path, "-n", "2", *TWO, book=BOOK)
    simulator.release()
    assert journals(tmp_path)
    done = meet(simulator, tmp_path, "-n", "2", *TWO)
    assert {("CALENDAR-3", room("atlas")), ("CALENDAR-3", room("aurora"))} <= done.outcomes("passed"), done.output
    assert simulator.items() == before
    assert journals(tmp_path) == []


def test_items_that_only_look_like_ours_survive(simulator: Simulator, tmp_path: Path) -> None:
    """The same subject without tag and object id, in every folder that is searched, beside what a killed run left."""
    killed_at(simulator, tmp_path, f"booking-held:{REMOVE_OWN}")
    ours = next(item for item in simulator.items() if item["mailbox"] == ATLAS and "Canceled" in item["subject"])
    own = account(simulator, impersonate=EMAIL, address=EMAIL)
    there = account(simulator, address=ATLAS)
    subject = f"Flowscape acceptance test {tag_of(tmp_path)}"
    for opened, folders in ((own, ("inbox", "sent", "trash")), (there, ("inbox", "trash"))):
        for name in folders:
            Message(account=opened, folder=getattr(opened, name), subject=f"Accepted: {subject}").save()
    (first,) = list(there.calendar.all().order_by("start"))[:1]
    for opened in (own, there):
        twin = TaggedItem(account=opened, folder=opened.calendar, subject=subject)
        twin.start, twin.end = first.start, first.end
        twin.save(send_meeting_invitations=SEND_TO_NONE)
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
    killed_at(simulator, tmp_path, f"booking-held:{INVITE}")
    own = account(simulator, impersonate=EMAIL, address=EMAIL)
    known = next(item for item in own.calendar.all() if str(item.subject).startswith("Flowscape"))
    item = TaggedItem(account=own, folder=own.calendar, subject="Somebody's", run_tag="another/1")
    item.start, item.end = known.start, known.end
    item.save(send_meeting_invitations=SEND_TO_NONE)
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
