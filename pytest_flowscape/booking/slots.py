"""Choose when to book: some days ahead, while nobody works, where free/busy shows nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pytest_flowscape.booking import clock
from pytest_flowscape.facts import Availability, Kind, Trouble, WorkingPeriod, Zone

FIRST_DAY, LAST_DAY = 3, 9  # days ahead
LENGTH = timedelta(minutes=60)  # free time that a round trip needs around its booking
GRID = timedelta(minutes=15)
FIRST_WORKING_DAY, LAST_WORKING_DAY = 7, 20
SATURDAY = 5
# where a room tells no working hours
OFFICE = WorkingPeriod(("Weekday",), 10 * 60, 16 * 60)
NIGHT = (time(1), time(5))
Ask = Callable[[datetime, datetime], Availability]
Window = tuple[time, time] | None


@dataclass(frozen=True)
class Slot:
    """A free time: its beginning (aware, UTC), and by whose clock it was chosen, in words."""

    begin: datetime
    zone: str


def find_night_slot(ask: Ask, now: datetime, window: Window) -> Slot | Trouble | None:
    """Find a slot at night, inside ``window`` where one is given; both are times of the room's own clock.

    The clock is that of the room's working hours, else UTC. ``ask`` gives what
    is taken between two times. None: nothing is free. ``now`` is aware.
    """
    told = ask(now + timedelta(days=FIRST_DAY - 1), now + timedelta(days=LAST_DAY + 2))
    if told.trouble is not None:
        return told.trouble
    zone = told.zone or clock.UTC
    whose = "the room's own clock" if told.zone else "UTC, as the room tells no working hours"
    today = clock.to_local(zone, now).date()
    for hours in _hours(window):
        for ahead in range(FIRST_DAY, LAST_DAY + 1):
            for begin in _candidates(zone, today + timedelta(days=ahead), hours):
                if is_free(told, begin, begin + LENGTH):
                    return Slot(begin, f"{clock.name(zone, begin)}, {whose}")
    return None


def find_working_slot(ask: Ask, now: datetime) -> Slot | Trouble | None:
    """Find a slot in the room's working hours, at least a week ahead; Monday to Friday where it tells none."""
    told = ask(now + timedelta(days=FIRST_WORKING_DAY - 1), now + timedelta(days=LAST_WORKING_DAY + 2))
    if told.trouble is not None:
        return told.trouble
    zone, periods = told.zone or clock.UTC, told.working or (OFFICE,)
    whose = "the room's own clock" if told.zone else "UTC"
    whose += "" if told.working else ", as the room tells no working hours"
    today = clock.to_local(zone, now).date()
    for ahead in range(FIRST_WORKING_DAY, LAST_WORKING_DAY + 1):
        day = today + timedelta(days=ahead)
        for period in periods:
            if not _works_on(period, day) or period.begin >= period.end:
                continue
            begin, end = (datetime.combine(day, time()) + timedelta(minutes=m) for m in (period.begin, period.end))
            for candidate in _between(zone, begin, end):
                # a week to the hour: nobody who plans the next days is met
                if candidate >= now + timedelta(days=FIRST_WORKING_DAY) and is_free(
                    told, candidate, candidate + LENGTH
                ):
                    return Slot(candidate, f"{clock.name(zone, candidate)}, {whose}")
    return None


def _works_on(period: WorkingPeriod, day: date) -> bool:
    name = clock.WEEKDAYS[day.weekday()]
    group = "WeekendDay" if day.weekday() >= SATURDAY else "Weekday"
    return not {name, group, "Day"}.isdisjoint(period.days)


def is_free(told: Availability, begin: datetime, end: datetime) -> bool:
    """Whether nothing overlaps this time."""
    return not any(taken < end and until > begin for taken, until in told.taken)


def no_slot() -> Trouble:
    """Make the trouble of a room that is never free."""
    return Trouble(Kind.OTHER, f"no free time of {LENGTH.seconds // 60} minutes in days {FIRST_DAY} to {LAST_DAY}")


def no_working_slot() -> Trouble:
    """Make the trouble of a room that is never free in its working hours."""
    days = f"days {FIRST_WORKING_DAY} to {LAST_WORKING_DAY}"
    return Trouble(Kind.OTHER, f"no free {LENGTH.seconds // 60} minutes in the working hours of {days}")


def _hours(window: Window) -> Iterator[tuple[time, time]]:
    """Return the hours to look in: the part of the night that lies in the window, then the rest of the window."""
    if window is None:
        yield NIGHT
        return
    both = (max(NIGHT[0], window[0]), min(NIGHT[1], window[1]))
    if window[0] > window[1]:  # over midnight: it begins in the evening and ends in the morning
        both = (NIGHT[0], min(NIGHT[1], window[1]))
    if both[0] < both[1]:
        yield both
    yield window


def _candidates(zone: Zone, day: date, hours: tuple[time, time]) -> Iterator[datetime]:
    """Return the beginnings in these hours, the earliest first; hours over midnight end on the next day."""
    yield from _between(
        zone,
        datetime.combine(day, hours[0]),
        datetime.combine(day + timedelta(days=hours[0] >= hours[1]), hours[1]),
    )


def _between(zone: Zone, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Return the beginnings between two local times; not those that the clock passes over in spring."""
    while begin + LENGTH <= end:
        moment = clock.to_utc(zone, begin)
        if clock.to_local(zone, moment) == begin:
            yield moment
        begin += GRID


SUBJECT = "Flowscape acceptance test"


BODY = (
    "Written by an acceptance test of this room, which removes it within seconds. "
    "If it is still here, nobody needs it: it may be deleted."
)


def new_tag(run_id: str) -> str:
    """Return a tag of its own for one item: the run's id, so that people find the run, and a number by chance."""
    return f"{run_id}/{uuid.uuid4().hex}"


def subject_of(tag: str) -> str:
    """Return the subject of the item with this tag; it holds the tag, for whoever looks at the calendar."""
    return f"{SUBJECT} {tag}"
