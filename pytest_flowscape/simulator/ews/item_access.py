"""Who may do what with one item: FullAccess does all, folder permissions as their level says.

Editing and deleting "Owned" items means those that the account created itself
([MS-OXCPERM] 2.2.7: EditOwned, DeleteOwned).
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller, permission_levels
from pytest_flowscape.simulator.ews.envelope import Refusal
from pytest_flowscape.simulator.ews.item_ids import read_item_id
from pytest_flowscape.simulator.ews.permission_set import LEVELS
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import have_trouble
from pytest_flowscape.simulator.model import ALL_RIGHTS, Account, Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item


@dataclass(frozen=True)
class ItemTarget:
    """An item that the caller may read, its mailbox, and the caller's effective rights on it."""

    mailbox: Mailbox
    item: Item
    rights: frozenset[str]


def item_rights(organisation: Organisation, mailbox: Mailbox, item: Item, account: Account) -> frozenset[str]:
    """Return the effective rights on an item, by the names of EffectiveRights; empty for none."""
    if organisation.has_full_access(account, mailbox, subfolder=True):
        return ALL_RIGHTS
    rights: set[str] = set()
    for level in permission_levels(organisation, mailbox, item.folder, account):
        _, _, _, _, edit, delete, read = LEVELS[level]
        own = item.creator_sid == account.sid
        if read == "FullDetails":
            rights.add("Read")
        if edit == "All" or (edit == "Owned" and own):
            rights.add("Modify")
        if delete == "All" or (delete == "Owned" and own):
            rights.add("Delete")
    if item.values.get("item:Sensitivity") == "Private" and item.creator_sid != account.sid:
        return frozenset()
    return frozenset(rights)


def find_item(
    organisation: Organisation, caller: Caller, element: etree._Element, sessions: MailboxSessions
) -> ItemTarget:
    """Find the item that an ItemId means. Raises Refusal with the code that EWS gives for that id."""
    mailbox, number = read_item_id(organisation, element)
    have_trouble(mailbox)
    sessions.open(mailbox)
    item = mailbox.opened().items.get(number)
    rights = frozenset() if item is None else item_rights(organisation, mailbox, item, caller.acting)
    if item is None or not rights:
        # somebody without any right is not told that there is such an item
        refused = "ErrorAccessDenied" if mailbox.stops_batch and item is not None else "ErrorItemNotFound"
        raise Refusal(refused)
    return ItemTarget(mailbox, item, rights)
