"""What a run will ask of the servers on a site where all is well, counted beforehand; no I/O.

The counts follow ``gathering`` step by step, and take folders,
attributes and sizes from the modules that use them. Tests hold every count
against what the simulated servers saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_flowscape.facts import names
from pytest_flowscape.facts.footprint import DELEGATE, IMPERSONATED
from pytest_flowscape.facts.policy import SECOND_LOOK_SAMPLE, SECOND_LOOKS
from pytest_flowscape.probes.balancer import FRONT_END_CONNECTIONS
from pytest_flowscape.probes.directory.account import MAX_NAMESAKES, POLICY_ATTRIBUTES
from pytest_flowscape.probes.directory.view import (
    account_attributes,
    chunks,
    domain_of,
    holder_attributes,
    identity_filters,
)
from pytest_flowscape.site.one_run import Run

SECONDS = (0.05, 0.5)  # that one EWS request may take: a quick server near by, a slow one far away
START = (5.0, 20.0)  # seconds before the first room
Counts = Mapping[tuple[str, str], int]  # by EWS operation and identity
# one round trip in a room's calendar, with less than 513 items in it
ROUND_TRIP: Counts = {
    ("FindItem", DELEGATE): 2,  # whether anything is left of an earlier run, whether anything is left of this one
    ("GetUserAvailability", DELEGATE): 1,
    ("SyncFolderItems", DELEGATE): 5,  # before, and after each of the four writes
    ("CreateItem", DELEGATE): 1,
    ("UpdateItem", DELEGATE): 2,
    ("DeleteItem", DELEGATE): 1,
}
# one meeting whose room answers at once; each further look for an answer is one GetItem or FindItem more
MEETING: Counts = {
    ("GetMailTips", IMPERSONATED): 1,
    ("GetUserConfiguration", DELEGATE): 1,
    ("GetUserAvailability", DELEGATE): 1,
    ("CreateItem", IMPERSONATED): 2,  # the meeting, and its cancellation
    ("UpdateItem", IMPERSONATED): 3,  # the invitation, the extension, the early end
    ("GetItem", IMPERSONATED): 5,  # its object id, three answers, who gave the first of them
    # what is left of earlier runs, the first answer, what is to be removed, what is left
    ("FindItem", IMPERSONATED): 4,
    ("FindItem", DELEGATE): 6,  # the room's copy after each of four sendings, what is to be removed, what is left
    ("DeleteItem", IMPERSONATED): 1,
    ("DeleteItem", DELEGATE): 1,
}
# those of the delegate's that name the room; the others name an item's id
NAMING_THE_ROOM = ("FindItem", "GetUserAvailability", "GetUserConfiguration", "SyncFolderItems", "CreateItem")
WRITES = ("CreateItem", "UpdateItem", "DeleteItem")


@dataclass(frozen=True)
class Plan:
    """The footprint of a run, known beforehand.

    ``operations`` are EWS requests by (operation, identity), ``mailboxes`` the
    same by address; they are exact where nothing fails and nobody asks to wait.
    ``binds`` is one for each kind of directory server; ``binds_at_most`` is
    more where the site file names further domain controllers, which are asked
    only if the account lies in another domain than the first one's.
    ``sign_ins`` are the most there can be. ``searches`` to ``searches_at_most``
    depends on what the directory shows. ``second_looks`` are failed rooms and
    users that may be asked once more. ``seconds`` is the time it may take,
    from and to.
    """

    operations: Counts
    mailboxes: Mapping[str, Mapping[str, int]]
    without_credentials: int
    sign_ins: int
    binds: int
    binds_at_most: int
    searches: int
    searches_at_most: int
    account_attributes: tuple[str, ...]
    holder_attributes: tuple[str, ...]
    policy_attributes: tuple[str, ...]
    second_looks: int
    seconds: tuple[float, float]
    writes: int

    @property
    def requests(self) -> int:
        """Return the number of EWS requests."""
        return sum(self.operations.values())

    def by_mailbox(self, identity: str) -> dict[str, int]:
        """Return how many requests name each mailbox that is opened with this identity, by its address."""
        return {address: counts[identity] for address, counts in self.mailboxes.items() if counts.get(identity)}


def make_plan(run: Run, reads: Iterable[str]) -> Plan:
    """Count what a run with these rooms and workers will ask. ``reads`` are the attributes that requirements judge."""
    wanted = frozenset(reads)
    operations = _operations(run)
    directory = run.site.directory
    servers = directory.servers if directory else ()
    kinds = len({server.is_global_catalog for server in servers})
    searches, searches_at_most = _searches(run)
    requests, at_once = sum(operations.values()), run.workers * run.connections
    return Plan(
        operations=+operations,
        mailboxes=_mailboxes(run),
        without_credentials=1 + FRONT_END_CONNECTIONS,
        # the first booking has a session of its own, and so has what sweeps at the end, if anything is left
        sign_ins=1 + at_once + 2 * bool(run.book),
        binds=kinds,
        binds_at_most=kinds + _further_controllers(run),
        searches=searches,
        searches_at_most=searches_at_most,
        account_attributes=account_attributes(wanted) if directory else (),
        holder_attributes=holder_attributes(wanted) if directory else (),
        policy_attributes=POLICY_ATTRIBUTES if directory else (),
        second_looks=_second_looks(run),
        # the sign-in's requests come one after another
        seconds=(START[0] + requests * SECONDS[0] / at_once, START[1] + requests * SECONDS[1] / at_once),
        writes=writes() * len(run.rooms) + writes(MEETING) * len(run.invitees) if run.book else 0,
    )


def writes(counts: Counts = ROUND_TRIP) -> int:
    """Return how many requests of a round trip write."""
    return sum(count for (operation, _), count in counts.items() if operation in WRITES)


def _operations(run: Run) -> Counter[tuple[str, str]]:
    """Count as ``gathering`` asks: the account, then the requests for facts, delegate ones for a whole chunk."""
    users = run.site.users
    found: Counter[tuple[str, str]] = Counter()
    # the sign-in and the account's folders, its calendar and the mailbox out of scope, its own names
    found["GetFolder", DELEGATE] = 2
    found["GetFolder", IMPERSONATED] = 1 + bool(users.out_of_scope)
    counted = {names.ROOM: len(run.rooms), names.USER: len(users.addresses)}
    for request in _requests(run):
        identity = IMPERSONATED if request.impersonated else DELEGATE
        found[request.operation, identity] += (
            len(run.chunks) if request.kind == names.DELEGATE else counted[names.per_of(request.kind)]
        )
    if run.site.directory is None:
        found["ResolveNames", DELEGATE] += 1
    if run.book and run.rooms:
        # the first room is looked at, and booked, before all others
        found.update({("GetFolder", DELEGATE): 1, ("GetFolder", IMPERSONATED): 1})
        for counts, times in ((ROUND_TRIP, len(run.rooms)), (MEETING, len(run.invitees))):
            found.update({key: count * times for key, count in counts.items()})
    return found


def _mailboxes(run: Run) -> dict[str, dict[str, int]]:
    site, own = run.site, run.site.service_account.email
    found = {own: {DELEGATE: 2, IMPERSONATED: 1}}
    found |= {room.email: _naming(run, names.ROOM) for room in run.rooms}
    for number, room in enumerate(run.rooms if run.book else ()):
        found[room.email][DELEGATE] += _naming_the_room(ROUND_TRIP) + (number == 0)
        found[room.email][IMPERSONATED] += number == 0
    for address in run.invitees:
        found[address][DELEGATE] += _naming_the_room(MEETING)
        found[own][IMPERSONATED] += sum(count for (_, who), count in MEETING.items() if who == IMPERSONATED)
    found |= {address: _naming(run, names.USER) for address in site.users.addresses}
    stranger = site.users.out_of_scope
    return found | ({stranger: {IMPERSONATED: 1}} if stranger else {})


def _requests(run: Run) -> list[names.Request]:
    """Return the kinds of request for facts of rooms and users: ResolveNames only in place of a directory."""
    return [one for one in names.REQUESTS if one.kind != names.NAMES or run.site.directory is None]


def _naming(run: Run, per: str) -> dict[str, int]:
    """Return how many requests for its facts name a room or user, by identity; ResolveNames names no mailbox."""
    found = [one for one in _requests(run) if names.per_of(one.kind) == per and one.kind != names.NAMES]
    as_owner = sum(one.impersonated for one in found)
    return {identity: n for identity, n in ((DELEGATE, len(found) - as_owner), (IMPERSONATED, as_owner)) if n}


def _naming_the_room(counts: Counts) -> int:
    return sum(count for (name, who), count in counts.items() if who == DELEGATE and name in NAMING_THE_ROOM)


def _further_controllers(run: Run) -> int:
    """Count the domain controllers that the site file names after the first one."""
    servers = run.site.directory.servers if run.site.directory else ()
    return max(0, sum(not server.is_global_catalog for server in servers) - 1)


def _searches(run: Run) -> tuple[int, int]:
    """Return the fewest and the most searches: the account, its lockout policy, who holds each address."""
    site, directory = run.site, run.site.directory
    if directory is None:
        return 0, 0
    addresses = {site.service_account.email, *(room.email for room in run.rooms), *site.users.addresses}
    by_address = len(list(chunks(sorted(addresses))))
    catalog = any(server.is_global_catalog for server in directory.servers)
    controllers = 1 + _further_controllers(run)  # each may be asked for one object, and then the catalog
    # each name in the domain, then in the forest, every object found read whole; the lockout policy; a linked
    # mailbox and its forest; addresses again on a domain controller and by mail; two samples where it is in doubt
    # what the directory shows
    by_name = len(identity_filters(site.service_account.username, domain_of(directory.base_dn)))
    namesakes = catalog * (1 + MAX_NAMESAKES * (controllers + 1))
    account = by_name * (1 + controllers + 2 * catalog) + namesakes + controllers + (controllers + catalog + 1)
    return 3 + by_address, account + by_address * (2 + catalog) + 2


def _second_looks(run: Run) -> int:
    each = SECOND_LOOKS // run.workers + max(1, SECOND_LOOK_SAMPLE // run.workers)
    return min(run.workers * each, len(run.rooms) + len(run.site.users.addresses))
