"""Build the exact SOAP envelopes that the run sends; nothing else is ever asked of EWS for measuring.

Each operation has one builder. Folders are named by DistinguishedFolderId only,
so the language of a mailbox never matters. Source: the EWS schema (messages.xsd,
types.xsd) and its operation pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
_PREFIXES = {"s": SOAP, "t": TYPES, "m": MESSAGES}
DELETE = "DeleteItem"
_OPERATION = f"{{{SOAP}}}Body/*"
_CONNECTING_SID = f"{{{SOAP}}}Header/{{{TYPES}}}ExchangeImpersonation/{{{TYPES}}}ConnectingSID/*"
_FOLDER = f"{{{TYPES}}}DistinguishedFolderId"
# what holds an address of a mailbox that is asked, and what holds that
_ADDRESSES = {
    f"{{{TYPES}}}EmailAddress": (f"{{{TYPES}}}Mailbox", _FOLDER),
    f"{{{TYPES}}}Address": (f"{{{TYPES}}}Email", f"{{{TYPES}}}MailboxData"),
}
SCHEMA_VERSION = "Exchange2013"  # the oldest schema that every supported on-premises server speaks


@dataclass(frozen=True)
class FolderWanted:
    """One distinguished folder; ``address`` empty means the caller's (or impersonated) own mailbox."""

    name: str
    address: str = ""


def get_folder(
    wanted: Sequence[FolderWanted], *, impersonate: str = "", rights: bool = False, permissions: bool = False
) -> bytes:
    """Build GetFolder: IdOnly, with EffectiveRights and PermissionSet where asked for."""
    envelope, body = envelope_of(impersonate)
    operation = add(body, MESSAGES, "GetFolder")
    shape = add(operation, MESSAGES, "FolderShape")
    add(shape, TYPES, "BaseShape", "IdOnly")
    fields = [name for name, on in (("EffectiveRights", rights), ("PermissionSet", permissions)) if on]
    if fields:
        more = add(shape, TYPES, "AdditionalProperties")
        for name in fields:
            add(more, TYPES, "FieldURI").set("FieldURI", f"folder:{name}")
    ids = add(operation, MESSAGES, "FolderIds")
    for folder in wanted:
        distinguished(ids, folder)
    return to_bytes(envelope)


def sync_folder_items(folder: FolderWanted, *, impersonate: str = "", most: int = 1) -> bytes:
    """Build SyncFolderItems without a state: ids, the folder that an item lies in, and at most ``most`` changes."""
    envelope, body = envelope_of(impersonate)
    operation = add(body, MESSAGES, "SyncFolderItems")
    shape = add(operation, MESSAGES, "ItemShape")
    add(shape, TYPES, "BaseShape", "IdOnly")
    more = add(shape, TYPES, "AdditionalProperties")
    add(more, TYPES, "FieldURI").set("FieldURI", "item:ParentFolderId")
    distinguished(add(operation, MESSAGES, "SyncFolderId"), folder)
    add(operation, MESSAGES, "MaxChangesReturned", str(most))
    return to_bytes(envelope)


def resolve_names(entry: str) -> bytes:
    """Build ResolveNames for one entry, in Active Directory only, with the contact's data."""
    envelope, body = envelope_of("")
    operation = add(body, MESSAGES, "ResolveNames")
    operation.set("ReturnFullContactData", "true")
    operation.set("SearchScope", "ActiveDirectory")
    add(operation, MESSAGES, "UnresolvedEntry", entry)
    return to_bytes(envelope)


@dataclass(frozen=True)
class Told:
    """What a request says of itself: the operation's name, whom it impersonates (empty: nobody), whose mailboxes.

    ``mailboxes`` are the addresses that it names, lower case, the impersonated
    one first; an empty address is the caller's own mailbox, not named.
    """

    operation: str
    impersonated: str = ""
    mailboxes: tuple[str, ...] = ()


def told(body: bytes) -> Told:
    """Read operation, impersonated address and mailboxes out of a request as it is sent. Raises ValueError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        envelope = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        envelope = None
    operation = None if envelope is None else envelope.find(_OPERATION)
    if envelope is None or operation is None:
        raise ValueError("this is no SOAP request")
    who = envelope.find(_CONNECTING_SID)
    impersonated = "" if who is None else (who.text or "").strip()
    # of folders and of free/busy information; people whom an item names are not asked
    addresses = [address for address in operation.iter(*_ADDRESSES) if _above(address) == _ADDRESSES[address.tag]]
    named = [impersonated, *(address.text or "" for address in addresses)]
    mailboxes = dict.fromkeys(address.strip().lower() for address in named if address.strip())
    own = not mailboxes and next(operation.iter(_FOLDER), None) is not None
    # one operation's element is not called as the operation is: GetUserAvailabilityRequest
    name = etree.QName(operation).localname.removesuffix("Request")
    return Told(name, impersonated, ("",) if own else tuple(mailboxes))


def _above(element: etree._Element) -> tuple[object, ...]:
    """Return the tags of the element that holds this one, and of the one that holds that."""
    holder = element.getparent()
    outer = None if holder is None else holder.getparent()
    return (None if holder is None else holder.tag, None if outer is None else outer.tag)


@dataclass(frozen=True)
class Wanted:
    """What a request names and asks for: distinguished folders, and properties that it reads or (``writes``) sets."""

    operation: str
    folders: tuple[str, ...]
    properties: tuple[str, ...]
    writes: bool


def wanted(body: bytes) -> Wanted:
    """Read out of a request what it is about, each entry once and sorted. Raises ValueError as ``told`` does."""
    operation = told(body).operation
    envelope = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    types = f"{{{TYPES}}}"
    folders = {str(one.get("Id")) for one in envelope.iter(f"{types}DistinguishedFolderId")}
    set_ones = {etree.QName(part).localname for item in envelope.iter(f"{types}CalendarItem") for part in item}
    shown = {one.text or "" for one in envelope.iter(f"{types}BaseShape", f"{types}RequestedView")}
    shown |= {str(one.get("FieldURI")) for one in envelope.iter(f"{types}FieldURI")}
    shown |= {str(one.get("PropertyName")) for one in envelope.iter(f"{types}ExtendedFieldURI")}
    full = [one for one in envelope.iter(f"{{{MESSAGES}}}ResolveNames") if one.get("ReturnFullContactData")]
    shown |= {"FullContactData"} if full else set()
    return Wanted(
        operation, tuple(sorted(folders)), tuple(sorted(shown | set_ones)), bool(set_ones) or operation == DELETE
    )


def envelope_of(impersonate: str) -> tuple[etree._Element, etree._Element]:
    """Return an envelope with its header, and its empty body."""
    envelope = etree.Element(etree.QName(SOAP, "Envelope"), nsmap=_PREFIXES)
    header = add(envelope, SOAP, "Header")
    add(header, TYPES, "RequestServerVersion").set("Version", SCHEMA_VERSION)
    if impersonate:
        who = add(add(header, TYPES, "ExchangeImpersonation"), TYPES, "ConnectingSID")
        add(who, TYPES, "PrimarySmtpAddress", impersonate)
    return envelope, add(envelope, SOAP, "Body")


def distinguished(parent: etree._Element, folder: FolderWanted) -> None:
    """Name a distinguished folder, with its mailbox where that is not the caller's own."""
    element = add(parent, TYPES, "DistinguishedFolderId")
    element.set("Id", folder.name)
    if folder.address:
        add(add(element, TYPES, "Mailbox"), TYPES, "EmailAddress", folder.address)


def add(parent: etree._Element, namespace: str, name: str, text: str | None = None) -> etree._Element:
    """Put an element, with a text if one is given, at the end of another one."""
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text
    return element


def to_bytes(envelope: etree._Element) -> bytes:
    """Return an envelope as it is sent."""
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
