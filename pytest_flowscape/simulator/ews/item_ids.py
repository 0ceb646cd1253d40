"""The ids of items and their change keys: opaque to clients, and checked as Exchange checks them.

An id holds the mailbox and the item's number. A change key holds the change
number at which the item was last changed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from lxml import etree

from pytest_flowscape.simulator.ews.access import find_key, mailbox_key
from pytest_flowscape.simulator.ews.envelope import Refusal, T, attribute
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item

ITEM_PREFIX = b"\x00\x04\x24\x00"
FOLDER_PREFIX = b"\x00\x03\x24\x00"
_CHANGE_PREFIX = b"\x0f\x00\x00\x00\x16\x00\x00\x00"
_LENGTH = 42
_NO_SERIES = {
    "OccurrenceItemId": "ErrorCalendarCannotUseIdForOccurrenceId",
    "RecurringMasterItemId": "ErrorCalendarCannotUseIdForRecurringMasterId",
}


def item_id(organisation: Organisation, mailbox: Mailbox, item: Item, name: str = "ItemId") -> etree._Element:
    """Write the ItemId of an item, with the change key of now."""
    return T(name, Id=item_key(organisation, mailbox, item.number), ChangeKey=change_key(item.changed))


def item_key(organisation: Organisation, mailbox: Mailbox, number: int) -> str:
    """Return the id of the item with this number."""
    return base64.b64encode(_id_bytes(mailbox_key(organisation, mailbox), number)).decode()


def _id_bytes(key: bytes, number: int) -> bytes:
    counted = number.to_bytes(8, "big")
    return ITEM_PREFIX + key + counted + hashlib.sha256(key + counted).digest()[:14]


def change_key(changed: int) -> str:
    """Return the change key of an item that was last changed at this change number."""
    return base64.b64encode(_CHANGE_PREFIX + changed.to_bytes(8, "big")).decode()


def read_item_id(organisation: Organisation, element: etree._Element) -> tuple[Mailbox, int]:
    """Find the mailbox and the number that an ItemId means.

    Raises Refusal: ErrorInvalidIdEmpty, ErrorInvalidIdMalformed,
    ErrorCannotUseFolderIdForItemId, ErrorItemNotFound for a mailbox that is
    gone, or the code for an occurrence or a series: no item here is one.
    """
    refused = _NO_SERIES.get(etree.QName(element).localname)
    if refused is not None:
        raise Refusal(refused)
    identifier = attribute(element, "Id")
    if not identifier:
        raise Refusal("ErrorInvalidIdEmpty")
    try:
        raw = base64.b64decode(identifier, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("ErrorInvalidIdMalformed") from error
    if raw.startswith(FOLDER_PREFIX):
        raise Refusal("ErrorCannotUseFolderIdForItemId")
    key, number = raw[4:20], int.from_bytes(raw[20:28], "big")
    if len(raw) != _LENGTH or raw != _id_bytes(key, number):
        raise Refusal("ErrorInvalidIdMalformed")
    mailbox = find_key(organisation, key)
    if mailbox is None:
        raise Refusal("ErrorItemNotFound")
    return mailbox, number


def read_change_key(element: etree._Element) -> int | None:
    """Return the change number of an ItemId's change key, None without one. Raises Refusal ErrorInvalidChangeKey."""
    text = element.get("ChangeKey")
    if not text:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("ErrorInvalidChangeKey") from error
    if len(raw) != len(_CHANGE_PREFIX) + 8 or not raw.startswith(_CHANGE_PREFIX):
        raise Refusal("ErrorInvalidChangeKey")
    return int.from_bytes(raw[-8:], "big")
