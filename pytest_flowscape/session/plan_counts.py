"""What one run will ask of the servers on a site where all is well, counted beforehand; no I/O.

The counts follow ``gather_site`` and ``gather`` step by step, and take folders,
attributes and sizes from the modules that use them. Tests hold every count
against what the simulated servers saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_flowscape.facts.footprint import DELEGATE, IMPERSONATED
from pytest_flowscape.facts.policy import MAX_RETRIES, SECOND_LOOK_SAMPLE, SECOND_LOOKS
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


@dataclass(frozen=True)
class Plan:
    """The footprint of a run, known beforehand.

    ``operations`` are EWS requests by (operation, identity), ``mailboxes`` the
    same by address; they are exact where nothing fails and nobody asks to wait.
    ``binds`` is one for each kind of directory server; ``binds_at_most`` is
    more where the site file names further domain controllers, which are asked
    only if the account lies in another domain than the first one's.
    ``sign_ins`` and ``connections`` (at one time) are the most there can be.
    ``searches`` to ``searches_at_most`` depends on what the directory shows.
    ``second_looks`` are failed rooms and users that may be asked once more.
    ``seconds`` is the time it may take, from and to.
    """

    operations: Mapping[tuple[str, str], int]
    mailboxes: Mapping[str, Mapping[str, int]]
    without_credentials: int
    sign_ins: int
    connections: int
    binds: int
    binds_at_most: int
    searches: int
    searches_at_most: int
    account_attributes: tuple[str, ...]
    holder_attributes: tuple[str, ...]
    policy_attributes: tuple[str, ...]
    second_looks: int
    retries: int
    seconds: tuple[float, float]
    writes: int = 0

    @property
    def requests(self) -> int:
        """Return the number of EWS requests."""
        return sum(self.operations.values())

    def opened(self, identity: str) -> tuple[str, ...]:
        """Return the addresses of the mailboxes that are opened with this identity."""
        return tuple(address for address, asked in self.mailboxes.items() if asked.get(identity))


def make_plan(run: Run, reads: Iterable[str]) -> Plan:
    """Count what a run with these rooms and workers will ask. ``reads`` are the attributes that requirements judge."""
    wanted = frozenset(reads)
    operations = _operations(run)
    asks = run.site.directory is not None
    fewest, most = _searches(run) if asks else (0, 0)
    return Plan(
        operations={key: count for key, count in operations.items() if count},
        mailboxes=_mailboxes(run),
        without_credentials=1 + FRONT_END_CONNECTIONS,
        # the first booking has a session of its own, and so has what sweeps at the end, if anything is left
        sign_ins=1 + run.workers * run.connections + 2 * bool(run.book),
        connections=run.site.exchange.max_connections,
        binds=_binds(run),
        binds_at_most=_binds(run) + _further_controllers(run),
        searches=fewest,
        searches_at_most=most,
        account_attributes=account_attributes(wanted) if asks else (),
        holder_attributes=holder_attributes(wanted) if asks else (),
        policy_attributes=POLICY_ATTRIBUTES if asks else (),
        second_looks=_second_looks(run),
        retries=MAX_RETRIES,
        seconds=_seconds(sum(operations.values()), run),
        writes=writes() * len(run.rooms) + writes(MEETING) * len(run.invitees) if run.book else 0,
    )


def _operations(run: Run) -> Counter[tuple[str, str]]:
    """Count as ``gather_site`` and ``gather`` ask: the account, then each room as owner, as delegate, its items."""
    users = run.site.users
    found: Counter[tuple[str, str]] = Counter()
    # the sign-in and the account's five folders, and one request for each chunk of rooms
    found["GetFolder", DELEGATE] = 2 + len(run.chunks)
    itself_and_stranger = 1 + bool(users.out_of_scope)
    found["GetFolder", IMPERSONATED] = itself_and_stranger + len(run.rooms) + len(users.addresses)
    found["SyncFolderItems", IMPERSONATED] = len(run.rooms)
    if run.site.directory is None:
        found["ResolveNames", DELEGATE] = 1 + len(run.rooms)
    if run.book and run.rooms:
        # the first room is looked at, and booked, before all others
        found.update({("GetFolder", DELEGATE): 1, ("GetFolder", IMPERSONATED): 1})
        found.update(all_of(len(run.rooms), len(run.invitees)))
    return found


def _mailboxes(run: Run) -> dict[str, dict[str, int]]:
    site = run.site
    found = {site.service_account.email: {DELEGATE: 2, IMPERSONATED: 1}}
    found |= {room.email: {DELEGATE: 1, IMPERSONATED: 2} for room in run.rooms}
    if run.book:
        for number, room in enumerate(run.rooms):
            first = number == 0
            found[room.email] = {DELEGATE: 1 + naming_the_room() + first, IMPERSONATED: 2 + first}
    for address in run.invitees:
        found[address][DELEGATE] += naming_the_room(MEETING)
        found[site.service_account.email][IMPERSONATED] += as_organizer()
    people = (*site.users.addresses, *filter(None, [site.users.out_of_scope]))
    return found | {address: {IMPERSONATED: 1} for address in people}


def _binds(run: Run) -> int:
    """Count one bind for each kind of server that the site file names, domain controllers and global catalogs."""
    directory = run.site.directory
    return len({server.is_global_catalog for server in directory.servers}) if directory else 0


def _further_controllers(run: Run) -> int:
    """Count the domain controllers that the site file names beside the first one."""
    servers = run.site.directory.servers if run.site.directory else ()
    return max(0, sum(not server.is_global_catalog for server in servers) - 1)


def _searches(run: Run) -> tuple[int, int]:
    """Return the fewest and the most searches: the account, its lockout policy, who holds each address."""
    site, directory = run.site, run.site.directory
    assert directory is not None
    addresses = {site.service_account.email, *(room.email for room in run.rooms), *site.users.addresses}
    by_address = len(list(chunks(sorted(addresses))))
    username, domain = site.service_account.username, domain_of(directory.base_dn)
    catalog = any(server.is_global_catalog for server in directory.servers)
    controllers = 1 + _further_controllers(run)  # each may be asked for one object, and then the catalog
    fewest = 3 + by_address
    # each name in the domain, then in the forest, every object found read whole; the lockout policy; a linked
    # mailbox and its forest; addresses again on a domain controller and by mail; two samples where it is in doubt
    # what the directory shows
    named = len(identity_filters(username, domain)) * (1 + controllers + 2 * catalog)
    namesakes = catalog * (1 + MAX_NAMESAKES * (controllers + 1))
    account = named + namesakes + controllers + (controllers + catalog + 1)
    most = account + by_address * (2 + catalog) + 2
    return fewest, most


def _second_looks(run: Run) -> int:
    each = SECOND_LOOKS // run.workers + max(1, SECOND_LOOK_SAMPLE // run.workers)
    return min(run.workers * each, len(run.rooms) + len(run.site.users.addresses))


def _seconds(requests: int, run: Run) -> tuple[float, float]:
    """Estimate the duration where nobody asks to wait; the sign-in's requests come one after another."""
    at_once = run.workers * run.connections
    return START[0] + requests * SECONDS[0] / at_once, START[1] + requests * SECONDS[1] / at_once


Counts = Mapping[tuple[str, str], int]


# one round trip in a room's calendar, with less than 513 items in it: (operation, identity) to count
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
    (
        "FindItem",
        IMPERSONATED,
    ): 4,  # what is left of earlier runs, the first answer, what is to be removed, what is left
    ("FindItem", DELEGATE): 6,  # the room's copy after each of four sendings, what is to be removed, what is left
    ("DeleteItem", IMPERSONATED): 1,
    ("DeleteItem", DELEGATE): 1,
}


# those of the delegate's that name the room; the others name an item's id
NAMING_THE_ROOM = ("FindItem", "GetUserAvailability", "GetUserConfiguration", "SyncFolderItems", "CreateItem")


WRITES = ("CreateItem", "UpdateItem", "DeleteItem")


def naming_the_room(counts: Counts = ROUND_TRIP) -> int:
    """Return how many requests of a round trip name the room's mailbox."""
    return sum(count for (name, who), count in counts.items() if who == DELEGATE and name in NAMING_THE_ROOM)


def as_organizer() -> int:
    """Return how many requests of a meeting act as the service account's own mailbox."""
    return sum(count for (_, who), count in MEETING.items() if who == IMPERSONATED)


def writes(counts: Counts = ROUND_TRIP) -> int:
    """Return how many requests of a round trip write."""
    return sum(count for (operation, _), count in counts.items() if operation in WRITES)


def all_of(rooms: int, invited: int) -> Counter[tuple[str, str]]:
    """Return the requests of so many round trips in rooms and so many meetings."""
    found: Counter[tuple[str, str]] = Counter()
    for counts, times in ((ROUND_TRIP, rooms), (MEETING, invited)):
        found.update({asked: count * times for asked, count in counts.items()})
    return found
