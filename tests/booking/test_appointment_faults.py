"""Each fault is told at its step with its cause, and what was written is removed, or listed exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.booking import appointment
from tests.acceptance import accept
from tests.booking.sites import ROOMS, book, journals, room, site_with, steps, sweep, trip
from tests.hard_sites.counts import assert_counts
from tests.simulator.harness import Simulator

BERGEN = "bergen@demo.test"


@pytest.mark.parametrize(
    ("condition", "step", "said"),
    [
        ("no-create-right", appointment.BOOK, "ErrorCreateItemAccessDenied"),
        ("quota-exceeded", appointment.BOOK, "ErrorQuotaExceeded"),
        ("update-refused", appointment.EXTEND, "ErrorAccessDenied"),
    ],
)
def test_a_refusal_is_told_at_its_step(
    condition: str, step: str, said: str, simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(f"{condition}:{BERGEN}")
    done = book(simulator, tmp_path)
    assert done.outcomes("failed") == {("CALENDAR-2", BERGEN)}, done.output
    found = done.outcome("CALENDAR-2", BERGEN)
    assert f"it ended at '{step}': {said}" in found["found"]
    assert step.replace(" ", "-") in found["cause"]
    assert [name for name, well in steps(done, "bergen").items() if not well] == [step]
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
    assert (listed["mailbox"], listed["subject"], [listed["tag"]]) == (
        BERGEN,
        left["subject"],
        *left["extended"].values(),
    )
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


@pytest.mark.parametrize("write", ["1", "2", "3", "4"])
def test_throttled_in_the_middle_it_waits_and_finishes(write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"booking-throttled:{write}x2")
    done = book(simulator, tmp_path, "--flowscape-room=atlas@demo.test")
    assert done.outcome("CALENDAR-2", room("atlas"))["outcome"] == "passed", done.output
    assert simulator.items() == before
    assert done.results["footprint"]["ews"]["throttled"] == 2
    notes = done.outcome("CALENDAR-2", room("atlas"))["notes"]
    assert any("ErrorServerBusy" in note for note in notes)
    assert_counts(simulator, done, None)


def test_throttled_for_good_it_is_not_measured_and_swept_later(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant("booking-throttled:2x12")
    done = book(simulator, tmp_path, "--flowscape-room=atlas@demo.test")
    outcome = done.outcome("CALENDAR-2", room("atlas"))
    assert outcome["outcome"] == "not measured", outcome
    assert f"'{appointment.EXTEND}': ErrorServerBusy" in outcome["found"]
    assert simulator.items() == before
    assert journals(tmp_path) == []


@pytest.mark.parametrize("write", ["1", "2", "3", "4"])
def test_a_lost_answer_is_cleared_up_by_the_tag(write: str, simulator: Simulator, tmp_path: Path) -> None:
    """The write has happened: it is seen by its tag, and never sent a second time."""
    before = simulator.items()
    simulator.plant(f"booking-reset:{write}")
    done = book(simulator, tmp_path, "--flowscape-room=atlas@demo.test")
    outcome = done.outcome("CALENDAR-2", room("atlas"))
    assert outcome["outcome"] == "passed", outcome
    step = (appointment.BOOK, appointment.EXTEND, appointment.END, appointment.REMOVE)[int(write) - 1]
    assert [note.partition(":")[0] for note in outcome["notes"]] == [step]
    assert "its answer was lost" in outcome["notes"][0]
    assert simulator.count("ews.CreateItem") == 1
    assert simulator.items() == before
    assert_counts(simulator, done, None)


def test_a_lost_creation_is_not_sent_again(simulator: Simulator, tmp_path: Path) -> None:
    """The write has not happened: it might still, so it is not repeated, and looked for again at the end."""
    before = simulator.items()
    simulator.plant("booking-reset-before:1")
    done = book(simulator, tmp_path, "--flowscape-room=atlas@demo.test")
    outcome = done.outcome("CALENDAR-2", room("atlas"))
    assert outcome["outcome"] == "not measured", outcome
    assert f"'{appointment.BOOK}': " in outcome["found"]
    assert simulator.count("ews.CreateItem") == 1
    assert simulator.items() == before
    assert journals(tmp_path) == []
    assert_counts(simulator, done, None)


@pytest.mark.parametrize("write", ["2", "3", "4"])
def test_a_lost_change_is_sent_again(write: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"booking-reset-before:{write}")
    done = book(simulator, tmp_path, "--flowscape-room=atlas@demo.test")
    assert done.outcome("CALENDAR-2", room("atlas"))["outcome"] == "passed", done.output
    assert simulator.items() == before


def test_without_full_access_nothing_is_tried(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant(f"PERMISSION-1:{BERGEN}")
    done = book(simulator, tmp_path, "-n", "2")
    assert done.outcome("CALENDAR-2", BERGEN)["because"] == "PERMISSION-1"
    assert simulator.count("ews.CreateItem") == len(ROOMS) - 1


def test_another_mailbox_answers_and_nothing_is_written_there(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    simulator.plant(f"own-mailbox:{BERGEN}", "own-mailbox:atlas@demo.test")
    done = book(simulator, tmp_path)
    assert {("CALENDAR-2", BERGEN), ("CALENDAR-2", room("atlas"))} <= done.outcomes("not measured")
    assert simulator.count("ews.CreateItem") == len(ROOMS) - 2
    assert simulator.items() == before


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_first_room_must_end_clean(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("no-delete-right:atlas@demo.test")
    done = book(simulator, tmp_path, "-n", workers)
    assert done.outcome("CALENDAR-2", room("atlas"))["outcome"] == "failed"
    others = {("CALENDAR-2", room(name)) for name in ROOMS[1:]}
    assert others <= done.outcomes("not measured")
    assert simulator.count("ews.CreateItem") == 1
    assert "did not end clean" in done.outcome("CALENDAR-2", BERGEN)["found"]
    assert "Bookings were stopped" in done.output


def test_where_the_first_cannot_be_written_the_next_is_the_first(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("no-create-right:atlas@demo.test")
    done = book(simulator, tmp_path, "-n", "2")
    assert done.outcomes("failed") == {("CALENDAR-2", room("atlas"))}
    assert {("CALENDAR-2", room(name)) for name in ROOMS[1:]} <= done.outcomes("passed")


def test_a_calendar_that_is_never_free_is_not_measured(simulator: Simulator, tmp_path: Path) -> None:
    site = site_with(simulator, window="09:00-09:30")
    done = accept(site, "--flowscape-book", "--flowscape-room=atlas@demo.test", cwd=tmp_path)
    outcome = done.outcome("CALENDAR-2", room("atlas"))
    assert outcome["outcome"] == "not measured"
    assert "no free time" in outcome["found"]
    assert simulator.count("ews.CreateItem") == 0


def test_the_journal_cannot_be_written_and_nothing_is_booked(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, where a folder should be made")
    done = book(simulator, tmp_path)
    assert {("CALENDAR-2", room(name)) for name in ROOMS} <= done.outcomes("not measured"), done.output
    assert "journal" in done.outcome("CALENDAR-2", room("atlas"))["found"]
    assert simulator.count("ews.CreateItem") == 0


def test_the_window_of_the_site_file_is_kept(simulator: Simulator, tmp_path: Path) -> None:
    site = site_with(simulator, window="12:00-14:00")
    done = accept(site, "--flowscape-book", "--flowscape-room=atlas@demo.test", cwd=tmp_path)
    assert done.outcome("CALENDAR-2", room("atlas"))["outcome"] == "passed", done.output
    assert trip(done, "atlas")["begin"].endswith("T11:00:00Z")  # noon in the room's zone, in November
