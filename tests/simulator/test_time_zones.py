"""The simulated clocks, hour by hour, against the IANA time zone database."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from exchangelib.winzone import MS_TIMEZONE_TO_IANA_MAP

from pytest_flowscape.simulator.ews.time_zones import ZONES, Change, Clock


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("year", [2005, 2026])
def test_local_time_and_back(name: str, year: int) -> None:
    known = ZoneInfo(MS_TIMEZONE_TO_IANA_MAP[name])
    clock = ZONES[name].clock(year)
    back = 0
    for hour in range(24, 364 * 24):  # not where the local year is another one
        moment = datetime(year, 1, 1, tzinfo=timezone.utc) + timedelta(hours=hour)
        naive, local = moment.replace(tzinfo=None), moment.astimezone(known)
        assert clock.local(naive) == local.replace(tzinfo=None), moment
        back += clock.utc(clock.local(naive)) != naive
    # the hour that comes twice can be read in one way only
    assert back == (1 if ZONES[name].rules else 0)


def test_a_month_with_four_and_one_with_five() -> None:
    last = Change(month=3, order=5, minutes=120)
    assert last.moment(2026) == datetime(2026, 3, 29, 2)  # noqa: DTZ001  local
    assert last.moment(2027) == datetime(2027, 3, 28, 2)  # noqa: DTZ001
    assert Change(11, 1, 120).moment(2026) == datetime(2026, 11, 1, 2)  # noqa: DTZ001


def test_a_clock_without_changes_stands_on_its_standard_time() -> None:
    clock = Clock(-60)
    noon = datetime(2026, 7, 1, 12)  # noqa: DTZ001
    assert clock.local(noon) == noon + timedelta(hours=1)
    assert clock.utc(noon) == noon - timedelta(hours=1)
