"""FindFolder: the folders in a folder, or at any depth below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.access import FOLDER_KINDS, effective_rights
from pytest_flowscape.simulator.ews.envelope import M, Refusal, T, attribute, message, required
from pytest_flowscape.simulator.ews.folder_access import Target, find_target
from pytest_flowscape.simulator.ews.folder_shape import below, read_folder_shape, unread_count, write_folder
from pytest_flowscape.simulator.ews.operation import Call, answer_each
from pytest_flowscape.simulator.ews.paging import page_of, read_page
from pytest_flowscape.simulator.ews.restriction import Path, read_restriction

NAME = "FindFolderResponseMessage"
_VALUES: dict[str, tuple[Callable[[Target], Any], Callable[[str], Any]]] = {
    "folder:DisplayName": (lambda target: FOLDER_KINDS[target.folder][1], str),
    "folder:FolderClass": (lambda target: FOLDER_KINDS[target.folder][2] or None, str),
    "folder:ChildFolderCount": (lambda target: len(below(target.folder)), int),
    "folder:TotalCount": (lambda target: len(target.mailbox.contents().within(target.folder)), int),
    "folder:UnreadCount": (lambda target: unread_count(target.mailbox, target.folder), int),
}


def find_folder(call: Call) -> list[etree._Element]:
    """Answer FindFolder: one response message for each parent folder. Raises Refusal (a fault)."""
    properties = read_folder_shape(call.body)
    parents = list(required(call.body, "m:ParentFolderIds"))
    traversal = attribute(call.body, "Traversal")
    if "PermissionSet" in properties:  # GetFolder alone has it (EWS reference, "PermissionSet")
        raise Refusal("ErrorInvalidPropertyForOperation")
    page = read_page(call.body, "IndexedPageFolderView")
    satisfies = read_restriction(call.body, _path)

    def answer(element: etree._Element) -> etree._Element:
        parent = find_target(call, element)
        names = [] if traversal == "SoftDeleted" else list(_below(parent.folder, deep=traversal == "Deep"))
        targets = (
            Target(parent.mailbox, name, effective_rights(call.organisation, parent.mailbox, name, call.caller.acting))
            for name in names
        )
        found, attributes = page_of([target for target in targets if target.rights and satisfies(target)], page)
        folders = T.Folders(*(write_folder(call.organisation, target, properties) for target in found))
        return message(NAME, M.RootFolder(folders, **attributes))

    return answer_each(NAME, parents, answer)


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
