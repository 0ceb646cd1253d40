"""SyncFolderItems: the changes of one folder since a sync state, a few at a time."""

from __future__ import annotations

import base64
import binascii
import hashlib

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
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import Target, find_target
from pytest_flowscape.simulator.model import Organisation

NAME = "SyncFolderItemsResponseMessage"
MOST_CHANGES = 512


def sync_folder_items(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer SyncFolderItems: one response message. Raises Refusal (a fault) for a request that the schema forbids."""
    shape = required(request.body, "m:ItemShape")
    required(shape, "t:BaseShape")
    element = required(request.body, "m:SyncFolderId/*")
    most = _number(required(request.body, "m:MaxChangesReturned").text)
    state = request.body.findtext("m:SyncState", default="", namespaces=NS)
    uris = {uri.get("FieldURI") for uri in shape.iterfind("t:AdditionalProperties/t:FieldURI", NS)}
    try:
        target = find_target(organisation, caller, element)
        sessions.open(target.mailbox)
        if "Read" not in target.rights:
            raise Refusal("ErrorAccessDenied")  # noqa: TRY301  one way to write a refusal
        if target.mailbox.sync_trouble:
            raise Refusal(target.mailbox.sync_trouble)  # noqa: TRY301  likewise
        return [_changes(organisation, target, state, most, with_parent="item:ParentFolderId" in uris)]
    except Refusal as refusal:
        if refusal.code == "ErrorSchemaValidation":
            raise
        return [refusal_message(NAME, refusal)]


def _number(text: str | None) -> int:
    try:
        number = int(text or "")
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_CHANGES:
        said = "The 'MaxChangesReturned' element is invalid."
        raise Refusal("ErrorSchemaValidation", f"The request failed schema validation: {said}", {"Violation": said})
    return number


def _changes(organisation: Organisation, target: Target, state: str, most: int, *, with_parent: bool) -> etree._Element:
    key = folder_id(organisation, target.mailbox, target.folder)
    count = target.mailbox.items if target.folder == "calendar" else 0
    start = _position(key, state)
    end = min(count, start + most)
    written = []
    for number in range(start, end):
        digest = hashlib.sha256(f"{key}{number}".encode()).digest()
        parts = [T.ItemId(Id=base64.b64encode(b"\x00\x04\x24\x00" + digest).decode(), ChangeKey="DwAAABYAAAA=")]
        if with_parent:
            parts.append(T.ParentFolderId(Id=key, ChangeKey="AQAAAA=="))
        written.append(T.Create(T.CalendarItem(*parts)))
    return message(
        NAME,
        M.SyncState(_state(key, end)),
        M.IncludesLastItemInRange("true" if end >= count else "false"),
        M.Changes(*written),
    )


def _state(key: str, position: int) -> str:
    digest = hashlib.sha256(key.encode()).digest()[:12]
    return base64.b64encode(b"H4sI" + digest + position.to_bytes(4, "little")).decode()


def _position(key: str, state: str) -> int:
    """Read a sync state back: how many changes were told. Raises Refusal for one of another folder or none at all."""
    if not state:
        return 0
    try:
        raw = base64.b64decode(state, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("ErrorInvalidSyncStateData") from error
    position = int.from_bytes(raw[-4:], "little")
    if state != _state(key, position):
        raise Refusal("ErrorInvalidSyncStateData")
    return position
