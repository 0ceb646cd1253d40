"""The servers of a site's directory: reach one over TLS, sign in once, search with one second try.

The password is shown inside the run's gate, to one server, and after a refusal
never again. A site file may name domain controllers and global catalogs; one
of each kind is signed in to, the second only after the first took the password.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from pytest_flowscape.facts import Bind, DirectoryEntry, Kind, Trouble
from pytest_flowscape.probes.directory_search import (
    INVALID_CREDENTIALS,
    NOBODY,
    Channel,
    Query,
    SearchFailed,
    open_channel,
)
from pytest_flowscape.probes.gate import SignInStopped
from pytest_flowscape.probes.network import Deadline, HandshakeFailed, trouble_of
from pytest_flowscape.secret import Secret
from pytest_flowscape.site import Directory, DirectoryServer

# Sub-codes of a refusal that ends every sign-in of the run: name or password is wrong, or the account cannot be
# used. So does a refusal that names no cause. 530, 531 and 569 hold for one domain controller alone.
STOPPING = frozenset(("525", "52e", "775", "533", "532", "701", "773", ""))
PAUSE = 0.5  # seconds before the second try, for a server that is busy


class SignInGate(Protocol):
    """What is needed of ``gate.Gate``."""

    def new_sign_in(self) -> contextlib.AbstractContextManager[None]:
        """Hold the run's lock while one sign-in is tried; SignInStopped after a refusal."""

    def stop(self, reason: str) -> None:
        """Stop every further sign-in of the run."""


LOST = (Kind.SILENT, Kind.RESET, Kind.MALFORMED)


class Servers:
    """The signed-in connections of one session: at most one to each kind of server. For one thread.

    ``timeout`` in seconds bounds reaching a server (all servers together), the
    bind, and each search with its second try.
    """

    def __init__(
        self,
        directory: Directory,
        username: str,
        password: Secret,
        *,
        as_service_account: bool,
        gate: SignInGate,
        timeout: float,
    ) -> None:
        self._directory = directory
        self._username = username
        self._password = password
        self._own = as_service_account
        self._gate = gate
        self._timeout = timeout
        self._bind: Bind | None = None
        self._channels: dict[bool, Channel] = {}  # by: is it a global catalog?
        self._unreached: set[bool] = set()
        self._second_try_taken = False
        self._given_up: Trouble | None = None
        self._searches = 0  # of channels that are closed
        self.notes: tuple[str, ...] = ()

    def bind(self) -> Bind:
        """Sign in to the first server that can be reached, once; a second call gives the same answer again."""
        if self._bind is None:
            self._bind = self._sign_in(self._directory.servers, Deadline(self._timeout))
        return replace(self._bind, notes=self.notes)

    def reaches(self, *, catalog: bool) -> bool:
        """Tell whether a global catalog (or else a domain controller) is signed in; signs in to one if there is one."""
        if catalog not in self._channels and self._channels and catalog not in self._unreached:
            servers = self._of_kind(catalog)
            if not servers or self._sign_in(servers, Deadline(self._timeout)).trouble:
                self._unreached.add(catalog)
        return catalog in self._channels

    @property
    def searches(self) -> int:
        """Count the searches sent, each page as one."""
        return self._searches + sum(channel.searches for channel in self._channels.values())

    def close(self) -> None:
        """End all connections."""
        for catalog in list(self._channels):
            self._drop(catalog)

    # --- signing in ---

    def _sign_in(self, servers: Sequence[DirectoryServer], deadline: Deadline) -> Bind:
        bind = Bind(str(servers[0]) if servers else "", self._username, self._own)
        if not self._username or not self._password.reveal():
            return replace(bind, trouble=Trouble(Kind.OTHER, NOBODY), tried=False)
        channel, unreached = self._reach(servers, deadline)
        if channel is None:
            return replace(bind, trouble=unreached)
        bind = replace(bind, server=str(channel.server), certificate=channel.certificate)
        seconds = self._timeout if self._bind is None else max(deadline.left(), 0.1)
        try:
            with self._gate.new_sign_in():
                trouble = channel.bind(self._username, self._password, Deadline(seconds))
                self._heed(trouble)
        except SignInStopped as stopped:
            channel.close()
            return replace(bind, trouble=Trouble(Kind.STOPPED, stopped.reason), tried=False)
        except BaseException:
            channel.close()
            raise
        if trouble is None:
            self._channels[channel.server.is_global_catalog] = channel
        return replace(bind, trouble=trouble)

    def _heed(self, trouble: Trouble | None) -> None:
        """Stop the run's sign-ins where another one could count as a wrong password."""
        refused = trouble is not None and trouble.ldap_result == INVALID_CREDENTIALS
        if self._own and trouble is not None and refused and trouble.sub_code in STOPPING:
            self._gate.stop(f"the directory refused the service account ({trouble.sub_code or 'no cause told'})")
        elif self._own and trouble is not None and trouble.kind in LOST:
            # the password may have been judged, and nobody told us how
            self._gate.stop("the answer to the directory sign-in of the service account was lost")

    def _reach(self, servers: Sequence[DirectoryServer], whole: Deadline) -> tuple[Channel | None, Trouble | None]:
        first: Trouble | None = None
        for at, server in enumerate(servers):
            started = time.monotonic()
            try:
                return self._open(server, whole.part(1 / (len(servers) - at))), None
            except OSError as error:
                trouble = trouble_of(error, time.monotonic() - started)
                first = first or trouble
                self._note(f"{server} could not be used: {trouble.said}")
        return None, first or Trouble(Kind.OTHER, "no directory server is configured")

    def _open(self, server: DirectoryServer, deadline: Deadline) -> Channel:
        if not server.tls and not self._directory.start_tls:
            raise HandshakeFailed("neither LDAPS nor StartTLS is configured, and no password goes without TLS")
        return open_channel(server, self._directory.ca_file, deadline)

    def _note(self, line: str) -> None:
        if line not in self.notes:
            self.notes = (*self.notes, line)

    def _of_kind(self, catalog: bool) -> list[DirectoryServer]:
        return [server for server in self._directory.servers if server.is_global_catalog is catalog]

    # --- searching ---

    def search(self, query: Query, *, catalog: bool) -> tuple[DirectoryEntry, ...]:
        """Give all that is found; a server of the other kind is asked where none of this kind is signed in.

        Silence, a broken connection, busy and unavailable are tried once more
        in a session, after signing in anew; then no further search is sent.
        Raises SearchFailed.
        """
        if self._given_up is not None:
            raise SearchFailed(self._given_up)
        channel = self._channels.get(catalog) or next(iter(self._channels.values()), None)
        if channel is None:
            raise SearchFailed(Trouble(Kind.NOT_ASKED, "the directory was not signed in to"))
        deadline = Deadline(self._timeout)
        try:
            return channel.search(query, deadline if self._second_try_taken else deadline.part(0.5))
        except SearchFailed as failed:
            if not failed.again:
                raise
            trouble = failed.trouble
        if self._second_try_taken:
            self._given_up = trouble
            raise SearchFailed(trouble)
        self._second_try_taken = True
        return self._search_again(channel.server, query, deadline)

    def _search_again(self, last: DirectoryServer, query: Query, deadline: Deadline) -> tuple[DirectoryEntry, ...]:
        """Sign in anew, rather to another server of the kind, and search once more."""
        self._drop(last.is_global_catalog)
        time.sleep(min(PAUSE, deadline.left() / 10))
        servers = sorted(self._of_kind(last.is_global_catalog), key=lambda server: server == last)
        trouble = self._sign_in(servers, deadline).trouble
        if trouble is None:
            try:
                return self._channels[last.is_global_catalog].search(query, deadline)
            except SearchFailed as failed:
                if not failed.again:
                    raise
                trouble = failed.trouble
        self._given_up = trouble
        raise SearchFailed(trouble)

    def _drop(self, catalog: bool) -> None:
        channel = self._channels.pop(catalog)
        self._searches += channel.searches
        channel.close()
