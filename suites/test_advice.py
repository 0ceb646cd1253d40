"""Advice: what the guide does not require and experience recommends; shown, never decisive."""

from __future__ import annotations

import re

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Kind, MailboxAnswer
from pytest_flowscape.judging.remedies import NARROW_ROLE, SITE_FILE
from pytest_flowscape.requirement import Level, Notes, Owner, Per, expect, requirement
from pytest_flowscape.site.model import Site

BY_MAIL = re.compile(r"\b(e-?)?mails?\b", re.IGNORECASE)
NOT_BY_MAIL = re.compile(r"\b(no|not|never|without)\s+(by\s+|in\s+)?(e-?)?mails?\b", re.IGNORECASE)


@requirement(
    "ADVICE-1",
    title="Number of rooms is the expected one",
    per=Per.SITE,
    level=Level.RECOMMENDED,
    owner=Owner.INSTALLER,
    consequence="A room that was forgotten is noticed only after the installation.",
    fix="Ask the customer how many rooms there are, write 'expected = N' under [rooms], and list every one. "
    + SITE_FILE,
    link="https://learn.microsoft.com/en-us/exchange/recipients/room-mailboxes?view=exchserver-2019",
    guide="Room resources",
)
def test_expected_number_of_rooms(site: Site) -> None:
    """The site file SHOULD state how many rooms are expected, and list as many."""
    count = len(site.rooms)
    expect(
        site.expected_rooms is not None,
        expected="the expected number of rooms",
        found=f"none is stated; {count} rooms are listed",
        cause="number-not-stated",
    )
    expect(
        site.expected_rooms == count,
        expected=f"{site.expected_rooms} rooms",
        found=f"{count} rooms are listed",
        cause="number-differs",
    )


@requirement(
    "ADVICE-2",
    title="Password is not handed over by mail",
    per=Per.SITE,
    level=Level.RECOMMENDED,
    owner=Owner.INSTALLER,
    consequence="A password in a mail stays readable for years, in two organisations.",
    fix="Agree on a vault, a one-time link or a meeting in person, and write it as 'password_by = ...' under "
    "[handover]. " + SITE_FILE,
    link="https://learn.microsoft.com/en-us/entra/architecture/service-accounts-user-on-premises",
    guide="Handover",
)
def test_password_is_not_mailed(site: Site, notes: Notes) -> None:
    """The password SHOULD be handed over by another way than mail."""
    way = site.password_by.strip()
    mailed = bool(BY_MAIL.search(NOT_BY_MAIL.sub("", way)))
    expected = "a way other than mail to hand over the password"
    expect(bool(way), expected=expected, found="no way is stated", cause="way-not-stated")
    expect(not mailed, expected=expected, found=f"the site file says '{way}'", cause="by-mail")
    notes.add(f"Agreed way: {way}.")


@requirement(
    "ADVICE-3",
    title="Impersonation is limited",
    per=Per.SITE,
    level=Level.RECOMMENDED,
    owner=Owner.EXCHANGE,
    consequence="A person with the service account's password can read and write every mailbox of the organisation.",
    fix=NARROW_ROLE,
    link="https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/how-to-configure-impersonation",
    guide="Impersonation",
    needs=("ACCOUNT-5",),
    steps={"": "impersonation_narrow"},
)
def test_impersonation_is_limited(out_of_scope: MailboxAnswer | None) -> None:
    """The service account's impersonation SHOULD be limited: a mailbox outside its scope is refused."""
    if out_of_scope is None:
        raise NotMeasured("add 'out_of_scope = ADDRESS' of a test mailbox made for it under [users]")
    trouble = out_of_scope.first_trouble
    if trouble is not None and trouble.kind is not Kind.IMPERSONATION_REFUSED:
        raise NotMeasured(f"Exchange neither opened nor refused the out-of-scope mailbox: {trouble.said}")
    expect(
        trouble is not None,
        expected="Exchange to refuse acting as the out-of-scope mailbox",
        found="the service account can act as it: the role has no scope, or its scope is too wide",
        cause="unscoped",
    )
