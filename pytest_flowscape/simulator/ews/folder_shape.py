"""FolderShape: which properties of a folder a request asks for, and the folder written with those."""

from __future__ import annotations

import copy
from functools import lru_cache

from lxml import etree

from pytest_flowscape.simulator.ews.access import FOLDER_KINDS, folder_id
from pytest_flowscape.simulator.ews.envelope import NS, Refusal, T, attribute, required
from pytest_flowscape.simulator.ews.folder_access import Target
from pytest_flowscape.simulator.ews.item_values import format_truth
from pytest_flowscape.simulator.ews.permission_set import permission_set
from pytest_flowscape.simulator.model import RIGHTS, Mailbox, Organisation

_ABOVE = {
    "root": "root",
    "msgfolderroot": "root",
    "recoverableitemsroot": "root",
    "recoverableitemsdeletions": "recoverableitemsroot",
    "recoverableitemspurges": "recoverableitemsroot",
}


def above(folder: str) -> str:
    """Return the folder that holds this one; the root holds itself."""
    return _ABOVE.get(folder, "msgfolderroot")


def below(folder: str) -> list[str]:
    """Return the folders directly in this one."""
    return [name for name in FOLDER_KINDS if above(name) == folder and name != folder]


def read_folder_shape(body: etree._Element) -> frozenset[str]:
    """Read the FolderShape of a request: the names of the properties, without ``folder:``. Raises Refusal (a fault)."""
    shape = required(body, "m:FolderShape")
    base = required(shape, "t:BaseShape").text or ""
    added = [attribute(uri, "FieldURI") for uri in shape.iterfind("t:AdditionalProperties/t:FieldURI", NS)]
    names = {uri.removeprefix("folder:") for uri in added}
    if base in ("Default", "AllProperties"):
        names.update(("DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"))
    if base == "AllProperties":
        # the permission set is left out since Exchange 2013 (EWS reference, "BaseShape")
        names.update(("ParentFolderId", "FolderClass", "EffectiveRights", "DistinguishedFolderId"))
    return frozenset(names)


def unread_count(mailbox: Mailbox, folder: str) -> int:
    """Return the number of messages of a folder that nobody has read."""
    messages = (item for item in mailbox.contents().within(folder) if item.kind != "CalendarItem")
    return sum(1 for item in messages if not item.values.get("message:IsRead"))


def write_rights(rights: frozenset[str]) -> etree._Element:
    """Write EffectiveRights, in the order of the schema."""
    return copy.deepcopy(_write_rights(rights))


@lru_cache(maxsize=200)
def _write_rights(rights: frozenset[str]) -> etree._Element:
    return T.EffectiveRights(*(T(right, format_truth(right in rights)) for right in RIGHTS))


def write_folder(organisation: Organisation, target: Target, properties: frozenset[str]) -> etree._Element:
    """Write a folder with these properties. Raises Refusal ErrorAccessDenied for a PermissionSet not allowed."""
    if "PermissionSet" in properties and "Modify" not in target.rights:
        raise Refusal("ErrorAccessDenied")
    mailbox, folder = target.mailbox, target.folder
    element, name, folder_class = FOLDER_KINDS[folder]
    parts = [T.FolderId(Id=folder_id(organisation, mailbox, folder), ChangeKey="AQAAABYAAAA=")]
    # in the order of the schema
    if "ParentFolderId" in properties:
        parts.append(T.ParentFolderId(Id=folder_id(organisation, mailbox, above(folder)), ChangeKey="AQAAAA=="))
    if "FolderClass" in properties and folder_class:
        parts.append(T.FolderClass(folder_class))
    if "DisplayName" in properties:
        parts.append(T.DisplayName(name))
    if "TotalCount" in properties:
        parts.append(T.TotalCount(str(len(mailbox.contents().within(folder)))))
    if "ChildFolderCount" in properties:
        parts.append(T.ChildFolderCount(str(len(below(folder)))))
    if "EffectiveRights" in properties:
        parts.append(write_rights(target.rights))
    if "DistinguishedFolderId" in properties:
        parts.append(T.DistinguishedFolderId(folder))
    if "PermissionSet" in properties:
        parts.append(permission_set(organisation, mailbox, folder))
    if "UnreadCount" in properties and element not in ("CalendarFolder", "ContactsFolder"):
        parts.append(T.UnreadCount(str(unread_count(mailbox, folder))))
    return T(element, *parts)
