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


def change_scope(runtime: Runtime, address: str, instead: str | None) -> None:
    """Take an address out of every scope of the impersonation role; put ``instead`` in its place if there is one."""
    for role in runtime.organisation.roles:
        if role.scope is not None and address in role.scope:
            role.scope.discard(address)
            if instead is not None:
                role.scope.add(instead)


def rename(runtime: Runtime, address: str, new: str) -> None:
    """Set a mailbox's primary address; the old one stays as an alias, in EWS and in the directory."""
    organisation = runtime.organisation
    mailbox, owner = runtime.mailbox(address), runtime.owner(address)
    old = mailbox.primary
    mailbox.primary = new
    mailbox.aliases.append(old)
    organisation.mailboxes = {box.primary: box for box in organisation.mailboxes.values()}
    others = [value for value in owner.proxy_addresses if not value.startswith("SMTP:")]
    owner.proxy_addresses = [f"SMTP:{new}", f"smtp:{old}", *others]
    owner.mail = new
    change_scope(runtime, old, new)


def remove(runtime: Runtime, address: str) -> None:
    """Remove a mailbox and its account from the whole site. Raises KeyError."""
    mailbox = runtime.mailbox(address)
    del runtime.organisation.accounts[mailbox.owner_sid]
    del runtime.organisation.mailboxes[mailbox.primary]
    change_scope(runtime, mailbox.primary, None)
