"""Read SOAP answers; hardened against hostile XML: no entities, no DTD, no network, no huge trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.probes.ews import codes
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import MESSAGES, SOAP, TYPES

_T, _M, _S = f"{{{TYPES}}}", f"{{{MESSAGES}}}", f"{{{SOAP}}}"
_NO_CHARACTER = re.compile(rb"&#(?:x0*(?:[0-8BCEFbcef]|1[0-9A-Fa-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));")


@dataclass(frozen=True)
class Envelope:
    """A SOAP answer without fault: its response messages, the HTTP answer around it, the server's version.

    ``body`` is the SOAP body, for the operation that has no list of messages.
    """

    messages: tuple[etree._Element, ...]
    http: HttpAnswer
    version: str = ""
    body: etree._Element | None = None


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
    """Return ServerVersionInfo of a SOAP answer, a fault's as well; empty if there is none."""
    root = _parse(answer.body)
    return "" if root is None else _version(root)


def message_trouble(message: etree._Element, answer: HttpAnswer, operation: str = "") -> Trouble | None:
    """Return the trouble that one response message is, None for a success; an answer to another operation is one."""
    if operation and message.tag != f"{_M}{operation}ResponseMessage":
        said = f"an answer to another operation than {operation}"
        return Trouble(Kind.MALFORMED, said, status=answer.status)
    code = text(message, f"{_M}ResponseCode")
    if message.get("ResponseClass") == "Success" and code in ("", codes.NO_ERROR):
        return None
    return codes.ews_trouble(code, text(message, f"{_M}MessageText"), _values(message), answer=answer)


def only_message(envelope: Envelope, operation: str) -> tuple[etree._Element, Trouble | None]:
    """Return the one response message of the answer to an operation, and the trouble that it is.

    Where there is not one message, an empty element stands for it.
    """
    count = len(envelope.messages)
    if count != 1:
        said = f"{count} answers came for one question"
        return etree.Element("none"), Trouble(Kind.NOT_ASKED, said, status=envelope.http.status)
    (message,) = envelope.messages
    return message, message_trouble(message, envelope.http, operation)


def troubles(envelope: Envelope) -> Iterator[Trouble]:
    """Return the troubles of the response messages, without reading the rest of them."""
    for message in envelope.messages:
        trouble = message_trouble(message, envelope.http)
        if trouble is not None:
            yield trouble


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
    # of lists within lists, which no server sends, the first: to read each again would take for ever
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
    """Read a SOAP fault; the code may be in the detail, or only in faultcode, with a prefix or without."""
    fault_code = text(fault, "faultcode")
    detail = fault.find("detail")
    code = message = ""
    if detail is not None:
        found = {etree.QName(element).localname: element for element in detail.iter() if isinstance(element.tag, str)}
        code = (found["ResponseCode"].text or "").strip() if "ResponseCode" in found else ""
        message = (found["Message"].text or "").strip() if "Message" in found else ""
    if not code:
        bare = fault_code.rpartition(":")[2]
        code = bare if bare.startswith("Error") else ""
    values = {} if detail is None else _values(detail)
    return codes.ews_trouble(code, message or text(fault, "faultstring"), values, answer=answer, fault_code=fault_code)


def _values(element: etree._Element) -> dict[str, str]:
    """Return the MessageXml values by name."""
    return {
        value.get("Name", ""): "".join(str(part) for part in value.itertext()).strip()
        # the first one only, as above
        for holder in islice(element.iter("{*}MessageXml"), 1)
        for value in holder.iter("{*}Value")
    }


def children(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Return the name and text of each child."""
    for child in element:
        if isinstance(child.tag, str):
            yield child.tag.rpartition("}")[2], (child.text or "").strip()


def text(element: etree._Element, path: str) -> str:
    """Return the text at a path, empty if there is none."""
    found = element.find(path)
    return "" if found is None else (found.text or "").strip()
