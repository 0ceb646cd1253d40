"""CreateItem: calendar items and messages saved to a folder, meetings sent, and answers to meetings.

A calendar item's invitations are delivered as SendMeetingInvitations says. A
plain message is delivered to nobody: it is saved as the disposition says.
"""

from __future__ import annotations

from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller, effective_rights, own_mailbox
from pytest_flowscape.simulator.ews.batch import answer_each
from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, Request, T, message, required
from pytest_flowscape.simulator.ews.item_changes import check_times, complete_times, read_item
from pytest_flowscape.simulator.ews.item_ids import item_id
from pytest_flowscape.simulator.ews.response_objects import RESPONSE_OBJECTS, respond
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import Target, find_target
from pytest_flowscape.simulator.ews.writes import permit_write
from pytest_flowscape.simulator.meetings.organizing import Desk, invite
from pytest_flowscape.simulator.model import Organisation

NAME = "CreateItemResponseMessage"
KINDS = ("CalendarItem", "Message")


def create_item(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer CreateItem: one response message for each item, with its id. Raises Refusal (a fault)."""
    items = list(required(request.body, "m:Items"))
    folder = request.body.find("m:SavedItemFolderId/*", NS)
    disposition = request.body.get("MessageDisposition", "")
    invitations = request.body.get("SendMeetingInvitations", "")

    def one(element: etree._Element) -> etree._Element:
        kind = etree.QName(element).localname
        if kind in RESPONSE_OBJECTS:
            return message(NAME, M.Items(*respond(organisation, caller, element, disposition, sessions)))
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
        target = _folder(organisation, caller, folder, kind, disposition)
        sessions.open(target.mailbox)
        _permit(target, kind)
        permit_write(organisation, caller, target.mailbox, request.operation)
        who = caller.acting
        item = target.mailbox.opened().add(
            target.folder, kind, values, extended, now=now, creator_sid=who.sid, creator=who.display_name
        )
        if kind == "CalendarItem":
            invite(Desk(organisation, target.mailbox, invitations, now), item)
        written = T(kind, item_id(organisation, target.mailbox, item))
        return message(NAME, M.Items(written))

    return answer_each(NAME, items, one, "Items")


def _folder(
    organisation: Organisation, caller: Caller, element: etree._Element | None, kind: str, disposition: str
) -> Target:
    """Find the folder to save in: the one named, or the caller's own for this kind of item."""
    if element is not None:
        return find_target(organisation, caller, element)
    own = own_mailbox(organisation, caller.acting)
    if own is None:
        raise Refusal("ErrorMissingEmailAddress")
    name = "sentitems" if disposition == "SendAndSaveCopy" else "drafts"
    folder = "calendar" if kind == "CalendarItem" else name
    return Target(own, folder, effective_rights(organisation, own, folder, caller.acting))


def _permit(target: Target, kind: str) -> None:
    if "CreateContents" not in target.rights:
        raise Refusal("ErrorCreateItemAccessDenied")
    if kind == "CalendarItem" and target.folder != "calendar":
        raise Refusal("ErrorCannotCreateCalendarItemInNonCalendarFolder")
