"""Directory sessions on the simulated directory: made with a gate that counts, ended with the test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import DirectoryView
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin
from pytest_flowscape.site.model import Directory, DirectoryServer
from tests.simulator.directory_process import PASSWORD, UPN, DirectoryProcess, directory, directory_process

__all__ = ["directory", "directory_process", "session"]  # fixtures, for conftest.py
EMAIL = "svc-flowscape@demo.test"
ROOMS = ("atlas@demo.test", "borea@demo.test", "ceres@demo.test")
JANE = "jane@demo.test"
NONE: frozenset[str] = frozenset()


class Door:
    """A gate that lets pass and counts; ``before`` is called at each sign-in."""

    def __init__(self) -> None:
        self.sign_ins = 0
        self.stopped: list[str] = []
        self.before: Callable[[], Any] = lambda: None

    @contextlib.contextmanager
    def new_sign_in(self) -> Iterator[None]:
        self.sign_ins += 1
        self.before()
        yield

    def stop(self, reason: str) -> None:
        self.stopped.append(reason)


def login(
    *servers: DirectoryServer,
    ca: Path | None,
    username: str = UPN,
    password: str = PASSWORD,
    own: bool = True,
    gate: Any = None,
    start_tls: bool = True,
    timeout: float = 8.0,
    base: str = "DC=demo,DC=test",
) -> DirectoryLogin:
    """Return a login as the service account (``own``) or as a separate user."""
    return DirectoryLogin(
        Directory(servers, base, ca_file=ca, start_tls=start_tls),
        username,
        Secret(password),
        as_service_account=own,
        gate=gate or Door(),
        timeout=timeout,
    )


class Sessions:
    """Makes sessions that end with the test."""

    def __init__(self, directory: DirectoryProcess) -> None:
        self.directory = directory
        self.door = Door()
        self.open: list[DirectorySession] = []

    def server(self, port: str = "ldaps") -> DirectoryServer:
        return DirectoryServer("localhost", self.directory.ports[port], tls=port != "ldap", catalog=port == "gc")

    def __call__(self, *servers: str | DirectoryServer, **more: Any) -> DirectorySession:
        chosen = (s if isinstance(s, DirectoryServer) else self.server(s) for s in servers or ("ldaps",))
        session = DirectorySession(login(*chosen, **{"ca": self.directory.ca, "gate": self.door, **more}))
        self.open.append(session)
        return session

    def view(self, *servers: str, rooms: tuple[str, ...] = ROOMS, **more: Any) -> DirectoryView:
        session = self(*servers, **more)
        assert session.bind().trouble is None
        return session.gather(EMAIL, UPN, rooms, (JANE,), reads=NONE)


@pytest.fixture
def session(directory: DirectoryProcess) -> Iterator[Sessions]:
    sessions = Sessions(directory)
    yield sessions
    for one in sessions.open:
        one.close()


def count(session: Sessions, key: str) -> int:
    return session.directory.counters().get(key, 0)


def change(session: Sessions, account: str, /, **values: object) -> None:
    for name, value in values.items():
        session.directory.do(f"setattr(account({account!r}), {name!r}, {value!r})")


def policy(session: Sessions, **values: object) -> None:
    for name, value in values.items():
        session.directory.do(f"setattr(organisation.policy, {name!r}, {value!r})")
