"""The tables of docs/for-administrators.md: every request to EWS and to a directory, for the person who grants rights.

The EWS requests are built by the functions that build them in a run; filters
and attributes are those of the probes. A test compares all of it with what the
simulated servers saw in whole runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.booking.invitation_checks import REACHES
from pytest_flowscape.facts import Kind, Trouble, Written, names
from pytest_flowscape.gathering.rooms import REQUEST
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.probes.directory.account import ANYTHING, POLICY_ATTRIBUTES
from pytest_flowscape.probes.directory.view import (
    account_attributes,
    holder_attributes,
    identity_filters,
    mail_filter,
    namesakes_filter,
    proxy_filter,
)
from pytest_flowscape.probes.ews import availability, get_folder
from pytest_flowscape.probes.ews.authentication import Call
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import MESSAGES, TYPES, DistinguishedFolder, summary_of
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.site.model import Exchange
from tools.documents.frame import Part

ACCOUNT, ITSELF, ROOM, USER, NOBODY = "the account", "itself", "the room", "the user", "nobody"
DOMAIN, FOREST, OBJECT, SYSTEM = "the domain", "the forest", "one object", "`CN=System` of the domain"
MEETING = ", with `--flowscape-book=meeting`"
IMPERSONATED = (ITSELF, ROOM, USER)
_NO_FOLDER = {"ResolveNames": "address list", "GetUserAvailability": "free/busy"} | dict.fromkeys(
    ("UpdateItem", "DeleteItem"), "the item itself"
)
_MAILBOX = "somebody@example.com"
_UNSENT = Trouble(Kind.RESET, "nothing is sent")
_WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
_WHEN_ASKED = {names.USERS: "each user, and `out_of_scope`", names.NAMES: "if no directory answers"}
_VALUE = re.compile(r"(?<==)(?!\*\))(?:[^()\\]|\\[0-9a-fA-F]{2})+(?=\))")


@dataclass(frozen=True)
class EwsRequest:
    """One kind of EWS request: its folders, the properties it asks for or (``writes``) sets, as whom and when."""

    operation: str
    folders: tuple[str, ...]
    properties: tuple[str, ...]
    whom: str
    when: str
    writes: bool = False


@dataclass(frozen=True)
class Search:
    """One kind of search. ``bases`` are in words, each is one search; every value in ``filter`` is VALUE."""

    bases: tuple[str, ...]
    filter: str
    attributes: tuple[str, ...]
    when: str


# --- EWS ----------------------------------------------------------------------------------------


def ews_requests() -> Iterator[EwsRequest]:
    """Yield every kind of request in the order of a run."""
    inbox, calendar = DistinguishedFolder("inbox"), DistinguishedFolder("calendar", _MAILBOX)
    own = [DistinguishedFolder(name) for name in names.FIVE_FOLDERS]
    yield _read(get_folder.request([inbox]), NOBODY, "before the sign-in")
    yield _read(get_folder.request([inbox, DistinguishedFolder("inbox", _MAILBOX)]), ACCOUNT, "the sign-in")
    yield _read(get_folder.request(own), ACCOUNT, "its own folders")
    yield _read(get_folder.request([calendar]), ITSELF, "impersonation of itself")
    for one in names.REQUESTS:
        per = names.per_of(one.kind)
        owner = ROOM if per == names.ROOM else USER
        yield _read(_body(one.kind), owner if one.impersonated else ACCOUNT, _WHEN_ASKED.get(one.kind, f"each {per}"))
    for body in _bookings():
        yield _read(body, ACCOUNT, "`--flowscape-book`")
    yield _read(availability.request(_MAILBOX, _WHEN, _WHEN), ACCOUNT, "`--flowscape-book`")


class _Unsent(EwsSession):
    """Keeps the body of a request instead of sending it."""

    def __init__(self) -> None:
        self._email, self._talk, self.body = "", self, b""  # type: ignore[assignment]

    def ask(self, call: Call, *_: object) -> Trouble:
        self.body = call.body
        return _UNSENT

    def note(self, *_: object) -> None:
        """Forget that nothing came back."""


def _body(kind: str) -> bytes:
    """Return a request of a kind, as a run makes it."""
    session = _Unsent()
    REQUEST[kind](session, [_MAILBOX])
    return session.body


def _read(body: bytes, whom: str, when: str) -> EwsRequest:
    """Read out of a request what it is about, each entry once and sorted."""
    operation = summary_of(body).operation
    envelope = etree.fromstring(body)
    types = f"{{{TYPES}}}"
    folders = {str(one.get("Id")) for one in envelope.iter(f"{types}DistinguishedFolderId")}
    values = {etree.QName(part).localname for item in envelope.iter(f"{types}CalendarItem") for part in item}
    shown = {one.text or "" for one in envelope.iter(f"{types}BaseShape", f"{types}RequestedView")}
    shown |= {str(one.get("FieldURI")) for one in envelope.iter(f"{types}FieldURI")}
    shown |= {str(one.get("PropertyName")) for one in envelope.iter(f"{types}ExtendedFieldURI")}
    if any(one.get("ReturnFullContactData") for one in envelope.iter(f"{{{MESSAGES}}}ResolveNames")):
        shown.add("FullContactData")
    writes = bool(values) or operation == "DeleteItem"
    return EwsRequest(operation, tuple(sorted(folders)), tuple(sorted(shown | values)), whom, when, writes)


class _Recorder:
    """Keeps requests instead of sending them."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def pass_on(self, body: bytes, *, anchor: str, headers: Mapping[str, str]) -> HttpAnswer | Trouble:  # noqa: ARG002
        self.bodies.append(body)
        return _UNSENT


def _bookings() -> list[bytes]:
    """Return one of each request that exchangelib sends for a booking."""
    from pytest_flowscape.booking.client.account import AccountSettings  # noqa: PLC0415  imports exchangelib
    from pytest_flowscape.booking.client.booking_calendar import BookingCalendar  # noqa: PLC0415  imports exchangelib

    recorder = _Recorder()
    settings = AccountSettings(Exchange(hostname="localhost"), "USER", "NTLM", "15.2.1748.10")
    calendar = BookingCalendar(recorder, settings, _MAILBOX)
    item = Written(_MAILBOX, "calendar", "TAG", "SUBJECT", _WHEN, _WHEN)
    calendar.tagged()
    calendar.changes()
    calendar.create(item, "BODY")
    calendar.move_end("ID", "KEY", _WHEN)
    calendar.delete("ID", "KEY")
    return recorder.bodies


# --- the directory ------------------------------------------------------------------------------


def searches() -> Iterator[Search]:
    """Yield every kind of search in the order of a run."""
    meeting = attributes_judged()
    reads = meeting - frozenset(REACHES)
    anywhere = (DOMAIN, FOREST)
    sam, upn = identity_filters("D\\USER", "")[0], identity_filters("U@D.TEST", "")[0]
    assert namesakes_filter("D\\USER") == sam
    for wanted in (sam, upn):
        yield _search(anywhere, wanted, ("objectSid",), "the account, by its user name, and who else has that")
    for asked, why in ((reads, ""), (meeting, MEETING)):
        yield _search((OBJECT,), ANYTHING, account_attributes(asked), f"the account's object{why}")
    for policy in POLICY_ATTRIBUTES:
        yield _search((OBJECT,), ANYTHING, (policy,), "how many wrong passwords lock it")
    for wanted in (proxy_filter([_MAILBOX]), mail_filter([_MAILBOX])):
        for asked, why in ((reads, ""), (meeting, MEETING)):
            yield _search(anywhere, wanted, holder_attributes(asked), f"who holds an address{why}")
    for name in ("proxyAddresses", "mailNickname"):
        yield _search(anywhere, f"({name}=*)", (name,), "five objects: whether the attribute can be seen at all")
    trust = "(&(objectClass=trustedDomain)(securityIdentifier=VALUE))"
    yield _search((SYSTEM,), trust, ("trustPartner", "flatName"), "the forest of a linked mailbox's account")


def _search(bases: tuple[str, ...], wanted: str, attributes: Iterable[str], when: str) -> Search:
    return Search(bases, general_form(wanted), tuple(sorted(attributes, key=str.lower)), when)


def general_form(wanted: str) -> str:
    """Return a filter with VALUE for every value but a class; terms of the same form appear once."""
    text = _VALUE.sub(lambda found: found[0] if _is_class(wanted, found) else "VALUE", wanted)
    return re.sub(r"(\([^()]*\))\1+", r"\1", text)


def _is_class(wanted: str, found: re.Match[str]) -> bool:
    return wanted[: found.start()].lower().endswith("(objectclass=")


# --- the page -----------------------------------------------------------------------------------


def parts() -> Iterator[Part]:
    """Yield the two tables in Markdown."""
    yield Part("docs/for-administrators.md", "\n".join((*_ews_table(), "", *_ldap_table())), block="authority")


def _ews_table() -> Iterator[str]:
    yield "| EWS operation | as whom | folders | asks for, or **sets** | when |"
    yield "|---|---|---|---|---|"
    for one in ews_requests():
        whom = f"{one.whom}, by impersonation" if one.whom in IMPERSONATED else one.whom
        listed = ", ".join(f"`{name}`" for name in one.properties) or "deletes permanently"
        listed = f"**{listed}**" if one.writes else listed
        where = ", ".join(one.folders) or _NO_FOLDER[one.operation]
        yield f"| {one.operation} | {whom} | {where} | {listed} | {one.when} |"


def _ldap_table() -> Iterator[str]:
    yield "| searched | filter | attributes | for |"
    yield "|---|---|---|---|"
    for one in searches():
        shown = "`, `".join(one.attributes)
        yield f"| {', '.join(one.bases)} | `{one.filter.replace('|', chr(92) + '|')}` | `{shown}` | {one.when} |"
