"""ACCOUNT-3, ACCOUNT-5 and ACCOUNT-6, both ways, from facts made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_flowscape.facts import FolderAnswer, Kind, MailboxAnswer, SignIn
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.requirement import Owner
from suites import test_account as judging
from tests.suites import made
from tests.suites.made import EMAIL, account, causes_failing, fails, not_measured, passes, trouble

pytestmark = pytest.mark.usefixtures("fixed_clock")
LINKED = {"msExchMasterAccountSid": b"\x01\x05" + b"\x00" * 22, "msExchRecipientTypeDetails": 2}


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


# --- ACCOUNT-5 ---


def test_a_sign_in_by_password_passes_and_says_from_where_and_how() -> None:
    (note,) = passes(judging.test_password_alone_signs_in, **made.sign_in_facts())
    assert "NTLM" in note
    assert "installer-pc" in note
    assert "192.0.2.9" in note


@pytest.mark.parametrize("key", causes_failing("ACCOUNT-5"))
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
