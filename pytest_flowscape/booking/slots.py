"""Choose when to book: some days ahead, while nobody works or in working hours, where free/busy shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pytest_flowscape.booking import clock
from pytest_flowscape.facts import Availability, Kind, Trouble, WorkingPeriod, Zone

FIRST_DAY, LAST_DAY = 3, 9  # days ahead
FREE_LENGTH = timedelta(minutes=60)  # free time that a round trip needs around its booking
GRID = timedelta(minutes=15)
FIRST_WORKING_DAY, LAST_WORKING_DAY = 7, 20
SATURDAY = 5
# for a room whose answer holds no working hours
OFFICE = WorkingPeriod(("Weekday",), 10 * 60, 16 * 60)
NIGHT = (time(1), time(5))
AskAvailability = Callable[[datetime, datetime], Availability]
Window = tuple[time, time] | None


@dataclass(frozen=True)
class Slot:
    """A free time: its beginning (aware, UTC), and by whose clock it was chosen, in words."""

    begin: datetime
    zone: str


def find_night_slot(ask: AskAvailability, now: datetime, window: Window) -> Slot | Trouble:
    """Find a slot at night, inside ``window`` where one is given; both are times of the room's own clock.

    The clock is that of the room's working hours, else UTC. ``ask`` returns what
    is taken between two times. Trouble where nothing is free. ``now`` is aware.
    """

    def begins(_: Availability, zone: Zone, days: list[date]) -> Iterator[datetime]:
        return (begin for hours in _hours(window) for day in days for begin in _begins_on(zone, day, hours))

    return _first_free(ask, now, (FIRST_DAY, LAST_DAY), begins)


def find_working_slot(ask: AskAvailability, now: datetime) -> Slot | Trouble:
    """Find a slot in the room's working hours, at least a week ahead; Monday to Friday where it has none."""
    # a week to the hour: nobody who plans the next days is met
    soonest = now + timedelta(days=FIRST_WORKING_DAY)

    def begins(busy: Availability, zone: Zone, days: list[date]) -> Iterator[datetime]:
        for day in days:
            for period in busy.working or (OFFICE,):
                if _works_on(period, day) and period.begin < period.end:
                    hours = (datetime.combine(day, time()) + timedelta(minutes=m) for m in (period.begin, period.end))
                    yield from (begin for begin in _between(zone, *hours) if begin >= soonest)

    return _first_free(ask, now, (FIRST_WORKING_DAY, LAST_WORKING_DAY), begins, in_working_hours=True)


def _first_free(
    ask: AskAvailability,
    now: datetime,
    ahead: tuple[int, int],
    begins: Callable[[Availability, Zone, list[date]], Iterable[datetime]],
    *,
    in_working_hours: bool = False,
) -> Slot | Trouble:
    """Return the first of the beginnings from which nothing is taken; ``ahead`` are the first and the last day."""
    first, last = ahead
    busy = ask(now + timedelta(days=first - 1), now + timedelta(days=last + 2))
    if busy.trouble is not None:
        return busy.trouble
    zone = busy.zone or clock.UTC
    today = clock.to_local(zone, now).date()
    days = [today + timedelta(days=number) for number in range(first, last + 1)]
    begin = next((one for one in begins(busy, zone, days) if is_free(busy, one, one + FREE_LENGTH)), None)
    if begin is None:
        where = " in the working hours" if in_working_hours else ""
        said = f"no free time of {FREE_LENGTH.seconds // 60} minutes{where} in days {first} to {last}"
        return Trouble(Kind.OTHER, said)
    whose = "the room's own clock" if busy.zone else "UTC"
    if busy.zone is None or (in_working_hours and not busy.working):
        whose += ", as the room has no working hours"
    return Slot(begin, f"{clock.offset(zone, begin)}, {whose}")


def _works_on(period: WorkingPeriod, day: date) -> bool:
    name = clock.WEEKDAYS[day.weekday()]
    group = "WeekendDay" if day.weekday() >= SATURDAY else "Weekday"
    return not {name, group, "Day"}.isdisjoint(period.days)


def is_free(busy: Availability, begin: datetime, end: datetime) -> bool:
    """Whether nothing overlaps this time."""
    return not any(taken < end and until > begin for taken, until in busy.taken)


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


def _begins_on(zone: Zone, day: date, hours: tuple[time, time]) -> Iterator[datetime]:
    """Return the beginnings in these hours, the earliest first; hours over midnight end on the next day."""
    yield from _between(
        zone,
        datetime.combine(day, hours[0]),
        datetime.combine(day + timedelta(days=hours[0] >= hours[1]), hours[1]),
    )


def _between(zone: Zone, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Return the beginnings between two local times; not those that the clock passes over in spring."""
    while begin + FREE_LENGTH <= end:
        moment = clock.to_utc(zone, begin)
        if clock.to_local(zone, moment) == begin:
            yield moment
        begin += GRID
