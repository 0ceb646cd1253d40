"""The part of the directory's answers that is looked up while Exchange is asked already.

With more addresses than one search takes, what the first search tells is enough
to go on: the service account, and the first rooms. A thread looks up the others;
who reads one of them waits. Once all are there, ``whole`` gives a plain view.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import Bind, DirectoryView, Grant, Holders, Kind, MailboxRights, Trouble

T = TypeVar("T")
TICK = 0.5  # seconds: a wait without end would not let Ctrl-C through on every system
INTERRUPTED = Trouble(Kind.NOT_ASKED, "the run was interrupted before the directory had told of all rooms")


@dataclass(frozen=True)
class Rest:
    """What was looked up late, by address, and what the session tells at its end."""

    holders: Mapping[str, Holders]
    rights: Mapping[str, MailboxRights]
    bind: Bind
    searches: int


class Late:
    """Makes the rest once: in a thread if ``start`` was called, else where ``result`` is first asked for.

    ``make`` must not raise for what a server does; what it raises all the same
    is raised by ``result``, each time. For one thread beside its own.
    """

    def __init__(self, view: DirectoryView, addresses: Sequence[str], make: Callable[[], Rest]) -> None:
        self._view = view
        self._addresses = addresses
        self._make = make
        self._thread: threading.Thread | None = None
        self._there = threading.Event()
        self._made: Rest | None = None
        self._given: Rest | None = None  # the same to all readers, whatever is made after an interruption
        self._error: BaseException | None = None

    def start(self, then: Callable[[], None]) -> None:
        """Begin in a thread of its own, which calls ``then`` at its end."""

        def work() -> None:
            try:
                self._try()
            finally:
                then()

        self._thread = threading.Thread(target=work, name="flowscape-directory", daemon=True)
        self._thread.start()

    def _try(self) -> None:
        try:
            self._made = self._make()
        except BaseException as error:  # noqa: BLE001  it is raised where the rest is wanted
            self._error = error.with_traceback(None)
        finally:
            self._there.set()

    def result(self) -> Rest:
        """Return the rest, waiting for it; after an interruption of the run, at once what there is: troubles."""
        if self._given is not None:
            return self._given
        if self._thread is None and not self._there.is_set():
            self._try()
        while not self._there.wait(0.0 if INTERRUPTION else TICK):
            if INTERRUPTION:  # the thread is left behind
                self._given = self._nothing()
                return self._given
        if self._made is None:
            assert self._error is not None
            raise self._error
        self._given = self._made
        return self._given

    def _nothing(self) -> Rest:
        holders = {address: Holders(address, trouble=INTERRUPTED) for address in self._addresses}
        rights = {address: MailboxRights(Grant.UNREADABLE) for address in self._addresses}
        return Rest(holders, rights, self._view.bind, self._view.searches)


class Awaited(Mapping[str, T]):
    """Facts by address, of which only ``first`` are there; all addresses are known. Whoever reads another one waits."""

    def __init__(
        self, addresses: Iterable[str], first: Mapping[str, T], late: Late, pick: Callable[[Rest], Mapping[str, T]]
    ) -> None:
        self._addresses = dict.fromkeys(addresses)
        self._first = first
        self._pick = pick
        self.late = late

    def __getitem__(self, address: str) -> T:
        """Return one fact. Raises KeyError for an address that was not asked for."""
        if address in self._first or address not in self._addresses:
            return self._first[address]
        return self._pick(self.late.result())[address]

    def __contains__(self, address: object) -> bool:
        """Whether an address was asked for; this waits for nothing."""
        return address in self._addresses

    def __iter__(self) -> Iterator[str]:
        """Return the addresses in the order asked; this waits for nothing."""
        return iter(self._addresses)

    def __len__(self) -> int:
        """Count the addresses; this waits for nothing."""
        return len(self._addresses)


def with_late_part(
    view: DirectoryView, rooms: Sequence[str], users: Sequence[str], rest: Sequence[str], make: Callable[[], Rest]
) -> DirectoryView:
    """Return the view with an Awaited for all rooms and users, where ``rest`` of them are still to be looked up."""
    if not rest:
        return view
    late = Late(view, rest, make)
    return replace(
        view,
        rooms=Awaited(rooms, view.rooms, late, lambda found: found.holders),
        users=Awaited(users, view.users, late, lambda found: found.holders),
        rights=Awaited(rooms, view.rights, late, lambda found: found.rights),
    )


def late_part(view: DirectoryView) -> Late | None:
    """Return what is still to be looked up of a view, None where it is whole."""
    return view.rooms.late if isinstance(view.rooms, Awaited) else None


def whole(view: DirectoryView) -> DirectoryView:
    """Return the view with nothing left to wait for: plain dicts, the searches of all."""
    late = late_part(view)
    if late is None:
        return view
    rest = late.result()
    return replace(
        view,
        bind=rest.bind,
        rooms=dict(view.rooms),
        users=dict(view.users),
        rights=dict(view.rights),
        searches=rest.searches,
    )
