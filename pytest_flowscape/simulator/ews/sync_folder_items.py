"""SyncFolderItems: the changes of one folder since a sync state, a few at a time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller, folder_id
from pytest_flowscape.simulator.ews.envelope import (
    NS,
    M,
    Refusal,
    Request,
    T,
    message,
    refusal_message,
    required,
)
from pytest_flowscape.simulator.ews.item_access import item_rights
from pytest_flowscape.simulator.ews.item_ids import item_key
from pytest_flowscape.simulator.ews.item_properties import Seen
from pytest_flowscape.simulator.ews.item_shape import ItemShape, read_shape, write_item
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import Target, find_target
from pytest_flowscape.simulator.model import Organisation
from pytest_flowscape.simulator.model_items import Item, Position, Removal

NAME = "SyncFolderItemsResponseMessage"
MAX_CHANGES = 512


@dataclass(frozen=True)
class Asked:
    """What a request asks for: the shape of the items, the state that its client has, and how many changes."""

    shape: ItemShape
    state: str
    most: int


def sync_folder_items(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer SyncFolderItems: one response message. Raises Refusal (a fault) for a request that the schema forbids."""
    shape = read_shape(request.body, finding=True)
    element = required(request.body, "m:SyncFolderId/*")
    most = _number(required(request.body, "m:MaxChangesReturned").text)
    state = request.body.findtext("m:SyncState", default="", namespaces=NS)
    try:
        target = find_target(organisation, caller, element)
        sessions.open(target.mailbox)
        if "Read" not in target.rights:
            raise Refusal("ErrorAccessDenied")  # noqa: TRY301  one way to write a refusal
        if target.mailbox.sync_trouble:
            raise Refusal(target.mailbox.sync_trouble)  # noqa: TRY301  likewise
        return [_changes(organisation, caller, target, Asked(shape, state, most))]
    except Refusal as refusal:
        if refusal.code == "ErrorSchemaValidation":
            raise
        return [refused(refusal)]


def refused(refusal: Refusal) -> etree._Element:
    """Write a refusal, which has an empty SyncState as Exchange's has (EWS reference, "SyncFolderItems operation")."""
    return refusal_message(NAME, refusal, M.SyncState(), M.IncludesLastItemInRange("true"))


def _number(text: str | None) -> int:
    try:
        number = int(text or "")
    except ValueError:
        number = 0
    if not 1 <= number <= MAX_CHANGES:
        said = "The 'MaxChangesReturned' element is invalid."
        raise Refusal("ErrorSchemaValidation", f"The request failed schema validation: {said}", {"Violation": said})
    return number


def _changes(organisation: Organisation, caller: Caller, target: Target, asked: Asked) -> etree._Element:
    key = folder_id(organisation, target.mailbox, target.folder)
    since = _position(key, asked.state)
    everything = target.mailbox.opened().changes(target.folder, since)
    told = [
        (kind, what, seen, after)
        for kind, what, after in everything
        if (seen := _seen(organisation, caller, target, what)) is not None or isinstance(what, Removal)
    ]
    page = told[: asked.most]
    complete = len(page) == len(told)
    after = (everything[-1][2] if everything else since) if complete else page[-1][3]
    written = []
    for kind, what, seen, _ in page:
        if seen is not None:
            written.append(T(kind, write_item(seen, asked.shape)))
        else:
            written.append(T(kind, T.ItemId(Id=item_key(organisation, target.mailbox, what.number))))
    return message(
        NAME,
        M.SyncState(_state(key, after)),
        M.IncludesLastItemInRange("true" if complete else "false"),
        M.Changes(*written),
    )


def _seen(organisation: Organisation, caller: Caller, target: Target, what: Item | Removal) -> Seen | None:
    """Return the item as the caller sees it, None for one that is gone or that the caller may not read."""
    if isinstance(what, Removal):
        return None
    rights = item_rights(organisation, target.mailbox, what, caller.acting)
    return Seen(organisation, target.mailbox, what, caller, rights) if "Read" in rights else None


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
