"""IMPERSONATION-1 to -3 and CALENDAR-1, both ways, from facts made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_flowscape.facts import FolderAnswer, Kind, MailboxAnswer, SiteFacts, SyncAnswer
from pytest_flowscape.facts.names import FIVE_FOLDERS
from pytest_flowscape.requirement import Owner
from suites import test_calendar, test_impersonation
from tests.suites import made
from tests.suites.made import (
    ALICE,
    ATLAS,
    EMAIL,
    NO_ACCESS,
    NO_MAILBOX,
    NOT_PRIMARY,
    REFUSED,
    fails,
    not_measured,
    passes,
)

ROLE_ELSEWHERE = made.facts()
NO_ROLE = made.facts(self_as_owner=MailboxAnswer(EMAIL, trouble=REFUSED))


def refusal(address: str) -> MailboxAnswer:
    return MailboxAnswer(address, impersonated=address, trouble=REFUSED)


# --- IMPERSONATION-1 ---


def room(answer: MailboxAnswer | None = None, facts: SiteFacts = ROLE_ELSEWHERE) -> dict[str, Any]:
    return {
        "room_as_owner": answer or made.mailbox(impersonated=True),
        "own_folder_ids": made.OWN_IDS,
        "site_facts": facts,
    }


def test_acting_as_the_room_passes() -> None:
    passes(test_impersonation.test_act_as_room, **room())


def test_a_room_whose_other_folders_are_missing_can_still_be_acted_as() -> None:
    virgin = made.mailbox(rights=dict.fromkeys(FIVE_FOLDERS[1:], NO_ACCESS), impersonated=True)
    passes(test_impersonation.test_act_as_room, **room(virgin))


@pytest.mark.parametrize(("facts", "cause"), [(ROLE_ELSEWHERE, "out-of-scope"), (NO_ROLE, "no-role")])
def test_a_refused_impersonation_fails_by_whether_the_role_is_seen_at_all(facts: SiteFacts, cause: str) -> None:
    failed = fails(test_impersonation.test_act_as_room, **room(refusal(ATLAS), facts))
    assert failed.cause == cause
    assert ("New-ManagementRoleAssignment" in failed.fix) is (cause == "no-role")


def test_an_impersonation_that_opens_nothing_fails() -> None:
    shut = made.mailbox(rights=dict.fromkeys(FIVE_FOLDERS, NO_ACCESS), impersonated=True)
    assert fails(test_impersonation.test_act_as_room, **room(shut)).cause == "no-folder-opens"
    whole = MailboxAnswer(ATLAS, impersonated=ATLAS, trouble=NO_ACCESS)
    assert fails(test_impersonation.test_act_as_room, **room(whole)).cause == "no-folder-opens"


def test_an_answer_from_the_callers_own_mailbox_proves_no_impersonation() -> None:
    own = MailboxAnswer(ATLAS, folders=(FolderAnswer("calendar", "own-calendar"),))
    assert not_measured(test_impersonation.test_act_as_room, **room(own)).cause == "own-mailbox"


# --- IMPERSONATION-2 ---


def user(answer: MailboxAnswer | None = None, address: str = ALICE) -> dict[str, Any]:
    return {
        "user": address,
        "site": made.site(),
        "user_as_owner": answer or made.calendar_of(address),
        "own_folder_ids": made.OWN_IDS,
        "site_facts": ROLE_ELSEWHERE,
    }


def test_acting_as_a_user_passes() -> None:
    passes(test_impersonation.test_act_as_user, **user())


def test_a_refused_user_fails() -> None:
    assert fails(test_impersonation.test_act_as_user, **user(refusal(ALICE))).cause == "out-of-scope"


@pytest.mark.parametrize(("kind", "cause"), [(NO_MAILBOX, "no-mailbox"), (NOT_PRIMARY, "alias")])
def test_an_address_that_is_no_users_fails_by_the_site_file(kind: made.Trouble, cause: str) -> None:
    failed = fails(test_impersonation.test_act_as_user, **user(MailboxAnswer(ALICE, trouble=kind)))
    assert failed.cause == cause
    assert failed.owner == Owner.INSTALLER.value
    assert ("new@customer.com" in failed.found) is (cause == "alias")


def test_a_user_whose_calendar_does_not_open_fails() -> None:
    shut = MailboxAnswer(ALICE, folders=(FolderAnswer("calendar", trouble=NO_ACCESS),))
    assert fails(test_impersonation.test_act_as_user, **user(shut)).cause == "no-folder-opens"


def test_the_accounts_own_calendar_is_an_answer_only_for_the_account_itself() -> None:
    own = MailboxAnswer(ALICE, folders=(FolderAnswer("calendar", "own-calendar"),))
    assert not_measured(test_impersonation.test_act_as_user, **user(own)).cause == "own-mailbox"
    passes(test_impersonation.test_act_as_user, **user(own, EMAIL))


# --- IMPERSONATION-3 ---


def itself(answer: MailboxAnswer | None = None, stranger: MailboxAnswer | None = None) -> dict[str, Any]:
    facts = made.facts(out_of_scope=stranger)
    return {"self_as_owner": answer or made.calendar_of(EMAIL), "site_facts": facts}


def test_acting_as_itself_is_proven_by_a_refused_stranger() -> None:
    (note,) = passes(test_impersonation.test_act_as_itself, **itself(stranger=refusal("canary@customer.com")))
    assert note.startswith("Proven")


@pytest.mark.parametrize(
    "stranger",
    [None, MailboxAnswer("canary@customer.com", trouble=NO_MAILBOX)],
    ids=["none configured", "unknown address"],
)
def test_acting_as_itself_distinguishes_nothing_without_a_refusal(stranger: MailboxAnswer | None) -> None:
    (note,) = passes(test_impersonation.test_act_as_itself, **itself(stranger=stranger))
    assert note.startswith("Not proven")


def test_acting_as_itself_needs_no_scope_where_the_stranger_is_let_in() -> None:
    (note,) = passes(test_impersonation.test_act_as_itself, **itself(stranger=made.calendar_of("canary@customer.com")))
    assert note.startswith("Not limited")
    assert "ADVICE-3" in note


def test_an_account_outside_its_own_scope_fails() -> None:
    assert fails(test_impersonation.test_act_as_itself, **itself(refusal(EMAIL))).cause == "out-of-scope"


def test_an_own_calendar_that_does_not_open_fails() -> None:
    shut = MailboxAnswer(EMAIL, folders=(FolderAnswer("calendar", trouble=NO_ACCESS),))
    assert fails(test_impersonation.test_act_as_itself, **itself(shut)).cause == "no-folder-opens"


@pytest.mark.parametrize(("kind", "because"), [(NO_MAILBOX, ""), (NOT_PRIMARY, "ACCOUNT-6")])
def test_an_email_that_exchange_does_not_accept_is_not_impersonations_fault(kind: made.Trouble, because: str) -> None:
    said = not_measured(test_impersonation.test_act_as_itself, **itself(MailboxAnswer(EMAIL, trouble=kind)))
    assert said.because == because


# --- CALENDAR-1 ---


def calendar(answer: MailboxAnswer | None = None, **sync: Any) -> dict[str, Any]:
    told = {"sync_state": "H4sIAAA=", "changes": 1, "parent_folder_ids": (f"{ATLAS}-calendar",), **sync}
    return {
        "room_sync": SyncAnswer(ATLAS, ATLAS, **told),
        "room_as_owner": answer or made.mailbox(impersonated=True),
        "own_folder_ids": made.OWN_IDS,
    }


def test_a_synchronisation_state_of_the_rooms_calendar_passes() -> None:
    passes(test_calendar.test_calendar_can_be_synchronised, **calendar())


def test_an_empty_calendar_and_an_answer_without_folder_ids_pass() -> None:
    passes(test_calendar.test_calendar_can_be_synchronised, **calendar(changes=0, parent_folder_ids=()))


@pytest.mark.parametrize(
    ("kind", "cause"),
    [(Kind.NO_ACCESS, "no-calendar"), (Kind.IMPERSONATION_REFUSED, "sync-refused"), (Kind.OTHER, "sync-refused")],
    ids=lambda value: value.name if isinstance(value, Kind) else value,
)
def test_a_refused_synchronisation_fails(kind: Kind, cause: str) -> None:
    refused = made.trouble(kind, "ErrorSyncFolderNotFound", code="ErrorSyncFolderNotFound")
    failed = fails(test_calendar.test_calendar_can_be_synchronised, **calendar(trouble=refused, sync_state=""))
    assert failed.cause == cause
    assert "ErrorSyncFolderNotFound" in failed.found


def test_an_answer_without_a_state_fails() -> None:
    assert fails(test_calendar.test_calendar_can_be_synchronised, **calendar(sync_state="")).cause == "no-state"


def test_items_of_another_folder_fail() -> None:
    other = calendar(parent_folder_ids=(f"{ATLAS}-calendar", "strange"))
    assert fails(test_calendar.test_calendar_can_be_synchronised, **other).cause == "other-folder"


def test_items_of_the_callers_own_calendar_are_no_answer() -> None:
    own = calendar(parent_folder_ids=("own-calendar",))
    assert not_measured(test_calendar.test_calendar_can_be_synchronised, **own).cause == "own-mailbox"


def test_without_the_calendars_id_nothing_is_compared() -> None:
    hidden = made.mailbox(rights={"calendar": NO_ACCESS}, impersonated=True)
    passes(test_calendar.test_calendar_can_be_synchronised, **calendar(hidden, parent_folder_ids=("strange",)))
