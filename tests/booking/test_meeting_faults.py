"""Each thing that goes wrong with a meeting is told at its step with its cause, and nothing of it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.booking import meeting
from tests.booking.sites import journals, meet, room, site_with, steps, sweep
from tests.hard_sites.counts import assert_counts
from tests.simulator.ews_client import EMAIL
from tests.simulator.ews_meetings import PERSON
from tests.simulator.harness import Simulator

SECONDS_FOR_ONE_TEST = 300  # up to four runs in one test
ATLAS = room("atlas")
ONE = f"--flowscape-room={ATLAS}"
# the writes of a run in one room: four of the booking, then these
MAKE, INVITE, EXTEND, END, CANCEL, REMOVE_OWN, REMOVE_ROOMS = "5", "6", "7", "8", "9", "10", "11"
WRITES = (MAKE, INVITE, EXTEND, END, CANCEL, REMOVE_OWN, REMOVE_ROOMS)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("declined", (meeting.ANSWERED, "declined", "not permitted to book")),
        ("conflict", (meeting.ANSWERED, "declined", "conflicts with another meeting")),
        ("outside-window", (meeting.ANSWERED, "declined", "further ahead than 1 days")),
        ("too-long", (meeting.ANSWERED, "declined", "longer than 10 minutes")),
        ("conflict-on-update", (meeting.EXTEND_ANSWERED, "declined", "conflicts with another meeting")),
        ("tentative", (meeting.ANSWERED, "tentative", "waits for a person's approval")),
        ("no-answer", (meeting.ANSWERED, "not-processed", "lies in the room's inbox")),
    ],
)
def test_an_answer_that_is_no_acceptance_fails_with_its_usual_cause(
    condition: str, told: tuple[str, str, str], simulator: Simulator, tmp_path: Path
) -> None:
    step, cause, said = told
    before = simulator.items()
    simulator.plant(f"{condition}:{ATLAS}")
    done = meet(simulator, tmp_path, ONE, site=site_with(simulator, answer_timeout="2"))
    assert done.outcomes("failed") == {("CALENDAR-3", ATLAS)}, done.output
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert f"it ended at '{step}'" in outcome["found"]
    assert said in outcome["found"]
    assert "usually" in outcome["found"]
    assert outcome["cause"].endswith(cause)
    assert "Get-CalendarProcessing" in outcome["fix"]
    assert [name for name, well in steps(done, "atlas", "meeting").items() if not well] == [step]
    assert simulator.deliver() == 0
    assert simulator.items() == before
    # after 'tentative' somebody may still decide
    assert bool(journals(tmp_path)) == (condition == "tentative")
    assert_counts(simulator, done, None)


@pytest.mark.parametrize(("condition", "response"), [("delegate-accepts", "Accept"), ("delegate-declines", "Decline")])
def test_a_person_who_answers_in_the_rooms_name_is_told_apart(
    condition: str, response: str, simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(f"{condition}:{ATLAS}")
    done = meet(simulator, tmp_path, ONE)
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] == "failed", outcome
    assert f"'{response}', and it was {PERSON} who answered" in outcome["found"]
    assert outcome["cause"].endswith("by-delegate")
    assert_only_the_delegate_was_told(simulator, before)


def test_a_delegate_who_has_not_decided_yet(simulator: Simulator, tmp_path: Path) -> None:
    """The directory does not show the delegate: the request reaches a person, and the report says so."""
    before = simulator.items()
    simulator.plant(f"delegate-approval:{ATLAS}")
    done = meet(simulator, tmp_path, ONE)
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] == "failed"
    assert "delegates decide" in outcome["found"]
    assert "may lie in the mailbox of the person who decides" in outcome["found"]
    assert_only_the_delegate_was_told(simulator, before)
    assert len(journals(tmp_path)) == 1
    assert "mail about it may still arrive (answer)" in " ".join(done.output.split())


def assert_only_the_delegate_was_told(simulator: Simulator, before: list[dict[str, object]]) -> None:
    """Nothing is left anywhere but in the mailbox of the person who decides, which is nobody's to search."""
    left = [item for item in simulator.items() if item not in before]
    assert {item["mailbox"] for item in left} == {PERSON}


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
    before = simulator.items()
    simulator.plant(f"{condition}:{ATLAS}")
    done = meet(simulator, tmp_path, ONE)
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] == "not requested", outcome
    assert "not invited, so that no mail reaches people" in outcome["found"]
    assert said in outcome["found"]
    assert simulator.count("ews.CreateItem") == 1  # the booking of CALENDAR-2
    assert simulator.items() == before
    assert simulator.deliver() == 0


def test_without_a_directory_nobody_is_invited(simulator: Simulator, tmp_path: Path) -> None:
    """What cannot be seen speaks against it."""
    text = simulator.site.read_text(encoding="utf-8")
    start, end = text.index("[directory]"), text.index("[rooms]")
    site = simulator.site.with_name("no-directory.ini")
    site.write_text(text[:start] + text[end:], encoding="utf-8")
    done = meet(simulator, tmp_path, ONE, site=site)
    outcome = done.outcome("CALENDAR-3", ATLAS)
    assert outcome["outcome"] == "not requested"
    assert "cannot be seen in the directory" in outcome["found"]
    assert simulator.count("ews.CreateItem") == 1


@pytest.mark.parametrize(("late", "due"), [("late-response", "answer"), ("late-request", "answer and cancellation")])
def test_mail_that_comes_late_is_waited_for_and_removed(
    late: str, due: str, simulator: Simulator, tmp_path: Path
) -> None:
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


def test_a_refused_cancellation_is_told_and_everything_is_removed(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant("cancel-refused")
    done = meet(simulator, tmp_path, ONE)
    assert done.outcomes("failed") == {("CALENDAR-3", ATLAS)}, done.output
    assert f"it ended at '{meeting.CANCEL}': ErrorAccessDenied" in done.outcome("CALENDAR-3", ATLAS)["found"]
    assert simulator.items() == before
    assert journals(tmp_path) == []


@pytest.mark.parametrize(("condition", "step"), [("no-create-right", meeting.MAKE), ("update-refused", meeting.INVITE)])
def test_a_refusal_in_the_organizers_mailbox_is_told_at_its_step(
    condition: str, step: str, simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(f"{condition}:{EMAIL}")
    done = meet(simulator, tmp_path, ONE)
    assert done.outcomes("failed") == {("CALENDAR-3", ATLAS)}, done.output
    assert f"it ended at '{step}': Error" in done.outcome("CALENDAR-3", ATLAS)["found"]
    assert simulator.items() == before
    assert journals(tmp_path) == []


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
def test_throttled_in_the_middle_it_waits_and_finishes(write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"booking-throttled:{write}x2")
    done = meet(simulator, tmp_path, ONE)
    assert done.outcome("CALENDAR-3", ATLAS)["outcome"] == "passed", done.output
    assert done.results["footprint"]["ews"]["throttled"] == 2
    assert simulator.items() == before
    assert journals(tmp_path) == []
    assert_counts(simulator, done, None)


@pytest.mark.parametrize(
    ("when", "write"),
    [
        *(("booking-reset", write) for write in WRITES),
        *(("booking-reset-before", write) for write in (MAKE, INVITE, EXTEND, CANCEL, REMOVE_ROOMS)),
    ],
)
def test_a_connection_that_is_lost_in_the_middle(when: str, write: str, simulator: Simulator, tmp_path: Path) -> None:
    """It is cleared up what happened; only the making itself is never sent a second time."""
    before = simulator.items()
    simulator.plant(f"{when}:{write}")
    done = meet(simulator, tmp_path, ONE)
    outcome = done.outcome("CALENDAR-3", ATLAS)
    lost = (when, write) == ("booking-reset-before", MAKE)
    assert outcome["outcome"] == ("not measured" if lost else "passed"), outcome
    if lost:
        assert f"'{meeting.MAKE}'" in outcome["found"]
    assert simulator.deliver() == 0
    assert simulator.items() == before
    assert journals(tmp_path) == []
    assert_counts(simulator, done, None)


def test_without_impersonation_of_itself_nothing_is_tried(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("IMPERSONATION-3")
    done = meet(simulator, tmp_path, ONE)
    assert done.outcome("CALENDAR-3", ATLAS)["because"] == "IMPERSONATION-3"
    assert simulator.count("ews.GetMailTips") == 0
