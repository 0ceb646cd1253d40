"""HANDOVER-1 and the ADVICE, both ways, from facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_flowscape.facts import FolderAnswer, Holders, Kind, MailboxAnswer, SignIn, SiteFacts
from pytest_flowscape.judging.causes import CAUSES
from suites import test_advice, test_handover
from tests.suites import made
from tests.suites.made import EMAIL, NO_MAILBOX, NOT_PRIMARY, REFUSED, account, fails, not_measured, passes

judge = test_handover.test_values_are_one_identity


def signed_in_as(entry: Any, *holders: Any, **facts: Any) -> SiteFacts:
    """Make a site on which ``entry`` signed in, and ``holders`` have the configured email."""
    view = made.view(account=entry, account_holders=Holders(EMAIL, by_proxy=tuple(holders)))
    return made.facts(directory=view, **facts)


def test_five_values_of_one_identity_pass_and_are_listed_without_the_password() -> None:
    (note,) = passes(judge, **made.sign_in_facts())
    assert all(part in note for part in ("CUSTOMER\\svc", EMAIL, "2 rooms", "mail.customer.com"))
    assert "SVC_PASSWORD" not in note


def test_without_a_directory_the_sign_in_and_the_mailbox_are_enough() -> None:
    passes(judge, **made.sign_in_facts(made.facts(directory=None)))


@pytest.mark.parametrize("key", made.causes_failing("HANDOVER-1"))
def test_every_cause_that_names_it_fails_and_says_what_may_be_wrong(key: str) -> None:
    failed = fails(judge, **made.sign_in_facts(made.closed(key)))
    assert failed.cause == key
    assert CAUSES[key].sentence in failed.found
    assert "The user name has the form DOMAIN\\user" in failed.found
    also = () if key == "bind-525" else ("password", "smart card")
    assert all(word in failed.found for word in also)


@pytest.mark.parametrize(
    ("username", "form"), [("CUSTOMER\\svc", "DOMAIN\\user"), ("svc@ad.local", "UPN"), ("svc", "bare name")]
)
def test_the_form_of_the_user_name_is_named(username: str, form: str) -> None:
    given = replace(made.site().service_account, username=username)
    failed = fails(judge, **made.sign_in_facts(made.closed("bind-52e"), service_account=given))
    assert username in failed.expected
    assert form in failed.found


@pytest.mark.parametrize("sign_in", [None, SignIn("CUSTOMER\\svc", tried=True, trouble=made.trouble(Kind.SILENT))])
def test_without_a_sign_in_nothing_is_claimed(sign_in: SignIn | None) -> None:
    not_measured(judge, **made.sign_in_facts(made.facts(sign_in=sign_in)))


def test_another_name_than_the_configured_one_fails() -> None:
    other = made.facts(sign_in=SignIn("CUSTOMER\\other", tried=True, way="NTLM"))
    assert fails(judge, **made.sign_in_facts(other)).cause == "other-name-signed-in"


@pytest.mark.parametrize(
    "changes",
    [
        {"rooms": ()},
        {"service_account": replace(made.site().service_account, email=" ")},
        {"exchange": replace(made.site().exchange, hostname="")},
    ],
    ids=["rooms", "email", "hostname"],
)
def test_a_missing_value_fails_and_is_named(changes: dict[str, Any], request: pytest.FixtureRequest) -> None:
    failed = fails(judge, **made.sign_in_facts(**changes))
    assert failed.cause == "incomplete"
    assert request.node.callspec.id.rstrip("s") in failed.found


def test_an_email_that_belongs_to_another_account_fails_and_names_both() -> None:
    one = account(mail="one@customer.com", proxyAddresses=["SMTP:one@customer.com"], dn="CN=one")
    failed = fails(judge, **made.sign_in_facts(signed_in_as(one, account())))
    assert failed.cause == "two-identities"
    assert "CN=one" in failed.found
    assert "CN=svc" in failed.found
    assert fails(judge, **made.sign_in_facts(signed_in_as(one))).cause == "two-identities"


@pytest.mark.parametrize(
    "changes",
    [
        {"mail": "old@customer.com"},
        {"proxyAddresses": ["SMTP:old@customer.com", f"smtp:{EMAIL}"]},
        {"proxyAddresses": None},
    ],
    ids=["mail differs", "primary differs", "no Exchange attributes"],
)
def test_what_account_6_judges_is_not_judged_twice(changes: dict[str, Any]) -> None:
    entry = account(**changes)
    passes(judge, **made.sign_in_facts(signed_in_as(entry, entry)))


def test_the_address_that_exchange_names_belongs_to_the_identity() -> None:
    renamed = account(mail="new@customer.com", proxyAddresses=["SMTP:new@customer.com"])
    own = made.own_mailbox(by_address=FolderAnswer("inbox@address", trouble=NOT_PRIMARY))
    passes(judge, **made.sign_in_facts(signed_in_as(renamed, own_mailbox=own)))


def test_the_linked_mailbox_of_the_account_is_the_same_identity() -> None:
    sid = bytes(range(28))
    one = account(dn="CN=one", mail="one@other.forest", proxyAddresses=None, objectSid=sid)
    linked = account(msExchMasterAccountSid=sid)
    passes(judge, **made.sign_in_facts(signed_in_as(one, linked)))
    assert fails(judge, **made.sign_in_facts(signed_in_as(one, account()))).cause == "two-identities"


# --- ADVICE ---


def test_as_many_rooms_as_expected_pass() -> None:
    passes(test_advice.test_expected_number_of_rooms, site=made.site())


@pytest.mark.parametrize(("expected", "cause"), [(None, "number-not-stated"), (3, "number-differs")])
def test_another_number_of_rooms_or_none_fails(expected: int | None, cause: str) -> None:
    site = made.site(expected_rooms=expected)
    assert fails(test_advice.test_expected_number_of_rooms, site=site).cause == cause


@pytest.mark.parametrize(
    "way", ["vault", "one-time link", "in person", "vault, never by mail", "in person, not by email"]
)
def test_a_way_that_is_not_mail_passes(way: str) -> None:
    (note,) = passes(test_advice.test_password_is_not_mailed, site=made.site(password_by=way))
    assert way in note


@pytest.mark.parametrize(
    ("way", "cause"),
    [
        ("", "way-not-stated"),
        (" ", "way-not-stated"),
        ("by e-mail", "by-mail"),
        ("Mail", "by-mail"),
        ("mails", "by-mail"),
    ],
)
def test_mail_or_no_stated_way_fails(way: str, cause: str) -> None:
    assert fails(test_advice.test_password_is_not_mailed, site=made.site(password_by=way)).cause == cause


def test_a_refused_stranger_passes() -> None:
    stranger = MailboxAnswer("canary@customer.com", trouble=REFUSED)
    passes(test_advice.test_impersonation_is_limited, out_of_scope=stranger)


def test_a_stranger_who_can_be_acted_as_fails() -> None:
    stranger = made.calendar_of("canary@customer.com")
    failed = fails(test_advice.test_impersonation_is_limited, out_of_scope=stranger)
    assert failed.cause == "unscoped"


@pytest.mark.parametrize(
    "stranger", [None, MailboxAnswer("canary@customer.com", trouble=NO_MAILBOX)], ids=["not configured", "unknown"]
)
def test_without_an_answer_about_a_stranger_nothing_is_claimed(stranger: MailboxAnswer | None) -> None:
    said = not_measured(test_advice.test_impersonation_is_limited, out_of_scope=stranger)
    assert ("out_of_scope" in said.reason) is (stranger is None)
