"""GetUserAvailability of one mailbox: when it is taken, its working hours, and their zone.

All times of the request are UTC: it names a zone without offset, so that the
answer's times, which carry none either, are UTC too (EWS reference,
"GetUserAvailability operation", TimeZone).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.facts import Availability, ClockChange, Trouble, WorkingPeriod, Zone
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.item_answers import utc_time
from pytest_flowscape.probes.ews.one_mailbox import element_in, malformed
from pytest_flowscape.probes.ews.request import MESSAGES, TYPES, add, envelope_of, to_bytes

_T = f"{{{TYPES}}}"
_FREE = "Free"
DAY = 24 * 60  # minutes: further no zone is from UTC, and no change of its clock
_NO_DATA = "NoData"
_INTERVAL = "30"  # minutes; of the merged view, which is not asked for, yet has to be named
# any rule will do where both biases are 0; month 0 ("no change") is not accepted by every server
_CHANGES = (("StandardTime", "10"), ("DaylightTime", "3"))


def request(address: str, begin: datetime, end: datetime) -> bytes:
    """Build the request for one mailbox between two aware times: free/busy only, no subject."""
    envelope, body = envelope_of("")
    operation = add(body, MESSAGES, "GetUserAvailabilityRequest")
    zone = add(operation, TYPES, "TimeZone")
    add(zone, TYPES, "Bias", "0")
    for name, month in _CHANGES:
        change = add(zone, TYPES, name)
        for key, value in (("Bias", "0"), ("Time", "02:00:00"), ("DayOrder", "5"), ("Month", month)):
            add(change, TYPES, key, value)
        add(change, TYPES, "DayOfWeek", "Sunday")
    data = add(add(operation, MESSAGES, "MailboxDataArray"), TYPES, "MailboxData")
    add(add(data, TYPES, "Email"), TYPES, "Address", address)
    add(data, TYPES, "AttendeeType", "Required")
    options = add(operation, TYPES, "FreeBusyViewOptions")
    window = add(options, TYPES, "TimeWindow")
    add(window, TYPES, "StartTime", _utc_text(begin))
    add(window, TYPES, "EndTime", _utc_text(end))
    add(options, TYPES, "MergedFreeBusyIntervalInMinutes", _INTERVAL)
    add(options, TYPES, "RequestedView", "FreeBusy")
    return to_bytes(envelope)


def read(answer: Envelope | Trouble, address: str) -> Availability:
    """Read the answer for the one mailbox that was asked for."""
    view = element_in(answer, "FreeBusyView", "free/busy information")
    if isinstance(view, Trouble):
        return Availability(address, trouble=view)
    try:
        return Availability(address, tuple(_taken(view)), _zone(view), tuple(_working(view)))
    except (ValueError, OverflowError) as error:
        assert isinstance(answer, Envelope)
        return Availability(address, trouble=malformed(answer, f"free/busy information that cannot be read: {error}"))


def _utc_text(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat()


def _taken(view: etree._Element) -> Iterator[tuple[datetime, datetime]]:
    """Return what is not free; an event of which nothing is known counts as taken."""
    for event in view.iter(f"{_T}CalendarEvent"):
        if (event.findtext(f"{_T}BusyType") or _NO_DATA) != _FREE:
            yield _time(event, "StartTime"), _time(event, "EndTime")


def _time(event: etree._Element, name: str) -> datetime:
    return utc_time(event.findtext(f"{_T}{name}") or "")


def _zone(view: etree._Element) -> Zone | None:
    zone = view.find(f"{_T}WorkingHours/{_T}TimeZone")
    if zone is None:
        return None
    bias = _within(_number(zone, "Bias"), -DAY, DAY)
    return Zone(bias, _change(zone, "StandardTime"), _change(zone, "DaylightTime"))


def _change(zone: etree._Element, name: str) -> ClockChange:
    change = zone.find(f"{_T}{name}")
    if change is None or not _number(change, "Month"):
        return ClockChange()
    hours, minutes = (int(part) for part in (change.findtext(f"{_T}Time") or "0:0").split(":")[:2])
    return ClockChange(
        month=_within(_number(change, "Month"), 1, 12),
        order=_within(_number(change, "DayOrder"), 0, 5),
        weekday=next(iter((change.findtext(f"{_T}DayOfWeek") or "").split()), "Sunday"),
        minutes=_within(hours * 60 + minutes, 0, DAY),
        bias=_within(_number(change, "Bias"), -DAY, DAY),
    )


def _working(view: etree._Element) -> Iterator[WorkingPeriod]:
    for period in view.iter(f"{_T}WorkingPeriod"):
        days = (period.findtext(f"{_T}DayOfWeek") or "").split()
        yield WorkingPeriod(tuple(days), _number(period, "StartTimeInMinutes"), _number(period, "EndTimeInMinutes"))


def _within(number: int, low: int, high: int) -> int:
    """Return the number itself. Raises ValueError outside these limits: no calendar has such a number."""
    if not low <= number <= high:
        raise ValueError(f"{number} is not between {low} and {high}")
    return number


def _number(element: etree._Element, name: str) -> int:
    return int(element.findtext(f"{_T}{name}") or "0")
