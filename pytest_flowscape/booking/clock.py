"""Local time of a zone as EWS has it: an offset, and two changes in a year (SerializableTimeZone)."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta, timezone

from pytest_flowscape.facts import ClockChange, Zone

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UTC = Zone()


def to_utc(zone: Zone, local: datetime) -> datetime:
    """Return a naive local time as an aware one in UTC. An hour that does not exist is taken as standard time."""
    return (local + timedelta(minutes=zone.bias + _change_at(zone, local).bias)).replace(tzinfo=timezone.utc)


def to_local(zone: Zone, moment: datetime) -> datetime:
    """Return an aware time as a naive local one of the zone."""
    plain = moment.astimezone(timezone.utc).replace(tzinfo=None)
    standard = plain - timedelta(minutes=zone.bias + zone.standard.bias)
    daylight = plain - timedelta(minutes=zone.bias + zone.daylight.bias)
    if not _has_daylight(zone):
        return standard
    begin, end = _moment(zone.daylight, standard.year), _moment(zone.standard, standard.year)
    # the time of each change is that of the clock that it ends
    after_begin, before_end = standard >= begin, daylight < end
    return daylight if (after_begin and before_end if begin < end else after_begin or before_end) else standard


def offset(zone: Zone, moment: datetime) -> str:
    """Return the zone's offset at an aware time as text: ``UTC+01:00``."""
    difference = to_local(zone, moment) - moment.astimezone(timezone.utc).replace(tzinfo=None)
    minutes = round(difference.total_seconds() / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"


def _has_daylight(zone: Zone) -> bool:
    return bool(zone.standard.month and zone.daylight.month)


def _change_at(zone: Zone, local: datetime) -> ClockChange:
    """Return the change that applies at a local time."""
    if not _has_daylight(zone):
        return zone.standard
    begin, end = _moment(zone.daylight, local.year), _moment(zone.standard, local.year)
    inside = begin <= local < end if begin < end else not end <= local < begin
    return zone.daylight if inside else zone.standard


def _moment(change: ClockChange, year: int) -> datetime:
    """Return the local time of a change in a year."""
    first, days = monthrange(year, change.month)
    weekday = WEEKDAYS.index(change.weekday) if change.weekday in WEEKDAYS else WEEKDAYS.index("Sunday")
    day = 1 + (weekday - first) % 7 + 7 * (max(1, change.order) - 1)
    while day > days:
        day -= 7
    return datetime(year, change.month, day) + timedelta(minutes=change.minutes)  # noqa: DTZ001  local on purpose
