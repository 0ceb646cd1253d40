"""Requests that write: in which mailboxes, and whether something planted refuses them or befalls them."""

from __future__ import annotations

from pytest_flowscape.simulator.ews.access import own_mailbox
from pytest_flowscape.simulator.ews.envelope import NS, Refusal, Request
from pytest_flowscape.simulator.ews.item_ids import read_item_id
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.model import Account, Mailbox, Organisation
from pytest_flowscape.simulator.write_traps import WRITES, WriteTrap, next_trap

CANCEL = "CancelCalendarItem"  # what is refused under this name is any way to cancel a meeting
_FOLDER = "m:SavedItemFolderId/t:DistinguishedFolderId/t:Mailbox/t:EmailAddress"
_ITEMS = ("m:ItemIds/*", "m:ItemChanges/t:ItemChange/*", "m:Items/*/t:ReferenceItemId")


def count_write(organisation: Organisation, account: Account, request: Request) -> WriteTrap | None:
    """Count a write, and return the trap that it springs; None for any other request."""
    if request.operation not in WRITES:
        return None
    organisation.counters["ews.writes"] += 1
    return next_trap(organisation.policy.write_traps, _mailboxes(organisation, account, request))


def _mailboxes(organisation: Organisation, account: Account, request: Request) -> set[str]:
    """Return the primary addresses of the mailboxes written to; an id that names none is refused later."""
    found = {(e.text or "").strip().lower() for e in request.body.iterfind(_FOLDER, NS)}
    for path in _ITEMS:
        for element in request.body.iterfind(path, NS):
            if element.get("Id"):
                try:
                    found.add(read_item_id(organisation, element)[0].primary)
                except Refusal:
                    continue
    if not found and request.impersonation is not None:
        found.add(request.impersonation.value.lower())
    own = own_mailbox(organisation, account)
    return found or ({own.primary} if own is not None else set())


def permit_write(call: Call, mailbox: Mailbox, operation: str) -> None:
    """Do nothing where nothing is planted against this operation. Raises Refusal."""
    code = mailbox.refuses_all.get(operation)
    if code is None and not call.organisation.uses(call.caller.acting, mailbox):
        code = mailbox.refuses.get(operation)
    if code is not None:
        raise Refusal(code)
