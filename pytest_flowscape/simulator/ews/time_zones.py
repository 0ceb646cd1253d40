"""Time zones as Windows defines them: a modest list, and clocks that turn local times into UTC and back.

A bias is in minutes, with Windows's sign: UTC is local time plus bias. The
definitions are those that Windows keeps in its registry for these zones; EWS
has them in two shapes, TimeZoneDefinition and SerializableTimeZone.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LAST = 5  # an order in the month: the last one, be it the fourth or the fifth


@dataclass(frozen=True)
class Change:
    """A change of the clock: on the ``order``-th ``weekday`` of a month, so many minutes after midnight."""

    month: int
    order: int
    minutes: int
    weekday: str = "Sunday"

    def moment(self, year: int) -> datetime:
        """Return the local time of the change in a year."""
        first, days = monthrange(year, self.month)
        day = 1 + (WEEKDAYS.index(self.weekday) - first) % 7 + 7 * (self.order - 1)
        while day > days:
            day -= 7
        return datetime(year, self.month, day) + timedelta(minutes=self.minutes)  # noqa: DTZ001  local on purpose


@dataclass(frozen=True)
class Clock:
    """The clock of a zone: its bias, and its two changes in a year; None where it never changes.

    ``daylight_bias`` and ``standard_bias`` are added to ``bias`` (usually -60 and 0).
    """

    bias: int
    daylight: Change | None = None
    standard: Change | None = None
    daylight_bias: int = -60
    standard_bias: int = 0

    def utc(self, local: datetime) -> datetime:
        """Return a local time in UTC, both naive."""
        return local + timedelta(minutes=self._bias_at(local))

    def local(self, utc: datetime) -> datetime:
        """Return a time in UTC as a local one, both naive."""
        standard = utc - timedelta(minutes=self.bias + self.standard_bias)
        if self.daylight is None or self.standard is None:
            return standard
        daylight = utc - timedelta(minutes=self.bias + self.daylight_bias)
        begin, end = self.daylight.moment(standard.year), self.standard.moment(standard.year)
        # each change is stated on the clock that it ends
        inside = standard >= begin and daylight < end if begin < end else not (daylight >= end and standard < begin)
        return daylight if inside else standard

    def _bias_at(self, local: datetime) -> int:
        if self.daylight is None or self.standard is None:
            return self.bias + self.standard_bias
        begin, end = self.daylight.moment(local.year), self.standard.moment(local.year)
        inside = begin <= local < end if begin < end else not end <= local < begin
        return self.bias + (self.daylight_bias if inside else self.standard_bias)


@dataclass(frozen=True)
class Rule:
    """How a zone changes its clock from 1 January of ``since`` on (0: as far back as anybody knows)."""

    since: int
    daylight: Change
    standard: Change


@dataclass(frozen=True)
class Zone:
    """A time zone by its Windows id; ``rules`` is empty where the clock never changes, else in order."""

    id: str
    name: str
    bias: int
    rules: tuple[Rule, ...] = ()

    def clock(self, year: int) -> Clock:
        """Return the clock of a year."""
        valid = [rule for rule in self.rules if rule.since <= year]
        if not valid:
            return Clock(self.bias)
        return Clock(self.bias, valid[-1].daylight, valid[-1].standard)


def _europe(hour: int) -> tuple[Rule, ...]:
    """Return the European rule: both changes at the same moment, 01:00 UTC; ``hour`` is local standard time."""
    return (Rule(0, Change(3, LAST, hour * 60), Change(10, LAST, (hour + 1) * 60)),)


_AMERICA = (
    Rule(0, Change(4, 1, 120), Change(10, LAST, 120)),
    Rule(2007, Change(3, 2, 120), Change(11, 1, 120)),
)
_SYDNEY = (
    Rule(0, Change(10, LAST, 120), Change(3, LAST, 180)),
    Rule(2008, Change(10, 1, 120), Change(4, 1, 180)),
)
ZONES: dict[str, Zone] = {
    zone.id: zone
    for zone in (
        Zone("Pacific Standard Time", "(UTC-08:00) Pacific Time (US & Canada)", 480, _AMERICA),
        Zone("Central Standard Time", "(UTC-06:00) Central Time (US & Canada)", 360, _AMERICA),
        Zone("Eastern Standard Time", "(UTC-05:00) Eastern Time (US & Canada)", 300, _AMERICA),
        Zone("UTC", "(UTC) Coordinated Universal Time", 0),
        Zone("GMT Standard Time", "(UTC+00:00) Dublin, Edinburgh, Lisbon, London", 0, _europe(1)),
        Zone("Greenwich Standard Time", "(UTC+00:00) Monrovia, Reykjavik", 0),
        Zone(
            "W. Europe Standard Time", "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", -60, _europe(2)
        ),
        Zone("Romance Standard Time", "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", -60, _europe(2)),
        Zone("FLE Standard Time", "(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", -120, _europe(3)),
        Zone("India Standard Time", "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", -330),
        Zone("Tokyo Standard Time", "(UTC+09:00) Osaka, Sapporo, Tokyo", -540),
        Zone("AUS Eastern Standard Time", "(UTC+10:00) Canberra, Melbourne, Sydney", -600, _SYDNEY),
    )
}
