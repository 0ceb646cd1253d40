"""The servers of a site's directory: sign in once, search with one second try.

A site file may name domain controllers and global catalogs; one of each kind
is signed in to, the second only after the first took the password.
Only where an object lies in another domain than the controller's, the other
controllers of the site file are signed in to as well, until one has the object.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pytest_flowscape.facts import Bind, DirectoryEntry, Kind, Trouble
from pytest_flowscape.facts.policy import FIRST_SHARE, LDAP_PAUSE, REFERRAL
from pytest_flowscape.probes.directory.search import Channel, Query, SearchFailed
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin, DirectorySignIn
from pytest_flowscape.probes.directory.view import dns_domain
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.site.model import DirectoryServer

ELSEWHERE = frozenset((10, 32))  # referral, noSuchObject: the object is another domain's


class Servers:
    """The signed-in connections of one session: one to each kind of server, and to other domains. For one thread."""

    def __init__(self, login: DirectoryLogin) -> None:
        self._servers = login.directory.servers
        self._timeout = login.timeout
        self._sign_in = DirectorySignIn(login)
        self._bind: Bind | None = None
        self._channels: dict[bool, Channel] = {}  # by: is it a global catalog?
        self._others: dict[DirectoryServer, Channel | None] = {}  # further domain controllers; None: not signed in
        self._unreached: set[bool] = set()
        self._given_up: Trouble | None = None
        self._searches = 0  # of channels that are closed

    def bind(self) -> Bind:
        """Sign in to the first server that can be reached, once; a second call gives the same answer again."""
        if self._bind is None:
            self._bind = self._enter(self._servers, Deadline(self._timeout), first=True)
        return replace(self._bind, notes=self._sign_in.notes)

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

    def _enter(self, servers: Sequence[DirectoryServer], deadline: Deadline, *, first: bool = False) -> Bind:
        """Sign in to the first of these that can be reached, for all searches of its kind."""
        bind, channel = self._sign_in.enter(servers, deadline, first=first)
        if channel is not None:
            self._channels[channel.server.is_global_catalog] = channel
        return bind

    def _of_kind(self, catalog: bool) -> list[DirectoryServer]:
        return [server for server in self._servers if server.is_global_catalog is catalog]

    # --- searching ---

    def search(self, query: Query, *, catalog: bool, own: bool = False) -> tuple[DirectoryEntry, ...]:
        """Return all that is found; a server of the other kind is asked where none of this kind is signed in.

        Silence, a broken connection, busy and unavailable are tried once more
        in a session, after signing in again; then no further search is sent. A
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
            return channel.search(query, deadline if self._sign_in.second_try_taken else deadline.part(FIRST_SHARE))
        except SearchFailed as failed:
            referred = failed.trouble.ldap_result == REFERRAL and not own
            if not failed.again and not referred:
                raise
            trouble = failed.trouble
        if referred:
            return channel.search(query, deadline)
        if not self._sign_in.take_second_try():
            self._given_up = trouble
            raise SearchFailed(trouble)
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
                    self._sign_in.note(f"{server} could not be asked for {query.base}: {failed.trouble.said}")
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
            bind, channel = self._sign_in.enter([server], Deadline(self._timeout))
            self._others[server] = channel
            if bind.trouble:
                self._sign_in.note(f"{server} could not be signed in to: {bind.trouble.said}")
        return self._others[server]

    def _search_again(self, last: DirectoryServer, query: Query, deadline: Deadline) -> tuple[DirectoryEntry, ...]:
        """Sign in again, rather to another server of the kind, and search once more."""
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
