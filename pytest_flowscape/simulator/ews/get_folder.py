"""GetFolder: folder ids, effective rights and permission sets of one or many folders."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.access import FOLDER_KINDS, Caller, folder_id
from pytest_flowscape.simulator.ews.envelope import (
    NS,
    M,
    Refusal,
    Request,
    T,
    attribute,
    message,
    refusal_message,
    required,
)
from pytest_flowscape.simulator.ews.permission_set import permission_set
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import STOPS_BATCH, Target, find_target
from pytest_flowscape.simulator.model import Organisation

NAME = "GetFolderResponseMessage"
RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")


def get_folder(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer GetFolder: one response message for each id, in order.

    An id that stops the batch leaves every later one unprocessed. Raises
    Refusal (a fault) for a request that the schema forbids.
    """
    shape = required(request.body, "m:FolderShape")
    wanted = _wanted(shape)
    ids = list(required(request.body, "m:FolderIds"))
    if not ids:
        required(request.body, "m:FolderIds/*")
    answers: list[etree._Element] = []
    stopped = False
    for element in ids:
        try:
            if stopped:
                raise Refusal("ErrorBatchProcessingStopped")  # noqa: TRY301  one way to write a refusal
            target = find_target(organisation, caller, element)
            sessions.open(target.mailbox)
            answers.append(message(NAME, _folders(organisation, target, wanted)))
        except Refusal as refusal:  # noqa: PERF203  each id has an answer of its own
            if refusal.code == "ErrorSchemaValidation":
                raise
            stopped = stopped or refusal.code in STOPS_BATCH
            answers.append(refusal_message(NAME, refusal))
    return answers


def _wanted(shape: etree._Element) -> frozenset[str]:
    base = required(shape, "t:BaseShape").text or ""
    added = [attribute(uri, "FieldURI") for uri in shape.iterfind("t:AdditionalProperties/t:FieldURI", NS)]
    names = {uri.removeprefix("folder:") for uri in added}
    if base in ("Default", "AllProperties"):
        names.update(("DisplayName", "TotalCount", "ChildFolderCount"))
    if base == "AllProperties":
        # the permission set is left out since Exchange 2013 (EWS reference, "BaseShape")
        names.update(("ParentFolderId", "FolderClass", "EffectiveRights", "DistinguishedFolderId"))
    return frozenset(names)


def _folders(organisation: Organisation, target: Target, wanted: frozenset[str]) -> etree._Element:
    if "PermissionSet" in wanted and "Modify" not in target.rights:
        raise Refusal("ErrorAccessDenied")
    element, name, folder_class = FOLDER_KINDS[target.folder]
    key = folder_id(organisation, target.mailbox, target.folder)
    parent = "root" if target.folder in ("msgfolderroot", "root") else "msgfolderroot"
    parts = [T.FolderId(Id=key, ChangeKey="AQAAABYAAAA=")]
    # in the order of the schema
    if "ParentFolderId" in wanted:
        parts.append(T.ParentFolderId(Id=folder_id(organisation, target.mailbox, parent), ChangeKey="AQAAAA=="))
    if "FolderClass" in wanted and folder_class:
        parts.append(T.FolderClass(folder_class))
    if "DisplayName" in wanted:
        parts.append(T.DisplayName(name))
    if "TotalCount" in wanted:
        parts.append(T.TotalCount(str(target.mailbox.items if target.folder == "calendar" else 0)))
    if "ChildFolderCount" in wanted:
        parts.append(T.ChildFolderCount("0"))
    if "EffectiveRights" in wanted:
        rights = (T(right, "true" if right in target.rights else "false") for right in RIGHTS)
        parts.append(T.EffectiveRights(*rights))
    if "DistinguishedFolderId" in wanted:
        parts.append(T.DistinguishedFolderId(target.folder))
    if "PermissionSet" in wanted:
        parts.append(permission_set(organisation, target.mailbox, target.folder))
    folders: etree._Element = M.Folders(T(element, *parts))
    return folders
