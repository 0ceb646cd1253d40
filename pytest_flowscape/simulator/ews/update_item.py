"""UpdateItem: properties of items set, extended and deleted, with the change key checked.

An old change key: NeverOverwrite refuses, AlwaysOverwrite overwrites, and
AutoResolve refuses only where somebody else has set one of the same properties
since ([MS-OXWSCORE] 3.1.4.9.4.1; EWS reference, "ResponseCode"). Without any
change key only AlwaysOverwrite is obeyed.
"""

from __future__ import annotations

from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.batch import answer_each
from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, Request, T, attribute, message, required
from pytest_flowscape.simulator.ews.item_access import ItemTarget, find_item
from pytest_flowscape.simulator.ews.item_changes import Draft, check_times
from pytest_flowscape.simulator.ews.item_ids import item_id, read_change_key
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.writes import permit_write
from pytest_flowscape.simulator.meetings.letters import ATTENDEES, addresses
from pytest_flowscape.simulator.meetings.organizing import Desk, organizes, send_changes
from pytest_flowscape.simulator.model import Organisation
from pytest_flowscape.simulator.model_items import Item

NAME = "UpdateItemResponseMessage"
# what only the organizer may change; the first one that is asked for is named
_ORGANIZERS = ("calendar:EndTimeZone", "calendar:StartTimeZone", "calendar:End", "calendar:Start", *ATTENDEES)
ALWAYS, NEVER = "AlwaysOverwrite", "NeverOverwrite"


def update_item(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer UpdateItem: one response message for each item, with its new change key. Raises Refusal (a fault)."""
    changes = list(required(request.body, "m:ItemChanges"))
    resolution = attribute(request.body, "ConflictResolution")
    disposition = request.body.get("MessageDisposition", "")
    invitations = request.body.get("SendMeetingInvitationsOrCancellations", "")

    def one(change: etree._Element) -> etree._Element:
        identifier = required(change, "*")
        target = find_item(organisation, caller, identifier, sessions)
        item = target.item
        if "Modify" not in target.rights:
            raise Refusal("ErrorAccessDenied")
        permit_write(organisation, caller, target.mailbox, request.operation)
        if item.kind == "CalendarItem" and not invitations:
            raise Refusal("ErrorSendMeetingInvitationsOrCancellationsRequired")
        if item.kind != "CalendarItem" and not disposition:
            raise Refusal("ErrorMessageDispositionRequired")
        draft = Draft(item.kind, item.values, item.extended)
        for update in change.iterfind("t:Updates/*", NS):
            draft.apply(update)
        _resolve(item, draft, read_change_key(identifier), resolution)
        if item.kind == "CalendarItem":
            check_times(draft.values)
            _only_organizer(target, draft.changed)
        invited = addresses(item)
        uid = draft.values.pop("calendar:UID", None)
        item.uid = item.uid if uid is None else str(uid)
        item.values, item.extended = draft.values, draft.extended
        now = datetime.now(timezone.utc)
        target.mailbox.opened().touch(item, draft.changed, now=now, by=caller.acting.display_name)
        if item.kind == "CalendarItem":
            desk = Desk(organisation, target.mailbox, invitations, now)
            send_changes(desk, item, invited, draft.changed)
        written = T(item.kind, item_id(organisation, target.mailbox, item))
        return message(NAME, M.Items(written), M.ConflictResults(T.Count("0")))

    return answer_each(NAME, changes, one, "Items")


def _only_organizer(target: ItemTarget, changed: set[object]) -> None:
    """Refuse an attendee's change of what is the organizer's. Raises Refusal, which names the property."""
    refused = next((uri for uri in _ORGANIZERS if uri in changed), None)
    if refused is not None and not organizes(target.mailbox, target.item):
        raise Refusal("ErrorInvalidPropertySet", "Set action is invalid for property.", field=refused)


def _resolve(item: Item, draft: Draft, known: int | None, resolution: str) -> None:
    """Judge the change key. Raises Refusal where the update cannot be made."""
    if resolution == ALWAYS:
        return
    if known is None:
        raise Refusal("ErrorChangeKeyRequiredForWriteOperations")
    if known == item.changed:
        return
    if resolution == NEVER:
        raise Refusal("ErrorIrresolvableConflict")
    since = {name for name, at in item.touched.items() if at > known}
    if any(_differs(item, draft, name) for name in since & draft.changed):
        raise Refusal("ErrorIrresolvableConflict")


def _differs(item: Item, draft: Draft, name: object) -> bool:
    if isinstance(name, str):
        return item.values.get(name) != draft.values.get(name)
    return item.extended.get(name) != draft.extended.get(name)  # type: ignore[call-overload,no-any-return]
