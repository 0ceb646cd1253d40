"""Choose when to book: some days ahead, while nobody works, where free/busy shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pytest_flowscape.booking import clock
from pytest_flowscape.facts import Availability, Kind, Trouble, Zone

FIRST_DAY, LAST_DAY = 3, 9  # days ahead
LENGTH = timedelta(minutes=60)  # free time that a round trip needs around its booking
GRID = timedelta(minutes=15)
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


def is_free(told: Availability, begin: datetime, end: datetime) -> bool:
    """Tell whether nothing overlaps this time."""
    return not any(taken < end and until > begin for taken, until in told.taken)


def no_slot() -> Trouble:
    """Make the trouble of a room that is never free."""
    return Trouble(Kind.OTHER, f"no free time of {LENGTH.seconds // 60} minutes in days {FIRST_DAY} to {LAST_DAY}")


def _hours(window: Window) -> Iterator[tuple[time, time]]:
    """Give the hours to look in: the part of the night that lies in the window, then the rest of the window."""
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
    """Give the beginnings in these hours, the earliest first; hours over midnight end on the next day."""
    begin = datetime.combine(day, hours[0])
    end = datetime.combine(day + timedelta(days=hours[0] >= hours[1]), hours[1])
    while begin + LENGTH <= end:
        yield clock.to_utc(zone, begin)
        begin += GRID
