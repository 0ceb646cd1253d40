"""ACCOUNT-1, ACCOUNT-2 and ACCOUNT-4, both ways, from facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pytest_flowscape.facts import AccountNames, AccountState
from pytest_flowscape.judging.causes import CAUSES
from suites import test_account as judging
from tests.suites.made import NOW, account, causes_failing, fails, filetime, not_measured, passes

pytestmark = pytest.mark.usefixtures("fixed_clock")
LINKED = {"msExchMasterAccountSid": b"\x01\x05" + b"\x00" * 22, "msExchRecipientTypeDetails": 2}


# --- ACCOUNT-1 ---


def test_both_names_pass_silently_when_the_directory_told_them() -> None:
    assert passes(judging.test_first_and_last_name, account_names=AccountNames("Flow", "Scape", "directory")) == []


def test_names_from_elsewhere_pass_with_their_source() -> None:
    (note,) = passes(judging.test_first_and_last_name, account_names=AccountNames("Flow", "Scape", "ResolveNames"))
    assert "ResolveNames" in note


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("", "Scape", "no first name in Active Directory"),
        ("Flow", "  ", "no last name in Active Directory"),
        ("", "", "no first name and no last name in Active Directory"),
    ],
)
def test_a_missing_name_fails_and_is_named(first: str, last: str, says: str) -> None:
    failed = fails(judging.test_first_and_last_name, account_names=AccountNames(first, last, "directory"))
    assert failed.found == says


# --- ACCOUNT-2 ---


def enabled(entry: Any) -> dict[str, Any]:
    return {"account_state": AccountState(entry=entry)}


def test_a_usable_account_passes_silently() -> None:
    assert passes(judging.test_account_is_enabled, **enabled(account())) == []
    assert passes(judging.test_account_is_enabled, **enabled(account(accountExpires=0))) == []


def test_a_future_expiry_is_a_note_with_its_date() -> None:
    later = account(accountExpires=filetime(NOW + timedelta(days=40)))
    (note,) = passes(judging.test_account_is_enabled, **enabled(later))
    assert "2027-01-01" in note


@pytest.mark.parametrize(
    ("changes", "cause", "command"),
    [
        ({"userAccountControl": 0x10202}, "disabled", "Enable-ADAccount"),
        ({"msDS_User_Account_Control_Computed": 0x10}, "locked", "Unlock-ADAccount"),
        ({"accountExpires": filetime(NOW - timedelta(seconds=1))}, "expired", "Clear-ADAccountExpiration"),
    ],
)
def test_an_unusable_account_fails_with_its_cause_and_command(
    changes: dict[str, Any], cause: str, command: str
) -> None:
    failed = fails(judging.test_account_is_enabled, **enabled(account(**changes)))
    assert failed.cause == cause
    assert command in failed.fix


@pytest.mark.parametrize("key", causes_failing("ACCOUNT-2"))
def test_every_cause_that_names_it_fails_account_2(key: str) -> None:
    failed = fails(judging.test_account_is_enabled, account_state=AccountState(cause=key, detail="as told"))
    assert CAUSES[key].sentence in failed.found
    assert "as told" in failed.found
    assert failed.cause in CAUSES[key].sentence


def test_a_cause_of_another_requirement_leaves_the_entry_to_decide() -> None:
    passes(judging.test_account_is_enabled, account_state=AccountState(cause="bind-532", entry=account()))
    not_measured(judging.test_account_is_enabled, account_state=AccountState(cause="bind-532"))


@pytest.mark.parametrize("hidden", ["useraccountcontrol", "msds-user-account-control-computed", "accountexpires"])
def test_what_cannot_be_read_is_never_judged(hidden: str) -> None:
    said = not_measured(judging.test_account_is_enabled, **enabled(account(unreadable=(hidden,))))
    assert hidden in said.reason.lower()


@pytest.mark.parametrize("name", ["userAccountControl", "msDS_User_Account_Control_Computed", "accountExpires"])
def test_an_attribute_that_every_account_has_and_that_is_absent_is_not_judged(name: str) -> None:
    not_measured(judging.test_account_is_enabled, **enabled(account(**{name: None})))


def test_the_disabled_object_of_a_linked_mailbox_is_not_the_account() -> None:
    linked = account(userAccountControl=0x10202, **LINKED)
    assert "forest" in not_measured(judging.test_account_is_enabled, **enabled(linked)).reason
    assert "forest" in not_measured(judging.test_password_never_expires, **enabled(linked)).reason


def test_a_linked_mailbox_is_never_judged_for_the_account_that_uses_it() -> None:
    """Enabled or not, and whatever its flags: they are not those of who signs in."""
    for flags in (0x200, 0x10200, 0x40202):
        state = AccountState(entry=account(userAccountControl=flags, **LINKED), master_forest="the forest of corp.test")
        for judge in (judging.test_account_is_enabled, judging.test_password_never_expires):
            assert "the forest of corp.test" in not_measured(judge, account_state=state).reason


def test_a_disabled_object_that_may_be_a_linked_mailbox_is_not_judged() -> None:
    hidden = ("msexchmasteraccountsid", "msexchrecipienttypedetails")
    disabled = account(userAccountControl=0x10202, unreadable=hidden)
    assert "msExchMasterAccountSid" in not_measured(judging.test_account_is_enabled, **enabled(disabled)).reason
    passes(judging.test_account_is_enabled, **enabled(account(unreadable=hidden)))
    fails(judging.test_account_is_enabled, **enabled(account(userAccountControl=0x10202, unreadable=hidden[:1])))


def test_what_a_global_catalog_lacks_names_the_remedy() -> None:
    found = replace(account(unreadable=("accountexpires",)), from_catalog=True)
    reason = not_measured(judging.test_account_is_enabled, **enabled(found)).reason
    assert "global catalog: accountExpires" in reason
    assert "domain controller of the account's own domain" in reason


def test_self_as_master_account_is_no_link() -> None:
    own = account(userAccountControl=0x10202, msExchMasterAccountSid=bytes.fromhex("01010000000000050a000000"))
    fails(judging.test_account_is_enabled, **enabled(own))


# --- ACCOUNT-4 ---


def test_the_flag_passes_whatever_is_computed() -> None:
    assert passes(judging.test_password_never_expires, **enabled(account(pwdLastSet=0))) == []
    hidden = account(unreadable=("msds-userpasswordexpirytimecomputed",))
    assert passes(judging.test_password_never_expires, **enabled(hidden)) == []


def test_never_by_policy_passes_and_says_what_undoes_it() -> None:
    (note,) = passes(judging.test_password_never_expires, **enabled(account(userAccountControl=0x200)))
    assert "policy" in note


def test_never_by_smart_card_says_so() -> None:
    (note,) = passes(judging.test_password_never_expires, **enabled(account(userAccountControl=0x40200)))
    assert "smart card" in note


@pytest.mark.parametrize(
    ("computed", "cause", "says"),
    [
        (0, "must-change", "must be changed"),
        (filetime(NOW + timedelta(days=9)), "password-expires", "will expire on 2026-12-01"),
        (filetime(NOW - timedelta(days=1)), "password-expired", "expired on 2026-11-21"),
    ],
)
def test_a_password_that_ends_fails_with_its_date(computed: int, cause: str, says: str) -> None:
    ends = account(userAccountControl=0x200, msDS_UserPasswordExpiryTimeComputed=computed)
    failed = fails(judging.test_password_never_expires, **enabled(ends))
    assert failed.cause == cause
    assert says in failed.found


@pytest.mark.parametrize("key", causes_failing("ACCOUNT-4"))
def test_every_cause_that_names_it_fails_account_4(key: str) -> None:
    state = AccountState(cause=key, detail="as told", entry=account())
    failed = fails(judging.test_password_never_expires, account_state=state)
    assert failed.cause == ("must-change" if "change" in key or key == "bind-773" else "password-expired")


@pytest.mark.parametrize("hidden", ["useraccountcontrol", "msds-userpasswordexpirytimecomputed"])
def test_an_unreadable_expiry_is_not_judged(hidden: str) -> None:
    given = enabled(account(userAccountControl=0x200, unreadable=(hidden,)))
    not_measured(judging.test_password_never_expires, **given)
