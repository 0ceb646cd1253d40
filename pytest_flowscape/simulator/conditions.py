"""Conditions of a simulated site that are no requirement's own fault, by name.

Those that take a target take a room's (or user's) primary address. Everything
here goes away with a reset.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from pytest_flowscape.simulator.changes import grant_folders, remove, rename, replace_grant, without_grant
from pytest_flowscape.simulator.conditions_booking import BOOKING_CONDITIONS
from pytest_flowscape.simulator.conditions_meetings import MEETING_CONDITIONS
from pytest_flowscape.simulator.conditions_network import NETWORK_CONDITIONS
from pytest_flowscape.simulator.model import DOMAIN_SID, AccessEntry, Account, Mailbox
from pytest_flowscape.simulator.runtime import Runtime
from pytest_flowscape.simulator.sign_in import filetime, now_filetime

Condition = Callable[[Runtime, str], None]


def _policy(**values: Any) -> Condition:
    """Make a condition that sets fields of the policy."""

    def plant(runtime: Runtime, _target: str) -> None:
        for name, value in values.items():
            setattr(runtime.organisation.policy, name, value)

    return plant


def _service(**values: Any) -> Condition:
    """Make a condition that sets fields of the service account."""

    def plant(runtime: Runtime, _target: str) -> None:
        for name, value in values.items():
            setattr(runtime.service, name, value)

    return plant


def _owner(**values: Any) -> Condition:
    """Make a condition that sets fields of the account to which the target's mailbox belongs."""

    def plant(runtime: Runtime, target: str) -> None:
        owner = runtime.owner(target)
        for name, value in values.items():
            setattr(owner, name, value)

    return plant


def _mailbox(**values: Any) -> Condition:
    """Make a condition that sets fields of the target's mailbox."""

    def plant(runtime: Runtime, target: str) -> None:
        mailbox = runtime.mailbox(target)
        for name, value in values.items():
            setattr(mailbox, name, value)

    return plant


def _certificate(kind: str) -> Condition:
    return lambda runtime, _target: runtime.show_certificate(kind)


def _ldap_certificate(kind: str) -> Condition:
    def plant(runtime: Runtime, _target: str) -> None:
        runtime.ldap_contexts.kind = kind

    return plant


def _self_signed_controller(runtime: Runtime, _target: str) -> None:
    """Let the controller show a certificate that it signed itself; dc.pem beside the site file is a copy to pin."""
    runtime.ldap_contexts.kind = "self-signed"
    (runtime.folder / "dc.pem").write_bytes(runtime.certificates.leaf("self-signed").cert_chain_pems[0].bytes())


def _locked(runtime: Runtime, _target: str) -> None:
    runtime.service.locked = True
    runtime.service.lockout_time = now_filetime()
    runtime.service.bad_pwd_count = runtime.organisation.policy.lockout_threshold


def _expired(runtime: Runtime, _target: str) -> None:
    runtime.service.expires = filetime(datetime.now(timezone.utc) - timedelta(days=2))


def _expires_soon(runtime: Runtime, _target: str) -> None:
    runtime.service.expires = filetime(datetime.now(timezone.utc) + timedelta(days=30))


def _password_expired(runtime: Runtime, _target: str) -> None:
    service = runtime.service
    service.password_never_expires = False
    service.password_expired = True
    service.password_expires = filetime(datetime.now(timezone.utc) - timedelta(days=2))


def _almost_locked(runtime: Runtime, _target: str) -> None:
    runtime.service.bad_pwd_count = runtime.organisation.policy.lockout_threshold - 1


def _on_calendar(level: str) -> Condition:
    """Make a condition that gives the service account this level on the calendar, instead of FullAccess."""

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
    runtime.owner(target).when_changed = datetime.now(timezone.utc)


def _just_changed(runtime: Runtime, target: str) -> None:
    runtime.owner(target).when_changed = datetime.now(timezone.utc)


def _own_mailbox(runtime: Runtime, target: str) -> None:
    own = next(m.primary for m in runtime.organisation.mailboxes.values() if m.owner_sid == runtime.service.sid)
    runtime.mailbox(target).answers_as = own


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


def _unscoped(runtime: Runtime, _target: str) -> None:
    for role in runtime.organisation.roles:
        role.scope = None


def _no_role(runtime: Runtime, _target: str) -> None:
    runtime.organisation.roles.clear()


def _out_of_scope_missing(runtime: Runtime, _target: str) -> None:
    remove(runtime, runtime.organisation.out_of_scope)


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


def _directory_reader(runtime: Runtime, _target: str) -> None:
    """Add an ordinary account, reader@demo.test, for LDAP only; its password is the service account's."""
    account = Account(
        sam="reader",
        upn=f"reader@{runtime.organisation.upn_suffix}",
        dn=f"CN=Reader,OU=Service Accounts,{runtime.organisation.base_dn}",
        sid=f"{DOMAIN_SID}-1399",
        display_name="Reader",
        password=runtime.service.password,
        recipient_type_details=None,
        recipient_display_type=None,
        mailbox_guid=None,
    )
    runtime.organisation.accounts[account.sid] = account


CONDITIONS: dict[str, Condition] = {
    # the host and its certificate
    "silent": _policy(silent=True),
    "ews-silent": _policy(before_sign_in="silent"),
    "tls-expired": _certificate("expired"),
    "tls-unknown-ca": _certificate("unknown-ca"),
    "tls-name": _certificate("name"),
    "tls-no-intermediate": _certificate("no-intermediate"),
    # in front of EWS
    "ews-404": _policy(before_sign_in="404"),
    "ews-503": _policy(before_sign_in="503"),
    "ews-403": _policy(before_sign_in="403"),
    "ews-302": _policy(before_sign_in="302"),
    "ews-440": _policy(before_sign_in="440"),
    "ews-500": _policy(before_sign_in="500"),
    "ews-html": _policy(before_sign_in="html"),
    "ews-bearer-only": _policy(bearer_only=True),
    # after the password
    "forbidden-after": _service(ews_blocked=True),
    "page-after": _policy(after_sign_in="302"),
    "html-after": _policy(after_sign_in="html"),
    "440-after": _policy(after_sign_in="440"),
    "503-after": _policy(after_sign_in="503"),
    # ways to sign in
    "negotiate-only": _policy(ways=("Negotiate",)),
    "ntlm-only": _policy(ways=("NTLM",)),
    "basic-only": _policy(ways=("Basic",)),
    "no-basic": _policy(ways=("Negotiate", "NTLM")),
    "extended-protection": _policy(extended_protection=True),
    "tls-bridged": _policy(extended_protection=True, bridged=True),
    "ntlm-refused": _service(ews_refuses=frozenset(("NTLM", "Negotiate"))),
    "basic-refused": _service(ews_refuses=frozenset(("Basic",))),
    # limits
    "throttled": _policy(throttle="busy", throttle_count=None),
    "throttled-once": _policy(throttle="busy", throttle_count=1),
    "inner-throttled": _policy(throttle="inner-busy", throttle_count=None),
    "inner-throttled-once": _policy(throttle="inner-busy", throttle_count=1),
    "unavailable": _policy(throttle="503", throttle_count=None),
    "unavailable-once": _policy(throttle="503", throttle_count=1),
    "slow": _policy(latency=0.03),
    "one-at-a-time": _policy(max_concurrency=1, latency=0.1),
    "one-session": _policy(store_sessions=1, store_linger=0.2),
    "two-sessions": _policy(store_sessions=2, store_linger=30.0),
    "many-front-ends": _policy(front_ends=("EX01", "EX02", "EX03")),
    # the service account
    "locked": _locked,
    "expired": _expired,
    "expires-soon": _expires_soon,
    "must-change": _service(must_change_password=True, password_never_expires=False, pwd_last_set=0),
    "password-expired": _password_expired,
    "smart-card": _service(smart_card_required=True),
    "almost-locked": _almost_locked,
    "logon-530": _service(logon_denied="530"),
    "logon-531": _service(logon_denied="531"),
    "logon-569": _service(logon_denied="569"),
    "logon-534": _service(logon_denied="534"),
    "directory-reader": _directory_reader,
    # the directory
    "hidden-exchange-attributes": _policy(hide_exchange_attributes=True),
    "closed-exchange-information": _policy(closed_exchange_information=True),
    "hidden-directory": _policy(hidden_directory=True),
    "ldap-busy": _policy(ldap_trouble="busy"),
    "ldap-unavailable": _policy(ldap_trouble="unavailable"),
    "ldap-tls-name": _ldap_certificate("name"),
    "ldap-tls-expired": _ldap_certificate("expired"),
    "ldap-tls-unknown-ca": _ldap_certificate("unknown-ca"),
    "ldap-tls-self-signed": _self_signed_controller,
    # front ends, balancers, addresses, mailboxes of the hard sites
    **NETWORK_CONDITIONS,
    # writing items, and meetings
    **BOOKING_CONDITIONS,
    **MEETING_CONDITIONS,
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
    "equipment": _owner(
        recipient_type_details=32, recipient_display_type=8, resource_metadata=("ResourceType:Equipment",)
    ),
    "shared": _owner(recipient_type_details=4, recipient_display_type=0, resource_metadata=()),
    "enabled": _owner(enabled=True),
    "just-changed": _just_changed,
    "hidden-from-address-list": _mailbox(hidden_from_address_list=True),
    "moving": _mailbox(trouble="ErrorMailboxMoveInProgress"),
    "moving-once": _mailbox(trouble="ErrorMailboxMoveInProgress", trouble_count=1),
    "store-unavailable": _mailbox(trouble="ErrorMailboxStoreUnavailable"),
    "wrong-version": _mailbox(trouble="ErrorWrongServerVersionDelegate"),
    # impersonation
    "unscoped": _unscoped,
    "no-role": _no_role,
    "out-of-scope-missing": _out_of_scope_missing,
}
