"""Mailbox permissions: the service account has FullAccess to every room, proven by effect."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Grant, MailboxAnswer, MailboxRights, SiteFacts
from pytest_flowscape.judging import entries, full_access
from pytest_flowscape.judging.full_access import Identity
from pytest_flowscape.judging.remedies import ACCESS_WAIT, EXCHANGE, SAFE, fix
from pytest_flowscape.requirement import Notes, Owner, Per, expect, requirement
from pytest_flowscape.site.model import Site

DENY_FIX = fix(
    "A Deny entry overrides every grant. Find out where it comes from; this tool does not propose to remove it. "
    + EXCHANGE,
    "  Get-MailboxPermission -Identity '{target}' -User '{account}' | Format-Table User,AccessRights,Deny,IsInherited",
    "If it is inherited, take the account out of Exchange's administrator groups; if not, ask who set it and why. "
    "To undo, add the account to the group again. " + ACCESS_WAIT,
)


@requirement(
    "PERMISSION-1",
    title="Service account has FullAccess to the room",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Flowscape cannot book, extend or end meetings in this room.",
    fix=fix(
        EXCHANGE,
        "  Get-MailboxPermission -Identity '{target}' -User '{account}'",
        "  Add-MailboxPermission -Identity '{target}' -User '{account}' -AccessRights FullAccess "
        "-InheritanceType All -AutoMapping $false" + SAFE,
        "Without -InheritanceType All, only the top folder opens. To undo: Remove-MailboxPermission with the same "
        "-Identity, -User, -AccessRights and -InheritanceType.",
        ACCESS_WAIT,
    ),
    link="https://learn.microsoft.com/en-us/exchange/recipients/mailbox-permissions?view=exchserver-2019",
    guide="Mailbox permissions",
    needs=("ACCOUNT-5",),
    steps={"explicit-deny": "permission_deny", "": "permission"},
)
def test_full_access(
    *,
    site: Site,
    room_as_delegate: MailboxAnswer,
    room_as_owner: MailboxAnswer,
    room_rights: MailboxRights,
    own_folder_ids: frozenset[str],
    site_facts: SiteFacts,
    notes: Notes,
) -> None:
    """The service account MUST have FullAccess to the mailbox of each configured room.

    Tested by effect on five folders, without impersonation: reading, changing,
    and creating items and folders. Rights that folder permissions alone could
    explain are no proof, unless Active Directory shows the FullAccess entry;
    its copy of the permissions explains a failure and never causes one.
    """
    entries.refuse_own(room_as_delegate, own_folder_ids)
    lacking = full_access.beyond_the_owner(full_access.missing_rights(room_as_delegate), room_as_owner)
    if lacking is not None:
        _judge_lacking(lacking, room_rights, notes)
    granted = room_rights.grant is Grant.GRANTED
    impersonated = any(folder.trouble is None for folder in room_as_owner.folders)
    if impersonated:
        entries.refuse_own(room_as_owner, own_folder_ids)
        _note_differences(room_as_delegate, room_as_owner, notes)
    if granted:
        return
    if not impersonated:
        raise NotMeasured(
            "the rights work, but only acting as the room shows whether FullAccess is their source",
            because="IMPERSONATION-1",
        )
    _refuse_folder_permissions(room_as_owner, _identity(site, site_facts))
    if room_rights.grant is Grant.UNREADABLE:
        notes.add("Active Directory does not show the mailbox's permissions; the right works and comes from no folder.")
    else:
        notes.add(
            "The right works, but its source is not visible in Active Directory: a group that cannot be resolved, a "
            "grant on the database, or a grant removed less than two hours ago."
        )


def _judge_lacking(lacking: full_access.Missing, rights: MailboxRights, notes: Notes) -> None:
    """Fail by what is missing, unless a fresh grant may only be waiting for a cache."""
    cause, found = full_access.kind_of(lacking, rights.grant)
    if full_access.still_cached(rights, entries.now()):
        raise NotMeasured(
            f"waiting for replication or a cache: Active Directory shows a grant changed less than two hours ago, "
            f"Exchange still reports: {found}. Wait at least 20 minutes without testing",
            waiting=True,
        )
    if rights.grant is Grant.GRANTED and rights.changed is None:
        notes.add(
            "Active Directory shows a FullAccess entry but not its age (whenChanged is not readable): if it was "
            "granted less than two hours ago, wait and run again."
        )
    elif rights.grant is Grant.GRANTED:
        notes.add(
            "Active Directory shows a FullAccess entry older than two hours; Exchange does not honour it everywhere."
        )
    expected = "to read, change and create items and folders in the whole mailbox, as FullAccess allows"
    expect(False, expected=expected, found=found, cause=cause, fix=DENY_FIX if cause == "explicit-deny" else "")


def _note_differences(delegate: MailboxAnswer, owner: MailboxAnswer, notes: Notes) -> None:
    for less in full_access.differences(delegate, owner):
        notes.add(f"The room itself has more rights than the service account ({less}); FullAccess does not need them.")


def _refuse_folder_permissions(owner: MailboxAnswer, identity: Identity) -> None:
    """Refuse to call rights FullAccess that folder permissions may give. Raises NotMeasured."""
    if full_access.folder_permissions_suffice(owner, identity):
        raise NotMeasured(
            "the rights may come from folder permissions on all five folders; no FullAccess entry is visible",
            cause="folder-permissions",
        )


def _identity(site: Site, site_facts: SiteFacts) -> Identity:
    sids = site_facts.directory.token_sids if site_facts.directory else ()
    own = entries.addresses_of(site_facts.account) if site_facts.account else frozenset()
    return Identity(frozenset(sids), own | {site.service_account.email})
