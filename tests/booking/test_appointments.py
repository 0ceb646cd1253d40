"""Whole bookings: every room is booked, extended, ended and removed, and the site is as it was before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_flowscape.booking import appointment, removal
from pytest_flowscape.session import plan_counts
from tests.acceptance import accept
from tests.booking.sites import INVITED, ROOMS, WRITES, book, journals, meet, room, steps, trip
from tests.hard_sites.counts import assert_counts
from tests.hard_sites.planned import plan_of
from tests.simulator.harness import Simulator

ROOM, MEETING = "room", "meeting"
ALL_STEPS = [
    appointment.LOOK,
    appointment.SLOT,
    appointment.SYNC,
    appointment.BOOK,
    appointment.BOOK_CHANGE,
    appointment.EXTEND,
    appointment.EXTEND_CHANGE,
    appointment.END,
    appointment.END_CHANGE,
    appointment.REMOVE,
    appointment.REMOVE_CHANGE,
    removal.CHECK,
]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_room_is_booked_and_nothing_is_left(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.items()
    done = book(simulator, tmp_path, "-n", workers)
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
    assert {("CALENDAR-2", room(name)) for name in ROOMS} <= done.outcomes("passed")
    assert simulator.items() == before
    assert journals(tmp_path) == []
    for name in ROOMS:
        assert list(steps(done, name).items()) == [(step, True) for step in ALL_STEPS]
    assert simulator.count("ews.CreateItem") == len(ROOMS)
    recoverable = [item for item in simulator.items(recoverable=True) if item["recoverable"]]
    assert [item["subject"].startswith("Flowscape acceptance test") for item in recoverable] == [True] * len(ROOMS)


@pytest.mark.parametrize(
    ("workers", "kind"), [("0", ROOM), ("1", ROOM), ("2", ROOM), ("4", ROOM), ("0", MEETING), ("2", MEETING)]
)
def test_the_plan_and_the_footprint_are_what_the_servers_saw(
    workers: str, kind: str, simulator: Simulator, tmp_path: Path
) -> None:
    planned = plan_of(simulator.site, int(workers), book=kind)
    done = (meet if kind == MEETING else book)(simulator, tmp_path, "-n", workers)
    assert done.code == 0, done.output
    assert_counts(simulator, done, planned)
    expected = plan_counts.writes() * len(ROOMS)
    expected += plan_counts.writes(plan_counts.MEETING) * len(INVITED) if kind == MEETING else 0
    assert planned.writes == done.results["footprint"]["writes"] == expected
    assert sum(simulator.count(f"ews.{write}") for write in WRITES) == expected


def test_without_the_option_nothing_is_written(simulator: Simulator, tmp_path: Path) -> None:
    everything = simulator.items(recoverable=True)
    done = accept(simulator.site, "-n", "2", cwd=tmp_path)
    assert [simulator.count(f"ews.{write}") for write in WRITES] == [0, 0, 0]
    assert simulator.items(recoverable=True) == everything
    both = ("CALENDAR-2", "CALENDAR-3")
    assert done.outcomes("not requested") == {(id_, room(name)) for id_ in both for name in ROOMS}
    assert done.results["booking_exercised"] is False
    assert "booking not exercised" in done.output
    page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
    assert page.index("<dd>booking not exercised</dd>") < page.index("Results by requirement")
    assert done.results["footprint"]["writes"] == 0


def test_the_report_says_what_was_written_where_and_what_stays(simulator: Simulator, tmp_path: Path) -> None:
    done = book(simulator, tmp_path)
    page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
    assert page.index("<dd>booking exercised</dd>") < page.index("Results by requirement")
    assert "Bookings by room (6)" in page
    for text in (page, done.output):
        assert "Recoverable Items" in text
    assert "6 calendar items in 6 rooms, and removed" in done.output
    assert done.results["booking_exercised"] is True
    written = trip(done, "atlas")
    (item,) = written["written"]
    assert item["subject"] == f"Flowscape acceptance test {item['tag']}"
    assert item["tag"].startswith(done.results["run"]["id"])
    assert (item["mailbox"], item["folder"]) == (room("atlas"), "calendar")
    assert "the room's own clock" in written["clock"]
    evidence = json.loads((done.folder / "evidence.json").read_text(encoding="utf-8"))
    assert evidence["rooms"][room("atlas")]["bookings"]["begin"] == item["begin"]


def test_the_first_room_is_booked_first(simulator: Simulator, tmp_path: Path) -> None:
    """The first room's booking ends before any other begins, also with workers."""
    book(simulator, tmp_path, "-n", "2")
    writes = [entry for entry in simulator.log() if entry["operation"] in WRITES]
    created = [n for n, entry in enumerate(writes) if entry["operation"] == "CreateItem"]
    assert [entry["operation"] for entry in writes[: created[1]]] == [
        "CreateItem",
        "UpdateItem",
        "UpdateItem",
        "DeleteItem",
    ]
    assert writes[0]["mailboxes"] == [room("atlas")]
