"""SyncFolderItems: ask for the state of one folder and one item of it at most, and read what came."""

from __future__ import annotations

from pytest_flowscape.facts import SyncAnswer
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import (
    MESSAGES,
    TYPES,
    DistinguishedFolder,
    add,
    add_folder,
    envelope_of,
    to_bytes,
)

OPERATION = "SyncFolderItems"
_T, _M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"


def request(folder: DistinguishedFolder, *, impersonate: str = "") -> bytes:
    """Build SyncFolderItems without a state: ids, the folder that an item lies in, and at most one change."""
    envelope, body = envelope_of(impersonate)
    operation = add(body, MESSAGES, OPERATION)
    shape = add(operation, MESSAGES, "ItemShape")
    add(shape, TYPES, "BaseShape", "IdOnly")
    more = add(shape, TYPES, "AdditionalProperties")
    add(more, TYPES, "FieldURI").set("FieldURI", "item:ParentFolderId")
    add_folder(add(operation, MESSAGES, "SyncFolderId"), folder)
    add(operation, MESSAGES, "MaxChangesReturned", "1")
    return to_bytes(envelope)


def read(envelope: Envelope, address: str, impersonated: str) -> SyncAnswer:
    """Return the answer for the folder of ``address``, asked as ``impersonated``."""
    message, trouble = answers.only_message(envelope, OPERATION)
    if trouble is not None:
        return SyncAnswer(address, impersonated, trouble=trouble)
    changes = message.find(f"{_M}Changes")
    found = () if changes is None else tuple(child for child in changes if isinstance(child.tag, str))
    parents = [parent.get("Id", "") for change in found for parent in change.iter(f"{_T}ParentFolderId")]
    return SyncAnswer(
        address,
        impersonated,
        sync_state=answers.text(message, f"{_M}SyncState"),
        changes=len(found),
        parent_folder_ids=tuple(parent for parent in parents if parent),
    )
