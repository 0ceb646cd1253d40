"""SyncFolderItems: the changes of one folder since a sync state, a few at a time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import folder_id
from pytest_flowscape.simulator.ews.envelope import (
    NS,
    M,
    Refusal,
    T,
    message,
    refusal_message,
    required,
    schema_fault,
)
from pytest_flowscape.simulator.ews.folder_access import Target, find_readable
from pytest_flowscape.simulator.ews.item_access import item_rights
from pytest_flowscape.simulator.ews.item_ids import item_key
from pytest_flowscape.simulator.ews.item_properties import ItemView
from pytest_flowscape.simulator.ews.item_shape import ItemShape, read_shape, write_item
from pytest_flowscape.simulator.ews.item_values import format_truth
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.model_items import Item, Position, Removal

NAME = "SyncFolderItemsResponseMessage"
MAX_CHANGES = 512


@dataclass(frozen=True)
class Batch:
    """What a request asks for: the shape of the items, the state that its client has, and how many changes."""

    shape: ItemShape
    state: str
    size: int


def sync_folder_items(call: Call) -> list[etree._Element]:
    """Answer SyncFolderItems: one response message. Raises Refusal (a fault) for a request that the schema forbids."""
    shape = read_shape(call.body, finding=True)
    element = required(call.body, "m:SyncFolderId/*")
    size = _number(required(call.body, "m:MaxChangesReturned").text)
    state = call.body.findtext("m:SyncState", default="", namespaces=NS)
    try:
        target = find_readable(call, element)
        if target.mailbox.sync_trouble:
            raise Refusal(target.mailbox.sync_trouble)  # noqa: TRY301  one way to write a refusal
        return [_changes(call, target, Batch(shape, state, size))]
    except Refusal as refusal:
        if refusal.code == "ErrorSchemaValidation":
            raise
        return [sync_refusal(refusal)]


def sync_refusal(refusal: Refusal) -> etree._Element:
    """Write a refusal, which has an empty SyncState as Exchange's has (EWS reference, "SyncFolderItems operation")."""
    return refusal_message(NAME, refusal, M.SyncState(), M.IncludesLastItemInRange("true"))


def _number(text: str | None) -> int:
    try:
        number = int(text or "")
    except ValueError:
        number = 0
    if not 1 <= number <= MAX_CHANGES:
        raise schema_fault("The 'MaxChangesReturned' element is invalid.", line=False)
    return number


def _changes(call: Call, target: Target, batch: Batch) -> etree._Element:
    key = folder_id(call.organisation, target.mailbox, target.folder)
    since = _position(key, batch.state)
    everything = target.mailbox.contents().changes(target.folder, since)
    visible = [
        (kind, what, view, after)
        for kind, what, after in everything
        if (view := _view(call, target, what)) is not None or isinstance(what, Removal)
    ]
    page = visible[: batch.size]
    complete = len(page) == len(visible)
    after = (everything[-1][2] if everything else since) if complete else page[-1][3]
    changes = []
    for kind, what, view, _ in page:
        if view is not None:
            changes.append(T(kind, write_item(view, batch.shape)))
        else:
            changes.append(T(kind, T.ItemId(Id=item_key(call.organisation, target.mailbox, what.number))))
    return message(
        NAME,
        M.SyncState(_state(key, after)),
        M.IncludesLastItemInRange(format_truth(complete)),
        M.Changes(*changes),
    )


def _view(call: Call, target: Target, what: Item | Removal) -> ItemView | None:
    """Return the item as the caller sees it, None for one that is gone or that the caller may not read."""
    if isinstance(what, Removal):
        return None
    rights = item_rights(call.organisation, target.mailbox, what, call.caller.acting)
    return ItemView(call.organisation, target.mailbox, what, rights) if "Read" in rights else None


def _state(key: str, position: Position) -> str:
    digest = hashlib.sha256(key.encode()).digest()[:12]
    return base64.b64encode(b"H4sI" + digest + struct.pack("<QQ", position.known, position.seen)).decode()


def _position(key: str, state: str) -> Position:
    """Read a sync state back: what its client knows. Raises Refusal for one of another folder or none at all."""
    if not state:
        return Position()
    try:
        raw = base64.b64decode(state, validate=True)
        position = Position(*struct.unpack("<QQ", raw[-16:]))
    except (binascii.Error, ValueError, struct.error) as error:
        raise Refusal("ErrorInvalidSyncStateData") from error
    if state != _state(key, position):
        raise Refusal("ErrorInvalidSyncStateData")
    return position
