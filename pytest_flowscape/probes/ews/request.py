"""What all requests to EWS have in common: the SOAP envelope around them, and what one says of itself.

Each operation that the run sends has one builder, in a module with its name.
Folders are named by DistinguishedFolderId only, so the language of a mailbox
never matters. Source: the EWS schema (messages.xsd, types.xsd) and its
operation pages.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
_PREFIXES = {"s": SOAP, "t": TYPES, "m": MESSAGES}
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
class DistinguishedFolder:
    """One distinguished folder; ``address`` empty means the caller's (or impersonated) own mailbox."""

    name: str
    address: str = ""


def envelope_of(impersonate: str) -> tuple[etree._Element, etree._Element]:
    """Return an envelope with its header, and its empty body."""
    envelope = etree.Element(etree.QName(SOAP, "Envelope"), nsmap=_PREFIXES)
    header = add(envelope, SOAP, "Header")
    add(header, TYPES, "RequestServerVersion").set("Version", SCHEMA_VERSION)
    if impersonate:
        who = add(add(header, TYPES, "ExchangeImpersonation"), TYPES, "ConnectingSID")
        add(who, TYPES, "PrimarySmtpAddress", impersonate)
    return envelope, add(envelope, SOAP, "Body")


def add_folder(parent: etree._Element, folder: DistinguishedFolder) -> None:
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


@dataclass(frozen=True)
class Summary:
    """What a request says of itself: the operation's name, whom it impersonates (empty: nobody), whose mailboxes.

    ``mailboxes`` are the addresses that it names, lower case, the impersonated
    one first; an empty address is the caller's own mailbox, not named.
    """

    operation: str
    impersonated: str = ""
    mailboxes: tuple[str, ...] = ()


def summary_of(body: bytes) -> Summary:
    """Read operation, impersonated address and mailboxes out of a request as it is sent. Raises ValueError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        envelope = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        envelope = None
    operation = None if envelope is None else envelope.find(_OPERATION)
    if envelope is None or operation is None:
        raise ValueError("this is not a SOAP request")
    who = envelope.find(_CONNECTING_SID)
    impersonated = "" if who is None else (who.text or "").strip()
    # of folders and of free/busy information; people whom an item names are not asked
    addresses = [address for address in operation.iter(*_ADDRESSES) if _holders_of(address) == _ADDRESSES[address.tag]]
    named = [impersonated, *(address.text or "" for address in addresses)]
    mailboxes = dict.fromkeys(address.strip().lower() for address in named if address.strip())
    own = not mailboxes and next(operation.iter(_FOLDER), None) is not None
    # one operation's element is not called as the operation is: GetUserAvailabilityRequest
    name = etree.QName(operation).localname.removesuffix("Request")
    return Summary(name, impersonated, ("",) if own else tuple(mailboxes))


def _holders_of(element: etree._Element) -> tuple[object, ...]:
    """Return the tags of the element that holds this one, and of the one that holds that."""
    holder = element.getparent()
    outer = None if holder is None else holder.getparent()
    return (None if holder is None else holder.tag, None if outer is None else outer.tag)
