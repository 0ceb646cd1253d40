"""Conditions of mailboxes: FullAccess granted otherwise, rooms that are not what they should be, impersonation."""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_flowscape.simulator.changes import grant_folders, remove, replace_grant, without_grant
from pytest_flowscape.simulator.conditions.fields import Condition, mailbox, owner
from pytest_flowscape.simulator.model import DOMAIN_SID, AccessEntry, Account, Mailbox
from pytest_flowscape.simulator.runtime import Runtime


def _grant_on_calendar(level: str) -> Condition:
    """Return the condition that the service account has this level on the calendar, instead of FullAccess."""

    def plant(runtime: Runtime, target: str) -> None:
        without_grant(runtime, target)
        grant_folders(runtime, target, level, ("calendar",))

    return plant


def _grant_top_folder(runtime: Runtime, target: str) -> None:
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, subfolders=False))


def _deny(runtime: Runtime, target: str) -> None:
    runtime.mailbox(target).access.insert(0, AccessEntry(runtime.service.sid, allow=False))


def _own_folders(runtime: Runtime, target: str) -> None:
    without_grant(runtime, target)
    grant_folders(runtime, target, "Owner")


def _grant_through_group(runtime: Runtime, target: str) -> None:
    token = runtime.organisation.token(runtime.service)
    group = next(sid for sid in runtime.organisation.groups if sid in token)
    replace_grant(runtime, target, AccessEntry(group))


def _grant_on_database(runtime: Runtime, target: str) -> None:
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, in_descriptor=False))


def _grant_pending(runtime: Runtime, target: str) -> None:
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, in_store=False))
    _touch(runtime, target)


def _touch(runtime: Runtime, target: str) -> None:
    runtime.owner(target).when_changed = datetime.now(timezone.utc)


def _answer_from_own(runtime: Runtime, target: str) -> None:
    """Answer for a room from the service account's own mailbox."""
    runtime.mailbox(target).answers_as = runtime.own_mailbox.primary


def _answer_from_other(runtime: Runtime, target: str) -> None:
    """Answer for a room from another room's mailbox."""
    mailbox = runtime.mailbox(target)
    rooms = [m for m in runtime.organisation.mailboxes.values() if "calendar" in m.folders]
    mailbox.answers_as = next(m.primary for m in rooms if m is not mailbox)


def _stop_batch(runtime: Runtime, target: str) -> None:
    without_grant(runtime, target)
    runtime.mailbox(target).stops_batch = True


def _keep_alias(runtime: Runtime, target: str) -> None:
    old = runtime.mailbox(target).primary
    runtime.organisation.rename(old, f"new-{old}")


def _move_online(runtime: Runtime, target: str) -> None:
    """Leave a room that was moved to Exchange Online: a remote mailbox in AD, nothing here."""
    owner, address = runtime.owner(target), runtime.mailbox(target).primary
    del runtime.organisation.mailboxes[address]
    owner.recipient_type_details = 8589934592
    owner.recipient_display_type = -2147481850
    owner.extra["targetAddress"] = [f"SMTP:{address.partition('@')[0]}@demo.mail.onmicrosoft.test".encode()]


def _add_longer_address(runtime: Runtime, target: str) -> None:
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


def _widen_roles(runtime: Runtime, _target: str) -> None:
    for role in runtime.organisation.roles:
        role.scope = None


def _remove_roles(runtime: Runtime, _target: str) -> None:
    runtime.organisation.roles.clear()


def _remove_out_of_scope(runtime: Runtime, _target: str) -> None:
    remove(runtime, runtime.organisation.out_of_scope)


MAILBOX_CONDITIONS: dict[str, Condition] = {
    # FullAccess
    "editor-on-calendar": _grant_on_calendar("Editor"),
    "author-on-calendar": _grant_on_calendar("Author"),
    "reviewer-on-calendar": _grant_on_calendar("Reviewer"),
    "contributor-on-calendar": _grant_on_calendar("Contributor"),
    "top-folder-only": _grant_top_folder,
    "deny": _deny,
    "owner-folders": _own_folders,
    "through-group": _grant_through_group,
    "database-level": _grant_on_database,
    "pending-grant": _grant_pending,
    "own-mailbox": _answer_from_own,
    "other-mailbox": _answer_from_other,
    "stops-batch": _stop_batch,
    "impersonation-only": without_grant,
    # rooms and other mailboxes
    "alias": _keep_alias,
    "missing": remove,
    "online": _move_online,
    "longer-address": _add_longer_address,
    "equipment": owner(
        recipient_type_details=32, recipient_display_type=8, resource_metadata=("ResourceType:Equipment",)
    ),
    "shared": owner(recipient_type_details=4, recipient_display_type=0, resource_metadata=()),
    "enabled": owner(enabled=True),
    "just-changed": _touch,
    "hidden-from-address-list": mailbox(hidden_from_address_list=True),
    "moving": mailbox(trouble="ErrorMailboxMoveInProgress"),
    "moving-once": mailbox(trouble="ErrorMailboxMoveInProgress", trouble_count=1),
    "store-unavailable": mailbox(trouble="ErrorMailboxStoreUnavailable"),
    "wrong-version": mailbox(trouble="ErrorWrongServerVersionDelegate"),
    # impersonation
    "unscoped": _widen_roles,
    "no-role": _remove_roles,
    "out-of-scope-missing": _remove_out_of_scope,
}
