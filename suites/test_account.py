"""The service account: a named, usable account with a mailbox of its own and a plain password."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import (
    FILETIME_NEVER,
    AccountNames,
    AccountState,
    DirectoryEntry,
    Kind,
    MailboxAnswer,
    SignIn,
    SiteFacts,
)
from pytest_flowscape.facts.directory import DISABLED, LOCKED_OUT, NEVER_EXPIRES, SMART_CARD, hint, hint_number
from pytest_flowscape.judging import entries, remedies, service_account
from pytest_flowscape.judging.causes import failing, sentence
from pytest_flowscape.judging.remedies import DIRECTORY, EXCHANGE, FIND_ACCOUNT, REPLICATION, SAFE, SITE_FILE, fix
from pytest_flowscape.requirement import Notes, Owner, Per, expect, requirement
from pytest_flowscape.site.addresses import canonical
from pytest_flowscape.site.model import Site

STATES = ("disabled", "locked", "expired")
SOURCES = {"directory": "Active Directory"}


@requirement(
    "ACCOUNT-1",
    title="First and last name are set",
    per=Per.SITE,
    owner=Owner.DIRECTORY,
    consequence="Meetings that Flowscape books show an organiser without a proper name.",
    fix=fix(
        EXCHANGE,
        "  Set-User -Identity '{account}' -FirstName 'FIRST' -LastName 'LAST'" + SAFE,
        "  Get-Mailbox -Identity '{account}' | Format-List DisplayName,PrimarySmtpAddress",
        "An address policy may change the address with the name: check that it is still the one in the site file. "
        "To undo, set the former names. " + REPLICATION,
    ),
    link="https://learn.microsoft.com/en-us/powershell/module/exchange/set-user",
    guide="Service account",
    reads=("givenName", "sn"),
    steps={"": "account_name"},
)
def test_first_and_last_name(account_names: AccountNames, notes: Notes) -> None:
    """The service account MUST have a first name and a last name."""
    both = (("first name", account_names.given_name), ("last name", account_names.surname))
    missing = [name for name, value in both if not value.strip()]
    expect(
        not missing,
        expected="a first name and a last name",
        found=f"no {' and no '.join(missing)} in {SOURCES.get(account_names.source, account_names.source)}",
        cause="name-missing",
    )
    if account_names.source != "directory":
        notes.add(f"According to {account_names.source}, because Active Directory was not available.")


@requirement(
    "ACCOUNT-2",
    title="Account is enabled",
    per=Per.SITE,
    owner=Owner.DIRECTORY,
    consequence="The service account cannot sign in: Flowscape stops working.",
    fix=remedies.account_state_fix("disabled"),
    link="https://learn.microsoft.com/powershell/module/activedirectory/enable-adaccount",
    guide="Service account",
    reads=("userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires"),
    steps=dict.fromkeys(STATES, "account_state"),
    handover=("user name",),
)
def test_account_is_enabled(account_state: AccountState, notes: Notes) -> None:
    """The service account MUST be enabled, not expired and not locked out.

    A future expiry date is noted.
    """
    refused = failing("ACCOUNT-2", account_state.closed)
    if refused:
        found = sentence(refused)
        _judge_state(False, next(state for state in STATES if state in found), found)
    entry = service_account.usable_entry(account_state)
    disabled = entries.number(entry, "userAccountControl") & DISABLED
    _judge_state(not disabled, "disabled", "the account is disabled (userAccountControl 0x2)")
    locked = entries.number(entry, "msDS-User-Account-Control-Computed") & LOCKED_OUT
    _judge_state(not locked, "locked", "the account is locked out (msDS-User-Account-Control-Computed 0x10)")
    entries.number(entry, "accountExpires")
    expires = entry.moment("accountExpires")
    if expires is not None:
        _judge_state(expires > entries.now(), "expired", f"the account expired on {entries.day(expires)}")
        notes.add(f"The account will expire on {entries.day(expires)}; Flowscape stops working then.")


def _judge_state(usable: bool, state: str, found: str) -> None:
    expected = "an account that is enabled, not expired and not locked out"
    expect(usable, expected=expected, found=found, cause=state, fix=remedies.account_state_fix(state))


@requirement(
    "ACCOUNT-3",
    title="Account has a mailbox of its own",
    per=Per.SITE,
    owner=Owner.EXCHANGE,
    consequence="Without a mailbox the service account can neither organise meetings nor receive answers to them.",
    fix=fix(
        "Check whether the address is in use; create the mailbox only if it is not. " + EXCHANGE,
        "  Get-Recipient -Identity '{email}' | Format-List Name,RecipientTypeDetails,DistinguishedName",
        "  Enable-Mailbox -Identity '{account}' -PrimarySmtpAddress '{email}'" + SAFE,
        "A mailbox in Exchange Online has to be moved here instead. To undo: Disable-Mailbox. " + REPLICATION,
    ),
    link="https://learn.microsoft.com/en-us/exchange/recipients/create-user-mailboxes?view=exchserver-2019",
    guide="Service account",
    needs=("ACCOUNT-5",),
    steps={"no-mailbox": "account_mailbox"},
    handover=("email",),
)
def test_account_has_a_mailbox(own_mailbox: MailboxAnswer, site: Site, site_facts: SiteFacts, notes: Notes) -> None:
    """The service account MUST have a mailbox of its own, and the configured email must be one of its addresses.

    Tested by effect: Exchange opens the same inbox for the sign-in and for the
    configured email.
    """
    expect(
        not entries.is_group_managed(site_facts.account),
        expected="a user account whose password can be handed over",
        found="the account is a group managed service account: its password cannot be handed over",
        cause="group-managed",
        fix="Create an ordinary user account with a mailbox for Flowscape. " + SITE_FILE,
        owner=Owner.DIRECTORY,
    )
    bare = service_account.own_inbox(own_mailbox)
    by_address = next((folder for folder in own_mailbox.folders if folder.name.startswith("inbox@")), None)
    if by_address is None:
        raise NotMeasured("Exchange did not answer for the configured email")
    if by_address.trouble is not None and by_address.trouble.kind is Kind.NOT_PRIMARY:
        primary = by_address.trouble.values.get("Primary", "another address")
        notes.add(f"Exchange reports {primary} as the primary address of this mailbox: see ACCOUNT-6.")
    elif by_address.trouble is not None or by_address.folder_id != bare.folder_id:
        nobody = by_address.trouble is not None and by_address.trouble.kind is Kind.NO_MAILBOX
        said = f" ({by_address.trouble.said})" if by_address.trouble else ""
        whose = "nobody has a mailbox with that address" if nobody else "the address belongs to another mailbox"
        expect(
            False,
            expected=f"{site.service_account.email} to open the same inbox as the sign-in",
            found=f"the account has a mailbox, but {whose}{said}",
            cause="email-unknown" if nobody else "email-of-another",
            fix="If another address is correct, write it as email under [service_account]. " + SITE_FILE,
            owner=Owner.INSTALLER,
        )
    details = hint_number(site_facts.account, "msExchRecipientTypeDetails")
    if details not in (None, 1):
        notes.add(f"Active Directory shows it as a {entries.type_name(details)}; it works, so it passes.")


@requirement(
    "ACCOUNT-4",
    title="Password never expires",
    per=Per.SITE,
    owner=Owner.DIRECTORY,
    consequence="On the day the password expires Flowscape stops working, although nobody changed anything.",
    fix=fix(
        DIRECTORY,
        FIND_ACCOUNT,
        "  Set-ADUser -Identity $account -PasswordNeverExpires $true -ChangePasswordAtLogon $false" + SAFE,
        "If the password has expired already, set a new one (Set-ADAccountPassword -Reset) and hand it over again. "
        "To undo: Set-ADUser with -PasswordNeverExpires $false. " + REPLICATION,
    ),
    link="https://learn.microsoft.com/powershell/module/activedirectory/set-aduser",
    guide="Service account",
    reads=("userAccountControl", "msDS-UserPasswordExpiryTimeComputed"),
    steps=dict.fromkeys(("must-change", "password-expires", "password-expired"), "account_password"),
    handover=("password",),
)
def test_password_never_expires(account_state: AccountState, notes: Notes) -> None:
    """The service account's password MUST never expire, and no change may be due at the next sign-in.

    Decided by the account's flag and by the expiry date that the domain
    controller computes, never by the date of the last change alone.
    """
    expected = "a password that never expires"
    refused = failing("ACCOUNT-4", account_state.closed)
    if refused:
        found = sentence(refused)
        must_change = "must be changed" in found
        expect(False, expected=expected, found=found, cause="must-change" if must_change else "password-expired")
    entry = service_account.usable_entry(account_state)
    flags = entries.number(entry, "userAccountControl")
    if flags & NEVER_EXPIRES:
        return
    computed = entries.number(entry, "msDS-UserPasswordExpiryTimeComputed")
    found = "the password must be changed at the next sign-in"
    expect(computed != 0, expected=expected, found=found, cause="must-change")
    if computed < FILETIME_NEVER:
        moment = entry.moment("msDS-UserPasswordExpiryTimeComputed")
        when = entries.day(moment) if moment else "a date that cannot be shown"
        past = moment is not None and moment <= entries.now()
        found = f"the password expired on {when}" if past else f"the password will expire on {when}"
        expect(False, expected=expected, found=found, cause="password-expired" if past else "password-expires")
    if flags & SMART_CARD:
        notes.add("It never expires only because a smart card is required: set the flag as well.")
    else:
        notes.add("It never expires only because of the password policy, which may change: set the flag as well.")


@requirement(
    "ACCOUNT-5",
    title="User name and password alone sign in",
    per=Per.SITE,
    owner=Owner.NETWORK,
    consequence="Flowscape signs in unattended: it cannot answer a second factor or fill in a sign-in page.",
    fix=remedies.WAY_FIXES["page-after-sign-in"],
    link=(
        "https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/"
        "how-to-control-access-to-ews-in-exchange"
    ),
    guide="Service account",
    needs=("HOST-3",),
    steps={
        "forbidden-after-sign-in": "account_ews",
        "way-refused": "account_policy",
        "smart-card": "account_smart_card",
    },
    handover=("user name", "password"),
)
def test_password_alone_signs_in(site: Site, sign_in_attempt: SignIn, site_facts: SiteFacts, notes: Notes) -> None:
    """The service account MUST sign in to Exchange with user name and password alone, without multi-factor sign-in.

    This applies to the machine of this run: another network path may pass
    another gateway.
    """
    expected = f"'{site.service_account.username}' to sign in to EWS with its password and nothing else"
    refused = failing("ACCOUNT-5", site_facts.closed)
    if refused:
        key, found = refused.cause, sentence(refused)
        if key == "way-refused" and service_account.is_protected(site_facts):
            found += "; the account is in Protected Users, which forbids NTLM"
        owner = Owner.NETWORK if key.startswith("page") else Owner.DIRECTORY if key == "smart-card" else Owner.EXCHANGE
        expect(False, expected=expected, found=found, cause=key, fix=remedies.WAY_FIXES[key], owner=owner)
    if not sign_in_attempt.succeeded:
        trouble = sign_in_attempt.trouble
        raise NotMeasured(f"the sign-in to EWS was not completed: {trouble.said if trouble else 'it was not tried'}")
    expect(
        not service_account.requires_smart_card(site_facts.account),
        expected=expected,
        found="the password still works, but the account requires a smart card (userAccountControl 0x40000)",
        cause="smart-card",
        fix=remedies.WAY_FIXES["smart-card"],
        owner=Owner.DIRECTORY,
    )
    for note in service_account.sign_in_notes(sign_in_attempt, site_facts):
        notes.add(note)


@requirement(
    "ACCOUNT-6",
    title="Email is the same in Active Directory and in Exchange",
    per=Per.SITE,
    owner=Owner.EXCHANGE,
    consequence="Answers to bookings go to an address that Flowscape does not watch, and impersonation by email fails.",
    fix=fix(
        "Note the current values first. Changing only the attribute mail in Active Directory is not enough. "
        + EXCHANGE,
        "  Get-Mailbox -Identity '{account}' | "
        "Format-List PrimarySmtpAddress,WindowsEmailAddress,EmailAddressPolicyEnabled",
        "  Set-Mailbox -Identity '{account}' -EmailAddressPolicyEnabled $false" + SAFE,
        "  Set-Mailbox -Identity '{account}' -WindowsEmailAddress '{email}'" + SAFE,
        "To undo, set the former address and policy. " + REPLICATION,
    ),
    link="https://learn.microsoft.com/en-us/exchange/recipients/user-mailboxes/email-addresses?view=exchserver-2019",
    guide="Service account",
    needs=("ACCOUNT-3",),
    reads=("mail", "proxyAddresses"),
    steps={"addresses-differ": "account_address", "primary-not-one": "account_address"},
    handover=("email",),
)
def test_email_is_the_same_everywhere(account_entry: DirectoryEntry, own_mailbox: MailboxAnswer, site: Site) -> None:
    """The service account's email attribute in Active Directory MUST be its primary address in Exchange.

    Both must be the configured email. The sign-in name (UPN) does not matter.
    """
    entries.require_readable(account_entry, "mail", "proxyAddresses")
    if not account_entry.values("proxyAddresses") and not hint(account_entry, "mailNickname"):
        raise NotMeasured("Active Directory shows no Exchange attributes of the account", cause=entries.UNREADABLE)
    configured = canonical(site.service_account.email)
    mail = canonical(account_entry.text("mail"))
    primaries = tuple(canonical(address) for address in account_entry.primary_addresses)
    reported = service_account.reported_primaries(own_mailbox)
    expected = f"{configured} as email attribute and as the only primary address"
    found = f"{len(primaries)} primary addresses in proxyAddresses ({', '.join(primaries) or 'none'})"
    expect(len(primaries) == 1, expected=expected, found=found, cause="primary-not-one")
    known = {mail, *primaries, *reported}
    elsewhere = len(known) == 1 and mail != configured
    found = f"Active Directory and Exchange both have {mail}, the site file has another address"
    wrong = "If that address is correct, write it as email under [service_account]. " + SITE_FILE
    expect(not elsewhere, expected=expected, found=found, cause="site-file-differs", fix=wrong, owner=Owner.INSTALLER)
    exchange = ", ".join(sorted(reported)) or primaries[0]
    found = f"email attribute {mail or 'empty'}, primary address {exchange}"
    expect(known == {configured}, expected=expected, found=found, cause="addresses-differ")
