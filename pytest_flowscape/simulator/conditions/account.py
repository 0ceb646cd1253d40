"""Conditions of the service account: locked, expired, refused at one controller; and a second account that reads."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.conditions.fields import Condition, service
from pytest_flowscape.simulator.model import DOMAIN_SID, Account
from pytest_flowscape.simulator.runtime import Runtime
from pytest_flowscape.simulator.sign_in import filetime, now_filetime


def _locked(runtime: Runtime, _target: str) -> None:
    runtime.service.locked = True
    runtime.service.lockout_time = now_filetime()
    runtime.service.bad_pwd_count = runtime.organisation.policy.lockout_threshold


def _expires(days: int) -> Condition:
    """Return the condition that the account expires in so many days; it has expired where they are negative."""

    def plant(runtime: Runtime, _target: str) -> None:
        runtime.service.expires = filetime(datetime.now(timezone.utc) + timedelta(days=days))

    return plant


def _password_expired(runtime: Runtime, _target: str) -> None:
    service = runtime.service
    service.password_never_expires = False
    service.password_expired = True
    service.password_expires = filetime(datetime.now(timezone.utc) - timedelta(days=2))


def _almost_locked(runtime: Runtime, _target: str) -> None:
    runtime.service.bad_pwd_count = runtime.organisation.policy.lockout_threshold - 1


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


ACCOUNT_CONDITIONS: dict[str, Condition] = {
    "locked": _locked,
    "expired": _expires(-2),
    "expires-soon": _expires(30),
    "must-change": service(must_change_password=True, password_never_expires=False, pwd_last_set=0),
    "password-expired": _password_expired,
    "smart-card": service(smart_card_required=True),
    "almost-locked": _almost_locked,
    "logon-530": service(logon_denied="530"),
    "logon-531": service(logon_denied="531"),
    "logon-569": service(logon_denied="569"),
    "logon-534": service(logon_denied="534"),
    "directory-reader": _directory_reader,
}
