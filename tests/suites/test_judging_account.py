"""ACCOUNT-1 to ACCOUNT-6, both ways, from facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pytest_flowscape.facts import AccountNames, AccountState, FolderAnswer, Kind, MailboxAnswer, SignIn
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.requirement import Owner
from suites import test_account as judging
from tests.suites import made
from tests.suites.made import EMAIL, NOW, account, fails, filetime, not_measured, passes, trouble

pytestmark = pytest.mark.usefixtures("fixed_clock")
LINKED = {"msExchMasterAccountSid": b"\x01\x05" + b"\x00" * 22, "msExchRecipientTypeDetails": 2}


def failing(id_: str) -> list[str]:
    """Return the causes by which the table fails a requirement."""
    keys = [key for key, cause in CAUSES.items() if cause.failed == id_]
    assert keys
    return keys


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


@pytest.mark.parametrize("key", failing("ACCOUNT-2"))
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


# --- ACCOUNT-3 ---


def mailbox(own: MailboxAnswer | None = None, **directory: Any) -> dict[str, Any]:
    return {
        "own_mailbox": own or made.own_mailbox(),
        "site": made.site(),
        "site_facts": made.facts(directory=made.view(account=account(**directory))),
    }


def test_the_same_inbox_by_sign_in_and_by_address_passes() -> None:
    assert passes(judging.test_account_has_a_mailbox, **mailbox()) == []


def test_a_directory_that_was_not_asked_does_not_matter_to_the_mailbox() -> None:
    given = mailbox() | {"site_facts": made.facts(directory=None)}
    assert passes(judging.test_account_has_a_mailbox, **given) == []


@pytest.mark.parametrize(("details", "says"), [(2, "linked"), (4, "shared"), (128, "mail user")])
def test_the_directory_type_explains_and_never_judges(details: int, says: str) -> None:
    (note,) = passes(judging.test_account_has_a_mailbox, **mailbox(msExchRecipientTypeDetails=details))
    assert says in note


@pytest.mark.parametrize("whole", [True, False])
def test_no_mailbox_behind_the_sign_in_fails(whole: bool) -> None:
    none = trouble(Kind.NO_MAILBOX, "ErrorMissingEmailAddress", code="ErrorMissingEmailAddress")
    own = (
        MailboxAnswer("", trouble=none)
        if whole
        else made.own_mailbox(bare=FolderAnswer("inbox", trouble=none), by_address=FolderAnswer("inbox@address"))
    )
    assert fails(judging.test_account_has_a_mailbox, **mailbox(own)).cause == "no-mailbox"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (FolderAnswer("inbox@address", trouble=made.NO_MAILBOX), "email-unknown"),
        (FolderAnswer("inbox@address", trouble=made.NO_ACCESS), "email-of-another"),
        (FolderAnswer("inbox@address", "strange-inbox"), "email-of-another"),
    ],
)
def test_an_email_that_is_not_the_accounts_fails(answer: FolderAnswer, cause: str) -> None:
    failed = fails(judging.test_account_has_a_mailbox, **mailbox(made.own_mailbox(by_address=answer)))
    assert failed.cause == cause
    assert failed.owner == Owner.INSTALLER.value


def test_an_alias_is_left_to_account_6() -> None:
    alias = FolderAnswer("inbox@address", trouble=made.NOT_PRIMARY)
    (note,) = passes(judging.test_account_has_a_mailbox, **mailbox(made.own_mailbox(by_address=alias)))
    assert "new@customer.com" in note
    assert "ACCOUNT-6" in note


@pytest.mark.parametrize(
    "own",
    [
        made.own_mailbox(bare=FolderAnswer("inbox", trouble=made.NO_ACCESS)),
        MailboxAnswer(EMAIL, folders=(FolderAnswer("inbox", "own-inbox"),)),
        MailboxAnswer(EMAIL, folders=(FolderAnswer("inbox@address", "own-inbox"),)),
        MailboxAnswer(EMAIL, trouble=made.NOT_PRIMARY),
    ],
    ids=["own inbox closed", "address not answered", "own inbox not answered", "fault for both"],
)
def test_an_answer_that_leaves_the_mailbox_open_is_not_measured(own: MailboxAnswer) -> None:
    not_measured(judging.test_account_has_a_mailbox, **mailbox(own))


def test_a_group_managed_account_fails_because_it_has_no_password_to_hand_over() -> None:
    classes = ["top", "computer", "msDS-GroupManagedServiceAccount"]
    failed = fails(judging.test_account_has_a_mailbox, **mailbox(objectClass=classes))
    assert failed.cause == "group-managed"
    assert failed.owner == Owner.DIRECTORY.value


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


@pytest.mark.parametrize("key", failing("ACCOUNT-4"))
def test_every_cause_that_names_it_fails_account_4(key: str) -> None:
    state = AccountState(cause=key, detail="as told", entry=account())
    failed = fails(judging.test_password_never_expires, account_state=state)
    assert failed.cause == ("must-change" if "change" in key or key == "bind-773" else "password-expired")


@pytest.mark.parametrize("hidden", ["useraccountcontrol", "msds-userpasswordexpirytimecomputed"])
def test_an_unreadable_expiry_is_not_judged(hidden: str) -> None:
    given = enabled(account(userAccountControl=0x200, unreadable=(hidden,)))
    not_measured(judging.test_password_never_expires, **given)


# --- ACCOUNT-5 ---


def test_a_sign_in_by_password_passes_and_says_from_where_and_how() -> None:
    (note,) = passes(judging.test_password_alone_signs_in, **made.sign_in_facts())
    assert "NTLM" in note
    assert "installer-pc" in note
    assert "192.0.2.9" in note


@pytest.mark.parametrize("key", failing("ACCOUNT-5"))
def test_every_cause_that_names_it_fails_account_5_with_its_own_fix(key: str) -> None:
    failed = fails(judging.test_password_alone_signs_in, **made.sign_in_facts(made.closed(key)))
    assert failed.cause == key
    assert CAUSES[key].sentence in failed.found
    assert failed.fix


def test_protected_users_are_named_where_the_way_is_refused() -> None:
    plain = made.closed("way-refused")
    assert "Protected Users" not in fails(judging.test_password_alone_signs_in, **made.sign_in_facts(plain)).found
    view = made.view(token_sids=(made.OWN_SID, made.PROTECTED_USERS))
    member = made.facts(ews_cause="way-refused", directory=view)
    failed = fails(judging.test_password_alone_signs_in, **made.sign_in_facts(member))
    assert "Protected Users" in failed.found


def test_a_required_smart_card_fails_even_while_the_password_still_works() -> None:
    card = made.facts(directory=made.view(account=account(userAccountControl=0x50200)))
    failed = fails(judging.test_password_alone_signs_in, **made.sign_in_facts(card))
    assert failed.cause == "smart-card"
    assert failed.owner == Owner.DIRECTORY.value


@pytest.mark.parametrize(
    "sign_in",
    [None, SignIn("CUSTOMER\\svc"), SignIn("CUSTOMER\\svc", tried=True, trouble=trouble(Kind.SILENT))],
    ids=["none", "not tried", "interrupted"],
)
def test_without_a_completed_sign_in_account_5_is_not_measured(sign_in: SignIn | None) -> None:
    not_measured(judging.test_password_alone_signs_in, **made.sign_in_facts(made.facts(sign_in=sign_in)))


# --- ACCOUNT-6 ---


def email(own: MailboxAnswer | None = None, **directory: Any) -> dict[str, Any]:
    return {"account_entry": account(**directory), "own_mailbox": own or made.own_mailbox(), "site": made.site()}


def test_one_address_everywhere_passes_whatever_its_case_and_the_upn() -> None:
    passes(judging.test_email_is_the_same_everywhere, **email())
    given = email(mail="SVC@Customer.COM", proxyAddresses=["SMTP:Svc@customer.com"], userPrincipalName="other@ad.local")
    passes(judging.test_email_is_the_same_everywhere, **given)


@pytest.mark.parametrize(
    ("directory", "cause"),
    [
        ({"mail": "old@customer.com"}, "addresses-differ"),
        ({"mail": None}, "addresses-differ"),
        ({"proxyAddresses": ["SMTP:old@customer.com", f"smtp:{EMAIL}"]}, "addresses-differ"),
        ({"proxyAddresses": [f"SMTP:{EMAIL}", "SMTP:old@customer.com"]}, "primary-not-one"),
        ({"proxyAddresses": [f"smtp:{EMAIL}", "X500:/o=org"]}, "primary-not-one"),
        ({"mail": "old@customer.com", "proxyAddresses": ["SMTP:old@customer.com"]}, "site-file-differs"),
    ],
)
def test_addresses_that_differ_fail(directory: dict[str, Any], cause: str) -> None:
    failed = fails(judging.test_email_is_the_same_everywhere, **email(**directory))
    assert failed.cause == cause
    assert failed.owner == (Owner.INSTALLER.value if cause == "site-file-differs" else "")


def test_another_primary_address_named_by_exchange_fails() -> None:
    alias = made.own_mailbox(by_address=FolderAnswer("inbox@address", trouble=made.NOT_PRIMARY))
    failed = fails(judging.test_email_is_the_same_everywhere, **email(alias))
    assert failed.cause == "addresses-differ"
    assert "new@customer.com" in failed.found


def test_a_directory_without_exchange_attributes_is_not_judged() -> None:
    said = not_measured(judging.test_email_is_the_same_everywhere, **email(proxyAddresses=None, mailNickname=None))
    assert said.cause == "unreadable"
    fails(judging.test_email_is_the_same_everywhere, **email(proxyAddresses=None))


@pytest.mark.parametrize("hidden", ["mail", "proxyaddresses"])
def test_unreadable_addresses_are_not_judged(hidden: str) -> None:
    not_measured(judging.test_email_is_the_same_everywhere, **email(unreadable=(hidden,)))
