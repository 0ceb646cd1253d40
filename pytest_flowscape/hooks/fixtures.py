"""The facts as fixtures, by name, and clients for a customer's own tests; registered only when our options are used.

A fixture gives a frozen fact or raises NotMeasured at setup. What each fact
holds is told by its type in ``facts/``. The clients are for tests beside ours:
a requirement judges facts, and asks no server itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_flowscape.core.errors import NotMeasured
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
    RoundTrip,
    SignIn,
    SiteFacts,
    SyncAnswer,
)
from pytest_flowscape.gathering.clients import Live
from pytest_flowscape.hooks.collection import requirement_of
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.judging.outcomes import SITE_TARGET
from pytest_flowscape.requirement import Notes
from pytest_flowscape.site.model import Room, Site

JUDGE = pytest.StashKey[Judge]()
LIVE = pytest.StashKey[Live]()
Fact = Callable[..., Any]
NO_RUN = "no requirement was collected, so nothing was measured; say --flowscape-add=PATH to run tests beside ours"


def _live(request: pytest.FixtureRequest) -> Live:
    live = request.config.stash.get(LIVE, None)
    if live is None:
        raise NotMeasured(NO_RUN)
    return live


@pytest.fixture
def _fact(request: pytest.FixtureRequest) -> Fact:
    """Return a fact by its name and target. One for each test: pytest makes a new ``request`` each time."""
    record = requirement_of(request.node)
    judge = request.config.stash.get(JUDGE, None)
    if judge is None:
        raise NotMeasured(NO_RUN)
    id_ = record.id if record else ""
    return lambda name, target=SITE_TARGET: judge.fact(id_, name, target)


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
def site(_fact: Fact) -> Site:
    """The site file, checked and frozen."""
    return _fact("site")  # type: ignore[no-any-return]


@pytest.fixture
def site_facts(_fact: Fact) -> SiteFacts:
    """Everything measured before any room, for requirements that judge what may be missing."""
    return _fact("site_facts")  # type: ignore[no-any-return]


@pytest.fixture
def host(_fact: Fact) -> Host:
    """What DNS, TCP and TLS said of the configured hostname."""
    return _fact("host")  # type: ignore[no-any-return]


@pytest.fixture
def endpoint(_fact: Fact) -> Endpoint:
    """The answer to one POST without credentials."""
    return _fact("endpoint")  # type: ignore[no-any-return]


@pytest.fixture
def sign_in(_fact: Fact) -> SignIn:
    """The run's one sign-in to EWS."""
    return _fact("sign_in")  # type: ignore[no-any-return]


@pytest.fixture
def own_mailbox(_fact: Fact) -> MailboxAnswer:
    """The account's own inbox, bare and by its configured address, and its other folders."""
    return _fact("own_mailbox")  # type: ignore[no-any-return]


@pytest.fixture
def own_folder_ids(_fact: Fact) -> frozenset[str]:
    """The FolderIds of the account's own mailbox."""
    return _fact("own_folder_ids")  # type: ignore[no-any-return]


@pytest.fixture
def self_as_owner(_fact: Fact) -> MailboxAnswer:
    """The account's calendar, asked impersonating itself."""
    return _fact("self_as_owner")  # type: ignore[no-any-return]


@pytest.fixture
def out_of_scope(_fact: Fact) -> MailboxAnswer | None:
    """The mailbox that must not be impersonable, asked impersonating it; None where none is configured."""
    return _fact("out_of_scope")  # type: ignore[no-any-return]


@pytest.fixture
def directory(_fact: Fact) -> DirectoryView:
    """Everything that the directory told."""
    return _fact("directory")  # type: ignore[no-any-return]


@pytest.fixture
def account_entry(_fact: Fact) -> DirectoryEntry:
    """The service account's object in the directory."""
    return _fact("account_entry")  # type: ignore[no-any-return]


@pytest.fixture
def account_state(_fact: Fact) -> AccountState:
    """What refused the account's sign-in, and its object where readable."""
    return _fact("account_state")  # type: ignore[no-any-return]


@pytest.fixture
def account_names(_fact: Fact) -> AccountNames:
    """First and last name of the service account."""
    return _fact("account_names")  # type: ignore[no-any-return]


@pytest.fixture
def room_entry(_fact: Fact, room: Room) -> Holders:
    """Who holds the room's address in the directory."""
    return _fact("room_entry", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_addresses(_fact: Fact, room: Room) -> RoomAddresses:
    """The primary SMTP address behind the room's configured address, and its holders."""
    return _fact("room_addresses", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_rights(_fact: Fact, room: Room) -> MailboxRights:
    """What the directory's copy of the mailbox permissions says: it explains, it never judges."""
    return _fact("room_rights", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_as_owner(_fact: Fact, room: Room) -> MailboxAnswer:
    """Five folders of the room, asked impersonating it, with rights and PermissionSet."""
    return _fact("room_as_owner", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_as_delegate(_fact: Fact, room: Room) -> MailboxAnswer:
    """The same five folders, asked without impersonation."""
    return _fact("room_as_delegate", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_sync(_fact: Fact, room: Room) -> SyncAnswer:
    """The answer to SyncFolderItems on the room's calendar."""
    return _fact("room_sync", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_booking(_fact: Fact, room: Room) -> RoundTrip:
    """One booking in the room's calendar, made, extended, ended early and removed; only where it was asked for."""
    return _fact("room_booking", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def room_meeting(_fact: Fact, room: Room) -> RoundTrip:
    """One meeting with the room, answered, extended, ended early and cancelled; only where it was asked for."""
    return _fact("room_meeting", room.email)  # type: ignore[no-any-return]


@pytest.fixture
def user_as_owner(_fact: Fact, user: str) -> MailboxAnswer:
    """A user's calendar folder, asked impersonating the user: IdOnly, no content."""
    return _fact("user_as_owner", user)  # type: ignore[no-any-return]


# --- for a customer's own tests -----------------------------------------------------------------


@pytest.fixture
def exchange_account_of(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function: ``exchange_account_of(address, impersonate=False)`` gives an exchangelib Account for any mailbox.

    As a delegate (FullAccess) by default, as the mailbox's owner with
    ``impersonate=True``. Each account is new and for one thread; all of them
    share the run's connections.
    """
    return _live(request).exchange_account


@pytest.fixture
def exchange_account(exchange_account_of: Callable[..., Any]) -> Any:
    """The service account's own mailbox as an exchangelib Account; its ``answers`` are what came back, raw."""
    return exchange_account_of()


@pytest.fixture
def directory_connection(request: pytest.FixtureRequest) -> Any:
    """An ldap3 Connection (SAFE_SYNC) that is signed in and can only search; one for all tests of a process."""
    return _live(request).directory_connection()
