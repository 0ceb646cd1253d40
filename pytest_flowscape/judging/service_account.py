"""What the requirements of the service account share: its object, its inbox, and how Exchange knows it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import AccountState, DirectoryEntry, FolderAnswer, Kind, MailboxAnswer, SignIn, SiteFacts
from pytest_flowscape.facts.directory import DISABLED, SMART_CARD, hint_number, is_linked, may_be_linked
from pytest_flowscape.judging import entries
from pytest_flowscape.requirement import expect
from pytest_flowscape.site.addresses import canonical


def usable_entry(state: AccountState) -> DirectoryEntry:
    """Return the object whose state counts. Raises NotMeasured where that is not the one that was found."""
    entry = state.entry
    if entry is None:
        raise NotMeasured("the account's object could not be read in Active Directory")
    if is_linked(entry):
        forest = state.master_forest or "another forest"
        raise NotMeasured(f"the mailbox is linked: its account is in {forest}, which was not queried")
    if entries.number(entry, "userAccountControl") & DISABLED and may_be_linked(entry):
        raise NotMeasured(
            "the object is disabled, which is normal for a linked mailbox; this account may not read whether it is "
            "one: msExchMasterAccountSid, msExchRecipientTypeDetails",
            cause=entries.UNREADABLE,
        )
    return entry


def own_inbox(own_mailbox: MailboxAnswer) -> FolderAnswer:
    """Return the inbox that Exchange opens for the sign-in itself.

    Raises RequirementFailed where the account has no mailbox, NotMeasured where
    Exchange did not answer.
    """
    bare = own_mailbox.folder("inbox")
    trouble = own_mailbox.trouble or (bare.trouble if bare else None)
    expect(
        trouble is None or trouble.kind is not Kind.NO_MAILBOX,
        expected="a mailbox on this Exchange for the account that signs in",
        found=f"the account has no mailbox: {trouble.said}" if trouble else "",
        cause="no-mailbox",
    )
    if trouble is not None or bare is None:
        raise NotMeasured(f"Exchange did not answer for the account's inbox: {trouble.said if trouble else 'nothing'}")
    return bare


def reported_primaries(own_mailbox: MailboxAnswer | None) -> frozenset[str]:
    """Return the primary addresses that Exchange reported in place of the configured email, as compared."""
    troubles = [folder.trouble for folder in own_mailbox.folders if folder.trouble] if own_mailbox else []
    named = (trouble.values.get("Primary") for trouble in troubles if trouble.kind is Kind.NOT_PRIMARY)
    return frozenset(canonical(primary) for primary in named if primary)


def requires_smart_card(entry: DirectoryEntry | None) -> bool:
    """Whether the account that signs in requires a smart card, as far as its own object shows it."""
    linked = entry is not None and is_linked(entry)
    return not linked and bool((hint_number(entry, "userAccountControl") or 0) & SMART_CARD)


def sign_in_notes(sign_in: SignIn, site_facts: SiteFacts) -> Iterator[str]:
    """Yield what is worth knowing of a sign-in that succeeded."""
    yield f"Signed in by {sign_in.way}, measured from {entries.vantage(site_facts)}."
    if site_facts.account is not None and is_linked(site_facts.account):
        yield "The mailbox is linked: the account that signed in is in another forest and was not checked."
    if sign_in.notes:
        protected = " The account is in Protected Users, which forbids NTLM." if is_protected(site_facts) else ""
        yield (
            f"Not every sign-in method works, although the password is correct: {'; '.join(sign_in.notes)}. Possible "
            f"reasons: a rule against NTLM, or Extended Protection behind a device that decrypts TLS.{protected} Make "
            f"sure that the product uses {sign_in.way} too."
        )


def is_protected(site_facts: SiteFacts) -> bool:
    """Whether the account is a member of Protected Users (RID 525 of its domain), which forbids NTLM."""
    sids = site_facts.directory.token_sids if site_facts.directory else ()
    return any(sid.startswith("S-1-5-21-") and sid.endswith("-525") for sid in sids)
