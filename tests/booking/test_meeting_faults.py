"""Each fault ends a meeting at its step with its cause, and nothing of the meeting stays."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.booking import meeting
from tests.booking.sites import (
    ATLAS,
    ONE,
    failed_steps,
    journals,
    meet,
    room,
    run_in_atlas,
    site_with,
    site_without,
    sweep,
)
from tests.simulator.ews_client import EMAIL
from tests.simulator.ews_meetings import PERSON
from tests.simulator.harness import Simulator

SECONDS_FOR_ONE_TEST = 300  # up to four runs in one test
# the writes of a run in one room: four of the booking, then these
MAKE, INVITE, EXTEND, END, CANCEL, REMOVE_OWN, REMOVE_ROOMS = "5", "6", "7", "8", "9", "10", "11"
WRITES = (MAKE, INVITE, EXTEND, END, CANCEL, REMOVE_OWN, REMOVE_ROOMS)


def outcome_under(
    condition: str, simulator: Simulator, folder: Path, *, journalled: bool = False, **booking: str
) -> dict[str, Any]:
    """Return the outcome of CALENDAR-3 in atlas under a condition, after which everything is put back."""
    run = partial(meet, site=site_with(simulator, **booking))
    return run_in_atlas(run, simulator, folder, condition, journalled=journalled).outcome("CALENDAR-3", ATLAS)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("declined", (meeting.INVITE_ANSWER, "declined", "not permitted to book")),
        ("conflict", (meeting.INVITE_ANSWER, "declined", "conflicts with another meeting")),
        ("outside-window", (meeting.INVITE_ANSWER, "declined", "further ahead than 1 days")),
        ("too-long", (meeting.INVITE_ANSWER, "declined", "longer than 10 minutes")),
        ("conflict-on-update", (meeting.EXTEND_ANSWER, "declined", "conflicts with another meeting")),
        ("tentative", (meeting.INVITE_ANSWER, "tentative", "waits for a person's approval")),
        ("no-answer", (meeting.INVITE_ANSWER, "not-processed", "is in the room's inbox, and nothing processes it")),
    ],
)
def test_an_answer_other_than_acceptance_fails_with_its_usual_cause(
    condition: str, expected: tuple[str, str, str], simulator: Simulator, tmp_path: Path
) -> None:
    step, cause, said = expected
    run = partial(meet, site=site_with(simulator, answer_timeout="2"))
    # after 'tentative' somebody may still decide
    journalled = condition == "tentative"
    done = run_in_atlas(run, simulator, tmp_path, f"{condition}:{ATLAS}", journalled=journalled)
    assert done.outcomes("failed") == {("CALENDAR-3", ATLAS)}, done.output
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert f"it ended at '{step}'" in outcome["found"]
    assert said in outcome["found"]
    assert "usually" in outcome["found"]
    assert outcome["cause"].endswith(cause)
    assert "Get-CalendarProcessing" in outcome["fix"]
    assert failed_steps(done, "atlas", "meeting") == [step]


@pytest.mark.parametrize(
    ("condition", "said", "cause"),
    [
        ("delegate-accepts", f"'Accept', but {PERSON} answered, in the name of {ATLAS}", "by-delegate"),
        ("delegate-declines", f"'Decline', but {PERSON} answered, in the name of {ATLAS}", "by-delegate"),
        # the directory does not show the delegate, who has not decided yet: the request reaches a person
        ("delegate-approval", "delegates decide", "tentative"),
    ],
)
def test_a_delegate_who_decides_fails_it(
    condition: str, said: str, cause: str, simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(f"{condition}:{ATLAS}")
    done = meet(simulator, tmp_path, ONE)
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] == "failed", outcome
    assert said in outcome["found"]
    assert outcome["cause"].endswith(cause)
    assert "may be in the mailbox of the person who decides" in outcome["found"]
    # nothing is left anywhere but in the mailbox of the person who decides, which nobody else may search
    assert {item["mailbox"] for item in simulator.items() if item not in before} == {PERSON}
    awaited = cause == "tentative"
    assert bool(journals(tmp_path)) == awaited
    assert ("mail about it may still arrive (answer)" in " ".join(done.output.split())) == awaited


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("delegates", "publicDelegates"),
        ("forwarding", "deliverAndRedirect"),
        ("redirected", "altRecipient"),
        ("forwarding-elsewhere", "msExchGenericForwardingAddress"),
        ("restricted", "authOrig"),
        ("moderated", "msExchEnableModeration"),
        ("auto-update", "AutoUpdate"),
        ("no-processing", "AutomateProcessing is None"),
    ],
)
def test_a_room_whose_mail_would_reach_people_is_not_requested(
    condition: str, said: str, simulator: Simulator, tmp_path: Path
) -> None:
    outcome = outcome_under(f"{condition}:{ATLAS}", simulator, tmp_path)
    assert outcome["outcome"] == "not requested", outcome
    assert "not invited, so that no mail reaches people" in outcome["found"]
    assert said in outcome["found"]
    assert simulator.count("ews.CreateItem") == 1  # the booking of CALENDAR-2


def test_without_a_directory_nobody_is_invited(simulator: Simulator, tmp_path: Path) -> None:
    """What cannot be seen speaks against it."""
    done = meet(simulator, tmp_path, ONE, site=site_without(simulator, "directory"))
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] == "not requested"
    assert "cannot be seen in the directory" in outcome["found"]
    assert simulator.count("ews.CreateItem") == 1


@pytest.mark.parametrize(("late", "due"), [("late-response", "answer"), ("late-request", "answer and cancellation")])
def test_mail_that_comes_late_is_awaited_and_removed(late: str, due: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"{late}:{ATLAS}")
    done = meet(simulator, tmp_path, ONE, site=site_with(simulator, answer_timeout="1"))
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] == "not measured", outcome
    assert "no answer within 1 seconds" in outcome["found"]
    assert "under way" in outcome["found"]
    assert simulator.items() == before
    (awaited,) = done.results["bookings"]["awaited"]
    assert " and ".join(awaited["due"]) == due
    assert "may still arrive" in done.output
    assert len(journals(tmp_path)) == 1
    again = sweep(simulator, tmp_path)
    assert again.returncode == 1
    assert "LOOK AGAIN" in again.stdout
    assert simulator.deliver() > 0
    assert simulator.items() != before
    swept = sweep(simulator, tmp_path)
    assert swept.returncode == 0, swept.stdout
    assert f"Removed: inbox of {EMAIL}" in swept.stdout
    assert simulator.items() == before
    assert journals(tmp_path) == []


@pytest.mark.parametrize(
    ("condition", "step"),
    [
        ("cancel-refused", meeting.CANCEL),
        (f"no-create-right:{EMAIL}", meeting.MAKE),
        (f"update-refused:{EMAIL}", meeting.INVITE),
    ],
)
def test_a_refusal_fails_at_its_step_and_everything_is_removed(
    condition: str, step: str, simulator: Simulator, tmp_path: Path
) -> None:
    done = run_in_atlas(meet, simulator, tmp_path, condition)
    assert done.outcomes("failed") == {("CALENDAR-3", ATLAS)}, done.output
    assert f"it ended at '{step}': Error" in done.outcome("CALENDAR-3", ATLAS)["found"]


def test_where_removal_is_refused_every_item_is_listed_and_nobody_else_invited(
    simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(f"no-delete-right:{EMAIL}")
    done = meet(simulator, tmp_path)
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert (outcome["outcome"], outcome["cause"]) == ("failed", "booking-left-behind"), outcome
    left = [item for item in simulator.items() if item not in before]
    listed = done.results["bookings"]["left"]
    assert sorted((one["mailbox"], one["folder"], one["subject"]) for one in listed) == sorted(
        (item["mailbox"], item["folder"], item["subject"]) for item in left
    )
    assert {item["mailbox"] for item in left} == {EMAIL}
    assert len(left) == 4  # the cancelled item, and three answers
    for one in listed:
        assert one["item_id"] in outcome["found"]
        assert "ErrorAccessDenied" in one["why"]
    stopped = done.outcome("CALENDAR-3", room("aurora"))
    assert stopped["outcome"] == "not measured"
    assert "did not end clean" in stopped["found"]
    swept = sweep(simulator, tmp_path)
    assert swept.returncode == 1
    assert swept.stdout.count("NOT REMOVED:") == len(left)
    assert len(journals(tmp_path)) == 1


@pytest.mark.parametrize("write", [MAKE, INVITE, CANCEL, REMOVE_ROOMS])
def test_a_throttled_meeting_waits_and_finishes(write: str, simulator: Simulator, tmp_path: Path) -> None:
    done = run_in_atlas(meet, simulator, tmp_path, f"booking-throttled:{write}x2")
    assert done.outcome("CALENDAR-3", ATLAS)["outcome"] == "passed", done.output
    assert done.results["footprint"]["ews"]["throttled"] == 2


@pytest.mark.parametrize(
    ("when", "write"),
    [
        *(("booking-reset", write) for write in WRITES),
        *(("booking-reset-before", write) for write in (MAKE, INVITE, EXTEND, CANCEL, REMOVE_ROOMS)),
    ],
)
def test_a_connection_that_is_lost_in_the_middle(when: str, write: str, simulator: Simulator, tmp_path: Path) -> None:
    """A look shows what happened; only the creation itself is never sent a second time."""
    outcome = outcome_under(f"{when}:{write}", simulator, tmp_path)
    lost = (when, write) == ("booking-reset-before", MAKE)
    assert outcome["outcome"] == ("not measured" if lost else "passed"), outcome
    assert (f"'{meeting.MAKE}'" in outcome["found"]) == lost


def test_without_impersonation_of_itself_nothing_is_tried(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("IMPERSONATION-3")
    done = meet(simulator, tmp_path, ONE)
    assert done.outcome("CALENDAR-3", ATLAS)["because"] == "IMPERSONATION-3"
    assert simulator.count("ews.GetMailTips") == 0
