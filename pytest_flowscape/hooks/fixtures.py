"""The facts as fixtures, by name, and clients for a customer's own tests; registered only when our options are used.

A fixture gives a frozen fact or raises NotMeasured at setup. What each fact
holds is documented at its type in ``facts/``. The clients are for tests beside ours:
a requirement judges facts, and asks no server itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts.names import FACTS, ROOM, SITE, USER, Fact
from pytest_flowscape.gathering.clients import Clients
from pytest_flowscape.hooks.collection import requirement_of
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.judging.outcomes import SITE_TARGET
from pytest_flowscape.requirement import Notes
from pytest_flowscape.site.model import Room

JUDGE = pytest.StashKey[Judge]()
CLIENTS = pytest.StashKey[Clients]()
NO_RUN = "no requirement was collected, so nothing was measured; add --flowscape-add=PATH to run tests beside ours"


def _clients(request: pytest.FixtureRequest) -> Clients:
    clients = request.config.stash.get(CLIENTS, None)
    if clients is None:
        raise NotMeasured(NO_RUN)
    return clients


@pytest.fixture
def _fact(request: pytest.FixtureRequest) -> Callable[..., Any]:
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


def _fixture(row: Fact) -> Any:
    """Return the fixture of a fact; it takes ``room`` or ``user`` where the fact is one's own."""
    by_target: Mapping[str, Any] = {
        SITE: lambda _fact: _fact(row.name),
        ROOM: lambda _fact, room: _fact(row.name, room.email),
        USER: lambda _fact, user: _fact(row.name, user),
    }
    function = by_target[row.per]
    function.__name__, function.__doc__ = row.name, row.text
    return pytest.fixture(function)


globals().update({name: _fixture(row) for name, row in FACTS.items() if name not in (ROOM, USER)})


# --- for a customer's own tests -----------------------------------------------------------------


@pytest.fixture
def exchange_account_of(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function: ``exchange_account_of(address, impersonate=False)`` gives an exchangelib Account for any mailbox.

    As a delegate (FullAccess) by default, as the mailbox's owner with
    ``impersonate=True``. Each account is new and for one thread; all of them
    share the run's connections.
    """
    return _clients(request).exchange_account


@pytest.fixture
def exchange_account(exchange_account_of: Callable[..., Any]) -> Any:
    """The service account's own mailbox as an exchangelib Account; its ``answers`` are what came back, raw."""
    return exchange_account_of()


@pytest.fixture
def directory_connection(request: pytest.FixtureRequest) -> Any:
    """An ldap3 Connection (SAFE_SYNC) that is signed in and can only search; one for all tests of a process."""
    return _clients(request).directory_connection()
