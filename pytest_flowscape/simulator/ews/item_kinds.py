"""Every kind of item that the simulator knows, by the name of its element, with its properties in schema order.

The tables here are those of meeting requests, answers and cancellations
(types.xsd, MeetingMessageType).
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews import item_values as form
from pytest_flowscape.simulator.ews.item_ids import item_id
from pytest_flowscape.simulator.ews.item_properties import (
    FIRST,
    ITEM_KINDS,
    LAST,
    OF_MESSAGES,
    ItemView,
    Property,
    recipient_names,
    server_property,
)
from pytest_flowscape.simulator.meetings.attendants import copy_of
from pytest_flowscape.simulator.meetings.organizer import organizes


def _associated_id(view: ItemView) -> etree._Element | None:
    """Return the id of the calendar item of this mailbox that belongs to the message."""
    held = copy_of(view.mailbox, view.item.uid)
    if held is None:
        return None
    return item_id(view.organisation, view.mailbox, held, "AssociatedCalendarItemId")


def _is_organizer(view: ItemView) -> bool:
    held = copy_of(view.mailbox, view.item.uid)
    return held is not None and organizes(view.mailbox, held)


def _is_processed(view: ItemView) -> bool:
    return copy_of(view.mailbox, view.item.uid) is not None


_OF_MEETINGS = (
    server_property("meeting:AssociatedCalendarItemId", form.READY, _associated_id),
    server_property("meeting:IsDelegated", form.TRUTH, lambda _: False),
    server_property("meeting:IsOutOfDate", form.TRUTH, lambda _: False),
    server_property("meeting:HasBeenProcessed", form.TRUTH, _is_processed),
    server_property("meeting:ResponseType", form.TEXT, lambda _: "Unknown"),
    server_property("calendar:UID", form.TEXT, lambda view: view.item.uid),
    server_property("calendar:DateTimeStamp", form.TIME, lambda view: view.item.created_at),
    server_property("calendar:IsOrganizer", form.TRUTH, _is_organizer),
)
_TIME_AND_PLACE = (
    server_property("calendar:Start", form.TIME),
    server_property("calendar:End", form.TIME),
    server_property("calendar:Location", form.TEXT),
    server_property("calendar:CalendarItemType", form.TEXT, lambda _: "Single"),
)
_OF_REQUESTS = (
    server_property("meetingRequest:MeetingRequestType", form.TEXT, lambda _: "NewMeetingRequest"),
    server_property("meetingRequest:IntendedFreeBusyStatus", form.TEXT, lambda _: "Busy"),
    server_property("calendar:Start", form.TIME),
    server_property("calendar:End", form.TIME),
    server_property("calendar:IsAllDayEvent", form.TRUTH, lambda _: False),
    server_property("calendar:LegacyFreeBusyStatus", form.TEXT, lambda _: "Tentative"),
    server_property("calendar:Location", form.TEXT),
    server_property("calendar:IsMeeting", form.TRUTH, lambda _: True),
    server_property("calendar:IsCancelled", form.TRUTH, lambda _: False),
    server_property("calendar:IsRecurring", form.TRUTH, lambda _: False),
    server_property("calendar:MeetingRequestWasSent", form.TRUTH, lambda _: True),
    server_property("calendar:CalendarItemType", form.TEXT, lambda _: "Single"),
    server_property("calendar:MyResponseType", form.TEXT, lambda _: "Unknown"),
    server_property("calendar:Organizer", form.PERSON),
    server_property("calendar:RequiredAttendees", form.ATTENDEES, listed=False),
    server_property("calendar:OptionalAttendees", form.ATTENDEES, listed=False),
    server_property("calendar:Resources", form.ATTENDEES, listed=False),
    server_property("calendar:AppointmentSequenceNumber", form.NUMBER, lambda _: 0),
    server_property("calendar:AppointmentState", form.NUMBER, lambda _: 3),
    server_property("calendar:StartTimeZone", form.ZONE),
    server_property("calendar:EndTimeZone", form.ZONE),
)
_BEFORE = (
    *FIRST,
    *recipient_names("message:CcRecipients", "message:ToRecipients"),
    *LAST,
    *OF_MESSAGES,
    *_OF_MEETINGS,
)
KINDS: dict[str, tuple[Property, ...]] = {
    "MeetingRequest": (*_BEFORE, *_OF_REQUESTS),
    "MeetingResponse": (*_BEFORE, *_TIME_AND_PLACE),
    "MeetingCancellation": (*_BEFORE, *_TIME_AND_PLACE),
    **ITEM_KINDS,
}
# of a URI that several kinds have, the calendar item's or the message's own form
BY_URI = {known.uri: known for properties in KINDS.values() for known in properties}


def properties_of(kind: str) -> tuple[Property, ...]:
    """Return the properties of a kind of item, in the order of the schema; any other kind is a message."""
    return KINDS.get(kind, KINDS["Message"])
