"""What one run is: its site, its choice of rooms, its secrets, its private folder. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts.policy import MAILBOXES_IN_FLIGHT
from pytest_flowscape.site.model import Room, Site

# how a run books: --flowscape-book, --flowscape-book=meeting
BOOK_ROOM, BOOK_MEETING = "room", "meeting"
OPT_INS = ("--flowscape-book", "--flowscape-book=meeting")  # of the first, of both


@dataclass(frozen=True)
class Run:
    """One run, the same value in the controller and in every worker.

    ``folder`` is private to the run and removed at its end. ``workers`` is the
    number of processes that ask rooms (1 without xdist). ``refused_at`` is the
    time of a refusal remembered from an earlier run, ``directory_refused_at``
    that of a separate directory user's. ``book`` is what to book (``room``, or
    ``meeting`` for both round trips), empty for nothing; ``journals`` is where
    what is written is journalled.
    """

    site: Site
    run_id: str
    folder: Path
    rooms: tuple[Room, ...]
    password: Secret
    directory_password: Secret
    started: datetime
    workers: int = 1
    refused_at: datetime | None = None
    directory_refused_at: datetime | None = None
    book: str = ""
    journals: Path | None = None

    def asks_for(self, opt_in: str) -> bool:
        """Whether this run does what a requirement with this opt-in needs; empty needs nothing."""
        return opt_in in ("", *(OPT_INS if self.book == BOOK_MEETING else OPT_INS[:1] if self.book else ()))

    @property
    def invitees(self) -> tuple[str, ...]:
        """Return the addresses of the chosen rooms to invite to a meeting."""
        rooms = self.site.booking.rooms if self.book == BOOK_MEETING else ()
        return tuple(room.email for room in self.rooms if room.email in rooms)

    @property
    def connections(self) -> int:
        """Return this process's share of max_connections; one budget serves the whole run."""
        return max(1, self.site.exchange.max_connections // self.workers)

    @property
    def chunk_size(self) -> int:
        """Return how many rooms one worker takes at a time and asks in one delegate request."""
        return max(1, MAILBOXES_IN_FLIGHT // self.workers)

    def group_of(self, test_id: str) -> str:
        """Return the group of a test: the chunk of its room; else its function, or all tests of the site together.

        A group is handed to one worker, because its facts are fetched together.
        """
        function, _, target = test_id.partition("[")
        chunk = self._chunk_of_id.get(target.removesuffix("]"))
        return chunk or (function if target else "site")

    @cached_property
    def _chunk_of_id(self) -> Mapping[str, str]:
        # addresses as pytest writes them into the id of a test
        return {
            address.encode("unicode_escape").decode("ascii"): f"rooms {number}"
            for number, chunk in enumerate(self.chunks)
            for address in chunk
        }

    @property
    def chunks(self) -> tuple[tuple[str, ...], ...]:
        """Return the addresses of the chosen rooms in chunks, in the order of the site file."""
        addresses = [room.email for room in self.rooms]
        size = self.chunk_size
        return tuple(tuple(addresses[at : at + size]) for at in range(0, len(addresses), size))
