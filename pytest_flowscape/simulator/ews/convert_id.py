"""ConvertId: one identifier written in other formats.

Microsoft, "ConvertId operation": the form of an id and of the mailbox's
address is checked, neither's existence. Exchange's own bytes behind each
format are not public; here every format holds the same bytes under a head of
its own, so that an id in one format is malformed in another.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote, unquote

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import TYPES, M, Refusal, attribute, message, required
from pytest_flowscape.simulator.ews.item_ids import FOLDER_PREFIX, ITEM_PREFIX
from pytest_flowscape.simulator.ews.operation import Call, answer_each

NAME = "ConvertIdResponseMessage"
HEADS = {
    "EwsLegacyId": b"\x10\x01",
    "EntryId": b"\x00\x00\x00\x00",
    "HexEntryId": b"\x00\x00\x00\x00",
    "StoreId": b"\x24\x00\x00\x00",
    "OwaId": b"\x46\x00\x00\x00",
}
TYPE = etree.QName("http://www.w3.org/2001/XMLSchema-instance", "type")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def convert_id(call: Call) -> list[etree._Element]:
    """Answer ConvertId: one response message for each id. Raises Refusal (a fault) for what the schema forbids."""
    destination = attribute(call.body, "DestinationFormat")
    sources = required(call.body, "m:SourceIds")
    return answer_each(NAME, sources, lambda source: message(NAME, _alternate_id(source, destination)))


def hex_entry_id(identifier: str) -> str:
    """Return an EWS id in the format in which free/busy information names its events."""
    return _write(_read(identifier, "EwsId"), "HexEntryId")


def _alternate_id(source: etree._Element, destination: str) -> etree._Element:
    if etree.QName(source).localname != "AlternateId":
        raise Refusal("ErrorUnsupportedTypeForConversion")  # there are no public folders
    mailbox = source.get("Mailbox", "")
    raw = _read(source.get("Id", ""), source.get("Format", ""))
    if not ADDRESS.fullmatch(mailbox):
        raise Refusal("ErrorInvalidSmtpAddress")
    element = M.AlternateId(Format=destination, Id=_write(raw, destination), Mailbox=mailbox)
    # xsi:type is a name with a prefix, and the answer's root does not declare this one
    element.set(TYPE, f"{next(p for p, uri in element.nsmap.items() if uri == TYPES)}:AlternateIdType")
    return element


def _read(text: str, form: str) -> bytes:
    """Return the bytes that an id is made of. Raises Refusal."""
    if not text:
        raise Refusal("ErrorInvalidIdEmpty")
    try:
        if form == "HexEntryId":
            raw = bytes.fromhex(text)
        else:
            raw = base64.b64decode(unquote(text) if form == "OwaId" else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("ErrorInvalidIdMalformed") from error
    head = HEADS.get(form, b"")
    inner = raw[len(head) :]
    if not raw.startswith(head) or not inner.startswith((FOLDER_PREFIX, ITEM_PREFIX)):
        raise Refusal("ErrorInvalidIdMalformed")
    return inner


def _write(raw: bytes, form: str) -> str:
    whole = HEADS.get(form, b"") + raw
    if form == "HexEntryId":
        return whole.hex().upper()
    text = base64.b64encode(whole).decode()
    return quote(text, safe="") if form == "OwaId" else text
