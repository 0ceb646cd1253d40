"""How the values of items are written in XML, and read from it: one codec for each form.

The forms are those of types.xsd. ``parse`` reads the text that a Constant of a
Restriction holds; it raises ValueError where that is no value of this form.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, T
from pytest_flowscape.simulator.model_items import Attendee, Body, Person, Value, Zone

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True)
class Codec:
    """Reads and writes one form. ``write`` takes the name of the element."""

    read: Callable[[etree._Element], Any]
    write: Callable[[str, Any], etree._Element]
    parse: Callable[[str], Any] = str


def parse_time(text: str) -> datetime:
    """Read xs:dateTime; without an offset it is UTC. Raises ValueError."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no date and time")
    moment = datetime.fromisoformat(found[1])
    moment += timedelta(microseconds=int((found[2] or "0").ljust(6, "0")[:6]))
    offset = timedelta(0)
    if found[3] and found[3] != "Z":
        hours, minutes = found[3][1:].split(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if found[3][0] == "-" else 1)
    return (moment - offset).replace(tzinfo=timezone.utc)


def format_time(moment: datetime) -> str:
    """Write xs:dateTime in UTC, to the second, as Exchange does."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_truth(text: str) -> bool:
    """Read xs:boolean. Raises ValueError."""
    known = {"true": True, "1": True, "false": False, "0": False}
    try:
        return known[text.strip().lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither true nor false") from None


def format_truth(value: bool) -> str:
    """Write xs:boolean."""
    return "true" if value else "false"


def _text(element: etree._Element) -> str:
    return element.text or ""


def _plain(parse: Callable[[str], Any], write: Callable[[Any], str]) -> Codec:
    return Codec(lambda element: parse(_text(element)), lambda name, value: T(name, write(value)), parse)


def read_person(element: etree._Element) -> Person:
    """Read a Mailbox element."""
    address = element.findtext("t:EmailAddress", "", NS).strip()
    return Person(element.findtext("t:Name", "", NS).strip() or address, address)


def write_person(person: Person) -> etree._Element:
    """Write a Mailbox element."""
    return T.Mailbox(
        T.Name(person.name), T.EmailAddress(person.address), T.RoutingType("SMTP"), T.MailboxType("Mailbox")
    )


def _read_single(element: etree._Element) -> Person:
    mailbox = element.find("t:Mailbox", NS)
    return Person("", "") if mailbox is None else read_person(mailbox)


def _read_attendee(element: etree._Element) -> Attendee:
    # a client may send a ResponseType, but only an answer of the attendee sets it
    return Attendee(_read_single(element))


def _write_attendee(attendee: Attendee) -> etree._Element:
    parts = [write_person(attendee.person), T.ResponseType(attendee.response)]
    if attendee.responded is not None:
        parts.append(T.LastResponseTime(format_time(attendee.responded)))
    return T.Attendee(*parts)


def _write_zone(name: str, zone: Zone) -> etree._Element:
    return T(name, Id=zone.identifier, Name=zone.name or zone.identifier)


def _refuse_value(element: etree._Element) -> Value:
    raise ValueError(f"{etree.QName(element).localname} cannot be set")


def _refuse_constant(text: str) -> Value:
    raise ValueError(f"{text!r} cannot be compared")


TEXT = _plain(str, str)
NUMBER = _plain(int, str)
TRUTH = _plain(parse_truth, format_truth)
TIME = _plain(parse_time, format_time)
STRINGS = Codec(
    lambda element: tuple(_text(e) for e in element.iterfind("t:String", NS)),
    lambda name, value: T(name, *(T.String(text) for text in value)),
)
BODY = Codec(
    lambda element: Body(_text(element), element.get("BodyType", "Text")),
    lambda name, value: T(name, value.text, BodyType=value.kind),
)
PERSON = Codec(_read_single, lambda name, value: T(name, write_person(value)))
PEOPLE = Codec(
    lambda element: tuple(read_person(e) for e in element.iterfind("t:Mailbox", NS)),
    lambda name, value: T(name, *(write_person(person) for person in value)),
)
ATTENDEES = Codec(
    lambda element: tuple(_read_attendee(e) for e in element.iterfind("t:Attendee", NS)),
    lambda name, value: T(name, *(_write_attendee(attendee) for attendee in value)),
)
ZONE = Codec(lambda element: Zone(element.get("Id", ""), element.get("Name", "")), _write_zone)
# what is computed as an element
READY = Codec(_refuse_value, lambda _name, value: value, _refuse_constant)


def comparable(value: Value) -> tuple[Any, ...]:
    """Return what a Restriction compares: texts without case, of a list each member; empty for what has no order."""
    if isinstance(value, str):
        return (value.casefold(),)
    if isinstance(value, (bool, int, float, datetime)):
        return (value,)
    if isinstance(value, Body):
        return (value.text.casefold(),)
    if isinstance(value, Person):
        return (value.name.casefold(), value.address.casefold())
    if isinstance(value, tuple):
        return tuple(part for member in value for part in _parts(member))
    return ()


def _parts(member: str | Person | Attendee) -> tuple[Any, ...]:
    return comparable(member.person) if isinstance(member, Attendee) else comparable(member)
