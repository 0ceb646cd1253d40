"""What a resource decides about a request, by its settings: the booking attendant's decision.

Microsoft, "Set-CalendarProcessing": what is outside the policies (conflicts,
booking window, duration, working hours) is declined; what is inside them is
accepted, or waits for a delegate, or is declined where nobody may book.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.ews.get_user_availability import WORKING_DAYS, WORKING_MINUTES
from pytest_flowscape.simulator.ews.time_zones import ZONES
from pytest_flowscape.simulator.model import Mailbox
from pytest_flowscape.simulator.model_items import Item
from pytest_flowscape.simulator.model_meetings import Meeting

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Decision:
    """Accept, Tentative or Decline, and the sentence that the organizer reads."""

    response: str
    text: str


def decide(mailbox: Mailbox, meeting: Meeting, *, update: bool, now: datetime) -> Decision:
    """Decide about a request to a resource at this moment."""
    why = _outside(mailbox, meeting, update=update, now=now)
    if why:
        return Decision("Decline", f"Your request was declined: {why}.")
    settings = mailbox.processing
    if settings.all_book_in_policy:
        return Decision("Accept", "Your request was accepted.")
    if settings.all_request_in_policy:
        return Decision("Tentative", "Your request was received and waits for approval.")
    return Decision("Decline", "Your request was declined: you are not permitted to book this resource.")


def _outside(mailbox: Mailbox, meeting: Meeting, *, update: bool, now: datetime) -> str:
    """Return what is against the policies, empty for nothing."""
    settings = mailbox.processing
    start, end = times(meeting)
    if end <= now:
        return "the meeting is in the past"
    if start > now + timedelta(days=settings.window_days):
        return f"it is further ahead than {settings.window_days} days"
    if settings.longest_minutes and end - start > timedelta(minutes=settings.longest_minutes):
        return f"it is longer than {settings.longest_minutes} minutes"
    if settings.only_work_hours and not _in_work_hours(mailbox, start, end):
        return "it is outside the working hours of this resource"
    taken = settings.conflicts == "always" or (update and settings.conflicts == "update")
    if taken or (not settings.allow_conflicts and conflicting(mailbox, meeting)):
        return "it conflicts with another meeting of this resource"
    return ""


def times(meeting: Meeting) -> tuple[datetime, datetime]:
    """Return start and end of a meeting."""
    start, end = meeting.values["calendar:Start"], meeting.values["calendar:End"]
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    return start, end


def conflicting(mailbox: Mailbox, meeting: Meeting) -> list[Item]:
    """Return what else lies in the calendar at that time and is not shown as free."""
    start, end = times(meeting)
    found = []
    for item in mailbox.contents().within("calendar"):
        begins, ends = item.values.get("calendar:Start"), item.values.get("calendar:End")
        if item.uid == meeting.uid or not isinstance(begins, datetime) or not isinstance(ends, datetime):
            continue
        if begins < end and ends > start and item.values.get("calendar:LegacyFreeBusyStatus", "Busy") != "Free":
            found.append(item)
    return found


def _in_work_hours(mailbox: Mailbox, start: datetime, end: datetime) -> bool:
    """Whether a meeting lies within one working day, by the clock of the mailbox."""
    zone = ZONES[mailbox.time_zone]
    begins, ends = (
        zone.clock(moment.year).local(moment.astimezone(timezone.utc).replace(tzinfo=None)) for moment in (start, end)
    )
    first, last = WORKING_MINUTES
    if begins.date() != ends.date() or _DAYS[begins.weekday()] not in WORKING_DAYS.split():
        return False
    return begins.hour * 60 + begins.minute >= first and ends.hour * 60 + ends.minute <= last
