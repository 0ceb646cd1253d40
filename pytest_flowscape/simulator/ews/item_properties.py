"""The properties of items that the simulator knows: in the order of types.xsd, with form and origin of each.

A property is stored as a client set it, or computed from the item. Both are
asked for by field URI. What a client may set and delete follows the EWS
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
from pytest_flowscape.simulator.ews.access import Caller, folder_id
from pytest_flowscape.simulator.ews.envelope import T
from pytest_flowscape.simulator.ews.item_ids import item_id, item_key
from pytest_flowscape.simulator.ews.item_values import Codec
from pytest_flowscape.simulator.meetings.letters import ATTENDEES, owner
from pytest_flowscape.simulator.meetings.organizing import organizes
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Body, Item

EXTENDED = ""  # the place of extended properties in the order of the schema
RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")
_TAG = re.compile(r"<[^>]*>")
_CLASSES = {"CalendarItem": "IPM.Appointment", "Message": "IPM.Note"}  # of others, as they came


@dataclass(frozen=True)
class Seen:
    """An item as a caller sees it."""

    organisation: Organisation
    mailbox: Mailbox
    item: Item
    caller: Caller
    rights: frozenset[str]


@dataclass(frozen=True)
class Property:
    """A property: its field URI, form, and how it is computed where it is not stored.

    ``settable`` is False for what only the server sets, ``deletable`` False for
    what an item cannot be without; ``found`` is False for what FindItem leaves out.
    """

    uri: str
    codec: Codec = form.TEXT
    computed: Callable[[Seen], Any] | None = None
    settable: bool = True
    deletable: bool = True
    found: bool = True

    @property
    def element(self) -> str:
        """The name of its element."""
        return self.uri.rpartition(":")[2]

    def value(self, seen: Seen) -> Any:
        """Return its value, None for none."""
        stored = seen.item.values.get(self.uri)
        return self.computed(seen) if stored is None and self.computed is not None else stored


def of_server(uri: str, codec: Codec, computed: Callable[[Seen], Any] | None = None, *, found: bool = True) -> Property:
    """Make a property that only the server sets; ``found`` is False for what FindItem leaves out."""
    return Property(uri, codec, computed, settable=False, deletable=False, found=found)


def _absent(uri: str) -> Property:
    return Property(uri, form.READY, settable=False, found=False)


def _default(uri: str, codec: Codec, value: Any) -> Property:
    return Property(uri, codec, lambda _: value)


def _rights(seen: Seen) -> Any:
    return T.EffectiveRights(*(T(right, form.format_truth(right in seen.rights)) for right in RIGHTS))


def _parent(seen: Seen) -> Any:
    return T.ParentFolderId(Id=folder_id(seen.organisation, seen.mailbox, seen.item.folder), ChangeKey="AQAAAA==")


def _conversation(seen: Seen) -> Any:
    return T.ConversationId(Id=item_key(seen.organisation, seen.mailbox, seen.item.number))


def _text_body(seen: Seen) -> Body | None:
    body = seen.item.values.get("item:Body")
    if not isinstance(body, Body):
        return None
    return Body(body.text if body.kind == "Text" else html.unescape(_TAG.sub("", body.text)))


def _size(seen: Seen) -> int:
    body = seen.item.values.get("item:Body")
    return 512 + len(str(seen.item.values.get("item:Subject", ""))) + (len(body.text) if isinstance(body, Body) else 0)


def is_meeting(item: Item) -> bool:
    """Whether a calendar item has anybody invited, or was received as a meeting."""
    return bool(item.values.get("calendar:IsMeeting")) or any(item.values.get(uri) for uri in ATTENDEES)


def is_organizer(seen: Seen) -> bool:
    """Whether this calendar item is the organizer's own."""
    return organizes(seen.mailbox, seen.item)


def _response(seen: Seen) -> str:
    return "Organizer" if is_meeting(seen.item) and is_organizer(seen) else "Unknown"


def _duration(seen: Seen) -> str:
    start, end = (seen.item.values[uri] for uri in ("calendar:Start", "calendar:End"))
    minutes = int((end - start).total_seconds() // 60)  # type: ignore[operator,union-attr]
    hours, rest = divmod(minutes, 60)
    return f"PT{hours}H{rest}M" if rest else f"PT{hours}H"


def _display(uri: str) -> Callable[[Seen], str]:
    def names(seen: Seen) -> str:
        people = seen.item.values.get(uri, ())
        return "; ".join(getattr(p, "person", p).name for p in people)  # type: ignore[union-attr]

    return names


FIRST = (
    _absent("item:MimeContent"),
    of_server("item:ItemId", form.READY, lambda seen: item_id(seen.organisation, seen.mailbox, seen.item)),
    of_server("item:ParentFolderId", form.READY, _parent),
    Property("item:ItemClass", form.TEXT, lambda seen: _CLASSES.get(seen.item.kind, "IPM.Note"), deletable=False),
    Property("item:Subject"),
    _default("item:Sensitivity", form.TEXT, "Normal"),
    Property("item:Body", form.BODY, found=False),
    _absent("item:Attachments"),
    of_server("item:DateTimeReceived", form.TIME, lambda seen: seen.item.created_at),
    of_server("item:Size", form.NUMBER, _size),
    Property("item:Categories", form.STRINGS),
    _default("item:Importance", form.TEXT, "Normal"),
    Property("item:InReplyTo"),
    of_server("item:IsSubmitted", form.TRUTH, lambda _: False),
    of_server("item:IsDraft", form.TRUTH, lambda seen: seen.item.kind == "Message"),
    of_server("item:IsFromMe", form.TRUTH, lambda _: False),
    of_server("item:IsResend", form.TRUTH, lambda _: False),
    of_server("item:IsUnmodified", form.TRUTH, lambda seen: seen.item.changed == seen.item.created),
    of_server("item:DateTimeSent", form.TIME, lambda seen: seen.item.created_at),
    of_server("item:DateTimeCreated", form.TIME, lambda seen: seen.item.created_at),
    Property("item:ReminderDueBy", form.TIME, lambda seen: seen.item.values.get("calendar:Start")),
    _default("item:ReminderIsSet", form.TRUTH, False),
    _default("item:ReminderMinutesBeforeStart", form.NUMBER, 15),
)
LAST = (
    of_server("item:HasAttachments", form.TRUTH, lambda _: False),
    of_server(EXTENDED, form.READY),
    _default("item:Culture", form.TEXT, "en-US"),
    of_server("item:EffectiveRights", form.READY, _rights),
    of_server("item:LastModifiedName", form.TEXT, lambda seen: seen.item.modified_by or None),
    of_server("item:LastModifiedTime", form.TIME, lambda seen: seen.item.modified_at),
    of_server("item:IsAssociated", form.TRUTH, lambda _: False),
    of_server("item:ConversationId", form.READY, _conversation),
    of_server("item:TextBody", form.BODY, _text_body, found=False),
)
_OF_CALENDAR = (
    Property("calendar:UID", form.TEXT, lambda seen: seen.item.uid, deletable=False),
    of_server("calendar:DateTimeStamp", form.TIME, lambda seen: seen.item.created_at),
    Property("calendar:Start", form.TIME, deletable=False),
    Property("calendar:End", form.TIME, deletable=False),
    _default("calendar:IsAllDayEvent", form.TRUTH, False),
    _default("calendar:LegacyFreeBusyStatus", form.TEXT, "Busy"),
    Property("calendar:Location"),
    Property("calendar:When"),
    of_server("calendar:IsMeeting", form.TRUTH, lambda seen: is_meeting(seen.item)),
    of_server("calendar:IsCancelled", form.TRUTH, lambda _: False),
    of_server("calendar:IsRecurring", form.TRUTH, lambda _: False),
    of_server("calendar:MeetingRequestWasSent", form.TRUTH, lambda _: False),
    _default("calendar:IsResponseRequested", form.TRUTH, True),
    of_server("calendar:CalendarItemType", form.TEXT, lambda _: "Single"),
    of_server("calendar:MyResponseType", form.TEXT, _response),
    of_server("calendar:Organizer", form.PERSON, lambda seen: owner(seen.organisation, seen.mailbox)),
    Property("calendar:RequiredAttendees", form.ATTENDEES, found=False),
    Property("calendar:OptionalAttendees", form.ATTENDEES, found=False),
    Property("calendar:Resources", form.ATTENDEES, found=False),
    of_server("calendar:Duration", form.TEXT, _duration),
    of_server("calendar:AppointmentReplyTime", form.TIME),
    of_server("calendar:AppointmentSequenceNumber", form.NUMBER, lambda _: 0),
    of_server("calendar:AppointmentState", form.NUMBER, lambda seen: 1 if is_meeting(seen.item) else 0),
    _absent("calendar:Recurrence"),
    _absent("calendar:MeetingTimeZone"),
    Property("calendar:StartTimeZone", form.ZONE, deletable=False, found=True),
    Property("calendar:EndTimeZone", form.ZONE, deletable=False, found=True),
    _default("calendar:ConferenceType", form.NUMBER, 0),
    _default("calendar:AllowNewTimeProposal", form.TRUTH, True),
    of_server("calendar:IsOnlineMeeting", form.TRUTH, lambda _: False),
    Property("calendar:MeetingWorkspaceUrl"),
    Property("calendar:NetShowUrl"),
    of_server("calendar:IsOrganizer", form.TRUTH, is_organizer),
)
OF_MESSAGES = (
    Property("message:Sender", form.PERSON, lambda seen: owner(seen.organisation, seen.mailbox)),
    Property("message:ToRecipients", form.PEOPLE, found=False),
    Property("message:CcRecipients", form.PEOPLE, found=False),
    Property("message:BccRecipients", form.PEOPLE, found=False),
    _default("message:IsReadReceiptRequested", form.TRUTH, False),
    _default("message:IsDeliveryReceiptRequested", form.TRUTH, False),
    of_server("message:ConversationTopic", form.TEXT, lambda seen: seen.item.values.get("item:Subject")),
    Property("message:From", form.PERSON, lambda seen: owner(seen.organisation, seen.mailbox)),
    Property("message:InternetMessageId"),
    _default("message:IsRead", form.TRUTH, False),
    Property("message:IsResponseRequested", form.TRUTH),
    Property("message:References"),
    Property("message:ReplyTo", form.PEOPLE, found=False),
)


def shown(cc: str, to: str) -> tuple[Property, ...]:
    """Make the two properties that name everybody in Cc and in To."""
    return (
        of_server("item:DisplayCc", form.TEXT, _display(cc)),
        of_server("item:DisplayTo", form.TEXT, _display(to)),
    )


ITEM_KINDS: dict[str, tuple[Property, ...]] = {
    "CalendarItem": (*FIRST, *shown(ATTENDEES[1], ATTENDEES[0]), *LAST, *_OF_CALENDAR),
    "Message": (*FIRST, *shown("message:CcRecipients", "message:ToRecipients"), *LAST, *OF_MESSAGES),
}
