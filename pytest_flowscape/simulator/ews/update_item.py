"""UpdateItem: properties of items set, extended and deleted, with the change key checked.

An old change key: NeverOverwrite refuses, AlwaysOverwrite overwrites, and
AutoResolve refuses only where somebody else has set one of the same properties
since ([MS-OXWSCORE] 3.1.4.9.4.1; EWS reference, "ResponseCode"). Without any
change key only AlwaysOverwrite is obeyed.
"""

from __future__ import annotations

from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, T, attribute, message, required
from pytest_flowscape.simulator.ews.item_access import ItemTarget, find_item
from pytest_flowscape.simulator.ews.item_changes import Draft, check_times
from pytest_flowscape.simulator.ews.item_ids import item_id, read_change_key
from pytest_flowscape.simulator.ews.operation import Call, answer_each
from pytest_flowscape.simulator.ews.writes import permit_write
from pytest_flowscape.simulator.meetings.letters import ATTENDEES, addresses
from pytest_flowscape.simulator.meetings.organizer import Desk, organizes, send_changes
from pytest_flowscape.simulator.model_items import Item

NAME = "UpdateItemResponseMessage"
# what only the organizer may change; the refusal names the first of them
_ORGANIZERS = ("calendar:EndTimeZone", "calendar:StartTimeZone", "calendar:End", "calendar:Start", *ATTENDEES)
ALWAYS, NEVER = "AlwaysOverwrite", "NeverOverwrite"


def update_item(call: Call) -> list[etree._Element]:
    """Answer UpdateItem: one response message for each item, with its new change key. Raises Refusal (a fault)."""
    changes = list(required(call.body, "m:ItemChanges"))
    resolution = attribute(call.body, "ConflictResolution")
    disposition = call.body.get("MessageDisposition", "")
    invitations = call.body.get("SendMeetingInvitationsOrCancellations", "")

    def answer(change: etree._Element) -> etree._Element:
        identifier = required(change, "*")
        target = find_item(call, identifier)
        item = target.item
        if "Modify" not in target.rights:
            raise Refusal("ErrorAccessDenied")
        permit_write(call, target.mailbox, call.request.operation)
        if item.kind == "CalendarItem" and not invitations:
            raise Refusal("ErrorSendMeetingInvitationsOrCancellationsRequired")
        if item.kind != "CalendarItem" and not disposition:
            raise Refusal("ErrorMessageDispositionRequired")
        draft = Draft(item.kind, item.values, item.extended)
        for update in change.iterfind("t:Updates/*", NS):
            draft.apply(update)
        _check_change_key(item, draft, read_change_key(identifier), resolution)
        if item.kind == "CalendarItem":
            check_times(draft.values)
            _check_organizer(target, draft.changed)
        before = addresses(item)
        uid = draft.values.pop("calendar:UID", None)
        item.uid = item.uid if uid is None else str(uid)
        item.values, item.extended = draft.values, draft.extended
        now = datetime.now(timezone.utc)
        target.mailbox.contents().touch(item, draft.changed, now=now, by=call.caller.acting.display_name)
        if item.kind == "CalendarItem":
            desk = Desk(call.organisation, target.mailbox, invitations, now)
            send_changes(desk, item, before, draft.changed)
        changed = T(item.kind, item_id(call.organisation, target.mailbox, item))
        return message(NAME, M.Items(changed), M.ConflictResults(T.Count("0")))

    return answer_each(NAME, changes, answer, "Items")


def _check_organizer(target: ItemTarget, changed: set[object]) -> None:
    """Check that what is the organizer's is not changed by an attendee. Raises Refusal, which names the property."""
    named = next((uri for uri in _ORGANIZERS if uri in changed), None)
    if named is not None and not organizes(target.mailbox, target.item):
        raise Refusal("ErrorInvalidPropertySet", "Set action is invalid for property.", field=named)


def _check_change_key(item: Item, draft: Draft, known: int | None, resolution: str) -> None:
    """Check the change key. Raises Refusal where the update cannot be made."""
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
