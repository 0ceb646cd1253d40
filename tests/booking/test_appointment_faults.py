"""Each fault ends a booking at its step with its cause, and what was written is removed, or listed exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.booking import appointment
from tests.booking.sites import (
    ATLAS,
    ONE,
    ROOMS,
    book,
    failed_steps,
    journals,
    room,
    run_in_atlas,
    site_with,
    sweep,
    trip,
)
from tests.hard_sites.counts import assert_counts
from tests.simulator.harness import Simulator

BERGEN = "bergen@demo.test"
# the writes of a booking, in order
STEPS = {"1": appointment.BOOK, "2": appointment.EXTEND, "3": appointment.END, "4": appointment.REMOVE}


def outcome_under(condition: str, simulator: Simulator, folder: Path) -> dict[str, Any]:
    """Return the outcome of CALENDAR-2 in atlas under a condition, after which everything is put back."""
    return run_in_atlas(book, simulator, folder, condition).outcome("CALENDAR-2", ATLAS)


@pytest.mark.parametrize(
    ("condition", "step", "said"),
    [
        ("no-create-right", appointment.BOOK, "ErrorCreateItemAccessDenied"),
        ("quota-exceeded", appointment.BOOK, "ErrorQuotaExceeded"),
        ("update-refused", appointment.EXTEND, "ErrorAccessDenied"),
    ],
)
def test_a_refusal_fails_at_its_step(
    condition: str, step: str, said: str, simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(f"{condition}:{BERGEN}")
    done = book(simulator, tmp_path)
    assert done.outcomes("failed") == {("CALENDAR-2", BERGEN)}, done.output
    found = done.outcome("CALENDAR-2", BERGEN)
    assert f"it ended at '{step}': {said}" in found["found"]
    assert step.replace(" ", "-") in found["cause"]
    assert failed_steps(done, "bergen") == [step]
    assert simulator.items() == before
    assert journals(tmp_path) == []
    assert (done.verdict, done.code) == ("NOT ACCEPTED", 1)
    assert_counts(simulator, done, None)


def test_where_removal_is_refused_the_exact_item_is_listed(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"no-delete-right:{BERGEN}")
    done = book(simulator, tmp_path)
    assert done.outcomes("failed") == {("CALENDAR-2", BERGEN)}, done.output
    (left,) = (item for item in simulator.items() if item not in before)
    (listed,) = done.results["bookings"]["left"]
    assert (listed["mailbox"], listed["subject"]) == (BERGEN, left["subject"])
    assert [[listed["tag"]]] == [*left["extended"].values()]
    assert listed["item_id"]
    assert "ErrorAccessDenied" in listed["why"]
    page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
    for text in (done.outcome("CALENDAR-2", BERGEN)["found"], page):
        assert listed["tag"] in text
        assert listed["item_id"] in text
    assert "LEFT BEHIND" in done.output
    assert len(journals(tmp_path)) == 1
    swept = sweep(simulator, tmp_path)
    assert swept.returncode == 1
    assert f"NOT REMOVED: calendar of {BERGEN}" in swept.stdout
    assert listed["tag"] in swept.stdout
    assert len(journals(tmp_path)) == 1


@pytest.mark.parametrize("write", STEPS)
def test_a_throttled_booking_waits_and_finishes(write: str, simulator: Simulator, tmp_path: Path) -> None:
    done = run_in_atlas(book, simulator, tmp_path, f"booking-throttled:{write}x2")
    outcome = done.outcome("CALENDAR-2", ATLAS)
    assert outcome["outcome"] == "passed", outcome
    assert done.results["footprint"]["ews"]["throttled"] == 2
    assert any("ErrorServerBusy" in note for note in outcome["notes"])


def test_what_is_throttled_for_good_is_not_measured_and_swept_later(simulator: Simulator, tmp_path: Path) -> None:
    outcome = outcome_under("booking-throttled:2x12", simulator, tmp_path)
    assert outcome["outcome"] == "not measured", outcome
    assert f"'{appointment.EXTEND}': ErrorServerBusy" in outcome["found"]


@pytest.mark.parametrize("write", STEPS)
def test_a_lost_answer_is_cleared_up_by_the_tag(write: str, simulator: Simulator, tmp_path: Path) -> None:
    """The write has happened: a look by its tag shows it, and it is never sent a second time."""
    outcome = outcome_under(f"booking-reset:{write}", simulator, tmp_path)
    assert outcome["outcome"] == "passed", outcome
    assert [note.partition(":")[0] for note in outcome["notes"]] == [STEPS[write]]
    assert "its answer was lost" in outcome["notes"][0]
    assert simulator.count("ews.CreateItem") == 1


def test_a_lost_creation_is_not_sent_again(simulator: Simulator, tmp_path: Path) -> None:
    """The write has not happened: it might still, so it is not sent again, and the run looks for it at its end."""
    outcome = outcome_under("booking-reset-before:1", simulator, tmp_path)
    assert outcome["outcome"] == "not measured", outcome
    assert f"'{appointment.BOOK}': " in outcome["found"]
    assert simulator.count("ews.CreateItem") == 1


@pytest.mark.parametrize("write", ["2", "3", "4"])
def test_a_lost_change_is_sent_again(write: str, simulator: Simulator, tmp_path: Path) -> None:
    outcome = outcome_under(f"booking-reset-before:{write}", simulator, tmp_path)
    assert outcome["outcome"] == "passed", outcome


def test_without_full_access_nothing_is_tried(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant(f"PERMISSION-1:{BERGEN}")
    done = book(simulator, tmp_path, "-n", "2")
    assert done.outcome("CALENDAR-2", BERGEN)["because"] == "PERMISSION-1"
    assert simulator.count("ews.CreateItem") == len(ROOMS) - 1


def test_nothing_is_written_where_another_mailbox_answers(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"own-mailbox:{BERGEN}", f"own-mailbox:{ATLAS}")
    done = book(simulator, tmp_path)
    assert {("CALENDAR-2", BERGEN), ("CALENDAR-2", ATLAS)} <= done.outcomes("not measured")
    assert simulator.count("ews.CreateItem") == len(ROOMS) - 2
    assert simulator.items() == before


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_first_room_must_end_clean(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant(f"no-delete-right:{ATLAS}")
    done = book(simulator, tmp_path, "-n", workers)
    assert done.outcome("CALENDAR-2", ATLAS)["outcome"] == "failed"
    assert {("CALENDAR-2", room(name)) for name in ROOMS[1:]} <= done.outcomes("not measured")
    assert simulator.count("ews.CreateItem") == 1
    assert "did not end clean" in done.outcome("CALENDAR-2", BERGEN)["found"]
    assert "Bookings were stopped" in done.output


def test_where_the_first_cannot_be_written_the_next_is_the_first(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant(f"no-create-right:{ATLAS}")
    done = book(simulator, tmp_path, "-n", "2")
    assert done.outcomes("failed") == {("CALENDAR-2", ATLAS)}
    assert {("CALENDAR-2", room(name)) for name in ROOMS[1:]} <= done.outcomes("passed")


def test_a_calendar_that_is_never_free_is_not_measured(simulator: Simulator, tmp_path: Path) -> None:
    done = book(simulator, tmp_path, ONE, site=site_with(simulator, window="09:00-09:30"))
    outcome = done.outcome("CALENDAR-2", ATLAS)
    assert outcome["outcome"] == "not measured"
    assert "no free time" in outcome["found"]
    assert simulator.count("ews.CreateItem") == 0


def test_nothing_is_booked_where_the_journal_cannot_be_written(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the place of the folder")
    done = book(simulator, tmp_path)
    assert {("CALENDAR-2", room(name)) for name in ROOMS} <= done.outcomes("not measured"), done.output
    assert "journal" in done.outcome("CALENDAR-2", ATLAS)["found"]
    assert simulator.count("ews.CreateItem") == 0


def test_the_window_of_the_site_file_is_kept(simulator: Simulator, tmp_path: Path) -> None:
    done = book(simulator, tmp_path, ONE, site=site_with(simulator, window="12:00-14:00"))
    assert done.outcome("CALENDAR-2", ATLAS)["outcome"] == "passed", done.output
    assert trip(done, "atlas")["begin"].endswith("T11:00:00Z")  # noon in the room's zone, in November
