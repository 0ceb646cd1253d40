"""The text of the plan: plain, at most 100 columns, whatever the site file holds."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from pytest_flowscape.core.secret import NOTHING
from pytest_flowscape.facts import Vantage
from pytest_flowscape.report.terminal.columns import text_width
from pytest_flowscape.session.plan import plan_text
from pytest_flowscape.session.plan_counts import make_plan
from pytest_flowscape.site.model import Booking, Directory, DirectoryServer, PasswordSource, Room, Site, Users
from pytest_flowscape.site.one_run import Run
from tests.report.report_samples import HOSTILE, NOON, site

WHERE = Vantage("panel-01", "installer", "Windows 11", "3.12.1", "0.1.0", "5f2c0a3e", NOON)


def text_of(
    where: Site, workers: int = 1, rooms: int | None = None, remarks: tuple[str, ...] = (), book: str = ""
) -> str:
    run = Run(where, "5f2c0a3e", Path(), where.rooms[:rooms], NOTHING, NOTHING, NOON, workers, book=book)
    text = plan_text(make_plan(run, frozenset({"givenName"})), run, WHERE, remarks)
    # but for the command, which a shell takes on one line only
    assert all(text_width(line) <= 100 for line in text.splitlines() if not line.startswith("  pytest ")), text
    return text


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("rooms", [1, 12, 3000])
@pytest.mark.parametrize("workers", [1, 4])
def test_it_fits_a_ticket_and_names_every_mailbox(rooms: int, workers: int) -> None:
    text = text_of(site(rooms), workers)
    assert text.isascii()
    for room in site(rooms).rooms:
        assert f"{room.email}: 2 requests" in text
    assert text.endswith("\n")


def test_hostile_values_stay_on_their_lines() -> None:
    for value in HOSTILE:
        text = text_of(site(customer=value, name=value))
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert len(text.splitlines()) < 150


def test_without_a_directory_it_says_what_is_asked_instead() -> None:
    text = flat(text_of(site(4, directory=None)))
    assert "Nothing: no bind, no search." in text
    assert "ResolveNames 5 as the service account itself" in text
    assert "4776 for each sign-in" in text
    assert "LDAP" not in text


def test_a_separate_directory_user_is_named() -> None:
    reader = Directory(
        (DirectoryServer("dc01.contoso.test", 389, tls=False),),
        "DC=contoso,DC=test",
        start_tls=True,
        username="reader@contoso.test",
        password=PasswordSource("prompt"),
    )
    text = flat(text_of(site(2, directory=reader)))
    assert "Reads the directory reader@contoso.test" in text
    assert "ldap://dc01.contoso.test:389 (domain controller, StartTLS)" in text


def test_some_rooms_and_their_command() -> None:
    text = flat(text_of(site(4), workers=2, rooms=1, remarks=("The tests of own come on top.",)))
    assert "1 of 4 rooms" in text
    command = (
        "pytest --flowscape-config=site.ini --flowscape-run-id=5f2c0a3e -n 2 --flowscape-room=room0000@contoso.test"
    )
    assert command in text
    assert "The tests of own come on top." in text


def test_the_command_is_one_line_that_a_shell_takes_as_it_stands() -> None:
    chosen = replace(site(4), rooms=tuple(Room(f"a`id`|$x{n}@contoso.test") for n in range(4)))
    lines = text_of(chosen, rooms=2).splitlines()
    command = next(line.strip() for line in lines if line.startswith("  pytest "))
    assert shlex.split(command)[-2:] == [f"--flowscape-room=a`id`|$x{n}@contoso.test" for n in range(2)]


def test_booking_rooms_alone_change_nothing() -> None:
    text = flat(text_of(replace(site(2), booking=Booking(rooms=("room0000@contoso.test",)))))
    assert "0 writes" in text
    assert "without --flowscape-book nothing is booked" in text


def test_bookings_are_planned_with_everything_that_they_write() -> None:
    text = flat(text_of(replace(site(3), booking=Booking(window=(time(20), time(6)))), book="room"))
    assert "12 writes: in the calendar of each of 3 rooms one appointment" in text
    assert "between 20:00 and 06:00 by the room's clock" in text
    assert "CreateItem 3 as the service account itself" in text
    assert "12 writing" in text
    assert "Recoverable Items" in text
    assert "two Update and one HardDelete" in text
    assert "--flowscape-book" in text.rpartition("pytest --flowscape-config")[2]


def test_meetings_are_planned_with_who_approved_them_and_whom_they_reach() -> None:
    named = tuple(f"room{number:04}@contoso.test" for number in range(2))
    booking = Booking(named, (time(20), time(6)), approved_by="A. Admin", answer_timeout=90)
    text = flat(text_of(replace(site(3), booking=booking), book="meeting"))
    assert f"2 rooms invited, one at a time, approved by A. Admin: {', '.join(named)}" in text
    assert "26 writes" in text  # four in each calendar, seven for each meeting
    assert "Nothing is sent to anybody else" in text
    assert "Nothing is sent to anybody." not in text
    assert "UpdateItem 6 acting as the mailbox (impersonation)" in text
    assert "one of 90 seconds" in text
    assert "message tracking" in text
    assert "--flowscape-book=meeting" in text.rpartition("pytest --flowscape-config")[2]


def test_no_users_by_decision() -> None:
    text = text_of(site(1, users=Users(none_by="A. Admin", none_reason="later")))
    assert "ann@contoso.test" not in text


@pytest.mark.parametrize(
    ("rooms", "expected"),
    [
        (1, "under a minute."),
        (200, "under a minute; 1 to 5 minutes if the servers are slow or far away."),
        (3000, "1 to 5 minutes; 5 to 30 minutes if the servers are slow or far away."),
    ],
)
def test_the_duration_is_a_class(rooms: int, expected: str) -> None:
    assert f"Expected: {expected}" in flat(text_of(site(rooms), workers=1))
