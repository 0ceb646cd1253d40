"""Who may do what with one item: FullAccess does all, folder permissions as their level says.

Editing and deleting "Owned" items means those that the account created itself
([MS-OXCPERM] 2.2.7: EditOwned, DeleteOwned).
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import LEVELS, permission_levels
from pytest_flowscape.simulator.ews.envelope import Refusal
from pytest_flowscape.simulator.ews.folder_access import check_trouble
from pytest_flowscape.simulator.ews.item_ids import read_item_id
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.model import ALL_RIGHTS, Account, Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item


@dataclass(frozen=True)
class ItemTarget:
    """An item that the caller may see, its mailbox, and the caller's effective rights on it."""

    mailbox: Mailbox
    item: Item
    rights: frozenset[str]


def item_rights(organisation: Organisation, mailbox: Mailbox, item: Item, account: Account) -> frozenset[str]:
    """Return the effective rights on an item, by the names of EffectiveRights; empty for none."""
    if organisation.has_full_access(account, mailbox, subfolder=True):
        return ALL_RIGHTS
    own = item.creator_sid == account.sid
    if item.values.get("item:Sensitivity") == "Private" and not own:
        return frozenset()
    rights: set[str] = set()
    for level in (LEVELS[name] for name in permission_levels(organisation, mailbox, item.folder, account)):
        if level.reads == "FullDetails":
            rights.add("Read")
        if level.edits == "All" or (level.edits == "Owned" and own):
            rights.add("Modify")
        if level.deletes == "All" or (level.deletes == "Owned" and own):
            rights.add("Delete")
    return frozenset(rights)


def find_item(call: Call, element: etree._Element) -> ItemTarget:
    """Find the item that an ItemId means, and open its mailbox. Raises Refusal with the code of EWS for that id."""
    mailbox, number = read_item_id(call.organisation, element)
    check_trouble(mailbox)
    call.sessions.open(mailbox)
    item = mailbox.contents().items.get(number)
    rights = frozenset() if item is None else item_rights(call.organisation, mailbox, item, call.caller.acting)
    if item is None or not rights:
        # an account without any right does not learn that there is such an item
        refused = "ErrorAccessDenied" if mailbox.stops_batch and item is not None else "ErrorItemNotFound"
        raise Refusal(refused)
    return ItemTarget(mailbox, item, rights)
