"""SOAP in and out: requests parsed, answers and faults written as Exchange writes them.

Shapes: Microsoft's EWS schema (messages.xsd, types.xsd) and the page
"ResponseCode" of the EWS reference; a fault has no SOAP header, a status of 500
and its code in ``faultcode`` as well as in ``detail``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from lxml import etree
from lxml.builder import ElementMaker  # type: ignore[import-not-found]

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
NS = {"s": SOAP, "t": TYPES, "m": MESSAGES}
VERSION_NAME = "V2017_07_11"


class Maker(Protocol):
    """Makes elements of one namespace: ``T.Name("Atlas")``, or ``T("Name", "Atlas")``. lxml's own has no types."""

    def __call__(self, name: str, *content: object, **attributes: str) -> etree._Element:
        """Make an element of this name."""

    def __getattr__(self, name: str) -> Callable[..., etree._Element]:
        """Return what makes elements of this name."""


S: Maker = ElementMaker(namespace=SOAP, nsmap={"s": SOAP})
T: Maker = ElementMaker(namespace=TYPES, nsmap={"t": TYPES})
M: Maker = ElementMaker(namespace=MESSAGES, nsmap={"m": MESSAGES, "t": TYPES})
E: Maker = ElementMaker(namespace=ERRORS, nsmap={"e": ERRORS})

TEXTS = {
    "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
    "ErrorBatchProcessingStopped": "The request was not processed because an earlier one in the batch failed.",
    "ErrorCalendarIsNotOrganizer": "The user must be the organizer of the meeting to cancel it.",
    "ErrorCalendarEndDateIsEarlierThanStartDate": "EndDate is earlier than StartDate",
    "ErrorChangeKeyRequiredForWriteOperations": "A valid change key must be passed for this operation.",
    "ErrorCorruptData": "Data is corrupt.",
    "ErrorCreateItemAccessDenied": "The account does not have permission to create items in this folder.",
    "ErrorExceededConnectionCount": "You have exceeded the available concurrent connections for your account.",
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "ErrorImpersonateUserDenied": "The account does not have permission to impersonate the requested user.",
    "ErrorInternalServerError": "An internal server error occurred. The operation failed.",
    "ErrorInvalidChangeKey": "The change key is invalid.",
    "ErrorInvalidExchangeImpersonationHeaderData": "The ExchangeImpersonation header names nobody.",
    "ErrorInvalidIdEmpty": "Id must be non-empty.",
    "ErrorInvalidIdMalformed": "Id is malformed.",
    "ErrorInvalidMergedFreeBusyInterval": "The interval is not between 5 and 1440 minutes.",
    "ErrorInvalidNameForNameResolution": "The specified name is not valid for name resolution.",
    "ErrorInvalidRequest": "The request is invalid.",
    "ErrorInvalidSmtpAddress": "The SMTP address format is invalid.",
    "ErrorInvalidSyncStateData": "Synchronization state data is corrupt or otherwise invalid.",
    "ErrorInvalidTimeInterval": "The end of the time window is not after its beginning.",
    "ErrorInvalidUserPrincipalName": "The user principal name (UPN) is not valid.",
    "ErrorInvalidUserSid": "The security identifier (SID) is not valid.",
    "ErrorIrresolvableConflict": "The item has been changed since its change key was given: it is not updated.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorMailboxMoveInProgress": "Mailbox move in progress. Try again later.",
    "ErrorMailboxStoreUnavailable": "The mailbox database is temporarily unavailable.",
    "ErrorMissingEmailAddress": "When making a request as an account that does not have a mailbox, you must specify "
    "the mailbox primary SMTP address for any distinguished folder Ids.",
    "ErrorMailboxDataArrayEmpty": "There is no mailbox in the request.",
    "ErrorMailboxDataArrayTooBig": "There are more than 100 mailboxes in the request.",
    "ErrorNameResolutionMultipleResults": "Multiple results were found.",
    "ErrorNameResolutionNoMailbox": "The user has no mailbox to search from.",
    "ErrorNameResolutionNoResults": "No results were found.",
    "ErrorNoFreeBusyAccess": "The caller does not have access to free/busy data.",
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorNonPrimarySmtpAddress": "The primary SMTP address must be specified when referencing a mailbox.",
    "ErrorQuotaExceeded": "The mailbox has exceeded its quota.",
    "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
    "ErrorStaleObject": "The item has been changed since its change key was given.",
    "ErrorTimeIntervalTooBig": "The time window is longer than 42 days.",
    "ErrorTooManyObjectsOpened": "Too many concurrent connections opened.",
}


class Refusal(Exception):  # noqa: N818  EWS calls it a ResponseCode
    """An answer other than NoError: its ResponseCode, text, MessageXml values, and the property that it is about.

    Raised for one id it becomes that id's response message; raised for the
    request it becomes a SOAP fault.
    """

    def __init__(self, code: str, text: str = "", values: Mapping[str, str] | None = None, field: str = "") -> None:
        self.code = code
        self.text = text or TEXTS.get(code, "The operation failed.")
        self.values = dict(values or {})
        self.field = field
        super().__init__(code)


@dataclass(frozen=True)
class Impersonation:
    """The ConnectingSID of a request: ``kind`` is the element's name (PrimarySmtpAddress, SID, ...)."""

    kind: str
    value: str


@dataclass(frozen=True)
class Request:
    """One SOAP request: operation, its element, and whom it impersonates."""

    operation: str
    body: etree._Element
    impersonation: Impersonation | None = None
    envelope: etree._Element | None = field(default=None, repr=False)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Return every mailbox address that the request names, lower case, each once, the impersonated one first."""
        found = [self.impersonation.value] if self.impersonation else []
        # not those of attendees and recipients: they are named in an item, not asked for
        for path in (".//t:DistinguishedFolderId/t:Mailbox/t:EmailAddress", ".//t:MailboxData/t:Email/t:Address"):
            found += [e.text or "" for e in self.body.iterfind(path, NS)]
        return tuple(dict.fromkeys(text.strip().lower() for text in found if text.strip()))


def schema_fault(violation: str, *, line: bool = True) -> Refusal:
    """Return the fault for a request that is against the schema, with the text of the violation."""
    values = {"LineNumber": "1", "Violation": violation} if line else {"Violation": violation}
    return Refusal("ErrorSchemaValidation", f"The request failed schema validation: {violation}", values)


def parse(data: bytes) -> Request:
    """Read a request. Raises Refusal (a fault) where it is not a SOAP envelope with one operation."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise schema_fault(error.msg or "not well-formed") from error
    if root.tag != f"{{{SOAP}}}Envelope":
        raise schema_fault(f"The '{root.tag}' element is not declared.")
    body = root.find("s:Body", NS)
    children = list(body) if body is not None else []
    if len(children) != 1:
        raise schema_fault("The Body holds no single operation.")
    name = etree.QName(children[0])
    if name.namespace != MESSAGES:
        raise schema_fault(f"The '{children[0].tag}' element is not declared.")
    # one operation's element is not called as the operation is: GetUserAvailabilityRequest
    return Request(name.localname.removesuffix("Request"), children[0], _impersonation(root), root)


def _impersonation(root: etree._Element) -> Impersonation | None:
    header = root.find("s:Header/t:ExchangeImpersonation", NS)
    if header is None:
        return None
    identity = header.find("t:ConnectingSID/*", NS)
    if identity is None or not (identity.text or "").strip():
        raise Refusal("ErrorInvalidExchangeImpersonationHeaderData")
    return Impersonation(etree.QName(identity).localname, (identity.text or "").strip())


def required(parent: etree._Element, path: str) -> etree._Element:
    """Find an element that the schema demands. Raises the fault ErrorSchemaValidation where it is missing."""
    found = parent.find(path, NS)
    if found is None:
        name = path.rpartition(":")[2]
        owner = etree.QName(parent).localname
        raise schema_fault(f"The element '{owner}' has incomplete content: '{name}' expected.")
    return found


def attribute(element: etree._Element, name: str) -> str:
    """Return an attribute that the schema demands. Raises the fault ErrorSchemaValidation where it is missing."""
    value = element.get(name)
    if value is None:
        raise schema_fault(f"The required attribute '{name}' is missing.")
    return value


def message_xml(values: Mapping[str, str], maker: Maker = M) -> etree._Element:
    """Write a MessageXml element with its Value elements."""
    return maker.MessageXml(*(T.Value(value, Name=name) for name, value in values.items()))


def message(name: str, *content: etree._Element) -> etree._Element:
    """Write a response message that says NoError, with its content."""
    return M(name, M.ResponseCode("NoError"), *content, ResponseClass="Success")


def refusal_message(
    name: str, refusal: Refusal, *content: etree._Element, response_class: str = "Error"
) -> etree._Element:
    """Write a response message for a refused id; ``response_class`` is Error or Warning."""
    parts = [
        M.MessageText(refusal.text),
        M.ResponseCode(refusal.code),
        M.DescriptiveLinkKey("0"),
    ]
    if refusal.values or refusal.field:
        parts.append(message_xml(refusal.values))
    if refusal.field:
        parts[-1].insert(0, T.FieldURI(FieldURI=refusal.field))
    return M(name, *parts, *content, ResponseClass=response_class)


def smtp_address(name: str, address: str, kind: str) -> tuple[etree._Element, ...]:
    """Write the parts of an EmailAddressType; ``kind`` is its MailboxType: Mailbox, PublicDL or Contact."""
    return (T.Name(name), T.EmailAddress(address), T.RoutingType("SMTP"), T.MailboxType(kind))


def answer(operation: str, content: list[etree._Element] | etree._Element, version: tuple[int, int, int, int]) -> bytes:
    """Write the envelope of an answer, with the ServerVersionInfo header.

    ``content`` is a list of response messages, or the whole response of an
    operation that has none (GetRooms, GetRoomLists, GetUserAvailability).
    """
    names = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")
    info = T.ServerVersionInfo(Version=VERSION_NAME, **{n: str(v) for n, v in zip(names, version, strict=True)})
    response = M(f"{operation}Response", M.ResponseMessages(*content)) if isinstance(content, list) else content
    return _serialise(S.Envelope(S.Header(info), S.Body(response)))


def fault(refusal: Refusal) -> bytes:
    """Write the envelope of a SOAP fault, to be sent with status 500."""
    code = etree.Element("faultcode", nsmap={"a": TYPES})
    code.text = f"a:{refusal.code}"
    text = etree.Element("faultstring")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en-US")
    text.text = refusal.text
    detail = etree.Element("detail")
    detail.extend((E.ResponseCode(refusal.code), E.Message(refusal.text)))
    if refusal.values:
        detail.append(message_xml(refusal.values, T))
    return _serialise(S.Envelope(S.Body(S.Fault(code, text, detail))))


def _serialise(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
