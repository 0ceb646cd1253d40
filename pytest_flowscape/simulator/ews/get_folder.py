"""GetFolder: folder ids, effective rights and permission sets of one or many folders."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.batch import answer_each
from pytest_flowscape.simulator.ews.envelope import M, Request, message, required
from pytest_flowscape.simulator.ews.folder_shape import read_folder_shape, write_folder
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import find_target
from pytest_flowscape.simulator.model import Organisation

NAME = "GetFolderResponseMessage"


def get_folder(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer GetFolder: one response message for each id, in order.

    An id that stops the batch leaves every later one unprocessed. Raises
    Refusal (a fault) for a request that the schema forbids.
    """
    wanted = read_folder_shape(request.body)
    ids = list(required(request.body, "m:FolderIds"))
    if not ids:
        required(request.body, "m:FolderIds/*")

    def one(element: etree._Element) -> etree._Element:
        target = find_target(organisation, caller, element)
        sessions.open(target.mailbox)
        return message(NAME, M.Folders(write_folder(organisation, target, wanted)))

    return answer_each(NAME, ids, one)
