"""Extended properties: their names, whichever way a request writes them, and their values.

A property set may be named by its GUID or by its name in types.xsd
(DistinguishedPropertySetType); both mean the same property ([MS-OXPROPS] 1.3.2).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, Refusal, T, attribute
from pytest_flowscape.simulator.ews.item_values import format_time, parse_time, parse_truth
from pytest_flowscape.simulator.model_items import ExtendedName, Item

SETS = {
    "Address": "00062004-0000-0000-c000-000000000046",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "Common": "00062008-0000-0000-c000-000000000046",
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Task": "00062003-0000-0000-c000-000000000046",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
}
_GLOBAL_OBJECT_ID, _CLEAN_GLOBAL_OBJECT_ID = 3, 0x23  # in the property set Meeting ([MS-OXPROPS] 2.142, 2.49)
_NUMBERS = ("Integer", "Long", "Short", "Error", "Currency")


def read_name(element: etree._Element) -> ExtendedName:
    """Read an ExtendedFieldURI. Raises Refusal ErrorInvalidExtendedProperty for a name that means nothing."""
    kind = attribute(element, "PropertyType")
    tag, name, number = element.get("PropertyTag"), element.get("PropertyName"), element.get("PropertyId")
    named_set = element.get("DistinguishedPropertySetId")
    property_set = SETS.get(named_set, "") if named_set else (element.get("PropertySetId") or "").lower().strip("{}")
    whole = bool(property_set) and (name is None) != (number is None)
    if tag is None and whole:
        return ExtendedName(kind, property_set, None, name or "", None if number is None else int(number))
    if tag is not None and not property_set and name is None and number is None:
        return ExtendedName(kind, "", int(tag, 0))
    raise Refusal("ErrorInvalidExtendedProperty")


def read_property(element: etree._Element) -> tuple[ExtendedName, tuple[str, ...]]:
    """Read an ExtendedProperty. Raises Refusal ErrorInvalidExtendedPropertyValue for a value of another type."""
    uri = element.find("t:ExtendedFieldURI", NS)
    if uri is None:
        raise Refusal("ErrorInvalidExtendedProperty")
    name = read_name(uri)
    values = tuple(e.text or "" for e in element.iterfind("t:Values/t:Value", NS))
    if not values:
        values = (element.findtext("t:Value", "", NS),)
    try:
        for value in values:
            parse_value(name, value)
    except ValueError as error:
        raise Refusal("ErrorInvalidExtendedPropertyValue") from error
    return name, values


def parse_value(name: ExtendedName, text: str) -> Any:
    """Read one value by the property's type, for checking and comparing. Raises ValueError."""
    kind = name.property_type.removesuffix("Array")
    parse: Callable[[str], Any] = str
    if kind in _NUMBERS:
        parse = int
    elif kind in ("Double", "Float", "ApplicationTime"):
        parse = float
    elif kind == "Boolean":
        parse = parse_truth
    elif kind == "SystemTime":
        parse = parse_time
    elif kind == "Binary":
        parse = _binary
    return parse(text)


def _binary(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def value_of(item: Item, name: ExtendedName) -> tuple[str, ...] | None:
    """Return an item's extended property, the object ids of a meeting included; None where it has none."""
    if name.property_set == SETS["Meeting"] and name.number in (_GLOBAL_OBJECT_ID, _CLEAN_GLOBAL_OBJECT_ID):
        return (base64.b64encode(item.global_object_id).decode(),) if item.uid else None
    return item.extended.get(name)


def write_property(name: ExtendedName, values: tuple[str, ...]) -> etree._Element:
    """Write an ExtendedProperty, its set named by GUID as Exchange does."""
    attributes: dict[str, str] = {}
    if name.tag is not None:
        attributes["PropertyTag"] = f"0x{name.tag:x}"
    else:
        attributes["PropertySetId"] = name.property_set
        attributes.update({"PropertyName": name.name} if name.number is None else {"PropertyId": str(name.number)})
    uri = T.ExtendedFieldURI(PropertyType=name.property_type, **attributes)
    texts = [_text(name, value) for value in values]
    if name.property_type.endswith("Array"):
        content = T.Values(*(T.Value(value) for value in texts))
    else:
        content = T.Value(texts[0])
    return T.ExtendedProperty(uri, content)


def _text(name: ExtendedName, value: str) -> str:
    return format_time(parse_time(value)) if name.property_type.startswith("SystemTime") else value
