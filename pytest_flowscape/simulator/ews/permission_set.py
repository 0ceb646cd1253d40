"""The PermissionSet of a folder: who has which level, spelt out as EWS does.

A calendar has CalendarPermissions with CalendarPermissionLevel, every other
folder Permissions with PermissionLevel (types.xsd). FullAccess never appears
here: it is no folder permission.
"""

from __future__ import annotations

import copy
from functools import lru_cache

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import T
from pytest_flowscape.simulator.model import FolderEntry, Mailbox, Organisation

User = tuple[tuple[str, str], ...]
"""The parts of a UserId: element, text."""

# level: creates items, creates subfolders, owns, sees the folder, edits, deletes, reads
LEVELS = {
    "None": (False, False, False, False, "None", "None", "None"),
    "Owner": (True, True, True, True, "All", "All", "FullDetails"),
    "PublishingEditor": (True, True, False, True, "All", "All", "FullDetails"),
    "Editor": (True, False, False, True, "All", "All", "FullDetails"),
    "PublishingAuthor": (True, True, False, True, "Owned", "Owned", "FullDetails"),
    "Author": (True, False, False, True, "Owned", "Owned", "FullDetails"),
    "NoneditingAuthor": (True, False, False, True, "None", "Owned", "FullDetails"),
    "Reviewer": (False, False, False, True, "None", "None", "FullDetails"),
    "Contributor": (True, False, False, True, "None", "None", "None"),
    "FreeBusyTimeOnly": (False, False, False, False, "None", "None", "TimeOnly"),
    "FreeBusyTimeAndSubjectAndLocation": (False, False, False, False, "None", "None", "TimeAndSubjectAndLocation"),
}


def permission_set(organisation: Organisation, mailbox: Mailbox, folder: str) -> etree._Element:
    """Write the PermissionSet of a folder: Default and Anonymous first, then the named ones."""
    calendar = folder == "calendar"
    entries = list(mailbox.folders.get(folder, []))
    named = {entry.who for entry in entries}
    if "Anonymous" not in named:
        entries.insert(0, FolderEntry("Anonymous", "None"))
    if "Default" not in named:
        entries.insert(0, FolderEntry("Default", "FreeBusyTimeOnly" if calendar else "None"))
    entries.sort(key=lambda entry: {"Default": 0, "Anonymous": 1}.get(entry.who, 2))
    name = "CalendarPermission" if calendar else "Permission"
    return copy.deepcopy(_written(name, tuple((_user(organisation, entry.who), entry.level) for entry in entries)))


@lru_cache(maxsize=1000)
def _written(name: str, entries: tuple[tuple[User, str], ...]) -> etree._Element:
    """Write it once: thousands of folders have the same one, and copying is a hundred times as quick."""
    element: etree._Element = T.PermissionSet(T(f"{name}s", *(_entry(user, level, name) for user, level in entries)))
    return element


def _entry(user: User, level: str, name: str) -> etree._Element:
    items, subfolders, owner, visible, edit, delete, read = LEVELS[level]
    element: etree._Element = T(
        name,
        T.UserId(*(T(part, text) for part, text in user)),
        T.CanCreateItems(_truth(items)),
        T.CanCreateSubFolders(_truth(subfolders)),
        T.IsFolderOwner(_truth(owner)),
        T.IsFolderVisible(_truth(visible)),
        T.IsFolderContact(_truth(owner)),
        T.EditItems(edit),
        T.DeleteItems(delete),
        T.ReadItems(read),
        T(f"{name}Level", level),
    )
    return element


def _truth(value: bool) -> str:
    return "true" if value else "false"


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
