"""Conditions of the service account: locked, expired, refused at one controller; and a second account that reads."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.conditions.fields import Condition, service
from pytest_flowscape.simulator.model import DOMAIN_SID, Account
from pytest_flowscape.simulator.runtime import Runtime
from pytest_flowscape.simulator.sign_in import filetime, now_filetime


def _lock(runtime: Runtime, _target: str) -> None:
    runtime.service.locked = True
    runtime.service.lockout_time = now_filetime()
    runtime.service.bad_pwd_count = runtime.organisation.policy.lockout_threshold


def _expire_in(days: int) -> Condition:
    """Return the condition that the account expires in so many days; it has expired where they are negative."""

    def plant(runtime: Runtime, _target: str) -> None:
        runtime.service.expires = filetime(datetime.now(timezone.utc) + timedelta(days=days))

    return plant


def _expire_password(runtime: Runtime, _target: str) -> None:
    service = runtime.service
    service.password_never_expires = False
    service.password_expired = True
    service.password_expires = filetime(datetime.now(timezone.utc) - timedelta(days=2))


def _nearly_lock(runtime: Runtime, _target: str) -> None:
    runtime.service.bad_pwd_count = runtime.organisation.policy.lockout_threshold - 1


def _add_reader(runtime: Runtime, _target: str) -> None:
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


ACCOUNT_CONDITIONS: dict[str, Condition] = {
    "locked": _lock,
    "expired": _expire_in(-2),
    "expires-soon": _expire_in(30),
    "must-change": service(must_change_password=True, password_never_expires=False, pwd_last_set=0),
    "password-expired": _expire_password,
    "smart-card": service(smart_card_required=True),
    "almost-locked": _nearly_lock,
    "logon-530": service(logon_denied="530"),
    "logon-531": service(logon_denied="531"),
    "logon-569": service(logon_denied="569"),
    "logon-534": service(logon_denied="534"),
    "directory-reader": _add_reader,
}
