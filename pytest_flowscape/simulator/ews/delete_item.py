"""DeleteItem: for good, to Deleted Items, or to the recoverable items.

What is deleted for good goes to the folder Purges of the recoverable items,
what is deleted softly to Deletions (Microsoft, "Deleting items by using EWS in
Exchange"). Deleting does not look at the change key. An organizer's deletion
sends cancellations as SendMeetingCancellations says; an attendee's sends none.
"""

from __future__ import annotations

from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import Refusal, attribute, message, required
from pytest_flowscape.simulator.ews.item_access import find_item
from pytest_flowscape.simulator.ews.item_ids import read_change_key
from pytest_flowscape.simulator.ews.operation import Call, answer_each
from pytest_flowscape.simulator.ews.writes import CANCEL, permit_write
from pytest_flowscape.simulator.meetings.letters import addresses
from pytest_flowscape.simulator.meetings.organizer import TO_NONE, Desk, cancel

NAME = "DeleteItemResponseMessage"
_FOLDERS = {
    "HardDelete": "recoverableitemspurges",
    "SoftDelete": "recoverableitemsdeletions",
    "MoveToDeletedItems": "deleteditems",
}


def delete_item(call: Call) -> list[etree._Element]:
    """Answer DeleteItem: one response message for each id. Raises Refusal (a fault)."""
    ids = list(required(call.body, "m:ItemIds"))
    folder = _FOLDERS[attribute(call.body, "DeleteType")]
    cancellations = call.body.get("SendMeetingCancellations", "")

    def answer(element: etree._Element) -> etree._Element:
        target = find_item(call, element)
        read_change_key(element)
        if "Delete" not in target.rights:
            raise Refusal("ErrorAccessDenied")
        permit_write(call, target.mailbox, call.request.operation)
        if target.item.kind == "CalendarItem" and not cancellations:
            raise Refusal("ErrorSendMeetingCancellationsRequired")
        if target.item.kind == "CalendarItem" and cancellations != TO_NONE and addresses(target.item):
            permit_write(call, target.mailbox, CANCEL)
            desk = Desk(call.organisation, target.mailbox, cancellations, datetime.now(timezone.utc))
            cancel(desk, target.item)
        store = target.mailbox.contents()
        if target.item.folder == "recoverableitemspurges":
            store.remove(target.item)
        else:
            store.move(target.item, folder)
        return message(NAME)

    return answer_each(NAME, ids, answer)
