"""GetUserAvailability of one mailbox: when it is taken, its working hours, and the zone that they are told in.

All times of the request are UTC: it names a zone without offset, so that the
answer's times, which carry none either, are UTC too (EWS reference,
"GetUserAvailability operation", TimeZone).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.facts import Availability, ClockChange, Kind, Trouble, WorkingPeriod, Zone
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import MESSAGES, TYPES, add, envelope_of, to_bytes

_T, _M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"
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
    add(window, TYPES, "StartTime", _told(begin))
    add(window, TYPES, "EndTime", _told(end))
    add(options, TYPES, "MergedFreeBusyIntervalInMinutes", _INTERVAL)
    add(options, TYPES, "RequestedView", "FreeBusy")
    return to_bytes(envelope)


def trouble_in(envelope: Envelope) -> Trouble | None:
    """Return the trouble that the answer for the mailbox is, None for none."""
    message = _message(envelope)
    return None if message is None else answers.message_trouble(message, envelope.http)


def read(envelope: Envelope, address: str) -> Availability:
    """Read the answer for the one mailbox that was asked for."""
    root = _response(envelope)
    trouble = trouble_in(envelope)
    view = None if root is None else root.find(f"{_M}FreeBusyView")
    if trouble is None and view is None:
        trouble = Trouble(Kind.MALFORMED, "an answer without free/busy information", status=envelope.http.status)
    if trouble is not None or view is None:
        return Availability(address, trouble=trouble)
    try:
        return Availability(address, tuple(_taken(view)), _zone(view), tuple(_working(view)))
    except (ValueError, OverflowError) as error:
        said = f"free/busy information that cannot be read: {error}"
        return Availability(address, trouble=Trouble(Kind.MALFORMED, said, status=envelope.http.status))


def _told(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat()


def _response(envelope: Envelope) -> etree._Element | None:
    return None if envelope.body is None else next(envelope.body.iter(f"{_M}FreeBusyResponse"), None)


def _message(envelope: Envelope) -> etree._Element | None:
    root = _response(envelope)
    return None if root is None else root.find(f"{_M}ResponseMessage")


def _taken(view: etree._Element) -> Iterator[tuple[datetime, datetime]]:
    """Return what is not free; an event of which nothing is known counts as taken."""
    for event in view.iter(f"{_T}CalendarEvent"):
        if (event.findtext(f"{_T}BusyType") or _NO_DATA) != _FREE:
            yield _time(event, "StartTime"), _time(event, "EndTime")


def _time(element: etree._Element, name: str) -> datetime:
    told = datetime.fromisoformat((element.findtext(f"{_T}{name}") or "").strip().replace("Z", "+00:00"))
    return told.astimezone(timezone.utc) if told.tzinfo else told.replace(tzinfo=timezone.utc)


def _zone(view: etree._Element) -> Zone | None:
    told = view.find(f"{_T}WorkingHours/{_T}TimeZone")
    if told is None:
        return None
    bias = _within(_number(told, "Bias"), -DAY, DAY)
    return Zone(bias, _change(told, "StandardTime"), _change(told, "DaylightTime"))


def _change(zone: etree._Element, name: str) -> ClockChange:
    told = zone.find(f"{_T}{name}")
    if told is None or not _number(told, "Month"):
        return ClockChange()
    hours, minutes = (int(part) for part in (told.findtext(f"{_T}Time") or "0:0").split(":")[:2])
    return ClockChange(
        month=_within(_number(told, "Month"), 1, 12),
        order=_within(_number(told, "DayOrder"), 0, 5),
        weekday=next(iter((told.findtext(f"{_T}DayOfWeek") or "").split()), "Sunday"),
        minutes=_within(hours * 60 + minutes, 0, DAY),
        bias=_within(_number(told, "Bias"), -DAY, DAY),
    )


def _working(view: etree._Element) -> Iterator[WorkingPeriod]:
    for period in view.iter(f"{_T}WorkingPeriod"):
        days = (period.findtext(f"{_T}DayOfWeek") or "").split()
        yield WorkingPeriod(tuple(days), _number(period, "StartTimeInMinutes"), _number(period, "EndTimeInMinutes"))


def _within(number: int, least: int, most: int) -> int:
    """Return the number back. Raises ValueError for one that no calendar has."""
    if not least <= number <= most:
        raise ValueError(f"{number} is not between {least} and {most}")
    return number


def _number(element: etree._Element, name: str) -> int:
    return int(element.findtext(f"{_T}{name}") or "0")
