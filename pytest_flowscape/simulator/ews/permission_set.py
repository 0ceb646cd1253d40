"""The PermissionSet of a folder: who has which level, spelt out as EWS does.

A calendar has CalendarPermissions with CalendarPermissionLevel, every other
folder Permissions with PermissionLevel (types.xsd). FullAccess never appears
here: it is not a folder permission.
"""

from __future__ import annotations

import copy
from functools import lru_cache

from lxml import etree

from pytest_flowscape.simulator.ews.access import LEVELS
from pytest_flowscape.simulator.ews.envelope import T
from pytest_flowscape.simulator.ews.item_values import format_truth
from pytest_flowscape.simulator.model import FolderEntry, Mailbox, Organisation

User = tuple[tuple[str, str], ...]
"""The parts of a UserId: element, text."""


def permission_set(organisation: Organisation, mailbox: Mailbox, folder: str) -> etree._Element:
    """Write the PermissionSet of a folder: Default and Anonymous first, then the named ones."""
    calendar = folder == "calendar"
    entries = list(mailbox.folders.get(folder, []))
    holders = {entry.who for entry in entries}
    if "Anonymous" not in holders:
        entries.insert(0, FolderEntry("Anonymous", "None"))
    if "Default" not in holders:
        entries.insert(0, FolderEntry("Default", "FreeBusyTimeOnly" if calendar else "None"))
    entries.sort(key=lambda entry: {"Default": 0, "Anonymous": 1}.get(entry.who, 2))
    name = "CalendarPermission" if calendar else "Permission"
    return copy.deepcopy(_write(name, tuple((_user(organisation, entry.who), entry.level) for entry in entries)))


@lru_cache(maxsize=1000)
def _write(name: str, entries: tuple[tuple[User, str], ...]) -> etree._Element:
    """Write it once: thousands of folders have the same one, and copying is a hundred times as quick."""
    return T.PermissionSet(T(f"{name}s", *(_entry(user, level, name) for user, level in entries)))


def _entry(user: User, level_name: str, name: str) -> etree._Element:
    level = LEVELS[level_name]
    return T(
        name,
        T.UserId(*(T(part, text) for part, text in user)),
        T.CanCreateItems(format_truth(level.creates_items)),
        T.CanCreateSubFolders(format_truth(level.creates_subfolders)),
        T.IsFolderOwner(format_truth(level.owns)),
        T.IsFolderVisible(format_truth(level.sees_folder)),
        T.IsFolderContact(format_truth(level.owns)),
        T.EditItems(level.edits),
        T.DeleteItems(level.deletes),
        T.ReadItems(level.reads),
        T(f"{name}Level", level_name),
    )


def _user(organisation: Organisation, who: str) -> User:
    if who in ("Default", "Anonymous"):
        return (("DistinguishedUser", who),)
    account = organisation.accounts.get(who)
    group = organisation.groups.get(who)
    parts = [("SID", who)]
    if account is not None:
        if account.mail:
            parts.append(("PrimarySmtpAddress", account.mail))
        parts.append(("DisplayName", account.display_name or account.sam))
    elif group is not None:
        parts.append(("DisplayName", group.name))
    return tuple(parts)
