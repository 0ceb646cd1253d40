"""A meeting that is interrupted: what it wrote is removed, or told and journalled, wherever the signal comes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.booking.sites import journals, meet, sweep
from tests.booking.test_meeting_faults import CANCEL, EXTEND, INVITE, MAKE, ONE, REMOVE_OWN, REMOVE_ROOMS
from tests.session.interrupted import assert_ended_well
from tests.session.test_signals import stop_when_held
from tests.simulator.harness import Simulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM is a kill there; see docs/ci.md")
SECONDS_FOR_ONE_TEST = 300
BOOK = "--flowscape-book=meeting"
# before and after each kind of write; with workers the meetings are a worker's
CASES = [
    ("0", f"booking-held-before:{MAKE}", "ctrl-c"),
    ("0", f"booking-held:{MAKE}", "sigterm"),
    ("0", f"booking-held:{INVITE}", "ctrl-c"),
    ("0", f"booking-held-before:{EXTEND}", "sigterm"),
    ("0", f"booking-held:{CANCEL}", "ctrl-c"),
    ("0", f"booking-held:{REMOVE_OWN}", "sigterm"),
    ("0", f"booking-held-before:{REMOVE_ROOMS}", "ctrl-c"),
    ("2", f"booking-held:{MAKE}", "sigterm"),
    ("2", f"booking-held:{INVITE}", "ctrl-c"),
]


@pytest.mark.parametrize(("workers", "condition", "how"), CASES)
def test_a_meeting_is_removed_or_told(
    workers: str, condition: str, how: str, simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(condition)
    done = stop_when_held(simulator, tmp_path, how, "-n", workers, BOOK, ONE)
    assert_ended_well(done, workers)
    left = done.results["bookings"]["left"]
    here = [item for item in simulator.items() if item not in before]
    assert bool(left) or not here, done.output
    assert bool(journals(tmp_path)) == bool(left or awaits_mail(done.output)), done.output
    assert ("LEFT BEHIND" in done.page) == bool(left)
    swept = sweep(simulator, tmp_path)
    assert swept.returncode == int("LOOK AGAIN" in swept.stdout), swept.stdout + swept.stderr
    assert bool(journals(tmp_path)) == bool(swept.returncode)
    assert simulator.deliver() == 0
    assert simulator.items() == before


def awaits_mail(output: str) -> bool:
    """Whether the run says that mail about what it removed may still come: then the sweep looks again."""
    return "mail about it may still arrive" in " ".join(output.split())


INTERRUPT = """
from pytest_flowscape.booking.client.meeting_mailbox import MeetingMailbox

DONE = MeetingMailbox.{name}

def interrupted(self, *arguments):
    MeetingMailbox.{name} = DONE
    DONE(self, *arguments)
    raise KeyboardInterrupt

MeetingMailbox.{name} = interrupted
"""


@pytest.mark.parametrize("name", ["make", "invite", "move_meeting", "cancel"])
def test_an_interrupted_meeting_is_removed_where_there_is_time(name: str, simulator: Simulator, tmp_path: Path) -> None:
    """Without a signal there is no limit to the tidying up: so this does not depend on the machine."""
    (tmp_path / "interrupting.py").write_text(INTERRUPT.format(name=name), encoding="utf-8")
    before = simulator.items()
    done = meet(simulator, tmp_path, ONE, "-p", "interrupting", env={"PYTHONPATH": str(tmp_path)})
    assert (done.code, done.verdict) == (2, "INCOMPLETE"), done.output
    assert simulator.deliver() == 0
    assert simulator.items() == before
    assert bool(journals(tmp_path)) == awaits_mail(done.output)
    assert done.results["bookings"]["left"] == []
    (trip,) = [one for one in done.results["bookings"]["trips"] if one["kind"] == "meeting"]
    assert "interrupted" in [step["name"] for step in trip["steps"]]
