"""The facts as fixtures, by name; registered only when our options are used.

A fixture gives a frozen fact or raises NotMeasured at setup. What each fact
holds is told by its type in ``facts/``.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_flowscape.collection import requirement_of
from pytest_flowscape.facts import (
    AccountNames,
    AccountState,
    DirectoryEntry,
    DirectoryView,
    Endpoint,
    Holders,
    Host,
    MailboxAnswer,
    MailboxRights,
    RoomAddresses,
    SignIn,
    SiteFacts,
    SyncAnswer,
)
from pytest_flowscape.judge import Judge
from pytest_flowscape.outcomes import SITE_TARGET
from pytest_flowscape.requirement import Notes
from pytest_flowscape.site import Room, Site

JUDGE = pytest.StashKey[Judge]()


def _fact(request: pytest.FixtureRequest, target: str = SITE_TARGET) -> Any:
    record = requirement_of(request.node)
    assert request.fixturename is not None
    return request.config.stash[JUDGE].fact(record.id if record else "", request.fixturename, target)


@pytest.fixture
def notes() -> Notes:
    """Collect sentences that the outcome carries along."""
    return Notes()


@pytest.fixture
def room(request: pytest.FixtureRequest) -> Room:
    """One configured room; the test runs once for each."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """One configured user's primary SMTP address; the test runs once for each."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Site:
    """The site file, checked and frozen."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def site_facts(request: pytest.FixtureRequest) -> SiteFacts:
    """Everything measured before any room, for requirements that judge what may be missing."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Host:
    """What DNS, TCP and TLS said of the configured hostname."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    """The answer to one POST without credentials."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def sign_in(request: pytest.FixtureRequest) -> SignIn:
    """The run's one sign-in to EWS."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def own_mailbox(request: pytest.FixtureRequest) -> MailboxAnswer:
    """The account's own inbox, bare and by its configured address, and its other folders."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def own_folder_ids(request: pytest.FixtureRequest) -> frozenset[str]:
    """The FolderIds of the account's own mailbox."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def self_as_owner(request: pytest.FixtureRequest) -> MailboxAnswer:
    """The account's calendar, asked impersonating itself."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def out_of_scope(request: pytest.FixtureRequest) -> MailboxAnswer | None:
    """The mailbox that must not be impersonable, asked impersonating it; None where none is configured."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def directory(request: pytest.FixtureRequest) -> DirectoryView:
    """Everything that the directory told."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def account_entry(request: pytest.FixtureRequest) -> DirectoryEntry:
    """The service account's object in the directory."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def account_state(request: pytest.FixtureRequest) -> AccountState:
    """What refused the account's sign-in, and its object where readable."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def account_names(request: pytest.FixtureRequest) -> AccountNames:
    """First and last name of the service account."""
    return _fact(request)  # type: ignore[no-any-return]


@pytest.fixture
def room_entry(request: pytest.FixtureRequest, room: Room) -> Holders:
    """Who holds the room's address in the directory."""
    return _fact(request, room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_addresses(request: pytest.FixtureRequest, room: Room) -> RoomAddresses:
    """The primary SMTP address behind the room's configured address, and its holders."""
    return _fact(request, room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_rights(request: pytest.FixtureRequest, room: Room) -> MailboxRights:
    """What the directory's copy of the mailbox permissions says: it explains, it never judges."""
    return _fact(request, room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_as_owner(request: pytest.FixtureRequest, room: Room) -> MailboxAnswer:
    """Five folders of the room, asked impersonating it, with rights and PermissionSet."""
    return _fact(request, room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_as_delegate(request: pytest.FixtureRequest, room: Room) -> MailboxAnswer:
    """The same five folders, asked without impersonation."""
    return _fact(request, room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_sync(request: pytest.FixtureRequest, room: Room) -> SyncAnswer:
    """The answer to SyncFolderItems on the room's calendar."""
    return _fact(request, room.email)  # type: ignore[no-any-return]


@pytest.fixture
def user_as_owner(request: pytest.FixtureRequest, user: str) -> MailboxAnswer:
    """A user's calendar folder, asked impersonating the user: IdOnly, no content."""
    return _fact(request, user)  # type: ignore[no-any-return]
