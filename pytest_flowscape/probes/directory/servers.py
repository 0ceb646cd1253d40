"""The servers of a site's directory: reach one over TLS, sign in once, search with one second try.

The password is shown inside the run's gate, to one server, and after a refusal
never again. A site file may name domain controllers and global catalogs; one
of each kind is signed in to, the second only after the first took the password.
Only where an object lies in another domain than the controller's, the other
controllers of the site file are signed in to as well, until one has the object.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Bind, DirectoryEntry, Kind, Trouble
from pytest_flowscape.facts.policy import FIRST_SHARE, HOST_AGAIN, LDAP_BUSY, LDAP_PAUSE, REFERRAL
from pytest_flowscape.probes.directory.search import (
    INVALID_CREDENTIALS,
    NOBODY,
    Channel,
    Query,
    SearchFailed,
    open_channel,
)
from pytest_flowscape.probes.directory.view import dns_domain
from pytest_flowscape.probes.gate import SignInStopped
from pytest_flowscape.probes.network import Deadline, HandshakeFailed, trouble_of
from pytest_flowscape.site.model import Directory, DirectoryServer

# Sub-codes of a refusal that ends every sign-in of the run: name or password is wrong, or the account cannot be
# used. So does a refusal that names no cause. 530, 531 and 569 hold for one domain controller alone.
STOPPING = frozenset(("525", "52e", "775", "533", "532", "701", "773", ""))


class SignInGate(Protocol):
    """What is needed of ``gate.Gate``."""

    def new_sign_in(self) -> contextlib.AbstractContextManager[None]:
        """Hold the run's lock while one sign-in is tried; SignInStopped after a refusal."""

    def stop(self, reason: str) -> None:
        """Stop every further sign-in of the run."""


LOST = (Kind.SILENT, Kind.RESET, Kind.MALFORMED)
ELSEWHERE = frozenset((10, 32))  # referral, noSuchObject: the object is another domain's


class Servers:
    """The signed-in connections of one session: one to each kind of server, and to other domains. For one thread.

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
        self._others: dict[DirectoryServer, Channel | None] = {}  # further domain controllers; None: not signed in
        self._unreached: set[bool] = set()
        self._second_try_taken = False
        self._given_up: Trouble | None = None
        self._searches = 0  # of channels that are closed
        self.notes: tuple[str, ...] = ()

    def bind(self) -> Bind:
        """Sign in to the first server that can be reached, once; a second call gives the same answer again."""
        if self._bind is None:
            self._bind = self._enter(self._directory.servers, Deadline(self._timeout))
        return replace(self._bind, notes=self.notes)

    def reaches(self, *, catalog: bool) -> bool:
        """Whether a global catalog (or else a domain controller) is signed in; signs in to one if there is one."""
        if catalog not in self._channels and self._channels and catalog not in self._unreached:
            servers = self._of_kind(catalog)
            if not servers or self._enter(servers, Deadline(self._timeout)).trouble:
                self._unreached.add(catalog)
        return catalog in self._channels

    @property
    def names_catalog(self) -> bool:
        """Whether the site file names a global catalog, reached or not."""
        return bool(self._of_kind(catalog=True))

    @property
    def searches(self) -> int:
        """Count the searches sent, each page as one."""
        others = (channel for channel in self._others.values() if channel)
        return self._searches + sum(channel.searches for channel in (*self._channels.values(), *others))

    def lend(self) -> Any:
        """Return the library's connection to the server that was signed in to, None where there is none."""
        channel = next(iter(self._channels.values()), None)
        return None if channel is None else channel.lend(self._timeout)

    def close(self) -> None:
        """End all connections."""
        for catalog in list(self._channels):
            self._drop(catalog)
        for channel in self._others.values():
            if channel is not None:
                self._searches += channel.searches
                channel.close()
        self._others.clear()

    # --- signing in ---

    def _enter(self, servers: Sequence[DirectoryServer], deadline: Deadline) -> Bind:
        """Sign in to the first of these that can be reached, for all searches of its kind."""
        bind, channel = self._sign_in(servers, deadline)
        if channel is not None:
            self._channels[channel.server.is_global_catalog] = channel
        return bind

    def _sign_in(self, servers: Sequence[DirectoryServer], deadline: Deadline) -> tuple[Bind, Channel | None]:
        bind = Bind(str(servers[0]) if servers else "", self._username, self._own)
        if not self._username or not self._password.reveal():
            return replace(bind, trouble=Trouble(Kind.OTHER, NOBODY), tried=False), None
        channel, unreached = self._reach_twice(servers, deadline)
        if channel is None:
            return replace(bind, trouble=unreached), None
        bind = replace(bind, server=str(channel.server), certificate=channel.certificate)
        seconds = self._timeout if self._bind is None else max(deadline.left(), 0.1)
        try:
            with self._gate.new_sign_in():
                try:
                    trouble = channel.bind(self._username, self._password, Deadline(seconds))
                except KeyboardInterrupt:  # the password may have been judged, and nobody listened
                    self._gate.stop(f"the directory sign-in of {self._username} was interrupted")
                    raise
                self._heed(trouble)
        except SignInStopped as stopped:
            channel.close()
            return replace(bind, trouble=Trouble(Kind.STOPPED, stopped.reason), tried=False), None
        except BaseException:
            channel.close()
            raise
        if trouble is not None and trouble.ldap_result in LDAP_BUSY and not self._second_try_taken:
            self._second_try_taken = True  # nobody has judged the password
            time.sleep(min(LDAP_PAUSE, deadline.left() / 10))
            return self._sign_in([*servers[1:], *servers[:1]], Deadline(seconds))
        return replace(bind, trouble=trouble), None if trouble else channel

    def _heed(self, trouble: Trouble | None) -> None:
        """Stop the run's sign-ins where another one could count as a wrong password."""
        refused = trouble is not None and trouble.ldap_result == INVALID_CREDENTIALS
        if trouble is not None and refused and trouble.sub_code in STOPPING:
            who = "the service account" if self._own else "its own user"
            self._gate.stop(f"the directory refused {who} ({trouble.sub_code or 'no cause told'})")
        elif self._own and trouble is not None and trouble.kind in LOST:
            # the password may have been judged, and nobody told us how
            self._gate.stop("the answer to the directory sign-in of the service account was lost")

    def _reach_twice(
        self, servers: Sequence[DirectoryServer], whole: Deadline
    ) -> tuple[Channel | None, Trouble | None]:
        """Reach the first that can be reached; a second time all of them where none could for now."""
        channel, trouble = self._reach(servers, whole.part(FIRST_SHARE))
        if channel is None and trouble is not None and trouble.kind in HOST_AGAIN:
            time.sleep(min(LDAP_PAUSE, whole.left() / 10))
            return self._reach(servers, whole)
        return channel, trouble

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

    def search(self, query: Query, *, catalog: bool, own: bool = False) -> tuple[DirectoryEntry, ...]:
        """Return all that is found; a server of the other kind is asked where none of this kind is signed in.

        Silence, a broken connection, busy and unavailable are tried once more
        in a session, after signing in anew; then no further search is sent. A
        referral is asked again at once, except where ``own`` expects one.
        Raises SearchFailed.
        """
        if self._given_up is not None:
            raise SearchFailed(self._given_up)
        channel = self._channels.get(catalog) or next(iter(self._channels.values()), None)
        if channel is None:
            raise SearchFailed(Trouble(Kind.NOT_ASKED, "the directory was not signed in to"))
        deadline = Deadline(self._timeout)
        try:
            return channel.search(query, deadline if self._second_try_taken else deadline.part(FIRST_SHARE))
        except SearchFailed as failed:
            referred = failed.trouble.ldap_result == REFERRAL and not own
            if not failed.again and not referred:
                raise
            trouble = failed.trouble
        if referred:
            return channel.search(query, deadline)
        if self._second_try_taken:
            self._given_up = trouble
            raise SearchFailed(trouble)
        self._second_try_taken = True
        return self._search_again(channel.server, query, deadline)

    def search_own(self, query: Query) -> tuple[DirectoryEntry, ...]:
        """Search where the query's base is kept whole: on a domain controller of that domain.

        The one that is signed in to refers to another domain by its answer;
        then the other domain controllers of the site file are asked, those
        whose name lies in the domain first. Raises SearchFailed with the first
        answer where none of them has the base.
        """
        try:
            return self.search(query, catalog=False, own=True)
        except SearchFailed as failed:
            if failed.trouble.ldap_result not in ELSEWHERE or not self.reaches(catalog=False):
                raise
            first = failed
        for server in self._nearest(query.base):
            channel = self._further(server)
            if channel is None:
                continue
            try:
                return channel.search(query, Deadline(self._timeout))
            except SearchFailed as failed:
                if failed.trouble.ldap_result not in ELSEWHERE:
                    self._note(f"{server} could not be asked for {query.base}: {failed.trouble.said}")
        if first.trouble.ldap_result == REFERRAL:
            return self.search(query, catalog=False, own=True)
        raise first

    def _nearest(self, dn: str) -> list[DirectoryServer]:
        """Return the domain controllers not signed in to for all searches, by their distance from an object."""
        domain = dns_domain(dn)
        here = self._channels[False].server
        others = [server for server in self._of_kind(catalog=False) if server != here]
        return sorted(others, key=lambda server: not server.host.lower().endswith(f".{domain}"))

    def _further(self, server: DirectoryServer) -> Channel | None:
        """Return the connection to one more domain controller, signed in to at most once."""
        if server not in self._others:
            bind, channel = self._sign_in([server], Deadline(self._timeout))
            self._others[server] = channel
            if bind.trouble:
                self._note(f"{server} could not be signed in to: {bind.trouble.said}")
        return self._others[server]

    def _search_again(self, last: DirectoryServer, query: Query, deadline: Deadline) -> tuple[DirectoryEntry, ...]:
        """Sign in anew, rather to another server of the kind, and search once more."""
        self._drop(last.is_global_catalog)
        time.sleep(min(LDAP_PAUSE, deadline.left() / 10))
        servers = sorted(self._of_kind(last.is_global_catalog), key=lambda server: server == last)
        trouble = self._enter(servers, deadline).trouble
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
