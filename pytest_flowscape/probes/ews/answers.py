"""Parse SOAP answers into facts; hardened against hostile XML: no entities, no DTD, no network, no huge trees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from lxml import etree

from pytest_flowscape.facts import Contact, FolderAnswer, Kind, PermissionEntry, ResolvedName, SyncAnswer, Trouble
from pytest_flowscape.probes.ews import codes
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import MESSAGES, SOAP, TYPES
from pytest_flowscape.site.addresses import canonical

_T, _M, _S = f"{{{TYPES}}}", f"{{{MESSAGES}}}", f"{{{SOAP}}}"
_NO_CHARACTER = re.compile(rb"&#(?:x0*(?:[0-8BCEFbcef]|1[0-9A-Fa-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));")
_NO_RIGHTS = {"UserId", "PermissionLevel", "CalendarPermissionLevel"}  # of what a permission tells
_LONG = 20_000  # characters
_FULL = {"true", "1", "All", "FullDetails"}


@dataclass(frozen=True)
class Envelope:
    """A SOAP answer without fault: its response messages, the HTTP answer around it, the server's version.

    ``body`` is the SOAP body, for the operation that has no list of messages.
    """

    messages: tuple[etree._Element, ...]
    http: HttpAnswer
    version: str = ""
    body: etree._Element | None = None
    _folders: dict[tuple[str, ...], tuple[FolderAnswer, ...]] = field(default_factory=dict, repr=False)


def read(answer: HttpAnswer) -> Envelope | Trouble:
    """Read an HTTP answer. Trouble for anything but a SOAP answer without fault.

    401, 403 and redirects are judged by status alone; a fault is a fault with
    any other status, also 200.
    """
    if answer.status != 200 and answer.status < 500:
        return codes.http_trouble(answer)
    root = _parse(answer.body)
    if root is None or root.tag != f"{_S}Envelope":
        return codes.http_trouble(answer)
    body = root.find(f"{_S}Body")
    fault = None if body is None else body.find(f"{_S}Fault")
    if fault is not None:
        return _fault(fault, answer)
    if body is None or answer.status != 200:
        return codes.http_trouble(answer)
    return Envelope(tuple(_messages(body)), answer, _version(root), body)


def version_of(answer: HttpAnswer) -> str:
    """Return ServerVersionInfo of a SOAP answer, a fault's as well; empty if it is not told."""
    root = _parse(answer.body)
    return "" if root is None else _version(root)


def folders(envelope: Envelope, names: Sequence[str]) -> tuple[FolderAnswer, ...] | None:
    """Return one FolderAnswer for each name, in the order asked; None if the count differs from what was asked.

    An envelope is read once, however often it is looked at.
    """
    if len(envelope.messages) != len(names):
        return None
    asked, read_before = tuple(names), envelope._folders  # noqa: SLF001  of this module
    if asked not in read_before:
        pairs = zip(asked, envelope.messages, strict=True)
        read_before[asked] = tuple(_folder(message, name, envelope.http) for name, message in pairs)
    return read_before[asked]


def troubles(envelope: Envelope) -> Iterator[Trouble]:
    """Return the troubles of the response messages, without reading the rest of them."""
    for message in envelope.messages:
        trouble = message_trouble(message, envelope.http)
        if trouble is not None:
            yield trouble


def sync(envelope: Envelope, address: str, impersonated: str) -> SyncAnswer:
    """Return the answer to SyncFolderItems."""
    if len(envelope.messages) != 1:
        return SyncAnswer(address, impersonated, trouble=_not_one(envelope))
    message = envelope.messages[0]
    trouble = _other(message, "SyncFolderItems", envelope.http) or message_trouble(message, envelope.http)
    if trouble is not None:
        return SyncAnswer(address, impersonated, trouble=trouble)
    changes = message.find(f"{_M}Changes")
    found = () if changes is None else tuple(child for child in changes if isinstance(child.tag, str))
    parents = [parent.get("Id", "") for change in found for parent in change.iter(f"{_T}ParentFolderId")]
    return SyncAnswer(
        address,
        impersonated,
        sync_state=_text(message, f"{_M}SyncState"),
        changes=len(found),
        parent_folder_ids=tuple(parent for parent in parents if parent),
    )


def resolved(envelope: Envelope, asked: str) -> ResolvedName:
    """Return the resolutions that have exactly the address asked for, and count the partial matches beside them.

    The address list of Active Directory alone: entries of somebody's own contacts are left out.
    """
    if len(envelope.messages) != 1:
        return ResolvedName(asked, trouble=_not_one(envelope))
    message = envelope.messages[0]
    trouble = _other(message, "ResolveNames", envelope.http) or message_trouble(message, envelope.http)
    if trouble is not None and trouble.code == codes.NO_RESULTS:
        return ResolvedName(asked)
    if trouble is not None and trouble.code != codes.MULTIPLE_RESULTS:
        return ResolvedName(asked, trouble=trouble)
    listed = message.find(f"{_M}ResolutionSet")
    complete = listed is not None and listed.get("IncludesLastItemInRange", "true") in _FULL
    entries = [entry for entry in message.iter(f"{_T}Resolution") if _is_listed(entry)]
    wanted = canonical(asked)
    found = [contact for contact in map(_contact, entries) if wanted in _addresses(contact)]
    return ResolvedName(asked, tuple(found), others=len(entries) - len(found), complete=complete)


def _parse(body: bytes) -> etree._Element | None:
    """Parse XML; None if it is not well-formed or brings a DTD, which SOAP 1.1 section 3 forbids."""
    for attempt in (body, _NO_CHARACTER.sub(b"", body)):  # servers pass on control characters that XML forbids
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            root = etree.fromstring(attempt, parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        info: Any = root.getroottree().docinfo
        return None if info.doctype else root
    return None


def _messages(body: etree._Element) -> Iterator[etree._Element]:
    # of lists within lists, which no server sends, the first: to read each anew would take for ever
    listed = next(body.iter(f"{_M}ResponseMessages"), None)
    if listed is not None:
        yield from (child for child in listed if isinstance(child.tag, str))


def _version(root: etree._Element) -> str:
    info = root.find(f"{_S}Header/{_T}ServerVersionInfo")
    if info is None:
        return ""
    parts = [info.get(name) for name in ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")]
    return ".".join(part for part in parts if part)


def _fault(fault: etree._Element, answer: HttpAnswer) -> Trouble:
    """Read a SOAP fault; the code may stand in the detail, or only in faultcode, with a prefix or without."""
    told = _text(fault, "faultcode")
    detail = fault.find("detail")
    code = message = ""
    if detail is not None:
        found = {etree.QName(element).localname: element for element in detail.iter() if isinstance(element.tag, str)}
        code = (found["ResponseCode"].text or "").strip() if "ResponseCode" in found else ""
        message = (found["Message"].text or "").strip() if "Message" in found else ""
    if not code:
        bare = told.rpartition(":")[2]
        code = bare if bare.startswith("Error") else ""
    values = {} if detail is None else _values(detail)
    return codes.ews_trouble(code, message or _text(fault, "faultstring"), values, answer=answer, fault_code=told)


def _folder(message: etree._Element, name: str, answer: HttpAnswer) -> FolderAnswer:
    trouble = _other(message, "GetFolder", answer) or message_trouble(message, answer)
    if trouble is not None:
        return FolderAnswer(name, trouble=trouble)
    listed = message.find(f"{_M}Folders")
    folder = None if listed is None else next((child for child in listed if isinstance(child.tag, str)), None)
    identity = None if folder is None else folder.find(f"{_T}FolderId")
    if folder is None or identity is None or not identity.get("Id"):
        return FolderAnswer(name, trouble=Trouble(Kind.MALFORMED, "a success without a folder", status=answer.status))
    rights = folder.find(f"{_T}EffectiveRights")
    entries = folder.find(f"{_T}PermissionSet")
    return FolderAnswer(
        name,
        identity.get("Id", ""),
        None if rights is None else _rights(rights),
        None if entries is None else _permissions(entries),
    )


def _permissions(entries: etree._Element) -> tuple[PermissionEntry, ...]:
    """Read a PermissionSet, once for all that look the same: thousands of folders have the same permissions."""
    text = etree.tostring(entries, with_tail=False)
    if len(text) > _LONG:  # a server that sends such ones shall not fill the memory with them
        return tuple(_each_permission(entries))
    return _permissions_read_before(text)


@lru_cache(maxsize=1000)
def _permissions_read_before(text: bytes) -> tuple[PermissionEntry, ...]:
    entries = _parse(text)
    assert entries is not None  # it was written out of a tree just now
    return tuple(_each_permission(entries))


def _each_permission(entries: etree._Element) -> Iterator[PermissionEntry]:
    """Read Permission and CalendarPermission entries; EditItems, DeleteItems and ReadItems count only when full."""
    for kind in ("Permission", "CalendarPermission"):
        for entry in entries.iter(f"{_T}{kind}"):
            user = entry.find(f"{_T}UserId")
            yield _permission(() if user is None else tuple(_children(user)), tuple(_children(entry)))


@lru_cache(maxsize=1000)
def _permission(user: tuple[tuple[str, str], ...], told: tuple[tuple[str, str], ...]) -> PermissionEntry:
    """Make an entry; thousands of folders have the same ones, which are kept once."""
    who, rights = dict(reversed(user)), dict(reversed(told))
    sid, smtp = who.get("SID", ""), who.get("PrimarySmtpAddress", "")
    level = rights.get("PermissionLevel") or rights.get("CalendarPermissionLevel", "")
    full = {key: value in _FULL for key, value in told if key not in _NO_RIGHTS}
    return PermissionEntry(who.get("DistinguishedUser") or sid or smtp, level, full, sid=sid, smtp=smtp)


def _rights(element: etree._Element) -> Mapping[str, bool]:
    """Read effective rights; thousands of folders have the same ones, which are kept once."""
    told = tuple(_children(element))
    if sum(len(name) + len(value) for name, value in told) > _LONG:
        return dict(_held(told))
    return _rights_read_before(told)


@lru_cache(maxsize=1000)
def _rights_read_before(told: tuple[tuple[str, str], ...]) -> Mapping[str, bool]:
    return dict(_held(told))


def _held(told: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bool]]:
    return ((name, value in _FULL) for name, value in told)


def _is_listed(resolution: etree._Element) -> bool:
    """Whether an entry is from the address list; one from a folder of contacts has an item id."""
    stored = _text(resolution, f"{_T}Contact/{_T}ContactSource") == "Store"
    return not stored and resolution.find(f"{_T}Mailbox/{_T}ItemId") is None


def _contact(resolution: etree._Element) -> Contact:
    mailbox, contact = f"{_T}Mailbox/{_T}", f"{_T}Contact/{_T}"
    entries = resolution.findall(f"{contact}EmailAddresses/{_T}Entry")
    smtp = _text(resolution, f"{mailbox}RoutingType").upper() in ("SMTP", "")
    return Contact(
        primary=_text(resolution, f"{mailbox}EmailAddress") if smtp else "",
        mailbox_type=_text(resolution, f"{mailbox}MailboxType"),
        display_name=_text(resolution, f"{contact}DisplayName") or _text(resolution, f"{mailbox}Name"),
        given_name=_text(resolution, f"{contact}GivenName"),
        surname=_text(resolution, f"{contact}Surname"),
        smtp_addresses=tuple(text for entry in entries if (text := (entry.text or "").strip()) and _is_smtp(text)),
        full=resolution.find(f"{_T}Contact") is not None,
    )


def _is_smtp(entry: str) -> bool:
    prefix, colon, _ = entry.partition(":")
    return not colon or prefix.lower() == "smtp"


def _addresses(contact: Contact) -> set[str]:
    told = (contact.primary, *contact.smtp_addresses)
    return {canonical(entry.rpartition(":")[2]) for entry in told if entry}


def _other(message: etree._Element, operation: str, answer: HttpAnswer) -> Trouble | None:
    """Return the trouble that an answer to another operation than the one asked is."""
    if message.tag == f"{_M}{operation}ResponseMessage":
        return None
    said = f"an answer to another operation than {operation}"
    return Trouble(Kind.MALFORMED, said, status=answer.status)


def message_trouble(message: etree._Element, answer: HttpAnswer) -> Trouble | None:
    """Return the trouble that one response message is, None for a success."""
    code = _text(message, f"{_M}ResponseCode")
    if message.get("ResponseClass") == "Success" and code in ("", codes.NO_ERROR):
        return None
    return codes.ews_trouble(code, _text(message, f"{_M}MessageText"), _values(message), answer=answer)


def _not_one(envelope: Envelope) -> Trouble:
    count = len(envelope.messages)
    return Trouble(Kind.NOT_ASKED, f"{count} answers came for one question", status=envelope.http.status)


def _values(element: etree._Element) -> dict[str, str]:
    """Return the MessageXml values by name."""
    return {
        value.get("Name", ""): "".join(str(part) for part in value.itertext()).strip()
        # the first one only, as above
        for holder in islice(element.iter("{*}MessageXml"), 1)
        for value in holder.iter("{*}Value")
    }


def _children(element: etree._Element) -> Iterator[tuple[str, str]]:
    for child in element:
        if isinstance(child.tag, str):
            yield child.tag.rpartition("}")[2], (child.text or "").strip()


def _text(element: etree._Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else (found.text or "").strip()
