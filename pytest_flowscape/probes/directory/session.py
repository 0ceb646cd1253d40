"""Ask the directory everything about a site: the service account, and who holds each address.

Addresses are looked up in a global catalog where the site file names one (the
whole forest), the service account's own object on a controller of its domain
(``account.py``). What a server does wrong becomes a Trouble.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from pytest_flowscape.facts import Bind, DirectoryEntry, DirectoryView, Holders, Trouble
from pytest_flowscape.facts.directory import is_linked
from pytest_flowscape.probes.directory.account import Accounts, Found
from pytest_flowscape.probes.directory.search import Query, SearchFailed
from pytest_flowscape.probes.directory.servers import Servers
from pytest_flowscape.probes.directory.sight import Sight, unreadable
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin
from pytest_flowscape.probes.directory.view import (
    account_attributes,
    chunks,
    domain_of,
    holder_attributes,
    join,
    mail_filter,
    mailbox_rights,
    master_sids,
    proxy_filter,
    token_sids,
    with_unreadable,
)

SAMPLE = 5  # objects to look at where it is in doubt whether the directory hides an attribute


class DirectorySession:
    """One sign-in to the directory of a site, for one thread."""

    def __init__(self, login: DirectoryLogin) -> None:
        self._servers = Servers(login)
        # uniqueness is the domain's, so its head is the base even where the site file names a part of it
        self._domain = domain_of(login.directory.base_dn)
        self._own = login.as_service_account
        self._asked = holder_attributes(frozenset())
        self._sight = Sight()
        self._sampled = False

    def bind(self) -> Bind:
        """Sign in once: the first server in the site file's order that can be reached over TLS decides.

        A second call gives the same answer again. A refusal as the service
        account stops all further sign-ins of the run, except where it holds for
        this domain controller alone (sub-codes 530, 531, 569). Never raises for
        what a server does.
        """
        return self._servers.bind()

    def gather(
        self, account_email: str, username: str, rooms: Sequence[str], users: Sequence[str], *, reads: frozenset[str]
    ) -> DirectoryView:
        """Find the service account by its user name, and who holds its email and the rooms' and users' addresses.

        ``reads`` are further attributes to ask for. The view's ``trouble`` is
        what kept the account from being looked for; an account that was not
        found is None without trouble. Trouble with single addresses is in their
        Holders. Never raises for what a server does.
        """
        bind = self.bind()
        self._asked = holder_attributes(reads)
        asked = account_attributes(reads)
        accounts = Accounts(self._servers, self._domain)
        found, threshold = Found(), None
        trouble = bind.trouble
        if trouble is None:
            try:
                found = accounts.by_user_name(username, asked)
            except SearchFailed as failed:
                trouble = failed.trouble
        addresses = list(dict.fromkeys((account_email, *users, *rooms)))
        if trouble is not None:
            holders = {address: Holders(address, trouble=trouble) for address in addresses}
        else:
            # the object of a linked mailbox is not the account that signed in
            itself = self._own and found.entry is not None and not is_linked(found.entry)
            self._sight = Sight(own_dn=found.entry.dn if found.entry and itself else "")
            threshold = accounts.lockout_threshold(found.entry) if found.entry else None
            holders = self.holders(addresses)
            found = found if found.entry else accounts.linked_mailbox(holders[account_email], asked)
        account, forest = found.entry, ""
        sids: tuple[str, ...] = ()
        granted_to: tuple[str, ...] = ()
        if account is not None:
            forest = accounts.forest_of(account) if is_linked(account) else ""
            hidden = unreadable(account, asked, self._sight, itself=self._own and not forest, catalog=found.catalog)
            account = replace(account, unreadable=hidden, from_catalog=found.catalog)
            sids = token_sids(account)
            granted_to = master_sids(account) if forest else sids

        return DirectoryView(
            bind=self.bind(),
            account=account,
            account_holders=holders[account_email],
            token_sids=sids,
            lockout_threshold=threshold,
            master_forest=forest,
            rooms={room: holders[room] for room in rooms},
            users={user: holders[user] for user in users},
            rights={room: mailbox_rights(holders[room], granted_to, whole=not forest) for room in rooms},
            trouble=trouble,
            searches=self._servers.searches,
        )

    def holders(self, addresses: Sequence[str]) -> dict[str, Holders]:
        """Look up who holds each address: by proxyAddresses, then by mail those that nobody has there.

        ``forest_wide`` is True where a global catalog answered. What it lacks
        is asked of a domain controller as well, if the site file names one;
        what only that one shows is ``waiting`` for replication.
        """
        catalog = self._servers.reaches(catalog=True)
        asked = list(dict.fromkeys(addresses))
        entries, failed = self._find(asked, proxy_filter, catalog=catalog)
        found = join(asked, entries, ())
        missing = [address for address in asked if address not in failed and not _has_owner(found[address])]
        if catalog and missing and self._servers.reaches(catalog=False):
            late, troubles = self._find(missing, proxy_filter, catalog=False)
            failed.update(troubles)
            waiting = {a: replace(h, waiting=True) for a, h in join(missing, late, ()).items() if _newer(h, found[a])}
            found.update(waiting)
        missing = [address for address in missing if address not in failed and not found[address].by_proxy]
        by_mail, troubles = self._find(missing, mail_filter, catalog=catalog)
        failed.update(troubles)
        found.update(join(missing, (), by_mail))
        self._learn((*entries, *by_mail), catalog=catalog)
        unasked = self._servers.names_catalog and not catalog

        def as_shown(address: str, holders: Holders) -> Holders:
            if address in failed:
                return Holders(address, forest_wide=catalog, trouble=failed[address])
            shown = with_unreadable(holders, self._asked, self._sight, forest_wide=catalog)
            return replace(shown, catalog_missing=unasked)

        return {address: as_shown(address, holders) for address, holders in found.items()}

    def lend(self) -> Any:
        """Return the ldap3 Connection of the first server, for a customer's tests: signed in, for searching alone.

        None where nothing is signed in. ``close`` ends it.
        """
        return self._servers.lend()

    def close(self) -> None:
        """End all connections."""
        self._servers.close()

    # --- searches ---

    def _search(
        self, base: str, wanted: str, attributes: tuple[str, ...], *, catalog: bool, limit: int | None = None
    ) -> tuple[DirectoryEntry, ...]:
        return self._servers.search(Query(base, wanted, attributes, limit=limit), catalog=catalog)

    def _find(
        self, addresses: Sequence[str], make_filter: Callable[[Iterable[str]], str], *, catalog: bool
    ) -> tuple[list[DirectoryEntry], dict[str, Trouble]]:
        """Search for addresses chunk by chunk: the entries, and the trouble of those that could not be asked."""
        entries: list[DirectoryEntry] = []
        failed: dict[str, Trouble] = {}
        base = "" if catalog else self._domain  # on a global catalog the empty base is the whole forest
        for chunk in chunks(addresses):
            try:
                entries += self._search(base, make_filter(chunk), self._asked, catalog=catalog)
            except SearchFailed as failure:  # noqa: PERF203  each is a search
                failed.update(dict.fromkeys(chunk, failure.trouble))
        return entries, failed

    def _learn(self, entries: Iterable[DirectoryEntry], *, catalog: bool) -> None:
        """Learn from the entries what the directory shows; ask for a few others where they leave it in doubt.

        One object of anybody with the attribute is enough: Exchange's own
        system mailboxes have both. Asked at most once in a session.
        """
        self._sight = self._sight.after(entries)
        if self._sampled:
            return
        base = "" if catalog else self._domain
        for seen, name in ((self._sight.proxies, "proxyAddresses"), (self._sight.exchange, "mailNickname")):
            if seen:
                continue
            self._sampled = True
            try:
                others = self._search(base, f"({name}=*)", (name,), catalog=catalog, limit=SAMPLE)
            except SearchFailed:
                continue
            self._sight = self._sight.after(others)


def _has_owner(holders: Holders) -> bool:
    """Whether some object has the address as its primary one."""
    return any(holders.address in entry.primary_addresses for entry in holders.by_proxy)


def _newer(late: Holders, found: Holders) -> bool:
    """Whether a domain controller shows whose address it is, and the global catalog nobody, or a former holder."""
    return bool(late.by_proxy) and (not found.by_proxy or _has_owner(late))
