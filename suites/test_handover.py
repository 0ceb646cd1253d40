"""Handover: the five values that the installation needs are complete and belong together."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import DirectoryEntry, DirectoryView, SignIn, SiteFacts
from pytest_flowscape.facts.directory import hint, is_linked
from pytest_flowscape.judging import entries
from pytest_flowscape.judging.causes import failing, sentence
from pytest_flowscape.judging.remedies import SITE_FILE, fix
from pytest_flowscape.judging.service_account import reported_primaries
from pytest_flowscape.requirement import Notes, Owner, Per, expect, requirement
from pytest_flowscape.site.addresses import canonical
from pytest_flowscape.site.model import Site

IDENTITY_FIX = (
    "User name and email belong to two different accounts. Ask the customer which one is the service account, and "
    "write its user name and its email under [service_account]. " + SITE_FILE
)


@requirement(
    "HANDOVER-1",
    title="The five values are complete and one identity",
    per=Per.SITE,
    owner=Owner.INSTALLER,
    consequence="The installation stops on the day: the values do not sign in, or belong to another account.",
    fix=fix(
        "Ask for user name and password again, not by mail. Compare the form of the name with the "
        "account's properties: DOMAIN\\user needs the NetBIOS name of its own domain, user@domain needs its UPN, "
        "which may differ from its email.",
        "  whoami /upn",
        "The command shows the UPN of the account that is signed in. Then correct the site file, and add "
        "--flowscape-retry-sign-in once: each wrong password counts towards the lockout.",
    ),
    link="https://learn.microsoft.com/en-us/windows/win32/secauthn/user-name-formats",
    guide="Handover",
    needs=("ACCOUNT-3",),
    handover=("user name", "password"),
)
def test_values_are_one_identity(site: Site, sign_in_attempt: SignIn, site_facts: SiteFacts, notes: Notes) -> None:
    """User name, email, password, room addresses and hostname MUST be complete and belong to one identity.

    The user name is the one that signed in with the password; the email is
    that account's; the rooms and the hostname are those of this run.
    """
    account = site.service_account
    refused = failing("HANDOVER-1", site_facts.closed)
    if refused:
        expect(
            False,
            expected=f"the user name '{account.username}' and the password to sign in",
            found=f"{sentence(refused)}. The user name has the form {_form(account.username)}",
            cause=refused.cause,
        )
    values = {
        "user name": account.username,
        "email": account.email,
        "password": str(account.password),
        "room addresses": ", ".join(room.email for room in site.rooms),
        "hostname": site.exchange.hostname,
    }
    missing = [name for name, value in values.items() if not value.strip()]
    found = f"no {', no '.join(missing)}"
    expect(not missing, expected="all five values", found=found, cause="incomplete", fix=SITE_FILE)
    if not sign_in_attempt.succeeded:
        raise NotMeasured("no sign-in with the user name and the password succeeded")
    expect(
        sign_in_attempt.username == account.username,
        expected=f"the user name '{account.username}' as handed over",
        found=f"the sign-in succeeded as '{sign_in_attempt.username}'",
        cause="other-name-signed-in",
        fix=SITE_FILE,
    )
    if site_facts.directory is not None:
        _judge_identity(site, site_facts, site_facts.directory)
    notes.add(
        f"To hand over: user name {account.username} ({_form(account.username)}), email {account.email}, "
        f"{len(site.rooms)} rooms, hostname {site.exchange.hostname}; the password separately."
    )


def _judge_identity(site: Site, site_facts: SiteFacts, view: DirectoryView) -> None:
    """Fail where the account that signed in is not the one with the email."""
    entry = view.account
    if entry is None or is_linked(entry):
        return
    mailbox = {canonical(site.service_account.email), *reported_primaries(site_facts.own_mailbox)}
    known = entries.addresses_of(entry)
    others = [holder for holder in _holders(view) if not _belongs(holder, entry)]
    if not known or known & mailbox or (_holders(view) and not others):
        return
    expect(
        False,
        expected=f"'{site.service_account.username}' and {site.service_account.email} to be one account",
        found=f"the account that signed in ({entry.dn}) has {', '.join(sorted(known))}"
        + (f"; the email belongs to {others[0].dn}" if others else ""),
        cause="two-identities",
        fix=IDENTITY_FIX,
    )


def _holders(view: DirectoryView) -> tuple[DirectoryEntry, ...]:
    holders = view.account_holders
    return entries.all_holders(holders) if holders and not holders.trouble else ()


def _belongs(holder: DirectoryEntry, account: DirectoryEntry) -> bool:
    """Whether an object is the account's own, or the linked mailbox of it."""
    if holder.dn.lower() == account.dn.lower():
        return True
    sids = set(hint(account, "objectSid"))
    return bool(sids.intersection(hint(holder, "msExchMasterAccountSid")))


def _form(username: str) -> str:
    r"""Return which form a user name has: DOMAIN\user, a UPN, or a bare name."""
    if "\\" in username:
        return "DOMAIN\\user"
    return "user@domain (UPN)" if "@" in username else "a bare name without domain"
