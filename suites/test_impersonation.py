"""Impersonation: the service account may act as every room, every user and itself."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Kind, MailboxAnswer, SiteFacts
from pytest_flowscape.judging import entries
from pytest_flowscape.judging.remedies import (
    ACCOUNT_OUT_OF_SCOPE,
    GRANT_ROLE,
    NO_UNDO,
    NO_WAIT,
    SITE_FILE,
    TARGET_OUT_OF_SCOPE,
)
from pytest_flowscape.requirement import Notes, Owner, Per, expect, requirement
from pytest_flowscape.site.model import Site

LINK = (
    "https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/how-to-configure-impersonation"
)
GUIDE = "Impersonation"


def _judge_refusal(answer: MailboxAnswer, site_facts: SiteFacts, whom: str) -> None:
    """Fail where Exchange refused the impersonation, by whether the role seems to exist at all."""
    trouble = answer.first_trouble
    refused = trouble is not None and trouble.kind is Kind.IMPERSONATION_REFUSED
    itself = site_facts.self_as_owner
    scoped = itself is not None and itself.first_trouble is None
    expect(
        not refused,
        expected=f"to act as {whom} by the role ApplicationImpersonation",
        found="Exchange refuses it, although the account may act as itself: the role's scope does not include this "
        "mailbox, or another administrator's exclusive scope covers it"
        if scoped
        else "Exchange refuses it: the account does not have the role, its scope does not include this mailbox, or "
        "another administrator's exclusive scope covers it",
        cause="out-of-scope" if scoped else "no-role",
        fix=TARGET_OUT_OF_SCOPE if scoped else GRANT_ROLE,
    )


def _opened(answer: MailboxAnswer, whom: str) -> None:
    """Fail where the impersonation was accepted and yet not one folder opened."""
    trouble = answer.first_trouble
    opened = any(folder.trouble is None for folder in answer.folders)
    expect(
        opened or trouble is None,
        expected=f"to open {whom}'s mailbox acting as its owner",
        found=f"impersonation is accepted, but no folder opens: {trouble.said}" if trouble else "",
        cause="no-folder-opens",
        fix="Open the mailbox once with Outlook on the web: a mailbox that was never used may lack its folders. "
        f"{NO_UNDO} {NO_WAIT}",
    )


@requirement(
    "IMPERSONATION-1",
    title="Service account can act as the room",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Flowscape cannot read this room's calendar, so it shows the room wrongly or not at all.",
    fix=GRANT_ROLE,
    link=LINK,
    guide=GUIDE,
    needs=("ACCOUNT-5",),
    steps={"no-role": "impersonation", "out-of-scope": "impersonation"},
)
def test_act_as_room(room_as_owner: MailboxAnswer, own_folder_ids: frozenset[str], site_facts: SiteFacts) -> None:
    """The service account MUST be able to act as each configured room by impersonation."""
    _judge_refusal(room_as_owner, site_facts, "the room")
    entries.refuse_own(room_as_owner, own_folder_ids)
    _opened(room_as_owner, "the room")


@requirement(
    "IMPERSONATION-2",
    title="Service account can act as the user",
    per=Per.USER,
    owner=Owner.EXCHANGE,
    consequence="Flowscape cannot book a room in this user's name.",
    fix=GRANT_ROLE,
    link=LINK,
    guide=GUIDE,
    needs=("ACCOUNT-5",),
    steps={"no-role": "impersonation", "out-of-scope": "impersonation"},
)
def test_act_as_user(
    user: str, site: Site, user_as_owner: MailboxAnswer, own_folder_ids: frozenset[str], site_facts: SiteFacts
) -> None:
    """The service account MUST be able to act as each configured user by impersonation.

    Only the id of the user's calendar is requested, no content.
    """
    _judge_refusal(user_as_owner, site_facts, "the user")
    trouble = user_as_owner.first_trouble
    unknown = trouble is not None and trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY)
    if trouble is not None and unknown:
        primary = trouble.values.get("Primary", "")
        expect(
            False,
            expected="the primary address of a mailbox on this Exchange Server",
            found=f"it is an alias of {primary}" if primary else f"Exchange does not accept it: {trouble.said}",
            cause="alias" if trouble.kind is Kind.NOT_PRIMARY else "no-mailbox",
            fix="Write the primary address of a mailbox on this server under [users]. " + SITE_FILE,
            owner=Owner.INSTALLER,
        )
    if user != site.service_account.email:
        entries.refuse_own(user_as_owner, own_folder_ids)
    _opened(user_as_owner, "the user")


@requirement(
    "IMPERSONATION-3",
    title="Service account can act as itself",
    per=Per.SITE,
    owner=Owner.EXCHANGE,
    consequence="Bookings that the service account makes itself fail.",
    fix=ACCOUNT_OUT_OF_SCOPE,
    link=LINK,
    guide=GUIDE,
    needs=("ACCOUNT-3",),
    steps={"out-of-scope": "impersonation"},
)
def test_act_as_itself(self_as_owner: MailboxAnswer, site_facts: SiteFacts, notes: Notes) -> None:
    """The service account MUST be able to act as itself by impersonation.

    A scope that lists rooms and users must list the account too.
    """
    trouble = self_as_owner.first_trouble
    if trouble is not None and trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY):
        because = "ACCOUNT-6" if trouble.kind is Kind.NOT_PRIMARY else ""
        raise NotMeasured(f"Exchange does not accept the configured email: {trouble.said}", because=because)
    expect(
        trouble is None or trouble.kind is not Kind.IMPERSONATION_REFUSED,
        expected="to act as itself by the role ApplicationImpersonation",
        found="Exchange refuses it: the role's scope does not include the account itself, or it does not have the role",
        cause="out-of-scope",
    )
    _opened(self_as_owner, "the account")
    canary = site_facts.out_of_scope
    stranger = canary.first_trouble if canary else None
    if canary is not None and stranger is None:
        notes.add("Not limited: the out-of-scope mailbox opens as well (see ADVICE-3), so no scope applies.")
    elif stranger is not None and stranger.kind is Kind.IMPERSONATION_REFUSED:
        notes.add("Proven: Exchange refused to act as the out-of-scope mailbox, so it does check.")
    else:
        notes.add("Not proven: no out-of-scope mailbox was refused, so Exchange may not check this at all.")
