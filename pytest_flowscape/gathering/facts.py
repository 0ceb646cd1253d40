"""Facts by name and target, for the judge and for fixtures.

One ``Facts`` lives in each process that runs tests. The facts of the site came
from the controller; rooms and users are asked here, ahead of the tests (``rooms``).
A fact needs no code here: one of the site is the field of ``SiteFacts`` with
its name, one of a room or user the answer to the last request of its row.
Those made in another way are named in ``Facts.__init__``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pytest_flowscape.booking.bookings import Bookings
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import MailboxAnswer, RoundTrip, SignIn, SiteFacts
from pytest_flowscape.facts.names import DELEGATE, FACTS, NAMES, OWNER, ROOM, SITE, Fact
from pytest_flowscape.gathering.directory import DirectoryFacts
from pytest_flowscape.gathering.folder_ids import FolderIds, comparable
from pytest_flowscape.gathering.rooms import REQUEST, Answers, wanted_chunks
from pytest_flowscape.gathering.sessions import Sessions
from pytest_flowscape.judging.causes import unmeasured
from pytest_flowscape.judging.entries import refuse_own
from pytest_flowscape.judging.usable_answers import PERSON_FACTS, ROOM_FACTS, usable
from pytest_flowscape.site.one_run import Run


class Facts:
    """Facts of one run in one process; nothing but NotMeasured leaves it for whatever a server answers."""

    def __init__(self, run: Run, site_facts: SiteFacts) -> None:
        self.run = run
        self.site_facts = site_facts
        self.sessions = Sessions(run, site_facts)
        same = comparable(site_facts.own_mailbox, site_facts.self_as_owner)
        self._ids = FolderIds(run.folder if run.workers > 1 else None, comparable=same)
        self._answers = Answers(self._ask, self._ids, run.connections, known={NAMES: site_facts.contacts})
        self._directory = DirectoryFacts(self.sessions, self._answers.get)
        self.bookings = Bookings(run, site_facts, self.sessions.ews)
        self.not_requested = self.bookings.not_requested
        self._chunk_of = {address: number for number, chunk in enumerate(run.chunks) for address in chunk}
        self._made: Mapping[str, Callable[[str], Any]] = {
            "site": lambda _: run.site,
            "site_facts": lambda _: site_facts,
            "sign_in_attempt": lambda _: site_facts.sign_in or SignIn(run.site.service_account.username),
            "own_folder_ids": self._own_folder_ids,
            "out_of_scope": self._out_of_scope,
            "directory": self._directory.directory,
            "account_entry": self._directory.account_entry,
            "account_state": self._directory.account_state,
            "account_names": self._directory.account_names,
            "room": {room.email: room for room in run.rooms}.__getitem__,
            "room_entry": self._directory.room_entry,
            "room_addresses": self._directory.room_addresses,
            "room_rights": self._directory.room_rights,
            "room_booking": self._booking,
            "room_meeting": self._meeting,
            "user": str,
        }

    def get(self, name: str, target: str) -> Any:
        """Return a fact by its name, of a room, a user or ``site``. Raises NotMeasured."""
        if name in self._made:
            return self._made[name](target)
        row = FACTS[name]
        return self._of_site(row) if row.per == SITE else self._of_target(row, target)

    def prefetch(self, coming: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Fetch what the coming tests will ask for: targets in their order, each with names of facts.

        Nothing else is asked for ahead of a test.
        """
        if self.site_facts.ews_closed:
            return
        closed = self.site_facts.directory_closed is not None
        chunks = wanted_chunks(coming, self._chunk_of, directory_closed=closed)
        if chunks:
            self.sessions.ews()
            self._answers.expect(chunks)

    def forget(self, names: Iterable[str], target: str) -> None:
        """Drop what is known of one target, so that the named facts are measured again, alone."""
        rows = [FACTS[name] for name in names if name in FACTS and FACTS[name].measured_again]
        kinds = {kind for row in rows for kind in row.requests}
        # what the delegate sees is held against what the owner sees
        for kind in kinds | ({OWNER, DELEGATE} if OWNER in kinds else set()):
            self._answers.forget(kind, target)
        if any(row.entry for row in rows):
            self._directory.forget(target)

    def stop(self) -> None:
        """Fetch nothing ahead any more: the run is being interrupted."""
        self._answers.stop()

    def measured(self) -> Mapping[str, Mapping[str, Any]]:
        """Stop fetching, and return everything measured of rooms and users, by key (facts.names) and address."""
        self._answers.end()
        return {**self._answers.known, "bookings": self.bookings.appointments, "meetings": self.bookings.meetings}

    def close(self) -> None:
        """End all connections, and the journal of bookings."""
        self._answers.end()
        self.bookings.end()
        self.sessions.close()
        self._directory.close()

    def _ask(self, kind: str, addresses: Sequence[str]) -> Mapping[str, Any]:
        return REQUEST[kind](self.sessions.ews(), addresses)

    def _of_site(self, row: Fact) -> Any:
        fact = getattr(self.site_facts, row.name)
        if fact is None:
            closed = self.site_facts.ews_closed
            raise unmeasured(closed) if closed else NotMeasured(f"{row.name.replace('_', ' ')}: not asked")
        return usable(fact, PERSON_FACTS) if isinstance(fact, MailboxAnswer) else fact

    def _of_target(self, row: Fact, target: str) -> Any:
        for kind in row.requests:
            answer = self._answers.get(kind, target)
        answer = usable(answer, ROOM_FACTS if row.per == ROOM else PERSON_FACTS)
        return self._ids.require_own(answer) if isinstance(answer, MailboxAnswer) else answer

    def _own_folder_ids(self, _target: str) -> frozenset[str]:
        own = self.site_facts.own_mailbox
        return frozenset(folder.folder_id for folder in own.folders if folder.folder_id) if own else frozenset()

    def _out_of_scope(self, _target: str) -> MailboxAnswer | None:
        if not self.run.site.users.out_of_scope:
            return None
        answer: MailboxAnswer = self._of_site(FACTS["out_of_scope"])
        return answer

    def _booking(self, address: str) -> RoundTrip:
        self._refuse_own(address)
        return self.bookings.appointment(address)

    def _meeting(self, address: str) -> RoundTrip:
        self._refuse_own(address)
        return self.bookings.meeting(address, lambda: self._directory.room_entry(address))

    def _refuse_own(self, address: str) -> None:
        """Require that a mailbox has been seen to be the room's own, before anything is written. Raises NotMeasured."""
        refuse_own(self.get("room_as_delegate", address), self._own_folder_ids(address))
