"""CreateItem: calendar items and messages saved to a folder, meetings sent, and answers to meetings.

A calendar item's invitations are delivered as SendMeetingInvitations says. A
plain message is delivered to nobody: it is saved as the disposition says.
"""

from __future__ import annotations

from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.simulator.ews.access import effective_rights, own_mailbox
from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, T, message, required
from pytest_flowscape.simulator.ews.folder_access import Target, find_target
from pytest_flowscape.simulator.ews.item_changes import check_times, complete_times, read_item
from pytest_flowscape.simulator.ews.item_ids import item_id
from pytest_flowscape.simulator.ews.operation import Call, answer_each
from pytest_flowscape.simulator.ews.response_objects import RESPONSE_OBJECTS, respond
from pytest_flowscape.simulator.ews.writes import permit_write
from pytest_flowscape.simulator.meetings.organizer import Desk, invite

NAME = "CreateItemResponseMessage"
KINDS = ("CalendarItem", "Message")


def create_item(call: Call) -> list[etree._Element]:
    """Answer CreateItem: one response message for each item, with its id. Raises Refusal (a fault)."""
    items = list(required(call.body, "m:Items"))
    folder = call.body.find("m:SavedItemFolderId/*", NS)
    disposition = call.body.get("MessageDisposition", "")
    invitations = call.body.get("SendMeetingInvitations", "")

    def answer(element: etree._Element) -> etree._Element:
        kind = etree.QName(element).localname
        if kind in RESPONSE_OBJECTS:
            return message(NAME, M.Items(*respond(call, element, disposition)))
        if kind not in KINDS:
            raise Refusal("ErrorInvalidItemForOperationCreateItem")
        if kind == "CalendarItem" and not invitations:
            raise Refusal("ErrorSendMeetingInvitationsRequired")
        if kind == "Message" and not disposition:
            raise Refusal("ErrorMessageDispositionRequired")
        values, extended = read_item(element)
        now = datetime.now(timezone.utc)
        if kind == "CalendarItem":
            complete_times(values, now)
            check_times(values)
        elif disposition == "SendOnly":
            return message(NAME, M.Items())
        elif disposition == "SendAndSaveCopy":
            values["item:IsDraft"] = False
            values["message:IsRead"] = True
        target = _own_folder(call, kind, disposition) if folder is None else find_target(call, folder)
        _check_rights(target, kind)
        permit_write(call, target.mailbox, call.request.operation)
        who = call.caller.acting
        item = target.mailbox.contents().add(
            target.folder, kind, values, extended, now=now, creator_sid=who.sid, creator=who.display_name
        )
        if kind == "CalendarItem":
            invite(Desk(call.organisation, target.mailbox, invitations, now), item)
        return message(NAME, M.Items(T(kind, item_id(call.organisation, target.mailbox, item))))

    return answer_each(NAME, items, answer, "Items")


def _own_folder(call: Call, kind: str, disposition: str) -> Target:
    """Find the caller's own folder for this kind of item, where the request names none."""
    acting = call.caller.acting
    own = own_mailbox(call.organisation, acting)
    if own is None:
        raise Refusal("ErrorMissingEmailAddress")
    name = "sentitems" if disposition == "SendAndSaveCopy" else "drafts"
    folder = "calendar" if kind == "CalendarItem" else name
    call.sessions.open(own)
    return Target(own, folder, effective_rights(call.organisation, own, folder, acting))


def _check_rights(target: Target, kind: str) -> None:
    if "CreateContents" not in target.rights:
        raise Refusal("ErrorCreateItemAccessDenied")
    if kind == "CalendarItem" and target.folder != "calendar":
        raise Refusal("ErrorCannotCreateCalendarItemInNonCalendarFolder")
