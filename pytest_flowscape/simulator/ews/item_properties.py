"""The properties of items that the simulator knows: in the order of types.xsd, with form and origin of each.

A property is stored as a client set it, or computed from the item. Both are
named by field URI. What a client may set and delete follows the EWS
reference; properties of which the simulator keeps no value (attachments,
recurrence, MIME content) can be deleted, as they are not there, and not set.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_flowscape.simulator.ews import item_values as form
from pytest_flowscape.simulator.ews.access import folder_id
from pytest_flowscape.simulator.ews.envelope import T
from pytest_flowscape.simulator.ews.folder_shape import write_rights
from pytest_flowscape.simulator.ews.item_ids import item_id, item_key
from pytest_flowscape.simulator.ews.item_values import Codec
from pytest_flowscape.simulator.meetings.letters import ATTENDEES, owner
from pytest_flowscape.simulator.meetings.organizer import organizes
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Body, Item

EXTENDED = ""  # the place of extended properties in the order of the schema
_TAG = re.compile(r"<[^>]*>")
_CLASSES = {"CalendarItem": "IPM.Appointment", "Message": "IPM.Note"}  # of others, as they came


@dataclass(frozen=True)
class ItemView:
    """An item as a caller sees it, with the caller's rights on it."""

    organisation: Organisation
    mailbox: Mailbox
    item: Item
    rights: frozenset[str]


@dataclass(frozen=True)
class Property:
    """A property: its field URI, form, and how it is computed where it is not stored.

    ``settable`` is False for what only the server sets, ``deletable`` False for
    what an item cannot be without; ``listed`` is False for what FindItem leaves out.
    """

    uri: str
    codec: Codec = form.TEXT
    computed: Callable[[ItemView], Any] | None = None
    settable: bool = True
    deletable: bool = True
    listed: bool = True

    @property
    def element(self) -> str:
        """Return the name of its element."""
        return self.uri.rpartition(":")[2]

    def value(self, view: ItemView) -> Any:
        """Return its value, None for none."""
        stored = view.item.values.get(self.uri)
        return self.computed(view) if stored is None and self.computed is not None else stored


def server_property(
    uri: str, codec: Codec, computed: Callable[[ItemView], Any] | None = None, *, listed: bool = True
) -> Property:
    """Return a property that only the server sets; ``listed`` is False for what FindItem leaves out."""
    return Property(uri, codec, computed, settable=False, deletable=False, listed=listed)


def _absent_property(uri: str) -> Property:
    return Property(uri, form.READY, settable=False, listed=False)


def _property_with_default(uri: str, codec: Codec, value: Any) -> Property:
    return Property(uri, codec, lambda _: value)


def _parent(view: ItemView) -> Any:
    return T.ParentFolderId(Id=folder_id(view.organisation, view.mailbox, view.item.folder), ChangeKey="AQAAAA==")


def _conversation(view: ItemView) -> Any:
    return T.ConversationId(Id=item_key(view.organisation, view.mailbox, view.item.number))


def _text_body(view: ItemView) -> Body | None:
    body = view.item.values.get("item:Body")
    if not isinstance(body, Body):
        return None
    return Body(body.text if body.kind == "Text" else html.unescape(_TAG.sub("", body.text)))


def _size(view: ItemView) -> int:
    body = view.item.values.get("item:Body")
    return 512 + len(str(view.item.values.get("item:Subject", ""))) + (len(body.text) if isinstance(body, Body) else 0)


def is_meeting(item: Item) -> bool:
    """Whether a calendar item has anybody invited, or was received as a meeting."""
    return bool(item.values.get("calendar:IsMeeting")) or any(item.values.get(uri) for uri in ATTENDEES)


def is_organizer(view: ItemView) -> bool:
    """Whether this calendar item is the organizer's own."""
    return organizes(view.mailbox, view.item)


def _response(view: ItemView) -> str:
    return "Organizer" if is_meeting(view.item) and is_organizer(view) else "Unknown"


def _duration(view: ItemView) -> str:
    start, end = (view.item.values[uri] for uri in ("calendar:Start", "calendar:End"))
    minutes = int((end - start).total_seconds() // 60)  # type: ignore[operator,union-attr]
    hours, rest = divmod(minutes, 60)
    return f"PT{hours}H{rest}M" if rest else f"PT{hours}H"


def _display(uri: str) -> Callable[[ItemView], str]:
    def names(view: ItemView) -> str:
        people = view.item.values.get(uri, ())
        return "; ".join(getattr(p, "person", p).name for p in people)  # type: ignore[union-attr]

    return names


FIRST = (
    _absent_property("item:MimeContent"),
    server_property("item:ItemId", form.READY, lambda view: item_id(view.organisation, view.mailbox, view.item)),
    server_property("item:ParentFolderId", form.READY, _parent),
    Property("item:ItemClass", form.TEXT, lambda view: _CLASSES.get(view.item.kind, "IPM.Note"), deletable=False),
    Property("item:Subject"),
    _property_with_default("item:Sensitivity", form.TEXT, "Normal"),
    Property("item:Body", form.BODY, listed=False),
    _absent_property("item:Attachments"),
    server_property("item:DateTimeReceived", form.TIME, lambda view: view.item.created_at),
    server_property("item:Size", form.NUMBER, _size),
    Property("item:Categories", form.STRINGS),
    _property_with_default("item:Importance", form.TEXT, "Normal"),
    Property("item:InReplyTo"),
    server_property("item:IsSubmitted", form.TRUTH, lambda _: False),
    server_property("item:IsDraft", form.TRUTH, lambda view: view.item.kind == "Message"),
    server_property("item:IsFromMe", form.TRUTH, lambda _: False),
    server_property("item:IsResend", form.TRUTH, lambda _: False),
    server_property("item:IsUnmodified", form.TRUTH, lambda view: view.item.changed == view.item.created),
    server_property("item:DateTimeSent", form.TIME, lambda view: view.item.created_at),
    server_property("item:DateTimeCreated", form.TIME, lambda view: view.item.created_at),
    Property("item:ReminderDueBy", form.TIME, lambda view: view.item.values.get("calendar:Start")),
    _property_with_default("item:ReminderIsSet", form.TRUTH, False),
    _property_with_default("item:ReminderMinutesBeforeStart", form.NUMBER, 15),
)
LAST = (
    server_property("item:HasAttachments", form.TRUTH, lambda _: False),
    server_property(EXTENDED, form.READY),
    _property_with_default("item:Culture", form.TEXT, "en-US"),
    server_property("item:EffectiveRights", form.READY, lambda view: write_rights(view.rights)),
    server_property("item:LastModifiedName", form.TEXT, lambda view: view.item.modified_by or None),
    server_property("item:LastModifiedTime", form.TIME, lambda view: view.item.modified_at),
    server_property("item:IsAssociated", form.TRUTH, lambda _: False),
    server_property("item:ConversationId", form.READY, _conversation),
    server_property("item:TextBody", form.BODY, _text_body, listed=False),
)
_OF_CALENDAR = (
    Property("calendar:UID", form.TEXT, lambda view: view.item.uid, deletable=False),
    server_property("calendar:DateTimeStamp", form.TIME, lambda view: view.item.created_at),
    Property("calendar:Start", form.TIME, deletable=False),
    Property("calendar:End", form.TIME, deletable=False),
    _property_with_default("calendar:IsAllDayEvent", form.TRUTH, False),
    _property_with_default("calendar:LegacyFreeBusyStatus", form.TEXT, "Busy"),
    Property("calendar:Location"),
    Property("calendar:When"),
    server_property("calendar:IsMeeting", form.TRUTH, lambda view: is_meeting(view.item)),
    server_property("calendar:IsCancelled", form.TRUTH, lambda _: False),
    server_property("calendar:IsRecurring", form.TRUTH, lambda _: False),
    server_property("calendar:MeetingRequestWasSent", form.TRUTH, lambda _: False),
    _property_with_default("calendar:IsResponseRequested", form.TRUTH, True),
    server_property("calendar:CalendarItemType", form.TEXT, lambda _: "Single"),
    server_property("calendar:MyResponseType", form.TEXT, _response),
    server_property("calendar:Organizer", form.PERSON, lambda view: owner(view.organisation, view.mailbox)),
    Property("calendar:RequiredAttendees", form.ATTENDEES, listed=False),
    Property("calendar:OptionalAttendees", form.ATTENDEES, listed=False),
    Property("calendar:Resources", form.ATTENDEES, listed=False),
    server_property("calendar:Duration", form.TEXT, _duration),
    server_property("calendar:AppointmentReplyTime", form.TIME),
    server_property("calendar:AppointmentSequenceNumber", form.NUMBER, lambda _: 0),
    server_property("calendar:AppointmentState", form.NUMBER, lambda view: 1 if is_meeting(view.item) else 0),
    _absent_property("calendar:Recurrence"),
    _absent_property("calendar:MeetingTimeZone"),
    Property("calendar:StartTimeZone", form.ZONE, deletable=False),
    Property("calendar:EndTimeZone", form.ZONE, deletable=False),
    _property_with_default("calendar:ConferenceType", form.NUMBER, 0),
    _property_with_default("calendar:AllowNewTimeProposal", form.TRUTH, True),
    server_property("calendar:IsOnlineMeeting", form.TRUTH, lambda _: False),
    Property("calendar:MeetingWorkspaceUrl"),
    Property("calendar:NetShowUrl"),
    server_property("calendar:IsOrganizer", form.TRUTH, is_organizer),
)
OF_MESSAGES = (
    Property("message:Sender", form.PERSON, lambda view: owner(view.organisation, view.mailbox)),
    Property("message:ToRecipients", form.PEOPLE, listed=False),
    Property("message:CcRecipients", form.PEOPLE, listed=False),
    Property("message:BccRecipients", form.PEOPLE, listed=False),
    _property_with_default("message:IsReadReceiptRequested", form.TRUTH, False),
    _property_with_default("message:IsDeliveryReceiptRequested", form.TRUTH, False),
    server_property("message:ConversationTopic", form.TEXT, lambda view: view.item.values.get("item:Subject")),
    Property("message:From", form.PERSON, lambda view: owner(view.organisation, view.mailbox)),
    Property("message:InternetMessageId"),
    _property_with_default("message:IsRead", form.TRUTH, False),
    Property("message:IsResponseRequested", form.TRUTH),
    Property("message:References"),
    Property("message:ReplyTo", form.PEOPLE, listed=False),
)


def recipient_names(cc: str, to: str) -> tuple[Property, ...]:
    """Return the two properties that name everybody in Cc and in To."""
    return (
        server_property("item:DisplayCc", form.TEXT, _display(cc)),
        server_property("item:DisplayTo", form.TEXT, _display(to)),
    )


ITEM_KINDS: dict[str, tuple[Property, ...]] = {
    "CalendarItem": (*FIRST, *recipient_names(ATTENDEES[1], ATTENDEES[0]), *LAST, *_OF_CALENDAR),
    "Message": (*FIRST, *recipient_names("message:CcRecipients", "message:ToRecipients"), *LAST, *OF_MESSAGES),
}
