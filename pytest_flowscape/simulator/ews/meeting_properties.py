"""The properties of meeting requests, answers and cancellations, in the order of types.xsd (MeetingMessageType)."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews import item_values as form
from pytest_flowscape.simulator.ews.item_ids import item_id
from pytest_flowscape.simulator.ews.item_properties import FIRST, LAST, OF_MESSAGES, Property, Seen, of_server, shown
from pytest_flowscape.simulator.meetings.attendants import copy_of
from pytest_flowscape.simulator.meetings.organizing import organizes


def _associated(seen: Seen) -> etree._Element | None:
    """Return the id of the calendar item of this mailbox that belongs to the message."""
    held = copy_of(seen.mailbox, seen.item.uid)
    if held is None:
        return None
    return item_id(seen.organisation, seen.mailbox, held, "AssociatedCalendarItemId")


def _of_organizer(seen: Seen) -> bool:
    held = copy_of(seen.mailbox, seen.item.uid)
    return held is not None and organizes(seen.mailbox, held)


def _processed(seen: Seen) -> bool:
    return copy_of(seen.mailbox, seen.item.uid) is not None


_OF_MEETINGS = (
    of_server("meeting:AssociatedCalendarItemId", form.READY, _associated),
    of_server("meeting:IsDelegated", form.TRUTH, lambda _: False),
    of_server("meeting:IsOutOfDate", form.TRUTH, lambda _: False),
    of_server("meeting:HasBeenProcessed", form.TRUTH, _processed),
    of_server("meeting:ResponseType", form.TEXT, lambda _: "Unknown"),
    of_server("calendar:UID", form.TEXT, lambda seen: seen.item.uid),
    of_server("calendar:DateTimeStamp", form.TIME, lambda seen: seen.item.created_at),
    of_server("calendar:IsOrganizer", form.TRUTH, _of_organizer),
)
_TIME_AND_PLACE = (
    of_server("calendar:Start", form.TIME),
    of_server("calendar:End", form.TIME),
    of_server("calendar:Location", form.TEXT),
    of_server("calendar:CalendarItemType", form.TEXT, lambda _: "Single"),
)
_OF_REQUESTS = (
    of_server("meetingRequest:MeetingRequestType", form.TEXT, lambda _: "NewMeetingRequest"),
    of_server("meetingRequest:IntendedFreeBusyStatus", form.TEXT, lambda _: "Busy"),
    of_server("calendar:Start", form.TIME),
    of_server("calendar:End", form.TIME),
    of_server("calendar:IsAllDayEvent", form.TRUTH, lambda _: False),
    of_server("calendar:LegacyFreeBusyStatus", form.TEXT, lambda _: "Tentative"),
    of_server("calendar:Location", form.TEXT),
    of_server("calendar:IsMeeting", form.TRUTH, lambda _: True),
    of_server("calendar:IsCancelled", form.TRUTH, lambda _: False),
    of_server("calendar:IsRecurring", form.TRUTH, lambda _: False),
    of_server("calendar:MeetingRequestWasSent", form.TRUTH, lambda _: True),
    of_server("calendar:CalendarItemType", form.TEXT, lambda _: "Single"),
    of_server("calendar:MyResponseType", form.TEXT, lambda _: "Unknown"),
    of_server("calendar:Organizer", form.PERSON),
    of_server("calendar:RequiredAttendees", form.ATTENDEES, found=False),
    of_server("calendar:OptionalAttendees", form.ATTENDEES, found=False),
    of_server("calendar:Resources", form.ATTENDEES, found=False),
    of_server("calendar:AppointmentSequenceNumber", form.NUMBER, lambda _: 0),
    of_server("calendar:AppointmentState", form.NUMBER, lambda _: 3),
    of_server("calendar:StartTimeZone", form.ZONE),
    of_server("calendar:EndTimeZone", form.ZONE),
)
_BEFORE = (
    *FIRST,
    *shown("message:CcRecipients", "message:ToRecipients"),
    *LAST,
    *OF_MESSAGES,
    *_OF_MEETINGS,
)
MEETING_KINDS: dict[str, tuple[Property, ...]] = {
    "MeetingRequest": (*_BEFORE, *_OF_REQUESTS),
    "MeetingResponse": (*_BEFORE, *_TIME_AND_PLACE),
    "MeetingCancellation": (*_BEFORE, *_TIME_AND_PLACE),
}
