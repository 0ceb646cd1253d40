"""Mailboxes as observed through EWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_flowscape.facts.trouble import Trouble


@dataclass(frozen=True)
class PermissionEntry:
    """One entry of a folder's PermissionSet; ``who`` is a SID, an SMTP address, Default or Anonymous."""

    who: str
    level: str
    rights: Mapping[str, bool] = field(default_factory=dict)
    sid: str = ""
    smtp: str = ""


@dataclass(frozen=True)
class FolderAnswer:
    """The ResponseMessage of one GetFolder id: ``trouble`` is None for NoError.

    ``name`` is the DistinguishedFolderId asked for. ``rights`` are the
    EffectiveRights (CreateAssociated, CreateContents, CreateHierarchy, Delete,
    Modify, Read, ViewPrivateItems), None if not in the answer. ``permissions`` is the
    PermissionSet, None if not asked for or not in the answer.
    """

    name: str
    folder_id: str = ""
    rights: Mapping[str, bool] | None = None
    permissions: tuple[PermissionEntry, ...] | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class MailboxAnswer:
    """What GetFolder said of one mailbox, in the order asked.

    ``trouble`` is a SOAP fault or transport trouble that answers for all
    folders at once; then ``folders`` is empty. ``address`` is empty for the
    caller's own mailbox asked without address. ``impersonated`` is the
    ConnectingSID's PrimarySmtpAddress, empty for a delegate request.
    """

    address: str
    impersonated: str = ""
    folders: tuple[FolderAnswer, ...] = ()
    trouble: Trouble | None = None

    def folder(self, name: str) -> FolderAnswer | None:
        """Return the answer for one distinguished folder, None where it was not asked or not answered."""
        return next((folder for folder in self.folders if folder.name == name), None)

    @property
    def first_trouble(self) -> Trouble | None:
        """Return the request's trouble, else that of the first folder that has one."""
        return self.trouble or next((folder.trouble for folder in self.folders if folder.trouble), None)


@dataclass(frozen=True)
class SyncAnswer:
    """The answer to SyncFolderItems on the calendar (IdOnly, MaxChangesReturned 1)."""

    address: str
    impersonated: str = ""
    sync_state: str = ""
    changes: int = 0
    parent_folder_ids: tuple[str, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Contact:
    """One Resolution of ResolveNames: an entry of the address list.

    ``primary`` is the SMTP address that its Mailbox element names, empty where
    that is of another kind. ``smtp_addresses`` hold the prefix as received
    (``SMTP:`` marks the primary). ``full`` tells that contact data of Active
    Directory came along: only then is an empty name known to be empty.
    """

    primary: str
    mailbox_type: str = ""
    display_name: str = ""
    given_name: str = ""
    surname: str = ""
    smtp_addresses: tuple[str, ...] = ()
    full: bool = False


@dataclass(frozen=True)
class ResolvedName:
    """What ResolveNames found for one address: it finds partial matches too, from the start of every address.

    ``contacts`` have exactly this address, primary or not; ``others`` counts
    those that do not. ``complete`` False: the server has more matches than it
    shows. ``trouble`` means: not known.
    """

    address: str
    contacts: tuple[Contact, ...] = ()
    others: int = 0
    complete: bool = True
    trouble: Trouble | None = None
