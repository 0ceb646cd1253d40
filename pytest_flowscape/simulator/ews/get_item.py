"""GetItem: items by their ids, with every property asked for."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import M, Refusal, message, required
from pytest_flowscape.simulator.ews.item_access import find_item
from pytest_flowscape.simulator.ews.item_properties import ItemView
from pytest_flowscape.simulator.ews.item_shape import read_shape, write_item
from pytest_flowscape.simulator.ews.operation import Call, answer_each

NAME = "GetItemResponseMessage"


def get_item(call: Call) -> list[etree._Element]:
    """Answer GetItem: one response message for each id, in order. Raises Refusal (a fault)."""
    shape = read_shape(call.body, finding=False)
    ids = list(required(call.body, "m:ItemIds"))

    def answer(element: etree._Element) -> etree._Element:
        target = find_item(call, element)
        if "Read" not in target.rights:
            raise Refusal("ErrorAccessDenied")
        view = ItemView(call.organisation, target.mailbox, target.item, target.rights)
        return message(NAME, M.Items(write_item(view, shape)))

    return answer_each(NAME, ids, answer, "Items")
