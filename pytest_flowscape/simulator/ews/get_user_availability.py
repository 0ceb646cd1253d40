"""GetUserAvailability: free/busy of up to 100 mailboxes, with their working hours; no suggestions.

Microsoft, "GetUserAvailability operation": every mailbox has its own answer,
and sees what it grants to the caller: the calendar's Default level of a room
is free/busy time alone. Times without offset are local ones of the request's
time zone, in the request as in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, Request, T, message, refusal_message, required
from pytest_flowscape.simulator.ews.folder_access import check_trouble
from pytest_flowscape.simulator.ews.free_busy import Detail, Slot, detail_for, merged_string, slots
from pytest_flowscape.simulator.ews.item_values import format_truth
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.ews.time_zones import ZONES, Change, Clock
from pytest_flowscape.simulator.model import Mailbox, Organisation

MAX_MAILBOXES = 100
MAX_DAYS = 42
WORKING_DAYS = "Monday Tuesday Wednesday Thursday Friday"
WORKING_MINUTES = (480, 1020)
STANDARD_INTERVAL = 30


@dataclass(frozen=True)
class View:
    """What a request asks of every mailbox; ``begin`` and ``end`` are UTC, naive, ``clock`` is that of a year."""

    begin: datetime
    end: datetime
    kind: str
    interval: timedelta
    clock: Callable[[int], Clock]


def get_user_availability(call: Call) -> etree._Element:
    """Answer GetUserAvailability: the whole response. Raises Refusal (a fault) for a request that asks too much."""
    addresses = _addresses(call.request)
    view = _view(call.request)
    return _response(_answer(call, address, view) for address in addresses)


def availability_refusal(request: Request, refusal: Refusal) -> etree._Element:
    """Write the whole response in which every mailbox gets the same refusal."""
    ids = request.body.findall("m:MailboxDataArray/t:MailboxData", NS)
    return _response([refusal_message("ResponseMessage", refusal)] for _ in ids)


def _response(answers: Iterable[list[etree._Element]]) -> etree._Element:
    array = M.FreeBusyResponseArray(*(M.FreeBusyResponse(*answer) for answer in answers))
    return M.GetUserAvailabilityResponse(array)


def _addresses(request: Request) -> list[str]:
    found = required(request.body, "m:MailboxDataArray").findall("t:MailboxData", NS)
    if not found:
        raise Refusal("ErrorMailboxDataArrayEmpty")
    if len(found) > MAX_MAILBOXES:
        raise Refusal("ErrorMailboxDataArrayTooBig")
    return [data.findtext("t:Email/t:Address", "", NS).strip() for data in found]


def _view(request: Request) -> View:
    options = request.body.find("t:FreeBusyViewOptions", NS)
    if options is None or request.body.find("t:SuggestionsViewOptions", NS) is not None:
        raise Refusal("ErrorInvalidRequest", "Only free/busy information can be had here, no suggestions.")
    clock = _clock(request)
    begin, end = (_utc(required(options, f"t:TimeWindow/t:{name}").text, clock) for name in ("StartTime", "EndTime"))
    if end <= begin:
        raise Refusal("ErrorInvalidTimeInterval")
    if end - begin > timedelta(days=MAX_DAYS):
        raise Refusal("ErrorTimeIntervalTooBig")
    minutes = int(options.findtext("t:MergedFreeBusyIntervalInMinutes", str(STANDARD_INTERVAL), NS))
    if not 5 <= minutes <= 24 * 60:
        raise Refusal("ErrorInvalidMergedFreeBusyInterval")
    kind = options.findtext("t:RequestedView", "FreeBusy", NS).strip()
    return View(begin, end, kind, timedelta(minutes=minutes), clock)


def _clock(request: Request) -> Callable[[int], Clock]:
    """Find the request's time zone: its TimeZone element, else the TimeZoneContext header, else UTC."""
    element = request.body.find("t:TimeZone", NS)
    if element is not None:
        clock = _read_clock(element)
        return lambda _year: clock
    header = None
    if request.envelope is not None:
        header = request.envelope.find("s:Header/t:TimeZoneContext/t:TimeZoneDefinition", NS)
    return ZONES.get("" if header is None else header.get("Id", ""), ZONES["UTC"]).clock


def _read_clock(element: etree._Element) -> Clock:
    standard, daylight = required(element, "t:StandardTime"), required(element, "t:DaylightTime")
    return Clock(
        _number(element, "Bias"),
        _read_change(daylight),
        _read_change(standard),
        daylight_bias=_number(daylight, "Bias"),
        standard_bias=_number(standard, "Bias"),
    )


def _read_change(element: etree._Element) -> Change | None:
    month = _number(element, "Month")
    if month == 0:  # Windows's way to say that there is no such change
        return None
    hours, minutes = (int(part) for part in (required(element, "t:Time").text or "0:0").split(":")[:2])
    weekday = (required(element, "t:DayOfWeek").text or "").strip()
    return Change(month, _number(element, "DayOrder"), hours * 60 + minutes, weekday)


def _number(element: etree._Element, name: str) -> int:
    return int(required(element, f"t:{name}").text or "0")


def _utc(text: str | None, clock: Callable[[int], Clock]) -> datetime:
    moment = datetime.fromisoformat((text or "").strip().replace("Z", "+00:00"))
    if moment.tzinfo is not None:
        return moment.astimezone(timezone.utc).replace(tzinfo=None)
    return clock(moment.year).utc(moment)


def _answer(call: Call, address: str, view: View) -> list[etree._Element]:
    try:
        mailbox = call.organisation.holder(address)[0]
        if mailbox is None:
            text = f"Unable to resolve e-mail address {address} to an Active Directory object."
            raise Refusal("ErrorMailRecipientNotFound", text)  # noqa: TRY301  one way to write a refusal
        check_trouble(mailbox)
        detail = detail_for(call.organisation, mailbox, call.caller.acting)
        if detail is Detail.NOTHING:
            raise Refusal("ErrorNoFreeBusyAccess")  # noqa: TRY301  likewise
    except Refusal as refusal:
        return [refusal_message("ResponseMessage", refusal), M.FreeBusyView(T.FreeBusyViewType("None"))]
    return [message("ResponseMessage"), _free_busy(call.organisation, mailbox, view, detail)]


def _free_busy(organisation: Organisation, mailbox: Mailbox, view: View, detail: Detail) -> etree._Element:
    kind = view.kind
    if detail is Detail.TIME:
        kind = kind.replace("DetailedMerged", "FreeBusyMerged").replace("Detailed", "FreeBusy")
    found = slots(organisation, mailbox, view.begin, view.end)
    parts = [T.FreeBusyViewType(kind)]
    if "Merged" in kind:
        parts.append(T.MergedFreeBusy(merged_string(found, view.begin, view.end, view.interval)))
    if kind != "MergedOnly" and found:
        events = (_event(slot, view, detail if kind.startswith("Detailed") else Detail.TIME) for slot in found)
        parts.append(T.CalendarEventArray(*events))
    zone = ZONES[mailbox.time_zone]
    parts.append(_working_hours(zone.clock(view.begin.year)))
    return M.FreeBusyView(*parts)


def _event(slot: Slot, view: View, detail: Detail) -> etree._Element:
    begin, end = (view.clock(moment.year).local(moment) for moment in (slot.begin, slot.end))
    parts = [T.StartTime(begin.isoformat()), T.EndTime(end.isoformat()), T.BusyType(slot.status)]
    if detail is not Detail.TIME:
        hidden = slot.private and detail is not Detail.OWNER
        details = [] if hidden else [T.Subject(slot.subject), T.Location(slot.location)]
        if detail is not Detail.SUBJECT:
            details.insert(0, T.ID(slot.key))
        flags = {"IsMeeting": slot.meeting, "IsRecurring": False, "IsException": False}
        flags |= {"IsReminderSet": slot.reminder, "IsPrivate": slot.private}
        details += [T(name, format_truth(value)) for name, value in flags.items()]
        parts.append(T.CalendarEventDetails(*details))
    return T.CalendarEvent(*parts)


def _working_hours(clock: Clock) -> etree._Element:
    begin, end = WORKING_MINUTES
    zone = T.TimeZone(
        T.Bias(str(clock.bias)),
        T.StandardTime(*_write_change(clock.standard, clock.standard_bias)),
        T.DaylightTime(*_write_change(clock.daylight, clock.daylight_bias)),
    )
    period = T.WorkingPeriod(T.DayOfWeek(WORKING_DAYS), T.StartTimeInMinutes(str(begin)), T.EndTimeInMinutes(str(end)))
    return T.WorkingHours(zone, T.WorkingPeriodArray(period))


def _write_change(change: Change | None, bias: int) -> list[etree._Element]:
    if change is None:
        change, bias = Change(0, 0, 0), 0
    time = f"{change.minutes // 60:02}:{change.minutes % 60:02}:00"
    return [
        T.Bias(str(bias)),
        T.Time(time),
        T.DayOrder(str(change.order)),
        T.Month(str(change.month)),
        T.DayOfWeek(change.weekday),
    ]
