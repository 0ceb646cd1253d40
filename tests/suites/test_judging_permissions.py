"""PERMISSION-1, both ways and the way between, from facts made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from pytest_flowscape.core.errors import RequirementFailed
from pytest_flowscape.facts import FolderAnswer, Grant, Kind, MailboxAnswer, PermissionEntry, Trouble
from pytest_flowscape.facts.names import FIVE_FOLDERS
from pytest_flowscape.judging.full_access import NEEDED
from pytest_flowscape.requirement import Notes
from suites import test_permissions as judging
from tests.suites import made
from tests.suites.made import ALL, ATLAS, EMAIL, GROUP_SID, NO_ACCESS, OWN_SID, REFUSED, fails, not_measured, passes

pytestmark = pytest.mark.usefixtures("fixed_clock")
EDITOR = {**ALL, "CreateHierarchy": False, "Modify": False, "Delete": False, "CreateAssociated": False}
HOURS = timedelta(hours=1)


def given(
    rights: Mapping[str, Mapping[str, bool] | Trouble | None] | None = None,
    *,
    grant: Grant = Grant.GRANTED,
    ago: timedelta = timedelta(days=30),
    entries: tuple[PermissionEntry, ...] | None = (),
    **changes: Any,
) -> dict[str, Any]:
    """Make the facts of one room; ``rights`` are the delegate's on single folders, ``entries`` are on all folders."""
    told = None if entries is None else (made.anonymous(), *entries)
    healthy = {
        "site": made.site(),
        "room_as_delegate": made.mailbox(rights=rights),
        "room_as_owner": made.mailbox(permissions=dict.fromkeys(FIVE_FOLDERS, told), impersonated=True),
        "room_rights": made.rights(grant, ago=ago),
        "own_folder_ids": made.OWN_IDS,
        "site_facts": made.facts(),
    }
    return {**healthy, **changes}


def except_(*kept: str, otherwise: Mapping[str, bool] | Trouble = NO_ACCESS) -> dict[str, Mapping[str, bool] | Trouble]:
    return {name: otherwise for name in FIVE_FOLDERS if name not in kept}


def by_level(level: str, **identity: str) -> PermissionEntry:
    return PermissionEntry(identity.get("sid") or identity.get("smtp") or "Default", level, **identity)


# --- passes ---


def test_all_rights_with_a_grant_in_the_directory_pass_silently() -> None:
    assert passes(judging.test_full_access, **given()) == []


@pytest.mark.parametrize(
    ("grant", "says"),
    [
        (Grant.ABSENT, "not visible in Active Directory"),
        (Grant.DENIED, "not visible"),
        (Grant.UNREADABLE, "does not show"),
    ],
)
def test_rights_whose_source_is_not_visible_pass_with_the_possible_sources(grant: Grant, says: str) -> None:
    (note,) = passes(judging.test_full_access, **given(grant=grant))
    assert says in note


def test_a_lesser_right_that_full_access_does_not_need_is_a_note_and_private_items_are_none() -> None:
    less = {"inbox": {**ALL, "Delete": False, "CreateAssociated": False, "ViewPrivateItems": False}}
    (note,) = passes(judging.test_full_access, **given(less))
    assert "inbox: CreateAssociated, Delete" in note
    assert "ViewPrivateItems" not in note


def test_rights_that_do_not_name_private_items_at_all_pass() -> None:
    short = {right: True for right in ALL if right != "ViewPrivateItems"}
    assert passes(judging.test_full_access, **given(dict.fromkeys(FIVE_FOLDERS, short))) == []


def test_a_grant_in_the_directory_passes_though_folder_permissions_could_explain_it() -> None:
    passes(judging.test_full_access, **given(entries=(by_level("Owner", sid=OWN_SID),)))


def test_a_grant_in_the_directory_passes_though_impersonation_is_refused() -> None:
    refused = MailboxAnswer(ATLAS, impersonated=ATLAS, trouble=REFUSED)
    assert passes(judging.test_full_access, **given(room_as_owner=refused)) == []


def test_owner_permissions_on_four_folders_cannot_explain_the_fifth() -> None:
    owner = (made.anonymous(), by_level("Owner", sid=OWN_SID))
    permissions = {**dict.fromkeys(FIVE_FOLDERS, owner), "deleteditems": (made.anonymous(),)}
    room = made.mailbox(permissions=permissions, impersonated=True)
    passes(judging.test_full_access, **given(grant=Grant.ABSENT, room_as_owner=room))


@pytest.mark.parametrize(
    "entry",
    [
        by_level("Owner", sid="S-1-5-21-1-2-3-9999", smtp="other@customer.com"),
        by_level("Editor", sid=OWN_SID),
        by_level("Reviewer"),
        PermissionEntry("Default", "Custom", {"CanCreateItems": True, "ReadItems": True, "EditItems": False}),
    ],
    ids=["somebody else", "editor", "default reviewer", "custom"],
)
def test_permissions_of_others_or_lesser_ones_do_not_explain_the_rights(entry: PermissionEntry) -> None:
    passes(judging.test_full_access, **given(grant=Grant.ABSENT, entries=(entry,)))


# --- fails ---


@pytest.mark.parametrize(
    ("rights", "cause"),
    [
        (except_(), "no-access"),
        (except_("calendar"), "calendar-only"),
        (except_("calendar") | {"calendar": EDITOR}, "calendar-only"),
        (except_("msgfolderroot"), "top-folder-only"),
        (except_("msgfolderroot", otherwise=EDITOR), "top-folder-only"),
        (dict.fromkeys(FIVE_FOLDERS, EDITOR), "rights-missing"),
        ({"sentitems": NO_ACCESS}, "rights-missing"),
    ],
    ids=["nothing", "calendar owner", "calendar editor", "top folder", "top folder and editor", "editor", "one closed"],
)
@pytest.mark.parametrize("grant", [Grant.ABSENT, Grant.UNREADABLE])
def test_access_that_is_less_than_full_fails_by_its_kind(
    rights: dict[str, Mapping[str, bool] | Trouble], cause: str, grant: Grant
) -> None:
    failed = fails(judging.test_full_access, **given(rights, grant=grant))
    assert failed.cause == cause
    assert not failed.fix


@pytest.mark.parametrize("right", NEEDED)
@pytest.mark.parametrize("folder", FIVE_FOLDERS)
def test_each_needed_right_missing_on_any_folder_fails_and_both_are_named(folder: str, right: str) -> None:
    failed = fails(judging.test_full_access, **given({folder: {**ALL, right: False}}, grant=Grant.ABSENT))
    assert f"{folder} (without {right})" in failed.found


@pytest.mark.parametrize("right", ["Delete", "CreateAssociated", "ViewPrivateItems"])
def test_no_other_right_fails_it(right: str) -> None:
    passes(judging.test_full_access, **given({"inbox": {**ALL, right: False}}))


def test_no_access_answered_for_the_whole_request_fails() -> None:
    answer = MailboxAnswer(ATLAS, trouble=NO_ACCESS)
    assert fails(judging.test_full_access, **given(grant=Grant.ABSENT, room_as_delegate=answer)).cause == "no-access"


def test_a_deny_entry_is_named_and_its_fix_removes_nothing() -> None:
    failed = fails(judging.test_full_access, **given(except_(), grant=Grant.DENIED))
    assert failed.cause == "explicit-deny"
    assert "Remove-MailboxPermission" not in failed.fix


def test_less_than_full_access_fails_also_where_impersonation_is_refused() -> None:
    refused = MailboxAnswer(ATLAS, impersonated=ATLAS, trouble=REFUSED)
    lacking = given(except_(), grant=Grant.ABSENT, room_as_owner=refused)
    assert fails(judging.test_full_access, **lacking).cause == "no-access"


@pytest.mark.parametrize(("ago", "waits"), [(HOURS * 2 - timedelta(seconds=1), True), (HOURS * 2, False)])
def test_a_grant_waits_for_a_cache_for_two_hours_and_then_fails(ago: timedelta, waits: bool) -> None:
    fresh = given(except_(), ago=ago)
    if waits:
        said = not_measured(judging.test_full_access, **fresh)
        assert said.waiting
        assert "without testing" in said.reason
    else:
        fails(judging.test_full_access, **fresh)


@pytest.mark.parametrize("grant", [Grant.ABSENT, Grant.DENIED, Grant.UNREADABLE])
def test_nothing_but_a_grant_waits(grant: Grant) -> None:
    fails(judging.test_full_access, **given(except_(), grant=grant, ago=timedelta(minutes=1)))


def test_a_grant_of_unknown_age_does_not_wait_but_says_so() -> None:
    notes = Notes()
    rights = made.MailboxRights(Grant.GRANTED, OWN_SID, None)
    with pytest.raises(RequirementFailed):
        judging.test_full_access(**{**given(except_(), room_rights=rights), "notes": notes})
    assert len(notes.lines) == 1
    assert "not its age" in notes.lines[0]


# --- not measured ---


@pytest.mark.parametrize(
    "entry",
    [
        by_level("Owner", sid=OWN_SID),
        by_level("Owner", sid=GROUP_SID),
        by_level("Owner", smtp=EMAIL),
        by_level("Owner", smtp="some-group@customer.com"),
        by_level("Owner"),
        PermissionEntry("Anonymous", "Owner"),
        by_level("PublishingEditor", sid=OWN_SID),
        PermissionEntry("Default", "Custom", {"IsFolderOwner": True}),
        PermissionEntry(
            "Default",
            "Custom",
            {"CanCreateItems": True, "CanCreateSubFolders": True, "EditItems": True, "ReadItems": True},
        ),
    ],
    ids=["own", "group", "address", "group by address", "default", "anonymous", "publishing editor", "owner", "custom"],
)
@pytest.mark.parametrize("grant", [Grant.ABSENT, Grant.UNREADABLE])
def test_folder_permissions_that_alone_explain_the_rights_are_no_proof(entry: PermissionEntry, grant: Grant) -> None:
    said = not_measured(judging.test_full_access, **given(grant=grant, entries=(entry,)))
    assert said.cause == "folder-permissions"
    assert not said.waiting


def test_several_entries_together_are_no_proof_either() -> None:
    entries = (by_level("Editor", sid=OWN_SID), by_level("PublishingAuthor", sid=GROUP_SID))
    not_measured(judging.test_full_access, **given(grant=Grant.ABSENT, entries=entries))


def test_without_the_accounts_groups_an_owner_entry_of_anybody_is_no_proof() -> None:
    entry = by_level("Owner", sid="S-1-5-21-1-2-3-9999")
    unknown = made.facts(directory=None)
    not_measured(judging.test_full_access, **given(grant=Grant.UNREADABLE, entries=(entry,), site_facts=unknown))


def test_folder_permissions_nobody_told_are_no_proof() -> None:
    not_measured(judging.test_full_access, **given(grant=Grant.ABSENT, entries=None))


@pytest.mark.parametrize("grant", [Grant.ABSENT, Grant.DENIED, Grant.UNREADABLE])
def test_rights_without_impersonation_and_without_a_visible_grant_wait_for_impersonation_1(grant: Grant) -> None:
    refused = MailboxAnswer(ATLAS, impersonated=ATLAS, trouble=REFUSED)
    said = not_measured(judging.test_full_access, **given(grant=grant, room_as_owner=refused))
    assert said.because == "IMPERSONATION-1"


@pytest.mark.parametrize("whose", ["room_as_delegate", "room_as_owner"])
def test_an_answer_from_the_callers_own_mailbox_is_no_answer(whose: str) -> None:
    own = MailboxAnswer(ATLAS, folders=(FolderAnswer("inbox", "own-inbox", ALL), *made.mailbox().folders[2:]))
    assert not_measured(judging.test_full_access, **given(**{whose: own})).cause == "own-mailbox"


@pytest.mark.parametrize(
    "rights",
    [{"inbox": None}, {"inbox": {"Read": True}}, {"inbox": made.trouble(Kind.OTHER, "odd", code="ErrorOdd")}],
    ids=["no rights told", "some rights told", "another error"],
)
def test_rights_that_were_not_told_are_not_judged_unless_others_are_missing(rights: dict[str, Any]) -> None:
    assert "inbox" in not_measured(judging.test_full_access, **given(rights)).reason
    fails(judging.test_full_access, **given({**rights, "calendar": NO_ACCESS}))


def test_a_folder_that_was_not_answered_is_not_judged() -> None:
    four = MailboxAnswer(ATLAS, folders=made.mailbox().folders[:4])
    assert "deleteditems" in not_measured(judging.test_full_access, **given(room_as_delegate=four)).reason


def test_a_refusal_that_stopped_the_answer_for_the_rest_is_no_access() -> None:
    stopped = made.trouble(Kind.NOT_ASKED, "ErrorBatchProcessingStopped", code="ErrorBatchProcessingStopped")
    rights = {**except_(otherwise=stopped), "msgfolderroot": NO_ACCESS}
    failed = fails(judging.test_full_access, **given(rights, grant=Grant.ABSENT))
    assert failed.cause == "no-access"
    assert "msgfolderroot" in failed.found
    not_measured(judging.test_full_access, **given(except_("msgfolderroot", otherwise=stopped)))


def test_an_old_grant_that_exchange_does_not_honour_is_noted_beside_the_failure() -> None:
    notes = Notes()
    with pytest.raises(RequirementFailed):
        judging.test_full_access(**given(except_("msgfolderroot")), notes=notes)
    (note,) = notes.lines
    assert "older than two hours" in note


def test_trouble_of_the_whole_request_says_nothing_about_the_rights() -> None:
    answer = MailboxAnswer(ATLAS, trouble=made.trouble(Kind.OTHER, "as Exchange said", code="ErrorOdd"))
    assert "as Exchange said" in not_measured(judging.test_full_access, **given(room_as_delegate=answer)).reason
