"""Changes to the simulated site that several faults and scenarios share; both views stay consistent."""

from __future__ import annotations

from pytest_flowscape.simulator.model import FOLDERS, AccessEntry, FolderEntry
from pytest_flowscape.simulator.runtime import Runtime


def without_grant(runtime: Runtime, address: str) -> None:
    """Take away every FullAccess entry that reaches the service account, its groups' included. Raises KeyError."""
    mailbox = runtime.mailbox(address)
    token = runtime.organisation.token(runtime.service)
    mailbox.access = [entry for entry in mailbox.access if entry.sid not in token]


def replace_grant(runtime: Runtime, address: str, *entries: AccessEntry) -> None:
    """Put these entries in place of those that reach the service account. Raises KeyError."""
    without_grant(runtime, address)
    runtime.mailbox(address).access[:0] = entries


def grant_folders(runtime: Runtime, address: str, level: str, folders: tuple[str, ...] = FOLDERS) -> None:
    """Grant the service account a permission level on these folders. Raises KeyError."""
    mailbox = runtime.mailbox(address)
    for folder in folders:
        mailbox.folders.setdefault(folder, []).append(FolderEntry(runtime.service.sid, level))


def remove(runtime: Runtime, address: str) -> None:
    """Remove a mailbox and its account from the whole site. Raises KeyError."""
    mailbox = runtime.mailbox(address)
    del runtime.organisation.accounts[mailbox.owner_sid]
    del runtime.organisation.mailboxes[mailbox.primary]
    runtime.organisation.change_scope(mailbox.primary)
