"""Model objects as directory objects: every attribute is computed on demand, none is stored.

The model changes while the server runs (faults, lockout), so no entry outlives
its search. An entry knows what its reader sees of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pytest_flowscape.simulator.directory import names
from pytest_flowscape.simulator.directory.objects import (
    CONTAINER,
    DOMAIN,
    GROUP,
    TRUST,
    Container,
    DomainHead,
    Trust,
    trusts,
)
from pytest_flowscape.simulator.directory.schema import SCHEMA, Selection, Values
from pytest_flowscape.simulator.directory.users import USER
from pytest_flowscape.simulator.directory.view import View
from pytest_flowscape.simulator.model import Account, Group

Table = Mapping[str, Callable[[Any, View], Values]]


def _by_lower_name(table: Table) -> Table:
    return {name.lower(): make for name, make in table.items()}


KINDS: Mapping[str, Table] = {
    "Account": _by_lower_name(USER),
    "Group": _by_lower_name(GROUP),
    "DomainHead": _by_lower_name(DOMAIN),
    "Container": _by_lower_name(CONTAINER),
    "Trust": _by_lower_name(TRUST),
}
NOTHING_EXTRA: Mapping[str, Values] = {}


class Entry:
    """One object of the directory as a search sees it."""

    __slots__ = ("_extra", "_hidden", "_source", "_table", "dn", "sid", "view")

    def __init__(self, source: Any, view: View) -> None:
        self.dn: str = source.dn
        self.sid: str = source.sid
        self.view = view
        self._source = source
        self._table = KINDS[type(source).__name__]
        self._extra = NOTHING_EXTRA
        self._hidden: Collection[str] = ()
        if isinstance(source, Account):
            self._hidden = source.hidden
            if source.extra:
                self._extra = {name.lower(): values for name, values in source.extra.items()}

    def read(self, key: str) -> Values | None:
        """Return the values of the attribute ``key`` (lower case): [] if unset, None if this reader does not see it."""
        known = SCHEMA.get(key)
        if known is not None and self.view.catalog and not known.in_catalog:
            return None
        if not self.view.reader.sees(key, of=self.sid, hidden=self._hidden):
            return None
        if key in self._extra:
            return self._extra[key]
        make = self._table.get(key)
        return make(self._source, self.view) if make else []

    def attributes(self, selection: Selection, *, base_search: bool) -> list[tuple[str, Values]]:
        """Return the attributes that a search asks for and this reader sees, unset ones left out."""
        keys = list(self._table) + [key for key in self._extra if key not in self._table]
        chosen = (key for key in keys if selection.takes(key, base_search=base_search))
        return [(self._spelling(key), values) for key in chosen if (values := self.read(key))]

    def _spelling(self, key: str) -> str:
        if key in SCHEMA:
            return SCHEMA[key].name
        return next((name for name in self._source.extra if name.lower() == key), key)


def entries(view: View, addresses: frozenset[str] | None = None) -> Iterator[Entry]:
    """Go through the directory: the domain, containers, groups, accounts.

    ``addresses`` (case folded) leaves out accounts that have none of them in
    ``mail`` or ``proxyAddresses``: one pass over plain strings, so that a search
    for 100 addresses among thousands stays fast without an index that a fault
    could make stale.
    """
    if addresses is None:  # only accounts have addresses
        yield from _surroundings(view)
    for account in view.organisation.accounts.values():
        if (view.catalog and not account.in_global_catalog) or not view.shows(account.dn):
            continue
        if addresses is None or account.extra or _has_one_of(account, addresses):
            yield Entry(account, view)


def find_entry(view: View, key: tuple[str, ...]) -> Entry | None:
    """Return the object whose distinguished name has this key, None if there is none."""
    around = (entry for entry in _surroundings(view) if names.name_key(entry.dn) == key)
    accounts = (
        Entry(account, view)
        for account in view.organisation.accounts.values()
        if names.name_key(account.dn) == key
        and (account.in_global_catalog or not view.catalog)
        and view.shows(account.dn)
    )
    return next(around, None) or next(accounts, None)


def _surroundings(view: View) -> Iterator[Entry]:
    organisation = view.organisation
    parents = {names.parent(group.dn) for group in organisation.groups.values()}
    parents.update(names.parent(account.dn) for account in organisation.accounts.values())
    parents.update(names.parent(trust.dn) for trust in trusts(organisation))
    for head in view.heads:
        yield Entry(DomainHead(head.base_dn, head.sid), view)
        inside = frozenset(parent for parent in parents if organisation.domain_of(parent) == head)
        for container in _containers(inside, head.base_dn):
            yield Entry(container, view)
    around: list[Group | Trust] = [*organisation.groups.values(), *trusts(organisation)]
    yield from (Entry(one, view) for one in around if view.shows(one.dn))


def _has_one_of(account: Account, addresses: frozenset[str]) -> bool:
    if account.mail.casefold() in addresses:
        return True
    return any(address.casefold() in addresses for address in account.proxy_addresses)


@lru_cache(maxsize=64)
def _containers(parents: frozenset[str], base: str) -> tuple[Container, ...]:
    root = names.name_key(base)
    found: dict[tuple[str, ...], Container] = {}
    for name in parents:
        at = name
        while (key := names.name_key(at)) and len(key) > len(root) and key not in found:
            found[key] = Container(at)
            at = names.parent(at)
    return tuple(found[key] for key in sorted(found, key=lambda key: (len(key), key)))
