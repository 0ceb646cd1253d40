"""One search from request to answer: base, scope, filter, limits, pages, attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ldaptor.protocols import pureldap

from pytest_flowscape.simulator.directory import results
from pytest_flowscape.simulator.directory.entries import Entry, entries, find_entry
from pytest_flowscape.simulator.directory.filters import compile_filter
from pytest_flowscape.simulator.directory.names import name_key
from pytest_flowscape.simulator.directory.paging import Controls, OpenSearches, paging_control
from pytest_flowscape.simulator.directory.results import Result
from pytest_flowscape.simulator.directory.root_dse import root_dse
from pytest_flowscape.simulator.directory.schema import Selection, Values
from pytest_flowscape.simulator.directory.view import View
from pytest_flowscape.simulator.domains import Domain
from pytest_flowscape.simulator.model import Organisation

BASE, ONE_LEVEL = pureldap.LDAP_SCOPE_baseObject, pureldap.LDAP_SCOPE_singleLevel

Found = tuple[str, list[tuple[str, Values]]]


@dataclass
class Answer:
    """What a search sends back: entries, references to other naming contexts, how it ended."""

    entries: list[Found] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    result: Result = field(default_factory=Result)


def is_root_dse(request: Any) -> bool:
    """Whether a search is for the rootDSE, which anybody may read."""
    return not request.baseObject.strip() and request.scope == BASE


def read_root_dse(organisation: Organisation, domain: Domain, request: Any) -> Answer:
    """Answer a search for the rootDSE of a domain's controller."""
    selection = Selection.of(_texts(request.attributes))
    found = [
        (name, values)
        for name, values in root_dse(organisation, domain).items()
        if selection.takes(name.lower(), base_search=True)
    ]
    return Answer([("", found)])


def run_search(request: Any, controls: Controls, view: View, open_searches: OpenSearches) -> Answer:
    """Answer a search of an account that has signed in. Raises RefusalError if it ends before any entry."""
    search = (request.baseObject, request.scope, request.filter.toWire())
    matching = open_searches.resume(controls.cookie, search) if controls.cookie else _matches(request, view)
    # a domain controller sends at most MaxPageSize entries in one answer
    limit = view.organisation.policy.max_page_size
    paged = controls.page_size is not None
    if controls.page_size is not None:
        limit = min(controls.page_size or (0 if controls.cookie else limit), limit)
    # RFC 2696 3: a page as large as the client's own limit makes paging pointless
    if request.sizeLimit and request.sizeLimit <= limit:
        limit, paged = request.sizeLimit, False
    answer = Answer(_render(matching[:limit], request))
    if paged:
        # size 0 with a cookie gives the search up
        cookie = open_searches.keep(search, matching[limit:]) if limit else b""
        answer.result = Result(controls=[paging_control(cookie)])
        if cookie or not limit:
            return answer
    elif len(matching) > limit:
        answer.result = Result(results.SIZE_LIMIT_EXCEEDED)
        return answer
    if not controls.domain_scope:
        answer.references = _references(request, view)
    return answer


def _matches(request: Any, view: View) -> list[Entry]:
    base, start = _base(request, view)
    chosen = compile_filter(request.filter)
    within = _scope(request.scope, base)
    if request.scope == BASE:
        candidates: Iterable[Entry] = [] if start is None else [start]
    else:
        candidates = entries(view, chosen.addresses)
    return [entry for entry in candidates if within(name_key(entry.dn)) and chosen.match(entry) is True]


def _base(request: Any, view: View) -> tuple[tuple[str, ...], Entry | None]:
    """Find where the search starts. Raises RefusalError if that is no name, does not exist, or is another domain's."""
    text = request.baseObject.decode("utf-8", "replace")
    try:
        base = name_key(text)
    except ValueError as error:
        raise results.bad_name() from error
    if view.catalog and not base:  # the catalog's port searches the whole forest
        return base, None
    if base[-len(view.root) :] != view.root or not view.shows(text):
        if base and base[-1].startswith("dc="):
            domain = ".".join(part[3:] for part in base if part.startswith("dc="))
            raise results.elsewhere(f"ldap://{domain}/{text}")
        raise results.no_object("")
    found = find_entry(view, base)
    if found is not None:
        return base, found
    above = (find_entry(view, base[up:]) for up in range(1, len(base)))
    raise results.no_object(next(entry.dn for entry in above if entry is not None))


def _scope(scope: int, base: tuple[str, ...]) -> Callable[[tuple[str, ...]], bool]:
    depth = len(base)
    if scope == BASE:
        return lambda name: name == base
    if scope == ONE_LEVEL:
        return lambda name: len(name) == depth + 1 and name[1:] == base
    return lambda name: name[len(name) - depth :] == base


def _render(entries: list[Entry], request: Any) -> list[Found]:
    selection = Selection.of(_texts(request.attributes))
    base_search = request.scope == BASE
    found = [(entry.dn, entry.attributes(selection, base_search=base_search)) for entry in entries]
    if request.typesOnly:
        return [(name, [(kind, []) for kind, _values in attributes]) for name, attributes in found]
    return found


def _references(request: Any, view: View) -> list[str]:
    """Return the other naming contexts below the domain's root, which a search from there does not enter."""
    if request.scope == BASE or view.catalog or name_key(request.baseObject.decode("utf-8", "replace")) != view.root:
        return []
    base = view.domain.base_dn
    domain = ".".join(part.partition("=")[2] for part in view.root)
    end = "??base" if request.scope == ONE_LEVEL else ""
    children = (one for one in view.organisation.more_domains if one.base_dn != base and view.domain.holds(one.base_dn))
    return [
        *(f"ldap://{one.dns}/{one.base_dn}{end}" for one in children),
        f"ldap://ForestDnsZones.{domain}/DC=ForestDnsZones,{base}{end}",
        f"ldap://DomainDnsZones.{domain}/DC=DomainDnsZones,{base}{end}",
        f"ldap://{domain}/CN=Configuration,{base}{end}",
    ]


def _texts(values: list[bytes]) -> list[str]:
    return [value.decode("utf-8", "replace") for value in values]
