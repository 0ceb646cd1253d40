"""GetFolder: folder ids, effective rights and permission sets of one or many folders."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import M, message, required
from pytest_flowscape.simulator.ews.folder_access import find_target
from pytest_flowscape.simulator.ews.folder_shape import read_folder_shape, write_folder
from pytest_flowscape.simulator.ews.operation import Call, answer_each

NAME = "GetFolderResponseMessage"


def get_folder(call: Call) -> list[etree._Element]:
    """Answer GetFolder: one response message for each id, in order. Raises Refusal (a fault)."""
    properties = read_folder_shape(call.body)
    ids = list(required(call.body, "m:FolderIds"))
    if not ids:
        required(call.body, "m:FolderIds/*")

    def answer(element: etree._Element) -> etree._Element:
        return message(NAME, M.Folders(write_folder(call.organisation, find_target(call, element), properties)))

    return answer_each(NAME, ids, answer)
