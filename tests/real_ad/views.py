"""Search a directory as the product does, whichever it is: the product's session, with every attribute it reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import DirectoryView
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.probes.directory.servers import Servers
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin
from pytest_flowscape.site.model import Directory
from tests.probes.directory_sessions import Door

SECONDS = 60.0  # for a search among thousands, on a machine that does other things too


def login(directory: Directory, username: str, password: str, *, own: bool = True) -> DirectoryLogin:
    """Return a login whose gate is open; ``own`` is False for a separate directory user."""
    return DirectoryLogin(directory, username, Secret(password), as_service_account=own, gate=Door(), timeout=SECONDS)


@contextlib.contextmanager
def session(directory: Directory, username: str, password: str, *, own: bool = True) -> Iterator[DirectorySession]:
    """Return a session that has signed in."""
    with contextlib.closing(DirectorySession(login(directory, username, password, own=own))) as found:
        bind = found.bind()
        assert bind.trouble is None, bind.trouble
        yield found


@contextlib.contextmanager
def servers(directory: Directory, username: str, password: str) -> Iterator[Servers]:
    """Return the signed-in connections alone, for single searches."""
    with contextlib.closing(Servers(login(directory, username, password))) as found:
        bind = found.bind()
        assert bind.trouble is None, bind.trouble
        yield found


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
    """Sign in, search for everything, sign off; ``account`` is the service account where ``username`` is another."""
    with session(directory, username, password, own=own) as reader:
        found = reader.gather(email, account or username, rooms, users, reads=attributes_judged())
    assert found.trouble is None, found.trouble
    return found
