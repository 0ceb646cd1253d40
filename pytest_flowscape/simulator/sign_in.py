"""Judge a sign-in as a domain controller does, and count it: one rule for EWS and LDAP.

The sub-codes are the ``data`` word of Active Directory's bind diagnostics
(Microsoft, "LDAP bind error codes"): 525 unknown user, 52e wrong password,
530 hours, 531 workstation, 532 password expired, 533 disabled, 569 logon type
not granted, 701 account expired, 773 must change, 775 locked out.
"""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_flowscape.simulator.model import NEVER, Account, Organisation

FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


def filetime(moment: datetime) -> int:
    """Return an aware time as FILETIME: 100-nanosecond ticks since 1601."""
    since = moment - FILETIME_EPOCH
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


def now_filetime() -> int:
    """Return the present as FILETIME."""
    return filetime(datetime.now(timezone.utc))


def find_account(organisation: Organisation, name: str) -> Account | None:
    r"""Find who signs in as ``name``: a UPN or ``DOMAIN\sam`` (NetBIOS or DNS name of the domain), in any case.

    A bare sAMAccountName is unknown: EWS has no default domain here, and LDAP
    refuses it as well. Accounts of every domain sign in here, those of trusted
    forests too.
    """
    domain, separator, user = name.rpartition("\\")
    user = user.lower()
    if not separator or not domain:
        return next((a for a in organisation.accounts.values() if a.upn and a.upn.lower() == user), None)
    users = (a for a in organisation.accounts.values() if user in (a.sam.lower(), a.upn.lower()))
    return next((a for a in users if organisation.domain_of(a.dn).names(domain)), None)


def check_password(
    organisation: Organisation, account: Account | None, password: str, *, at_controller: bool = True
) -> str:
    """Judge a sign-in by password: "" for success, else the sub-code, as ``judge_sign_in`` says."""
    proven = account is not None and account.password is not None and account.password == password
    return judge_sign_in(organisation, account, proven=proven, at_controller=at_controller)


def judge_sign_in(
    organisation: Organisation, account: Account | None, *, proven: bool, at_controller: bool = True
) -> str:
    """Judge a sign-in whose password was (not) proven: "" for success, else the sub-code.

    Of several states the first one counts, in the order measured on a real
    directory: locked out, wrong password, disabled, expired, password expired
    or to be changed, refused at this controller. A wrong password raises
    ``bad_pwd_count`` and locks the account at the policy's threshold; success
    sets the count back. Every refusal counts under
    ``refused``. ``at_controller`` False leaves out what only this domain
    controller refuses (530, 531, 569): EWS signs in elsewhere.
    """
    code = _refusal(organisation, account, proven=proven, at_controller=at_controller)
    if code:
        organisation.counters["refused"] += 1
    elif account is not None:
        account.bad_pwd_count = 0
    return code


def _refusal(organisation: Organisation, account: Account | None, *, proven: bool, at_controller: bool) -> str:
    if account is None:
        return "525"
    if account.locked:  # whatever the password is: it is neither checked nor counted
        return "775"
    # the smart card flag replaces the password by a random one
    if not proven or account.smart_card_required:
        _count_wrong_password(organisation, account)
        return "52e"
    states = (
        ("533", not account.enabled),
        ("701", 0 < account.expires < min(NEVER, now_filetime())),
        ("532", account.password_expired and not account.password_never_expires),
        ("773", account.must_change_password and not account.password_never_expires),
        (account.logon_denied, at_controller and bool(account.logon_denied)),
    )
    return next((code for code, holds in states if holds), "")


def _count_wrong_password(organisation: Organisation, account: Account) -> None:
    account.bad_pwd_count += 1
    threshold = organisation.policy.lockout_threshold
    if threshold and account.bad_pwd_count >= threshold and not account.locked:
        account.locked = True
        account.lockout_time = now_filetime()
