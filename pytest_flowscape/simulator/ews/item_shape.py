"""ItemShape: which properties of an item a request asks for, and the item written with those."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, T, attribute, required
from pytest_flowscape.simulator.ews.extended_properties import read_name, value_of, write_property
from pytest_flowscape.simulator.ews.item_kinds import properties_of
from pytest_flowscape.simulator.ews.item_properties import EXTENDED, ItemView
from pytest_flowscape.simulator.model_items import ExtendedName

# what the base shapes hold (EWS reference, "BaseShape"; responses of GetItem and FindItem)
_DEFAULT = frozenset(
    (
        "item:ItemId",
        "item:Subject",
        "item:Sensitivity",
        "item:Body",
        "item:Size",
        "item:DateTimeSent",
        "item:DateTimeCreated",
        "item:HasAttachments",
        "calendar:UID",
        "calendar:Start",
        "calendar:End",
        "calendar:LegacyFreeBusyStatus",
        "calendar:Location",
        "calendar:IsMeeting",
        "calendar:CalendarItemType",
        "calendar:Organizer",
        "calendar:RequiredAttendees",
        "calendar:OptionalAttendees",
        "calendar:Resources",
        "message:From",
        "message:ToRecipients",
        "message:CcRecipients",
        "message:IsRead",
    )
)


@dataclass(frozen=True)
class ItemShape:
    """What is asked for; ``finding`` leaves out what FindItem and SyncFolderItems never return."""

    base: str
    uris: frozenset[str]
    extended: tuple[ExtendedName, ...]
    finding: bool

    def asks(self, uri: str) -> bool:
        """Whether a property is asked for; the id always is."""
        if uri == "item:ItemId" or uri in self.uris:
            return True
        return self.base == "AllProperties" or (self.base == "Default" and uri in _DEFAULT)


def read_shape(body: etree._Element, *, finding: bool) -> ItemShape:
    """Read the ItemShape of a request. Raises Refusal for what the schema or an extended name forbids."""
    shape = required(body, "m:ItemShape")
    base = required(shape, "t:BaseShape").text or ""
    uris = frozenset(attribute(e, "FieldURI") for e in shape.iterfind("t:AdditionalProperties/t:FieldURI", NS))
    extended = tuple(read_name(e) for e in shape.iterfind("t:AdditionalProperties/t:ExtendedFieldURI", NS))
    return ItemShape(base, uris, extended, finding)


def write_item(view: ItemView, shape: ItemShape) -> etree._Element:
    """Write an item with what the shape asks for and the item has."""
    parts: list[etree._Element] = []
    for known in properties_of(view.item.kind):
        if known.uri == EXTENDED:
            parts += _extended_properties(view, shape)
        elif shape.asks(known.uri) and (known.listed or not shape.finding):
            value = known.value(view)
            if value is not None and value != ():  # the schema knows no empty list of people
                parts.append(known.codec.write(known.element, value))
    return T(view.item.kind, *parts)


def _extended_properties(view: ItemView, shape: ItemShape) -> list[etree._Element]:
    values_of = ((name, value_of(view.item, name)) for name in dict.fromkeys(shape.extended))
    return [write_property(name, values) for name, values in values_of if values is not None]
