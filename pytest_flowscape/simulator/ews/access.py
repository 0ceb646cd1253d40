"""Who may do what in a mailbox: the caller, the mailbox asked for, and the effective rights on a folder.

The rights of a folder follow PidTagAccess ([MS-OXCFOLD] 2.2.2.2.1): modify,
delete and create-associated go with folder ownership, the others with their
permission bits ([MS-OXCPERM] 2.2.7). What Exchange shows for each level in
EffectiveRights is documented nowhere; this is read from those two.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from pytest_flowscape.simulator.ews.envelope import Impersonation, Refusal
from pytest_flowscape.simulator.model import ALL_RIGHTS, Account, Mailbox, Organisation

TOP_FOLDERS = ("msgfolderroot", "root")
# distinguished name: (element, display name, folder class)
FOLDER_KINDS = {
    "root": ("Folder", "", ""),
    "msgfolderroot": ("Folder", "Top of Information Store", "IPF.Note"),
    "inbox": ("Folder", "Inbox", "IPF.Note"),
    "calendar": ("CalendarFolder", "Calendar", "IPF.Appointment"),
    "sentitems": ("Folder", "Sent Items", "IPF.Note"),
    "deleteditems": ("Folder", "Deleted Items", "IPF.Note"),
    "drafts": ("Folder", "Drafts", "IPF.Note"),
    "outbox": ("Folder", "Outbox", "IPF.Note"),
    "junkemail": ("Folder", "Junk Email", "IPF.Note"),
    "contacts": ("ContactsFolder", "Contacts", "IPF.Contact"),
    "tasks": ("TasksFolder", "Tasks", "IPF.Task"),
    "recoverableitemsroot": ("Folder", "Recoverable Items", ""),
    "recoverableitemsdeletions": ("Folder", "Deletions", ""),
    "recoverableitemspurges": ("Folder", "Purges", ""),
}


class Level(NamedTuple):
    """A permission level of a folder, spelt out as a PermissionSet does (types.xsd)."""

    creates_items: bool
    creates_subfolders: bool
    owns: bool
    sees_folder: bool
    edits: str
    deletes: str
    reads: str

    @property
    def rights(self) -> frozenset[str]:
        """Return the effective rights on the folder that the level grants."""
        granted = {"CreateContents": self.creates_items, "CreateHierarchy": self.creates_subfolders}
        granted |= dict.fromkeys(("CreateAssociated", "Delete", "Modify"), self.owns)
        granted["Read"] = self.reads == "FullDetails"
        return frozenset(right for right, holds in granted.items() if holds)


LEVELS = {
    "None": Level(False, False, False, False, "None", "None", "None"),
    "Owner": Level(True, True, True, True, "All", "All", "FullDetails"),
    "PublishingEditor": Level(True, True, False, True, "All", "All", "FullDetails"),
    "Editor": Level(True, False, False, True, "All", "All", "FullDetails"),
    "PublishingAuthor": Level(True, True, False, True, "Owned", "Owned", "FullDetails"),
    "Author": Level(True, False, False, True, "Owned", "Owned", "FullDetails"),
    "NoneditingAuthor": Level(True, False, False, True, "None", "Owned", "FullDetails"),
    "Reviewer": Level(False, False, False, True, "None", "None", "FullDetails"),
    "Contributor": Level(True, False, False, True, "None", "None", "None"),
    "FreeBusyTimeOnly": Level(False, False, False, False, "None", "None", "TimeOnly"),
    "FreeBusyTimeAndSubjectAndLocation": Level(False, False, False, False, "None", "None", "TimeAndSubjectAndLocation"),
}


@dataclass(frozen=True)
class Caller:
    """Who asks: the account that signed in, and the one it acts as (itself, or whom it impersonates)."""

    signed_in: Account
    acting: Account
    impersonates: bool


def find_mailbox(organisation: Organisation, address: str) -> Mailbox:
    """Find a mailbox by its primary address.

    Raises Refusal: ErrorNonExistentMailbox, or ErrorNonPrimarySmtpAddress with the value ``Primary``.
    """
    mailbox, primary = organisation.holder(address)
    if mailbox is None:
        raise Refusal("ErrorNonExistentMailbox")
    if not primary:
        raise Refusal("ErrorNonPrimarySmtpAddress", values={"Primary": mailbox.primary})
    return mailbox


def own_mailbox(organisation: Organisation, account: Account) -> Mailbox | None:
    """Return the mailbox that this account owns, None if it has none."""
    return next((m for m in organisation.mailboxes.values() if organisation.uses(account, m)), None)


def identify(organisation: Organisation, account: Account, impersonation: Impersonation | None) -> Caller:
    """Return as whom a signed-in account acts. Raises Refusal, which answers the whole request."""
    if impersonation is None:
        return Caller(account, account, impersonates=False)
    mailbox = _impersonated_mailbox(organisation, impersonation)
    if not organisation.may_impersonate(account, mailbox.primary):
        raise Refusal("ErrorImpersonateUserDenied")
    owner = organisation.accounts.get(mailbox.owner_sid)
    if owner is None:
        raise Refusal("ErrorNonExistentMailbox")
    return Caller(account, owner, impersonates=True)


def _impersonated_mailbox(organisation: Organisation, impersonation: Impersonation) -> Mailbox:
    kind, value = impersonation.kind, impersonation.value
    if kind == "PrimarySmtpAddress":
        return find_mailbox(organisation, value)
    if kind == "SmtpAddress":
        mailbox = organisation.holder(value)[0]
        refused = "ErrorNonExistentMailbox"
    else:
        name = value.lower()
        accounts = organisation.accounts.values()
        found = next((a for a in accounts if name in (a.upn.lower(), a.sid.lower())), None)
        mailbox = own_mailbox(organisation, found) if found else None
        refused = "ErrorInvalidUserSid" if kind == "SID" else "ErrorInvalidUserPrincipalName"
    if mailbox is None:
        raise Refusal(refused)
    return mailbox


def permission_levels(organisation: Organisation, mailbox: Mailbox, folder: str, account: Account) -> list[str]:
    """Return the names of the levels that the folder's entries grant: own and group entries, else Default."""
    entries = mailbox.folders.get(folder, [])
    token = organisation.token(account)
    levels = [entry.level for entry in entries if entry.who in token]
    return levels or [entry.level for entry in entries if entry.who == "Default"]


def effective_rights(organisation: Organisation, mailbox: Mailbox, folder: str, account: Account) -> frozenset[str]:
    """Return the account's effective rights on a folder: FullAccess and permission entries added up, empty for none."""
    if organisation.has_full_access(account, mailbox, subfolder=folder not in TOP_FOLDERS):
        return ALL_RIGHTS
    return frozenset().union(
        *(LEVELS[name].rights for name in permission_levels(organisation, mailbox, folder, account))
    )


def folder_id(organisation: Organisation, mailbox: Mailbox, folder: str) -> str:
    """Return the opaque id of a folder: stable for its mailbox, also when renamed; different for every other."""
    return base64.b64encode(_id_bytes(mailbox_key(organisation, mailbox), folder)).decode()


def mailbox_key(organisation: Organisation, mailbox: Mailbox) -> bytes:
    """Return the 16 bytes that identify a mailbox in the ids of its folders and items."""
    owner = organisation.accounts.get(mailbox.owner_sid)
    seed = owner.mailbox_guid.bytes if owner and owner.mailbox_guid else mailbox.owner_sid.encode()
    return hashlib.sha256(seed).digest()[:16]


def _id_bytes(key: bytes, folder: str) -> bytes:
    return b"\x00\x03\x24\x00" + key + hashlib.sha256(key + folder.encode()).digest()[:26]


def find_folder(organisation: Organisation, identifier: str) -> tuple[Mailbox, str]:
    """Find mailbox and folder by folder id.

    Raises Refusal: ErrorInvalidIdMalformed, ErrorCannotUseItemIdForFolderId or ErrorItemNotFound.
    """
    try:
        raw = base64.b64decode(identifier, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("ErrorInvalidIdMalformed") from error
    if raw.startswith(b"\x00\x04\x24\x00"):
        raise Refusal("ErrorCannotUseItemIdForFolderId")
    if len(raw) != 46 or not raw.startswith(b"\x00\x03\x24\x00"):
        raise Refusal("ErrorInvalidIdMalformed")
    key = raw[4:20]
    mailbox = find_key(organisation, key)
    folder = next((name for name in FOLDER_KINDS if _id_bytes(key, name) == raw), None)
    if mailbox is None or folder is None:
        raise Refusal("ErrorItemNotFound")
    return mailbox, folder


def find_key(organisation: Organisation, key: bytes) -> Mailbox | None:
    """Return the mailbox that these 16 bytes of an id identify, None if there is none."""
    return next((m for m in organisation.mailboxes.values() if mailbox_key(organisation, m) == key), None)
