"""What Exchange says of rooms and users: fetched a little ahead of the tests by a few threads, or alone when asked.

The fetcher is told beforehand what the coming tests will ask for, and asks for
nothing else. It works chunk by chunk in the order of the tests: the owner's
view of each room, then one delegate request for the whole chunk, and the items
of the rooms that open. It is never more than ``ROOMS_AHEAD`` rooms ahead, so
that a run that ends early has asked little in vain.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any

from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import MailboxAnswer
from pytest_flowscape.facts.names import (
    DELEGATE,
    FIVE_FOLDERS,
    KINDS,
    NAMES,
    OWNER,
    SYNC,
    TOGETHER,
    USERS,
    requests_for,
)
from pytest_flowscape.gathering.folder_ids import Claims
from pytest_flowscape.probes.ews.session import EwsSession

ROOMS_AHEAD = 60
GRACE = 2.0  # seconds that the end waits for requests under way
# seconds after which a thread that has an answer gets its turn: tests keep the interpreter busy, and with Python's own
# five milliseconds for each of a request's steps the connections would stand idle
TURN = 0.0005
# threads for each connection: one that reads an answer leaves its connection to another one
SPARE = 1.35
TICK = 0.5  # seconds: a wait without end would not let Ctrl-C through on every system


Ask = Callable[[str, Sequence[str]], Mapping[str, Any]]
Wanted = Mapping[str, Sequence[str]]
"""Addresses by kind."""


def wanted_chunks(
    coming: Iterable[tuple[str, Iterable[str]]], chunk_of: Mapping[str, int], *, directory_closed: bool
) -> list[Wanted]:
    """Return what is to be fetched for these targets and names of facts, chunk by chunk; what has no chunk, last."""
    chunks: dict[int, dict[str, list[str]]] = {}
    kinds_of: dict[frozenset[str], list[str]] = {}  # thousands of tests ask for the same
    for target, names in coming:
        facts = frozenset(names)
        kinds = kinds_of.get(facts)
        if kinds is None:
            kinds = kinds_of[facts] = sorted(requests_for(facts, directory_closed=directory_closed))
        for kind in kinds:
            chunks.setdefault(chunk_of.get(target, -1), {}).setdefault(kind, []).append(target)
    users = chunks.pop(-1, None)
    return [*chunks.values(), *([users] if users else ())]


def ask(session: EwsSession, kind: str, addresses: Sequence[str]) -> Mapping[str, Any]:
    """Make one request, as the kind demands; only delegate requests take several addresses."""
    first = addresses[0]
    if kind == DELEGATE:
        return session.get_folder(addresses, FIVE_FOLDERS, rights=True)
    if kind == OWNER:
        return session.get_folder([first], FIVE_FOLDERS, impersonate=first, rights=True, permissions=True)
    if kind == USERS:
        return session.get_folder([first], ["calendar"], impersonate=first)
    if kind == SYNC:
        return {first: session.sync_calendar(first, impersonate=first)}
    return {first: session.resolve_names(first)}


@dataclass(eq=False)
class _Chunk:
    """Mailboxes that are fetched together: what is wanted of them, and of that what is not there yet."""

    number: int
    wanted: dict[str, list[str]]
    missing: dict[str, set[str]] = field(init=False)
    noted: set[str] = field(default_factory=set)
    begun: bool = False
    reached: bool = False

    def __post_init__(self) -> None:
        self.missing = {kind: set(addresses) for kind, addresses in self.wanted.items()}

    @property
    def size(self) -> int:
        return max(len(addresses) for addresses in self.wanted.values())


@dataclass(order=True)
class _Task:
    """One request to make; earlier chunks first."""

    chunk_number: int
    number: int
    chunk: _Chunk = field(compare=False)
    kind: str = field(compare=False)
    addresses: list[str] = field(compare=False)


class _Queue:
    """What waits to be asked, a heap, and the wish to know when there is something; all queues have one lock."""

    def __init__(self, lock: threading.Lock) -> None:
        self.tasks: list[_Task] = []
        self.filled = threading.Condition(lock)


class RoomFacts:
    """Answers by kind and address; ``known`` holds those that are there.

    ``ask`` asks for some addresses in one request, from whatever thread it is
    called. Some more threads than ``connections`` fetch ahead, and one for
    delegate requests, which have a queue of their own. The methods are for one thread.
    """

    def __init__(self, ask: Ask, claims: Claims, connections: int) -> None:
        self.known: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self._ask = ask
        self._claims = claims
        self._fetchers = math.ceil(connections * SPARE)
        self._threads: list[threading.Thread] = []
        lock = threading.Lock()
        self._changed = threading.Condition(lock)  # for who waits for an answer
        self._awaited: tuple[_Chunk, str] | None = None  # what it belongs to: nobody is woken for anything else
        self._ended = False
        self._turn = 0.0  # what was set before
        self._numbers = count()
        self._chunks: dict[tuple[str, str], _Chunk] = {}  # by kind and address
        self._errors: dict[tuple[str, str], Exception] = {}
        self._later: deque[_Chunk] = deque()
        self._ahead = 0  # rooms of chunks that are begun and that no test has reached
        self._ready = _Queue(lock)
        self._ready_delegate = _Queue(lock)

    # --- for the tests ------------------------------------------------------------------------------

    def expect(self, chunks: Sequence[Wanted]) -> None:
        """Learn what the coming tests will ask for, chunk by chunk in their order, and begin to fetch it."""
        with self._changed:
            for wanted in chunks:
                self._plan(wanted)
            self._begin_more()
        if self._chunks and not self._threads:
            queues = [self._ready] * self._fetchers + [self._ready_delegate]
            self._threads = [
                threading.Thread(target=self._work, args=(queue,), name="flowscape-fetch", daemon=True)
                for queue in queues
            ]
            self._turn = sys.getswitchinterval()
            sys.setswitchinterval(TURN)
            for thread in self._threads:
                thread.start()

    def get(self, kind: str, address: str) -> Any:
        """Return an answer: as it was fetched, or else asked for now, alone. Raises what asking for it raised."""
        chunk = self._chunks.get((kind, address))
        if chunk is not None:
            self._wait(chunk, kind, address)
        error = self._errors.pop((kind, address), None)
        if error is not None:
            raise error
        known = self.known[kind]
        if address not in known:
            known[address] = self._ask(kind, [address])[address]
            self._claims.note([known[address]])
        return known[address]

    def forget(self, kind: str, address: str) -> None:
        """Drop an answer, so that the next ``get`` asks anew."""
        self.known[kind].pop(address, None)

    def stop(self) -> None:
        """Begin no further request ahead of a test, from now on."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
            for queue in (self._ready, self._ready_delegate):
                queue.filled.notify_all()

    def end(self) -> None:
        """Stop, and wait a moment for the requests under way."""
        self.stop()
        until = time.monotonic() + (0.0 if INTERRUPTION else GRACE)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._turn:
            sys.setswitchinterval(self._turn)
            self._turn = 0.0

    def _wait(self, chunk: _Chunk, kind: str, address: str) -> None:
        """Wait until an answer that is expected is there, and with it those of its chunk that it is judged with."""
        together = kind in TOGETHER
        missing = chunk.missing[kind]

        def is_missing() -> bool:
            return bool(missing) if together else address in missing

        try:
            with self._changed:
                self._reach(chunk)
                self._awaited = (chunk, kind)
                while not self._ended and is_missing():
                    self._changed.wait(TICK)
                self._awaited = None
        except KeyboardInterrupt:
            self._ended = True  # at once: it takes pytest a while to come to its end
            raise
        if together and kind not in chunk.noted:
            chunk.noted.add(kind)
            known = self.known[kind]
            self._claims.note(known[each] for each in chunk.wanted[kind] if each in known)

    # --- what is fetched when; all of it while the lock is held -------------------------------------

    def _plan(self, wanted: Wanted) -> None:
        fresh = {
            kind: [a for a in dict.fromkeys(addresses) if a not in self.known[kind] and (kind, a) not in self._chunks]
            for kind, addresses in wanted.items()
        }
        chunk = _Chunk(next(self._numbers), {kind: addresses for kind, addresses in fresh.items() if addresses})
        if chunk.wanted:
            self._chunks.update(((kind, a), chunk) for kind, addresses in chunk.wanted.items() for a in addresses)
            self._later.append(chunk)

    def _begin_more(self) -> None:
        while self._later and (self._ahead < ROOMS_AHEAD or self._later[0].begun):
            self._begin(self._later.popleft())

    def _begin(self, chunk: _Chunk) -> None:
        if chunk.begun:
            return
        chunk.begun = True
        self._ahead += chunk.size
        wanted = chunk.wanted
        for kind in (OWNER, NAMES, USERS):
            for address in wanted.get(kind, ()):
                self._push(chunk, kind, [address])
        if OWNER not in wanted:
            self._push(chunk, DELEGATE, wanted.get(DELEGATE, []))
        for address in wanted.get(SYNC, ()):
            if address not in wanted.get(OWNER, ()):
                self._push(chunk, SYNC, [address])

    def _reach(self, chunk: _Chunk) -> None:
        """Note that a test asks for something of this chunk, which makes room for others."""
        if not chunk.reached:
            chunk.reached = True
            self._begin(chunk)
            self._ahead -= chunk.size
            self._begin_more()

    def _push(self, chunk: _Chunk, kind: str, addresses: list[str]) -> None:
        if addresses:
            queue = self._ready_delegate if kind == DELEGATE else self._ready
            heappush(queue.tasks, _Task(chunk.number, next(self._numbers), chunk, kind, addresses))
            queue.filled.notify()

    def _settle(self, task: _Task, found: Mapping[str, Any], error: Exception | None) -> None:
        """Keep what came, and make ready what had to wait for it."""
        chunk, kind = task.chunk, task.kind
        self.known[kind].update(found)
        if error is not None:
            self._errors.update(((kind, address), error) for address in task.addresses)
        chunk.missing[kind].difference_update(task.addresses)
        if kind == OWNER:
            for address in task.addresses:
                if address not in chunk.wanted.get(SYNC, ()):
                    continue
                if _opens(found.get(address)):
                    self._push(chunk, SYNC, [address])
                else:  # nobody will ask for it, or else alone
                    chunk.missing[SYNC].discard(address)
            if not chunk.missing[OWNER]:
                self._push(chunk, DELEGATE, chunk.wanted.get(DELEGATE, []))
        awaited, of = self._awaited or (None, "")
        if awaited is chunk and not (of in TOGETHER and chunk.missing[of]):
            self._changed.notify_all()

    # --- in the threads -----------------------------------------------------------------------------

    def _work(self, queue: _Queue) -> None:
        while True:
            with queue.filled:
                while not queue.tasks and not self._ended:
                    queue.filled.wait()
                if self._ended:
                    return
                task = heappop(queue.tasks)
            found: Mapping[str, Any] = {}
            error: Exception | None = None
            try:
                found = self._ask(task.kind, task.addresses)
            except Exception as raised:  # noqa: BLE001  whoever asks for the fact gets it
                error = raised
            with self._changed:
                self._settle(task, found, error)


def _opens(answer: Any) -> bool:
    """Whether a mailbox opened for its owner: only then somebody will ask for its items."""
    return isinstance(answer, MailboxAnswer) and any(folder.trouble is None for folder in answer.folders)
