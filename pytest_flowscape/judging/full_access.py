"""Reasoning about FullAccess from effective rights and folder permissions; pure functions of facts.

EffectiveRights tell what the caller may do on a folder, whatever the source
(EWS reference, "EffectiveRights"). FullAccess is one source; folder
permissions are another and show in the PermissionSet, where FullAccess never
appears. So the right is proven where it works on every folder and folder
permissions alone cannot be the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import FolderAnswer, Grant, Kind, MailboxAnswer, MailboxRights, PermissionEntry
from pytest_flowscape.facts.names import FIVE_FOLDERS
from pytest_flowscape.site.addresses import canonical

NEEDED = ("Read", "Modify", "CreateContents", "CreateHierarchy")
IGNORED = "ViewPrivateItems"
# the store keeps mailbox permissions for up to two hours
CACHED = timedelta(hours=2)
# Default and Anonymous, Everyone and Authenticated Users: no list of group memberships names them
EVERYBODY = ("Default", "Anonymous", "S-1-1-0", "S-1-5-11")
# what each level may give of the needed rights, read generously: a doubt must not pass (EWS reference,
# "PermissionLevel"; Modify is given to every level that edits all items)
LEVELS: dict[str, frozenset[str]] = {
    "Owner": frozenset(NEEDED),
    "PublishingEditor": frozenset(NEEDED),
    "Editor": frozenset(("Read", "Modify", "CreateContents")),
    "PublishingAuthor": frozenset(NEEDED),
    "Author": frozenset(("Read", "Modify", "CreateContents")),
    "NoneditingAuthor": frozenset(("Read", "CreateContents")),
    "Reviewer": frozenset(("Read",)),
    "Contributor": frozenset(("CreateContents",)),
}
PERMISSIONS = {
    "CanCreateItems": "CreateContents",
    "CanCreateSubFolders": "CreateHierarchy",
    "EditItems": "Modify",
    "ReadItems": "Read",
}


@dataclass(frozen=True)
class Lack:
    """One folder on which the caller cannot do what FullAccess allows: no access at all, or some rights missing."""

    folder: str
    no_access: bool = False
    rights: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Name folder and lack, as in ``inbox (no access)``."""
        return f"{self.folder} ({'no access' if self.no_access else 'without ' + ', '.join(self.rights)})"


@dataclass(frozen=True)
class Missing:
    """What is missing, in the order of the folders, and the folders of which something is not known."""

    lacks: tuple[Lack, ...]
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Name every folder that lacks something."""
        return "; ".join(map(str, self.lacks))


def missing_rights(answer: MailboxAnswer) -> Missing | None:
    """Return what the delegate's view lacks, None if nothing does.

    One refused folder is enough to know, also where the refusal kept Exchange
    from answering for the rest. Raises NotMeasured where nothing is known to be
    missing and some folder or right is not known.
    """
    if answer.trouble is not None:
        if answer.trouble.kind is Kind.NO_ACCESS:
            return Missing(tuple(Lack(name, no_access=True) for name in FIVE_FOLDERS))
        raise NotMeasured(f"Exchange gave no answer about the rights: {answer.trouble.said}")
    found: list[Lack] = []
    unknown: list[str] = []
    for name in FIVE_FOLDERS:
        folder = answer.folder(name)
        if folder is not None and folder.trouble is not None and folder.trouble.kind is Kind.NO_ACCESS:
            found.append(Lack(name, no_access=True))
        elif folder is None or folder.trouble is not None or folder.rights is None:
            unknown.append(name)
        else:
            missing = tuple(right for right in NEEDED if folder.rights.get(right) is False)
            found += [Lack(name, rights=missing)] if missing else []
            unknown += [name] if any(right not in folder.rights for right in NEEDED) else []
    if unknown and not found:
        raise NotMeasured(f"Exchange gave no rights on {', '.join(unknown)}")
    return Missing(tuple(found), tuple(unknown)) if found else None


def beyond_the_owner(lacking: Missing | None, owner: MailboxAnswer) -> Missing | None:
    """Leave out what the room itself lacks too: a folder that is not there is not the grant's fault.

    Only where somebody who acts as the room opens some folder. Raises
    NotMeasured where nothing else is missing.
    """
    if lacking is None or not any(folder.trouble is None for folder in owner.folders):
        return lacking
    left = tuple(lack for lack in (_beyond(lack, owner.folder(lack.folder)) for lack in lacking.lacks) if lack)
    if not left:
        raise NotMeasured(f"the room itself has the same lack: {lacking}. Open its mailbox once, then run again")
    return Missing(left, lacking.unknown)


def _beyond(lack: Lack, theirs: FolderAnswer | None) -> Lack | None:
    if theirs is None:
        return lack
    if theirs.trouble is not None:
        return None if theirs.trouble.kind is Kind.NO_ACCESS else lack
    rights = tuple(right for right in lack.rights if (theirs.rights or {}).get(right) is not False)
    return lack if lack.no_access else Lack(lack.folder, rights=rights) if rights else None


def kind_of(lacking: Missing, grant: Grant) -> tuple[str, str]:
    """Return the cause of what is lacking, and the sentence for it."""
    if grant is Grant.DENIED:
        return "explicit-deny", "a Deny entry on the mailbox refuses FullAccess"
    closed = {lack.folder for lack in lacking.lacks if lack.no_access}
    if closed == set(FIVE_FOLDERS):
        return "no-access", "no access to any of the five folders looked at"
    if closed and closed | set(lacking.unknown) == set(FIVE_FOLDERS):
        return "no-access", f"no access to {', '.join(sorted(closed))}, and no answer about any other folder"
    if closed == set(FIVE_FOLDERS) - {"calendar"}:
        return "calendar-only", "access to the calendar only, given by a folder permission"
    if {lack.folder for lack in lacking.lacks} == set(FIVE_FOLDERS) - {"msgfolderroot"}:
        return "top-folder-only", "the right reaches the top folder only: it was granted without -InheritanceType All"
    return "rights-missing", f"rights are missing on {lacking}"


def still_cached(rights: MailboxRights, now: datetime) -> bool:
    """Whether the directory shows a grant so recent that the store may not know it yet."""
    return rights.grant is Grant.GRANTED and rights.changed is not None and now - rights.changed < CACHED


@dataclass(frozen=True)
class Identity:
    """Who the caller is to a folder's permissions: the SIDs of its token (empty if unknown) and its addresses."""

    sids: frozenset[str]
    addresses: frozenset[str]

    def may_be(self, entry: PermissionEntry) -> bool:
        """Whether an entry speaks of the caller, or may do so by a group nobody can resolve here."""
        if entry.who in EVERYBODY or entry.sid in EVERYBODY:
            return True
        if entry.smtp and canonical(entry.smtp) in self.addresses:
            return True
        sid = entry.sid or (entry.who if entry.who.startswith("S-1-") else "")
        if sid and self.sids:
            return sid in self.sids
        # without a token, or without a SID, anybody else's entry may be that of a group the caller is in
        return True


def rights_in(entry: PermissionEntry) -> frozenset[str]:
    """Return the needed rights that one entry may confer, read generously."""
    if entry.rights.get("IsFolderOwner"):
        return frozenset(NEEDED)
    by_permission = frozenset(right for name, right in PERMISSIONS.items() if entry.rights.get(name))
    return LEVELS.get(entry.level, frozenset()) | by_permission


def folder_permissions_suffice(owner: MailboxAnswer, identity: Identity) -> bool:
    """Whether folder permissions alone may give the needed rights on all five folders.

    One folder whose permissions cannot be the reason is enough to say no; a
    folder whose permissions are not known cannot say no.
    """
    return all(_suffices(owner.folder(name), identity) for name in FIVE_FOLDERS)


def _suffices(folder: FolderAnswer | None, identity: Identity) -> bool:
    if folder is None or folder.permissions is None:
        return True
    given: frozenset[str] = frozenset()
    return given.union(*(rights_in(entry) for entry in folder.permissions if identity.may_be(entry))) >= set(NEEDED)


def differences(delegate: MailboxAnswer, owner: MailboxAnswer) -> Iterable[str]:
    """Return what the owner may do and the delegate may not, folder by folder; private items are left out."""
    for name in FIVE_FOLDERS:
        mine, theirs = delegate.folder(name), owner.folder(name)
        if mine is None or theirs is None or mine.rights is None or theirs.rights is None:
            continue
        less = [r for r, yes in theirs.rights.items() if yes and r != IGNORED and mine.rights.get(r) is False]
        if less:
            yield f"{name}: {', '.join(sorted(less))}"
