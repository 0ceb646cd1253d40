"""Slots: at night or in working hours by the room's own clock, where nothing is taken; clocks with their changes."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from pytest_flowscape.booking import clock
from pytest_flowscape.booking.slots import (
    FIRST_DAY,
    FIRST_WORKING_DAY,
    FREE_LENGTH,
    LAST_DAY,
    Slot,
    find_night_slot,
    find_working_slot,
)
from pytest_flowscape.facts import Availability, ClockChange, Kind, Trouble, WorkingPeriod, Zone

BERLIN = Zone(-60, ClockChange(10, 5, "Sunday", 180, 0), ClockChange(3, 5, "Sunday", 120, -60))
SYDNEY = Zone(-600, ClockChange(4, 1, "Sunday", 180, 0), ClockChange(10, 1, "Sunday", 120, -60))
NEW_YORK = Zone(300, ClockChange(11, 1, "Sunday", 120, 0), ClockChange(3, 2, "Sunday", 120, -60))
INDIA = Zone(-330)
NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "name"),
    [(BERLIN, "Europe/Berlin"), (SYDNEY, "Australia/Sydney"), (NEW_YORK, "America/New_York"), (INDIA, "Asia/Kolkata")],
)
def test_clocks_agree_with_the_time_zone_database_through_a_whole_year(zone: Zone, name: str) -> None:
    known = ZoneInfo(name)
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    while moment.year == 2026:
        local = clock.to_local(zone, moment)
        assert local == moment.astimezone(known).replace(tzinfo=None), moment
        back = clock.to_utc(zone, local)
        assert back == moment or clock.to_local(zone, back) == local  # the hour that comes twice
        moment += timedelta(minutes=30)


@pytest.mark.parametrize(
    ("zone", "said"), [(BERLIN, "UTC+01:00"), (INDIA, "UTC+05:30"), (NEW_YORK, "UTC-05:00"), (clock.UTC, "UTC")]
)
def test_an_offset_in_words(zone: Zone, said: str) -> None:
    assert clock.offset(zone, NOW) == said


def night_slot(
    taken: tuple[tuple[datetime, datetime], ...] = (), zone: Zone | None = BERLIN, window: object = None
) -> object:
    busy = Availability("atlas@demo.test", taken, zone)
    return find_night_slot(lambda begin, end: busy, NOW, window)  # type: ignore[arg-type]


def local(slot: object, zone: Zone) -> datetime:
    assert isinstance(slot, Slot)
    return clock.to_local(zone, slot.begin)


@pytest.mark.parametrize("zone", [BERLIN, SYDNEY, NEW_YORK, INDIA])
def test_it_is_night_where_the_room_is(zone: Zone) -> None:
    slot = night_slot(zone=zone)
    assert isinstance(slot, Slot)
    begin = local(slot, zone)
    assert time(1) <= begin.time() <= time(4)
    assert FIRST_DAY <= (begin.date() - clock.to_local(zone, NOW).date()).days <= LAST_DAY
    assert "the room's own clock" in slot.zone


def test_without_working_hours_it_is_utc_and_says_so() -> None:
    slot = night_slot(zone=None)
    assert isinstance(slot, Slot)
    assert slot.begin.time() == time(1)
    assert slot.zone == "UTC, UTC, as the room has no working hours"


def test_what_is_taken_is_avoided() -> None:
    first = night_slot()
    assert isinstance(first, Slot)
    second = night_slot(((first.begin - timedelta(minutes=30), first.begin + timedelta(minutes=1)),))
    assert isinstance(second, Slot)
    assert second.begin == first.begin + timedelta(minutes=15)
    touching = night_slot(
        ((first.begin - timedelta(hours=1), first.begin), (first.begin + FREE_LENGTH, first.begin + DAY))
    )
    assert touching == first


def test_a_night_that_is_taken_is_followed_by_another() -> None:
    first = night_slot()
    assert isinstance(first, Slot)
    another = night_slot(((first.begin - DAY / 2, first.begin + DAY / 2),))
    assert isinstance(another, Slot)
    assert another.begin == first.begin + DAY
    assert night_slot(((NOW, NOW + 30 * DAY),)) == Trouble(Kind.OTHER, "no free time of 60 minutes in days 3 to 9")


@pytest.mark.parametrize(
    ("window", "begins"),
    [
        ((time(20), time(6)), time(1)),  # the night lies inside
        ((time(22), time(2)), time(1)),
        ((time(3), time(23)), time(3)),
        ((time(20), time(0, 30)), time(20)),  # no part of the night is long enough
        ((time(9), time(17)), time(9)),
    ],
)
def test_the_window_is_kept(window: tuple[time, time], begins: time) -> None:
    assert local(night_slot(window=window), BERLIN).time() == begins


def test_a_window_that_is_too_short_has_no_slot() -> None:
    assert isinstance(night_slot(window=(time(9), time(9, 30))), Trouble)


def test_trouble_is_returned() -> None:
    trouble = Trouble(Kind.OTHER, "ErrorNoFreeBusyAccess", code="ErrorNoFreeBusyAccess")
    assert find_night_slot(lambda begin, end: Availability("a", trouble=trouble), NOW, None) is trouble


# --- slots of meetings ----------------------------------------------------------------------------

WEEK = (WorkingPeriod(("Monday", "Wednesday"), 8 * 60, 12 * 60), WorkingPeriod(("Friday",), 13 * 60, 17 * 60))


def working_slot(
    taken: tuple[tuple[datetime, datetime], ...] = (),
    zone: Zone | None = BERLIN,
    periods: tuple[WorkingPeriod, ...] = WEEK,
    now: datetime = NOW,
) -> object:
    busy = Availability("atlas@demo.test", taken, zone, periods)
    return find_working_slot(lambda begin, end: busy, now)


@pytest.mark.parametrize("zone", [BERLIN, SYDNEY, NEW_YORK, INDIA])
@pytest.mark.parametrize("hours", range(0, 24 * 7, 5))
def test_a_meeting_lies_in_working_hours_a_week_ahead(hours: int, zone: Zone) -> None:
    now = NOW + timedelta(hours=hours)
    slot = working_slot(zone=zone, now=now)
    assert isinstance(slot, Slot)
    assert slot.begin - now >= timedelta(days=FIRST_WORKING_DAY)
    begin = local(slot, zone)
    end = begin + FREE_LENGTH
    fits = [
        period
        for period in WEEK
        if clock.WEEKDAYS[begin.weekday()] in period.days
        and period.begin <= begin.hour * 60 + begin.minute
        and end.hour * 60 + end.minute <= period.end
    ]
    assert len(fits) == 1


def test_a_meeting_where_nothing_is_taken() -> None:
    first = working_slot()
    assert isinstance(first, Slot)
    second = working_slot(((first.begin - timedelta(hours=1), first.begin + timedelta(minutes=1)),))
    assert isinstance(second, Slot)
    assert second.begin == first.begin + timedelta(minutes=15)
    assert isinstance(working_slot(((NOW, NOW + 60 * DAY),)), Trouble)


@pytest.mark.parametrize(("days", "weekday"), [("Day", 6), ("Weekday", 0), ("WeekendDay", 6)])
def test_groups_of_days(days: str, weekday: int) -> None:
    slot = working_slot(periods=(WorkingPeriod((days,), 600, 900),), now=datetime(2026, 11, 22, 1, tzinfo=timezone.utc))
    assert local(slot, BERLIN).weekday() == weekday  # a week after a Sunday


def test_a_meeting_without_working_hours_is_at_office_hours_and_says_so() -> None:
    slot = working_slot(zone=None, periods=())
    assert isinstance(slot, Slot)
    assert slot.begin.weekday() < 5
    assert 10 <= slot.begin.hour < 16
    assert slot.zone == "UTC, UTC, as the room has no working hours"


def test_an_hour_that_the_clock_passes_over_is_not_a_slot() -> None:
    """In Berlin the clock goes from two to three on 28 March 2027."""
    sunday = WorkingPeriod(("Sunday",), 120, 240)
    found = working_slot(periods=(sunday,), now=datetime(2027, 3, 21, 0, tzinfo=timezone.utc))
    assert isinstance(found, Slot)
    assert local(found, BERLIN) == datetime(2027, 3, 28, 3)  # noqa: DTZ001  local on purpose
