"""Who may do what in a mailbox: the caller, the mailbox asked for, and the effective rights on a folder.

The rights of a folder follow PidTagAccess ([MS-OXCFOLD] 2.2.2.2.1): modify,
delete and create-associated go with folder ownership, the others with their
permission bits ([MS-OXCPERM] 2.2.7). Nobody documents what Exchange shows for
each level in EffectiveRights; this is read from those two.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

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
_AUTHOR = frozenset(("CreateContents", "Read"))
_PUBLISHING = frozenset(("CreateContents", "CreateHierarchy", "Read"))
LEVEL_RIGHTS = {
    "Owner": frozenset(("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read")),
    "PublishingEditor": _PUBLISHING,
    "PublishingAuthor": _PUBLISHING,
    "Editor": _AUTHOR,
    "Author": _AUTHOR,
    "NoneditingAuthor": _AUTHOR,
    "Contributor": frozenset(("CreateContents",)),
    "Reviewer": frozenset(("Read",)),
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
    """Decide as whom a signed-in account acts. Raises Refusal, which answers the whole request."""
    if impersonation is None:
        return Caller(account, account, impersonates=False)
    mailbox = _impersonated(organisation, impersonation)
    if not organisation.may_impersonate(account, mailbox.primary):
        raise Refusal("ErrorImpersonateUserDenied")
    owner = organisation.accounts.get(mailbox.owner_sid)
    if owner is None:
        raise Refusal("ErrorNonExistentMailbox")
    return Caller(account, owner, impersonates=True)


def _impersonated(organisation: Organisation, impersonation: Impersonation) -> Mailbox:
    kind, value = impersonation.kind, impersonation.value
    if kind == "PrimarySmtpAddress":
        return find_mailbox(organisation, value)
    if kind == "SmtpAddress":
        mailbox = organisation.holder(value)[0]
        unknown = "ErrorNonExistentMailbox"
    else:
        wanted = value.lower()
        accounts = organisation.accounts.values()
        named = next((a for a in accounts if wanted in (a.upn.lower(), a.sid.lower())), None)
        mailbox = own_mailbox(organisation, named) if named else None
        unknown = "ErrorInvalidUserSid" if kind == "SID" else "ErrorInvalidUserPrincipalName"
    if mailbox is None:
        raise Refusal(unknown)
    return mailbox


def permissions(organisation: Organisation, mailbox: Mailbox, folder: str, account: Account) -> frozenset[str]:
    """Return the rights that the folder's permission entries alone grant: own and group entries, else Default."""
    levels = permission_levels(organisation, mailbox, folder, account)
    return frozenset().union(*(LEVEL_RIGHTS.get(level, frozenset()) for level in levels))


def permission_levels(organisation: Organisation, mailbox: Mailbox, folder: str, account: Account) -> list[str]:
    """Return the levels that the folder's permission entries grant: own and group entries, else Default."""
    entries = mailbox.folders.get(folder, [])
    token = organisation.token(account)
    levels = [entry.level for entry in entries if entry.who in token]
    return levels or [entry.level for entry in entries if entry.who == "Default"]


def effective_rights(organisation: Organisation, mailbox: Mailbox, folder: str, account: Account) -> frozenset[str]:
    """Return the account's effective rights on a folder: FullAccess and permission entries added up, empty for none."""
    if organisation.has_full_access(account, mailbox, subfolder=folder not in TOP_FOLDERS):
        return ALL_RIGHTS
    return permissions(organisation, mailbox, folder, account)


def folder_id(organisation: Organisation, mailbox: Mailbox, folder: str) -> str:
    """Return the opaque id of a folder: stable for its mailbox, also when renamed; different for every other."""
    return base64.b64encode(_id_bytes(mailbox_key(organisation, mailbox), folder)).decode()


def mailbox_key(organisation: Organisation, mailbox: Mailbox) -> bytes:
    """Return the 16 bytes that stand for a mailbox in the ids of its folders and items."""
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
    """Find the mailbox that these 16 bytes of an id stand for."""
    return next((m for m in organisation.mailboxes.values() if mailbox_key(organisation, m) == key), None)
