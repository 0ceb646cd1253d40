"""Ask a directory as the product does, whichever directory it is: its own session, with every attribute it reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import DirectoryView
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.probes.directory.servers import Servers
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin
from pytest_flowscape.site.model import Directory

SECONDS = 60.0  # for a search among thousands, on a machine that does other things too


class OpenDoor:
    """A gate that lets everybody pass and remembers what stopped the run."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    @contextlib.contextmanager
    def new_sign_in(self) -> Iterator[None]:
        yield

    def stop(self, reason: str) -> None:
        self.stopped.append(reason)


def login(directory: Directory, username: str, password: str, *, own: bool = True) -> DirectoryLogin:
    gate: Any = OpenDoor()
    return DirectoryLogin(directory, username, Secret(password), as_service_account=own, gate=gate, timeout=SECONDS)


@contextlib.contextmanager
def signed_in(directory: Directory, username: str, password: str, *, own: bool = True) -> Iterator[DirectorySession]:
    """Return a session that has signed in; ``own`` is False for a separate directory user."""
    session = DirectorySession(login(directory, username, password, own=own))
    try:
        bind = session.bind()
        assert bind.trouble is None, bind.trouble
        yield session
    finally:
        session.close()


@contextlib.contextmanager
def servers(directory: Directory, username: str, password: str) -> Iterator[Servers]:
    """Return the signed-in connections alone, for single searches."""
    found = Servers(login(directory, username, password))
    try:
        bind = found.bind()
        assert bind.trouble is None, bind.trouble
        yield found
    finally:
        found.close()


def view(
    directory: Directory,
    username: str,
    password: str,
    *,
    email: str,
    rooms: Sequence[str] = (),
    users: Sequence[str] = (),
    account: str = "",
    own: bool = True,
) -> DirectoryView:
    """Sign in, ask everything, sign off. ``account`` is the service account's name where ``username`` is another's."""
    with signed_in(directory, username, password, own=own) as session:
        found = session.gather(email, account or username, rooms, users, reads=attributes_judged())
    assert found.trouble is None, found.trouble
    return found
