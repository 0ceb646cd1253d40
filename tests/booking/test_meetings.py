"""Whole meetings: rooms are invited one at a time, follow, are cancelled, and the site is as it was before."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.booking import meeting, meeting_items, removal
from tests.acceptance import accept
from tests.booking.sites import (
    ATLAS,
    INVITED,
    ONE,
    ROOMS,
    WRITES,
    assert_put_back,
    meet,
    room,
    site_with,
    site_without,
    steps,
    sweep,
    trip,
)
from tests.simulator.ews_client import EMAIL
from tests.simulator.harness import Simulator

ALL_STEPS = [
    meeting.LOOK,
    meeting.SLOT,
    meeting.MAKE,
    meeting.IDENTITY,
    meeting.INVITE,
    meeting.INVITE_ANSWER,
    meeting.INVITE_COPY,
    meeting.EXTEND,
    meeting.EXTEND_ANSWER,
    meeting.EXTEND_COPY,
    meeting.END,
    meeting.END_ANSWER,
    meeting.END_COPY,
    meeting.CANCEL,
    meeting.CANCEL_COPY,
    meeting_items.REMOVE,
    removal.CHECK,
]
SECONDS_FOR_ONE_TEST = 300  # whole runs, two in some tests


@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_room_is_booked_the_listed_ones_are_invited_and_nothing_is_left(
    workers: str, simulator: Simulator, tmp_path: Path
) -> None:
    site = site_with(simulator, rooms="\n".join(["", *(room(name) for name in ROOMS)]))
    before = simulator.items()
    done = meet(simulator, tmp_path, "-n", workers, site=site)
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
    assert {(id_, room(name)) for id_ in ("CALENDAR-2", "CALENDAR-3") for name in ROOMS} <= done.outcomes("passed")
    for name in ROOMS:
        assert list(steps(done, name, "meeting").items()) == [(step, True) for step in ALL_STEPS]
    assert_put_back(simulator, tmp_path, before, done.output)


def test_rooms_are_invited_one_at_a_time(simulator: Simulator, tmp_path: Path) -> None:
    """What is sent for one room ends before anything is sent for another, also with workers."""
    site = site_with(simulator, rooms="\n".join(["", *(room(name) for name in ROOMS)]))
    done = meet(simulator, tmp_path, "-n", "2", site=site)
    assert done.code == 0, done.output
    sent = [
        entry["operation"]
        for entry in simulator.log()
        if entry["operation"] in WRITES and entry["sent"]["impersonated"] == EMAIL
    ]
    one = ["CreateItem", "UpdateItem", "UpdateItem", "UpdateItem", "CreateItem", "DeleteItem"]
    assert sent == one * len(ROOMS)


def test_only_listed_rooms_are_invited_and_only_with_the_option(simulator: Simulator, tmp_path: Path) -> None:
    done = meet(simulator, tmp_path, "-n", "2")
    assert {("CALENDAR-3", room(name)) for name in INVITED} <= done.outcomes("passed")
    others = {("CALENDAR-3", room(name)) for name in ROOMS if name not in INVITED}
    assert done.outcomes("not requested") == others
    assert "does not name this room" in done.outcome("CALENDAR-3", room("bergen"))["found"]
    simulator.reset()
    without = accept(simulator.site, "--flowscape-book", "-n", "2", cwd=tmp_path, report=tmp_path / "without")
    assert without.outcomes("not requested") == {("CALENDAR-3", room(name)) for name in ROOMS}
    assert simulator.count("ews.GetMailTips") == 0
    assert not any(entry["sent"]["impersonated"] for entry in simulator.log() if entry["operation"] in WRITES)


def test_the_slot_is_in_working_hours_at_least_a_week_ahead(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant(f"work-hours-only:{ATLAS}")
    done = meet(simulator, tmp_path, ONE)
    assert done.outcome("CALENDAR-3", ATLAS)["outcome"] == "passed", done.output
    meeting_trip = trip(done, "atlas", "meeting")
    assert "the room's own clock" in meeting_trip["clock"]
    assert meeting_trip["begin"] > done.results["run"]["started"]


def test_the_report_says_what_was_written_where_and_what_stays(simulator: Simulator, tmp_path: Path) -> None:
    done = meet(simulator, tmp_path, ONE)
    (item,) = trip(done, "atlas", "meeting")["written"]
    assert (item["mailbox"], item["folder"], item["invited"]) == (EMAIL, "calendar", ATLAS)
    assert item["uid"].startswith("040000008200E00074C5B7101A82E008")
    assert item["tag"].startswith(done.results["run"]["id"])
    page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
    for text in (page, " ".join(done.output.split())):
        assert "1 meeting with requests, answers and cancellations in both mailboxes, and removed" in text
        assert "Recoverable Items" in text
    assert page.index("<dd>booking exercised</dd>") < page.index("Results by requirement")
    assert f"calendar of {EMAIL}, room invited" in page
    purged = {(i["mailbox"], i["class"]) for i in simulator.items(recoverable=True) if i["recoverable"]}
    assert {(EMAIL, "CalendarItem"), (EMAIL, "MeetingResponse")} <= purged
    assert {(ATLAS, "CalendarItem"), (ATLAS, "MeetingRequest"), (ATLAS, "MeetingCancellation")} <= purged


def test_a_room_that_keeps_the_subject_and_one_that_removes_what_is_cancelled(
    simulator: Simulator, tmp_path: Path
) -> None:
    before = simulator.items()
    simulator.plant(f"keeps-subject:{ATLAS}", "removes-cancelled:aurora@demo.test", f"slow-response:{ATLAS}")
    done = meet(simulator, tmp_path)
    assert {("CALENDAR-3", room(name)) for name in INVITED} <= done.outcomes("passed"), done.output
    assert_put_back(simulator, tmp_path, before, done.output)


def test_without_booking_in_the_site_file_it_is_a_usage_error(simulator: Simulator, tmp_path: Path) -> None:
    done = meet(simulator, tmp_path, site=site_without(simulator, "booking"))
    assert done.code == 4
    assert "no [booking] section" in done.output
    assert "approved_by" in done.output
    done = meet(simulator, tmp_path, site=site_with(simulator, approved_by=""))
    assert done.code == 4
    assert "approved_by" in done.output
    done = meet(simulator, tmp_path, "--flowscape-room=bergen@demo.test")
    assert done.code == 4
    assert "lists none of the chosen rooms" in done.output
    assert simulator.log() == []


def test_nothing_is_left_to_sweep(simulator: Simulator, tmp_path: Path) -> None:
    meet(simulator, tmp_path, ONE)
    done = sweep(simulator, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing to remove" in done.stdout
