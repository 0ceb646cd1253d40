"""What Exchange answers about rooms and users: fetched a little ahead of the tests by a few threads, or alone.

What the coming tests will ask for is given beforehand, and nothing else is
fetched. It is fetched chunk by chunk in the order of the tests: the owner's
view of each room, then one delegate request for the whole chunk, so that a
mailbox that nobody has opened yet is never blamed on the grant, and the items
of the rooms that open. At most ``MAX_AHEAD`` rooms are fetched ahead, so that a
run that ends early has asked little in vain.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from queue import PriorityQueue
from typing import Any

from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import MailboxAnswer
from pytest_flowscape.facts.names import (
    DELEGATE,
    FIVE_FOLDERS,
    NAMES,
    OWNER,
    REQUESTS,
    SYNC,
    USERS,
    requests_for,
)
from pytest_flowscape.gathering.folder_ids import FolderIds
from pytest_flowscape.probes.ews.session import EwsSession

MAX_AHEAD = 60  # rooms
GRACE = 2.0  # seconds that the end waits for requests under way
TICK = 0.5  # seconds: a wait without end would not let Ctrl-C through on every system
LAST = 1 << 62  # the place of the task that ends a thread

# kinds whose answers are judged together with those of the whole chunk
TOGETHER = frozenset(request.kind for request in REQUESTS if request.together)

Ask = Callable[[str, Sequence[str]], Mapping[str, Any]]
Wanted = Mapping[str, Sequence[str]]
"""Addresses by kind of request."""

# how a request of a kind is made, by session and addresses; only delegate requests take several addresses
REQUEST: Mapping[str, Callable[[EwsSession, Sequence[str]], Mapping[str, Any]]] = {
    OWNER: lambda ews, of: ews.get_folder(of, FIVE_FOLDERS, impersonate=of[0], rights=True, permissions=True),
    DELEGATE: lambda ews, of: ews.get_folder(of, FIVE_FOLDERS, rights=True),
    SYNC: lambda ews, of: {of[0]: ews.sync_calendar(of[0], impersonate=of[0])},
    NAMES: lambda ews, of: {of[0]: ews.resolve_names(of[0])},
    USERS: lambda ews, of: ews.get_folder(of, ["calendar"], impersonate=of[0]),
}


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


class _Chunk:
    """Mailboxes that are fetched together: what is wanted of them, and what of that is still missing."""

    def __init__(self, number: int, wanted: Wanted) -> None:
        self.number = number
        self.wanted = wanted
        self.missing = {kind: set(addresses) for kind, addresses in wanted.items()}
        self.size = max(map(len, wanted.values()))
        self.noted: set[str] = set()  # kinds whose folder ids are known
        self.begun = False
        self.reached = False  # by a test


class Answers:
    """Answers by kind of request and address; ``known`` holds those that are there.

    ``ask`` makes one request for some addresses, from whatever thread it is
    called. As many threads as ``connections`` fetch ahead, and one more for
    delegate requests, which wait for each other. The methods are for one thread.
    """

    def __init__(
        self, ask: Ask, ids: FolderIds, connections: int, *, known: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.known: dict[str, dict[str, Any]] = {kind: dict((known or {}).get(kind, {})) for kind in REQUEST}
        self._ask = ask
        self._ids = ids
        self._fetchers = connections
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()  # an answer came, or the end
        self._ended = False
        self._numbers = count()
        self._chunks: dict[tuple[str, str], _Chunk] = {}  # by kind and address
        self._errors: dict[tuple[str, str], Exception] = {}
        self._later: deque[_Chunk] = deque()
        self._ahead = 0  # rooms of chunks that are begun and that no test has reached
        self._queue: PriorityQueue[Any] = PriorityQueue()
        self._delegate_queue: PriorityQueue[Any] = PriorityQueue()

    # --- for the tests ------------------------------------------------------------------------------

    def expect(self, chunks: Sequence[Wanted]) -> None:
        """Begin to fetch what the coming tests will ask for, chunk by chunk in their order."""
        with self._changed:
            for wanted in chunks:
                self._plan(wanted)
            self._begin_more()
        if self._chunks and not self._threads:
            queues = [self._queue] * self._fetchers + [self._delegate_queue]
            self._threads = [
                threading.Thread(target=self._work, args=(queue,), name="flowscape-fetch", daemon=True)
                for queue in queues
            ]
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
            self._ids.note([known[address]])
        return known[address]

    def forget(self, kind: str, address: str) -> None:
        """Drop an answer, so that the next ``get`` asks again."""
        self.known[kind].pop(address, None)

    def stop(self) -> None:
        """Begin no further request ahead of a test, from now on."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for queue in [self._queue] * self._fetchers + [self._delegate_queue]:
            queue.put((LAST, next(self._numbers), None))

    def end(self) -> None:
        """Stop, and wait a moment for the requests under way."""
        self.stop()
        until = time.monotonic() + (0.0 if INTERRUPTION else GRACE)
        for thread in self._threads:
            if thread.ident is not None:  # an interrupt may come before all have started
                thread.join(max(0.0, until - time.monotonic()))

    def _wait(self, chunk: _Chunk, kind: str, address: str) -> None:
        """Wait until an answer that is expected is there, and with it those of its chunk that it is judged with."""
        missing = chunk.missing[kind]
        together = kind in TOGETHER
        try:
            with self._changed:
                self._reach(chunk)
                while not self._ended and (missing if together else address in missing):
                    self._changed.wait(TICK)
        except KeyboardInterrupt:
            self._ended = True  # at once: it takes pytest a while to come to its end
            raise
        if together and kind not in chunk.noted:
            chunk.noted.add(kind)
            known = self.known[kind]
            self._ids.note(known[each] for each in chunk.wanted[kind] if each in known)

    # --- what is fetched when; all of it while the lock is held -------------------------------------

    def _plan(self, wanted: Wanted) -> None:
        fresh = {
            kind: [a for a in dict.fromkeys(addresses) if a not in self.known[kind] and (kind, a) not in self._chunks]
            for kind, addresses in wanted.items()
        }
        fresh = {kind: addresses for kind, addresses in fresh.items() if addresses}
        if fresh:
            chunk = _Chunk(next(self._numbers), fresh)
            self._chunks.update(((kind, a), chunk) for kind, addresses in fresh.items() for a in addresses)
            self._later.append(chunk)

    def _begin_more(self) -> None:
        while self._later and (self._ahead < MAX_AHEAD or self._later[0].begun):
            self._begin(self._later.popleft())

    def _begin(self, chunk: _Chunk) -> None:
        """Make the requests of a chunk ready, but those that wait for the owner's view of a room."""
        if chunk.begun:
            return
        chunk.begun = True
        self._ahead += chunk.size
        owners = chunk.wanted.get(OWNER, ())
        if not owners:
            self._push(chunk, DELEGATE, chunk.wanted.get(DELEGATE, ()))
        for kind, addresses in chunk.wanted.items():
            for address in addresses:
                if kind != DELEGATE and not (kind == SYNC and address in owners):
                    self._push(chunk, kind, [address])

    def _reach(self, chunk: _Chunk) -> None:
        """Note that a test asks for something of this chunk, which makes room for others."""
        if not chunk.reached:
            chunk.reached = True
            self._begin(chunk)
            self._ahead -= chunk.size
            self._begin_more()

    def _push(self, chunk: _Chunk, kind: str, addresses: Sequence[str]) -> None:
        """Make a request ready; those of earlier chunks come first."""
        if addresses:
            queue = self._delegate_queue if kind == DELEGATE else self._queue
            queue.put((chunk.number, next(self._numbers), (chunk, kind, addresses)))

    def _settle(self, chunk: _Chunk, kind: str, addresses: Sequence[str], found: Mapping[str, Any]) -> None:
        """Keep what came, and make ready what had to wait for it."""
        self.known[kind].update(found)
        chunk.missing[kind].difference_update(addresses)
        if kind == OWNER:
            for address in chunk.missing.get(SYNC, set()).intersection(addresses):
                if _opens(found.get(address)):
                    self._push(chunk, SYNC, [address])
                else:  # no test will ask for it, or else alone
                    chunk.missing[SYNC].discard(address)
            if not chunk.missing[OWNER]:
                self._push(chunk, DELEGATE, chunk.wanted.get(DELEGATE, ()))
        self._changed.notify_all()

    # --- in the threads -----------------------------------------------------------------------------

    def _work(self, queue: PriorityQueue[Any]) -> None:
        while not self._ended:
            task = queue.get()[-1]
            if task is None or self._ended:
                return
            chunk, kind, addresses = task
            found: Mapping[str, Any] = {}
            error: Exception | None = None
            try:
                found = self._ask(kind, addresses)
            except Exception as raised:  # noqa: BLE001  the test that asks for the fact gets it
                error = raised
            with self._changed:
                if error is not None:
                    self._errors.update(((kind, address), error) for address in addresses)
                self._settle(chunk, kind, addresses, found)


def _opens(answer: Any) -> bool:
    """Whether a mailbox opened for its owner: only then a test will ask for its items."""
    return isinstance(answer, MailboxAnswer) and any(folder.trouble is None for folder in answer.folders)
