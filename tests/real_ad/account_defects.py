"""What can be wrong with a service account, planted in a real directory the way it happens there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tests.real_ad.administrator import filetime, sub_code
from tests.real_ad.contents import BASE, LOCKOUT_THRESHOLD, NEVER_EXPIRES, NORMAL, SERVICE, SMART_CARD
from tests.real_ad.real_directory import EMAIL, RealDirectory

Plant = Callable[[RealDirectory], None]
DAY = 86_400 * 10_000_000  # in the ticks of an Interval attribute, which is negative
NEVER = -(1 << 63)
NO_MAILBOX = (
    "mail", "mailNickname", "proxyAddresses", "homeMDB", "msExchMailboxGuid", "msExchMailboxSecurityDescriptor",
    "msExchRecipientTypeDetails", "msExchRecipientDisplayType",
)  # fmt: skip


def in_days(days: int) -> datetime:
    return datetime.now(timezone.utc) + timedelta(days=days)


def attributes(**values: str | int | list[str] | None) -> Plant:
    """Return a plant that replaces attributes of the service account."""
    return lambda ad: ad.administrator.set(SERVICE, **values)


def lock_out(ad: RealDirectory) -> None:
    """Let somebody try wrong passwords until the directory locks the account."""
    for _ in range(LOCKOUT_THRESHOLD):
        code = sub_code(ad.address, ad.ca, EMAIL, "not the password")
        assert code in ("52e", "775"), code


def demand_change(ad: RealDirectory) -> None:
    ad.administrator.set(SERVICE, userAccountControl=NORMAL, pwdLastSet=0)


def own_password_policy(maximum_age: int, *, flags: int = NORMAL) -> Plant:
    """Return a plant that puts the account under a password policy of its own; the age in ticks, negative."""

    def plant(ad: RealDirectory) -> None:
        ad.administrator.add(
            f"CN=Flowscape policy,CN=Password Settings Container,CN=System,{BASE}",
            "msDS-PasswordSettings",
            msDS_PasswordSettingsPrecedence=10,
            msDS_PasswordReversibleEncryptionEnabled="FALSE",
            msDS_PasswordHistoryLength=0,
            msDS_PasswordComplexityEnabled="TRUE",
            msDS_MinimumPasswordLength=7,
            msDS_MinimumPasswordAge=0,
            msDS_MaximumPasswordAge=maximum_age,
            msDS_LockoutThreshold=LOCKOUT_THRESHOLD,
            msDS_LockoutObservationWindow=-DAY,
            msDS_LockoutDuration=-DAY,
            msDS_PSOAppliesTo=SERVICE,
        )
        ad.administrator.set(SERVICE, userAccountControl=flags)

    return plant


def expire_password(ad: RealDirectory) -> None:
    """Set the last change of the password back to before the domain's policy allows."""
    ad.administrator.set(SERVICE, userAccountControl=NORMAL)
    ad.controller.overwrite(SERVICE, "pwdLastSet", str(filetime(in_days(-400))))


def remove_mailbox(ad: RealDirectory) -> None:
    """Leave what Disable-Mailbox leaves: an account as if Exchange had never seen it."""
    ad.administrator.set(SERVICE, **dict.fromkeys(NO_MAILBOX))


@dataclass(frozen=True)
class Defect:
    """One defect: what it fails and why, after the account's own bind and after the reader's.

    ``conditions`` plant in the simulated Exchange what follows there. The rows
    are those of the table of causes; where a row is empty, the requirement
    judged attributes.
    """

    name: str
    requirement: str
    plant: Plant
    says: str
    says_reader: str = ""
    conditions: tuple[str, ...] = ()
    row: str = ""
    row_reader: str = ""
    requirement_reader: str = ""
    also_unmeasured: tuple[str, ...] = ()


# the account cannot be used: its own bind gets a sub-code, the reader sees attributes
STATES = (
    Defect(
        "disabled", "ACCOUNT-2", attributes(userAccountControl=NORMAL | NEVER_EXPIRES | 0x2),
        "the account is disabled (AD code 533)", "userAccountControl has the flag 0x2",
        ("ACCOUNT-2:site",), "bind-533", "account-disabled",
    ),
    Defect(
        "locked out", "ACCOUNT-2", lock_out,
        "the account is locked out (AD code 775)", "msDS-User-Account-Control-Computed has the flag 0x10",
        ("locked",), "bind-775", "account-locked",
    ),
    Defect(
        "expired", "ACCOUNT-2", attributes(accountExpires=filetime(in_days(-2))),
        "the account has expired (AD code 701)", f"the account has expired: since {in_days(-2):%Y-%m-%d}",
        ("expired",), "bind-701", "account-expired",
    ),
    Defect(
        "must change", "ACCOUNT-4", demand_change,
        "must be changed at the next sign-in (AD code 773)", "the password must be changed at the next sign-in",
        ("must-change",), "bind-773", "password-must-change",
    ),
    Defect(
        "password expired", "ACCOUNT-4", expire_password,
        "the password has expired (AD code 532)", "the password has expired",
        ("password-expired",), "bind-532", "password-expired",
    ),
    Defect(
        "smart card", "HANDOVER-1", attributes(userAccountControl=NORMAL | NEVER_EXPIRES | SMART_CARD),
        "or a smart card is required (AD code 52e)", "the account requires a smart card",
        ("smart-card",), "bind-52e", "smart-card", "ACCOUNT-5",
    ),
)  # fmt: skip
# the account signs in; the directory shows what is wrong, or Exchange has no mailbox for it
ATTRIBUTES = (
    Defect("no surname", "ACCOUNT-1", attributes(sn=None), "no last name"),
    Defect("first name of spaces", "ACCOUNT-1", attributes(givenName="  "), "no first name"),
    Defect(
        "expires by domain policy", "ACCOUNT-4", attributes(userAccountControl=NORMAL),
        f"the password will expire on {in_days(42):%Y-%m-%d}",
    ),
    Defect(
        "expires by its own policy", "ACCOUNT-4", own_password_policy(-30 * DAY),
        f"the password will expire on {in_days(30):%Y-%m-%d}",
    ),
    Defect(
        "mail is not the primary address", "ACCOUNT-6", attributes(mail="flowscape@demo.test"),
        f"email attribute flowscape@demo.test, primary address {EMAIL}",
    ),
    Defect(
        "primary address is not the configured one", "ACCOUNT-6",
        attributes(mail=f"new-{EMAIL}", proxyAddresses=[f"SMTP:new-{EMAIL}", f"smtp:{EMAIL}"]),
        f"both have new-{EMAIL}", conditions=(f"alias:{EMAIL}",),
        also_unmeasured=("IMPERSONATION-3",),  # it is asked by the configured address
    ),
    Defect(
        "two primary addresses", "ACCOUNT-6", attributes(proxyAddresses=[f"SMTP:{EMAIL}", "SMTP:flowscape@demo.test"]),
        "2 primary addresses in proxyAddresses",
    ),
    Defect(
        "no mailbox", "ACCOUNT-3", remove_mailbox, "the account has no mailbox", conditions=("ACCOUNT-3:site",),
    ),
)  # fmt: skip
