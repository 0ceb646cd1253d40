"""GetItem: items by their ids, with every property asked for."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.batch import answer_each
from pytest_flowscape.simulator.ews.envelope import M, Refusal, Request, message, required
from pytest_flowscape.simulator.ews.item_access import find_item
from pytest_flowscape.simulator.ews.item_properties import Seen
from pytest_flowscape.simulator.ews.item_shape import read_shape, write_item
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.model import Organisation

NAME = "GetItemResponseMessage"


def get_item(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer GetItem: one response message for each id, in order. Raises Refusal (a fault)."""
    shape = read_shape(request.body, finding=False)
    ids = list(required(request.body, "m:ItemIds"))

    def one(element: etree._Element) -> etree._Element:
        target = find_item(organisation, caller, element, sessions)
        if "Read" not in target.rights:
            raise Refusal("ErrorAccessDenied")
        seen = Seen(organisation, target.mailbox, target.item, caller, target.rights)
        return message(NAME, M.Items(write_item(seen, shape)))

    return answer_each(NAME, ids, one, "Items")
