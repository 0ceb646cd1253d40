"""Conditions of mailboxes: FullAccess granted otherwise, rooms that are not what they should be, impersonation."""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_flowscape.simulator.changes import grant_folders, remove, rename, replace_grant, without_grant
from pytest_flowscape.simulator.conditions.fields import Condition, mailbox, owner
from pytest_flowscape.simulator.model import DOMAIN_SID, AccessEntry, Account, Mailbox
from pytest_flowscape.simulator.runtime import Runtime


def _on_calendar(level: str) -> Condition:
    """Return the condition that the service account has this level on the calendar, instead of FullAccess."""

    def plant(runtime: Runtime, target: str) -> None:
        without_grant(runtime, target)
        grant_folders(runtime, target, level, ("calendar",))

    return plant


def _top_folder_only(runtime: Runtime, target: str) -> None:
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, subfolders=False))


def _deny(runtime: Runtime, target: str) -> None:
    runtime.mailbox(target).access.insert(0, AccessEntry(runtime.service.sid, allow=False))


def _owner_folders(runtime: Runtime, target: str) -> None:
    without_grant(runtime, target)
    grant_folders(runtime, target, "Owner")


def _through_group(runtime: Runtime, target: str) -> None:
    token = runtime.organisation.token(runtime.service)
    group = next(sid for sid in runtime.organisation.groups if sid in token)
    replace_grant(runtime, target, AccessEntry(group))


def _database_level(runtime: Runtime, target: str) -> None:
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, in_descriptor=False))


def _pending_grant(runtime: Runtime, target: str) -> None:
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, in_store=False))
    _just_changed(runtime, target)


def _just_changed(runtime: Runtime, target: str) -> None:
    runtime.owner(target).when_changed = datetime.now(timezone.utc)


def _own_mailbox(runtime: Runtime, target: str) -> None:
    """Answer for a room from the service account's own mailbox."""
    runtime.mailbox(target).answers_as = runtime.own_mailbox.primary


def _other_mailbox(runtime: Runtime, target: str) -> None:
    """Answer for a room from another room's mailbox."""
    mailbox = runtime.mailbox(target)
    rooms = [m for m in runtime.organisation.mailboxes.values() if "calendar" in m.folders]
    mailbox.answers_as = next(m.primary for m in rooms if m is not mailbox)


def _stops_batch(runtime: Runtime, target: str) -> None:
    without_grant(runtime, target)
    runtime.mailbox(target).stops_batch = True


def _alias(runtime: Runtime, target: str) -> None:
    rename(runtime, target, f"new-{runtime.mailbox(target).primary}")


def _online(runtime: Runtime, target: str) -> None:
    """Leave a room that was moved to Exchange Online: a remote mailbox in AD, nothing here."""
    owner, address = runtime.owner(target), runtime.mailbox(target).primary
    del runtime.organisation.mailboxes[address]
    owner.recipient_type_details = 8589934592
    owner.recipient_display_type = -2147481850
    owner.extra["targetAddress"] = [f"SMTP:{address.partition('@')[0]}@demo.mail.onmicrosoft.test".encode()]


def _longer_address(runtime: Runtime, target: str) -> None:
    """Add a person whose address begins with all of the target's: ResolveNames finds both."""
    address = f"{target.lower()}.example"
    owner = Account(
        sam="longer",
        upn=address,
        dn=f"CN=Longer,OU=People,{runtime.organisation.base_dn}",
        sid=f"{DOMAIN_SID}-1398",
        mail=address,
        display_name="Longer",
        proxy_addresses=[f"SMTP:{address}"],
    )
    runtime.organisation.accounts[owner.sid] = owner
    runtime.organisation.mailboxes[address] = Mailbox(primary=address, owner_sid=owner.sid)


def _unscoped(runtime: Runtime, _target: str) -> None:
    for role in runtime.organisation.roles:
        role.scope = None


def _no_role(runtime: Runtime, _target: str) -> None:
    runtime.organisation.roles.clear()


def _out_of_scope_missing(runtime: Runtime, _target: str) -> None:
    remove(runtime, runtime.organisation.out_of_scope)


MAILBOX_CONDITIONS: dict[str, Condition] = {
    # FullAccess
    "editor-on-calendar": _on_calendar("Editor"),
    "author-on-calendar": _on_calendar("Author"),
    "reviewer-on-calendar": _on_calendar("Reviewer"),
    "contributor-on-calendar": _on_calendar("Contributor"),
    "top-folder-only": _top_folder_only,
    "deny": _deny,
    "owner-folders": _owner_folders,
    "through-group": _through_group,
    "database-level": _database_level,
    "pending-grant": _pending_grant,
    "own-mailbox": _own_mailbox,
    "other-mailbox": _other_mailbox,
    "stops-batch": _stops_batch,
    "impersonation-only": without_grant,
    # rooms and other mailboxes
    "alias": _alias,
    "missing": remove,
    "online": _online,
    "longer-address": _longer_address,
    "equipment": owner(
        recipient_type_details=32, recipient_display_type=8, resource_metadata=("ResourceType:Equipment",)
    ),
    "shared": owner(recipient_type_details=4, recipient_display_type=0, resource_metadata=()),
    "enabled": owner(enabled=True),
    "just-changed": _just_changed,
    "hidden-from-address-list": mailbox(hidden_from_address_list=True),
    "moving": mailbox(trouble="ErrorMailboxMoveInProgress"),
    "moving-once": mailbox(trouble="ErrorMailboxMoveInProgress", trouble_count=1),
    "store-unavailable": mailbox(trouble="ErrorMailboxStoreUnavailable"),
    "wrong-version": mailbox(trouble="ErrorWrongServerVersionDelegate"),
    # impersonation
    "unscoped": _unscoped,
    "no-role": _no_role,
    "out-of-scope-missing": _out_of_scope_missing,
}
