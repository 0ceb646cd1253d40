"""FindFolder: the folders in a folder, or at any depth below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.access import FOLDER_KINDS, Caller, effective_rights
from pytest_flowscape.simulator.ews.batch import answer_each
from pytest_flowscape.simulator.ews.envelope import M, Refusal, Request, T, attribute, message, required
from pytest_flowscape.simulator.ews.folder_shape import below, read_folder_shape, unread, write_folder
from pytest_flowscape.simulator.ews.paging import cut, read_page
from pytest_flowscape.simulator.ews.restriction import Path, read_restriction
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import Target, find_target
from pytest_flowscape.simulator.model import Organisation

NAME = "FindFolderResponseMessage"
_VALUES: dict[str, tuple[Callable[[Target], Any], Callable[[str], Any]]] = {
    "folder:DisplayName": (lambda target: FOLDER_KINDS[target.folder][1], str),
    "folder:FolderClass": (lambda target: FOLDER_KINDS[target.folder][2] or None, str),
    "folder:ChildFolderCount": (lambda target: len(below(target.folder)), int),
    "folder:TotalCount": (lambda target: len(target.mailbox.opened().within(target.folder)), int),
    "folder:UnreadCount": (lambda target: unread(target.mailbox, target.folder), int),
}


def find_folder(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer FindFolder: one response message for each parent folder. Raises Refusal (a fault)."""
    wanted = read_folder_shape(request.body)
    parents = list(required(request.body, "m:ParentFolderIds"))
    traversal = attribute(request.body, "Traversal")
    if "PermissionSet" in wanted:  # told by GetFolder only (EWS reference, "PermissionSet")
        raise Refusal("ErrorInvalidPropertyForOperation")
    page = read_page(request.body, "IndexedPageFolderView")
    chosen = read_restriction(request.body, _path)

    def one(element: etree._Element) -> etree._Element:
        parent = find_target(organisation, caller, element)
        sessions.open(parent.mailbox)
        names = [] if traversal == "SoftDeleted" else list(_below(parent.folder, deep=traversal == "Deep"))
        targets = (
            Target(parent.mailbox, name, effective_rights(organisation, parent.mailbox, name, caller.acting))
            for name in names
        )
        found, told = cut([target for target in targets if target.rights and chosen(target)], page)
        folders = T.Folders(*(write_folder(organisation, target, wanted) for target in found))
        return message(NAME, M.RootFolder(folders, **told))

    return answer_each(NAME, parents, one)


def _below(folder: str, *, deep: bool) -> Iterator[str]:
    for name in below(folder):
        yield name
        if deep:
            yield from _below(name, deep=True)


def _path(element: etree._Element) -> Path:
    known = _VALUES.get(element.get("FieldURI", ""))
    if known is None:
        raise Refusal("ErrorUnsupportedPathForQuery")
    return Path(*known)
