"""The PermissionSet of a folder: who has which level, spelt out as EWS does.

A calendar has CalendarPermissions with CalendarPermissionLevel, every other
folder Permissions with PermissionLevel (types.xsd). FullAccess never appears
here: it is no folder permission.
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import T
from pytest_flowscape.simulator.model import FolderEntry, Mailbox, Organisation

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
    written = [_entry(organisation, entry, name) for entry in entries]
    element: etree._Element = T.PermissionSet(T(f"{name}s", *written))
    return element


def _entry(organisation: Organisation, entry: FolderEntry, name: str) -> etree._Element:
    items, subfolders, owner, visible, edit, delete, read = LEVELS[entry.level]
    element: etree._Element = T(
        name,
        _user(organisation, entry.who),
        T.CanCreateItems(_truth(items)),
        T.CanCreateSubFolders(_truth(subfolders)),
        T.IsFolderOwner(_truth(owner)),
        T.IsFolderVisible(_truth(visible)),
        T.IsFolderContact(_truth(owner)),
        T.EditItems(edit),
        T.DeleteItems(delete),
        T.ReadItems(read),
        T(f"{name}Level", entry.level),
    )
    return element


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _user(organisation: Organisation, who: str) -> etree._Element:
    if who in ("Default", "Anonymous"):
        distinguished: etree._Element = T.UserId(T.DistinguishedUser(who))
        return distinguished
    parts = [T.SID(who)]
    account = organisation.accounts.get(who)
    group = organisation.groups.get(who)
    if account is not None:
        if account.mail:
            parts.append(T.PrimarySmtpAddress(account.mail))
        parts.append(T.DisplayName(account.display_name or account.sam))
    elif group is not None:
        parts.append(T.DisplayName(group.name))
    user: etree._Element = T.UserId(*parts)
    return user
