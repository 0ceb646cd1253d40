"""What a client sets in an item: read from XML, checked, and put into the item's values.

Codes are those of the EWS reference, "ResponseCode".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, TYPES, Refusal
from pytest_flowscape.simulator.ews.extended_properties import read_name, read_property
from pytest_flowscape.simulator.ews.item_kinds import properties_of
from pytest_flowscape.simulator.ews.item_properties import Property
from pytest_flowscape.simulator.meetings.letters import ATTENDEES
from pytest_flowscape.simulator.model_items import Attendee, Body, ExtendedName, Value, Zone

MAX_DURATION = timedelta(days=5 * 366)  # ErrorCalendarDurationIsTooLong: five years
EXTENDED_PROPERTY = f"{{{TYPES}}}ExtendedProperty"
_APPENDABLE = (
    "item:Body",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "message:ReplyTo",
    "calendar:RequiredAttendees",
    "calendar:OptionalAttendees",
    "calendar:Resources",
)
Extended = dict[ExtendedName, tuple[str, ...]]


def read_item(element: etree._Element) -> tuple[dict[str, Value], Extended]:
    """Read an item to create: its values and extended properties. Raises Refusal."""
    kind = etree.QName(element).localname
    known = {one.element: one for one in properties_of(kind) if one.element}
    values: dict[str, Value] = {}
    extended: Extended = {}
    for child in element:
        if child.tag == EXTENDED_PROPERTY:
            name, texts = read_property(child)
            extended[name] = texts
        else:
            found = known.get(etree.QName(child).localname)
            value = _read_settable(found, child)
            if found is not None:
                values[found.uri] = value
    return values, extended


def _read_settable(known: Property | None, child: etree._Element) -> Any:
    """Return the value of a property that may be set. Raises Refusal ErrorInvalidPropertySet."""
    if known is None or not known.settable:
        name = etree.QName(child).localname
        raise Refusal("ErrorInvalidPropertySet", f"Set action is invalid for property. ({name})")
    try:
        return known.codec.read(child)
    except ValueError as error:
        raise Refusal("ErrorInvalidPropertySet") from error


class Draft:
    """The values of an item under change; ``changed`` names what was set or deleted."""

    def __init__(self, kind: str, values: dict[str, Value], extended: Extended) -> None:
        self.kind = kind
        self.values = dict(values)
        self.extended = dict(extended)
        self.changed: set[object] = set()

    def apply(self, update: etree._Element) -> None:
        """Apply a SetItemField, AppendToItemField or DeleteItemField. Raises Refusal."""
        action = etree.QName(update).localname
        path, content = update[0], (update[1] if len(update) > 1 else None)
        if etree.QName(path).localname == "ExtendedFieldURI":
            self._apply_extended(read_name(path), content)
            return
        uri = path.get("FieldURI", "")
        known = next((one for one in properties_of(self.kind) if one.uri == uri), None)
        if known is None:
            # a property of another kind of item, or one that the simulator does not know
            raise Refusal("ErrorInvalidPropertyRequest")
        self.changed.add(uri)
        if action == "DeleteItemField":
            self._delete(known)
            return
        value = _read_settable(known, self._single(content, known))
        if action == "AppendToItemField":
            value = self._append(uri, value)
        self.values[uri] = _keep_answers(value, self.values.get(uri)) if uri in ATTENDEES else value

    def _single(self, content: etree._Element | None, known: Property) -> etree._Element:
        if content is None or len(content) != 1:
            raise Refusal("ErrorIncorrectUpdatePropertyCount")
        if etree.QName(content[0]).localname != known.element:
            raise Refusal("ErrorUpdatePropertyMismatch")
        return content[0]

    def _delete(self, known: Property) -> None:
        absent = not known.settable and known.deletable
        if not absent and not known.deletable:
            raise Refusal("ErrorInvalidPropertyDelete")
        self.values.pop(known.uri, None)

    def _append(self, uri: str, value: Any) -> Any:
        if uri not in _APPENDABLE:
            raise Refusal("ErrorInvalidPropertyAppend")
        held: Any = self.values.get(uri)
        if held is None:
            return value
        if isinstance(held, Body):
            if held.kind != value.kind:
                raise Refusal("ErrorInvalidPropertyAppend")
            return Body(held.text + value.text, held.kind)
        return (*held, *value)

    def _apply_extended(self, name: ExtendedName, content: etree._Element | None) -> None:
        self.changed.add(name)
        if content is None:
            self.extended.pop(name, None)
            return
        one = content.findall("t:ExtendedProperty", NS)
        if len(one) != 1 or len(content) != 1:
            raise Refusal("ErrorIncorrectUpdatePropertyCount")
        set_name, texts = read_property(one[0])
        if set_name != name:
            raise Refusal("ErrorUpdatePropertyMismatch")
        self.extended[name] = texts


def _keep_answers(invited: Any, before: Any) -> tuple[Attendee, ...]:
    """Keep the answers of those who were invited before."""
    known = {attendee.person.address.lower(): attendee for attendee in before or ()}
    return tuple(known.get(attendee.person.address.lower(), attendee) for attendee in invited)


def complete_times(values: dict[str, Value], now: datetime) -> None:
    """Set the times that a new calendar item lacks: now, and half an hour later; and its time zones."""
    start = values.setdefault("calendar:Start", now.replace(microsecond=0))
    assert isinstance(start, datetime)
    values.setdefault("calendar:End", start + timedelta(minutes=30))
    values.setdefault("calendar:StartTimeZone", Zone("UTC"))
    values.setdefault("calendar:EndTimeZone", values["calendar:StartTimeZone"])


def check_times(values: dict[str, Value]) -> None:
    """Check start and end. Raises Refusal."""
    start, end = values["calendar:Start"], values["calendar:End"]
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    if end < start:
        raise Refusal("ErrorCalendarEndDateIsEarlierThanStartDate")
    if end - start > MAX_DURATION:
        raise Refusal("ErrorCalendarDurationIsTooLong")
