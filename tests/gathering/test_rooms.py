"""Facts fetched ahead of the tests: in which order, how far ahead, nothing in vain, and what happens at the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pytest_flowscape.facts import FolderAnswer, Kind, MailboxAnswer, Trouble
from pytest_flowscape.facts.names import DELEGATE, NAMES, OWNER, SYNC, USERS
from pytest_flowscape.gathering.folder_ids import FolderIds
from pytest_flowscape.gathering.rooms import MAX_AHEAD, Answers, Wanted, wanted_chunks

SECONDS = 60.0
NO_ACCESS = Trouble(Kind.NO_ACCESS, "no")


class Exchange:
    """Answers everything, notes what was asked in which order, and may hold answers back or fail."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.threads: set[str] = set()
        self.closed: set[str] = set()
        self.broken: set[tuple[str, str]] = set()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.changed = threading.Condition()
        self.under_way = 0

    def __call__(self, kind: str, addresses: Sequence[str]) -> dict[str, Any]:
        with self.changed:
            self.asked.append((kind, tuple(addresses)))
            self.threads.add(threading.current_thread().name)
            self.under_way += 1
            self.changed.notify_all()
        assert self.may_answer.wait(SECONDS)
        with self.changed:
            self.under_way -= 1
            self.changed.notify_all()
        if any((kind, address) in self.broken for address in addresses):
            raise OSError("broken")
        return {address: self._answer(kind, address) for address in addresses}

    def _answer(self, kind: str, address: str) -> Any:
        trouble = NO_ACCESS if address in self.closed else None
        folder = FolderAnswer("calendar", "" if trouble else f"id of {address}", trouble=trouble)
        return MailboxAnswer(address, kind, (folder,)) if kind in (OWNER, DELEGATE, USERS) else (kind, address)

    def wait(self, requests: int) -> None:
        """Wait until so many requests have been made."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.asked) >= requests, SECONDS)

    def of(self, kind: str) -> list[tuple[str, ...]]:
        return [addresses for what, addresses in self.asked if what == kind]


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def facts(exchange: Exchange) -> Iterator[Answers]:
    made = Answers(exchange, FolderIds(None), 3)
    yield made
    exchange.may_answer.set()
    made.end()


def rooms(begin: int, end: int) -> list[str]:
    return [f"room{number}@demo.test" for number in range(begin, end)]


def chunk(begin: int, end: int, *kinds: str) -> Wanted:
    return {kind: rooms(begin, end) for kind in kinds or (OWNER, DELEGATE, SYNC)}


def test_a_chunk_is_asked_owner_by_owner_then_once_as_delegate_and_each_for_its_items(
    facts: Answers, exchange: Exchange
) -> None:
    facts.expect([chunk(0, 4), chunk(4, 6)])
    for address in rooms(0, 6):
        for kind in (OWNER, DELEGATE, SYNC):
            assert facts.get(kind, address)
    assert sorted(exchange.of(OWNER)) == sorted(exchange.of(SYNC)) == [(address,) for address in rooms(0, 6)]
    assert sorted(exchange.of(DELEGATE)) == [tuple(rooms(0, 4)), tuple(rooms(4, 6))]
    for number in (0, 4):
        last = rooms(number, 4 if number == 0 else 6)
        as_delegate = exchange.asked.index((DELEGATE, tuple(last)))
        assert all(exchange.asked.index((OWNER, (address,))) < as_delegate for address in last)
    assert len(exchange.asked) == 14
    assert threading.current_thread().name not in exchange.threads


def test_nothing_is_asked_that_nobody_expects(facts: Answers, exchange: Exchange) -> None:
    facts.expect([chunk(0, 2, OWNER), chunk(2, 3, SYNC), {NAMES: rooms(3, 4)}])
    assert [facts.get(kind, room) for kind, room in ((SYNC, rooms(2, 3)[0]), (NAMES, rooms(3, 4)[0]))]
    assert facts.get(OWNER, rooms(1, 2)[0])
    facts.end()
    assert sorted(exchange.asked) == sorted(
        [(OWNER, (rooms(0, 1)[0],)), (OWNER, (rooms(1, 2)[0],)), (SYNC, (rooms(2, 3)[0],)), (NAMES, (rooms(3, 4)[0],))]
    )


def test_what_was_not_expected_is_asked_alone_and_once(facts: Answers, exchange: Exchange) -> None:
    assert facts.get(DELEGATE, "a@demo.test") is facts.get(DELEGATE, "a@demo.test")
    assert exchange.asked == [(DELEGATE, ("a@demo.test",))]
    assert exchange.threads == {threading.current_thread().name}


def test_what_is_forgotten_is_asked_again_alone(facts: Answers, exchange: Exchange) -> None:
    facts.expect([chunk(0, 3)])
    first = facts.get(DELEGATE, rooms(1, 2)[0])
    facts.forget(DELEGATE, rooms(1, 2)[0])
    assert facts.get(DELEGATE, rooms(1, 2)[0]) is not first
    assert exchange.of(DELEGATE) == [tuple(rooms(0, 3)), (rooms(1, 2)[0],)]


def test_items_of_a_room_that_does_not_open_are_not_asked_for(facts: Answers, exchange: Exchange) -> None:
    closed = rooms(1, 2)[0]
    exchange.closed.add(closed)
    facts.expect([chunk(0, 3)])
    assert facts.get(SYNC, rooms(2, 3)[0])
    assert facts.get(SYNC, rooms(0, 1)[0])
    assert facts.get(OWNER, closed).first_trouble == NO_ACCESS
    facts.end()
    assert (SYNC, (closed,)) not in exchange.asked


def test_it_is_never_far_ahead_of_the_tests(facts: Answers, exchange: Exchange) -> None:
    facts.expect([chunk(at, at + 10, OWNER) for at in range(0, 300, 10)])
    exchange.wait(MAX_AHEAD)
    assert len(exchange.asked) == MAX_AHEAD
    facts.get(OWNER, rooms(0, 1)[0])
    exchange.wait(MAX_AHEAD + 10)
    facts.end()
    assert len(exchange.asked) == MAX_AHEAD + 10


def test_at_the_end_nothing_new_is_asked_and_what_is_under_way_comes_home(exchange: Exchange) -> None:
    facts = Answers(exchange, FolderIds(None), 3)
    exchange.may_answer.clear()
    facts.expect([chunk(0, 10)])
    at_once = 3  # a session lets as many of them through as it has connections
    exchange.wait(at_once)
    threading.Timer(0.1, exchange.may_answer.set).start()
    facts.end()
    assert (len(exchange.asked), exchange.under_way) == (at_once, 0)
    assert len(facts.known[OWNER]) == at_once
    assert facts.get(OWNER, rooms(9, 10)[0])  # whoever asks all the same gets an answer
    assert len(exchange.asked) == at_once + 1


def test_what_asking_raised_is_raised_for_whoever_needs_it(facts: Answers, exchange: Exchange) -> None:
    exchange.broken.add((OWNER, rooms(0, 1)[0]))
    facts.expect([chunk(0, 2)])
    assert facts.get(OWNER, rooms(1, 2)[0])
    with pytest.raises(OSError, match="broken"):
        facts.get(OWNER, rooms(0, 1)[0])
    assert facts.get(DELEGATE, rooms(0, 1)[0])


def test_a_chunk_that_is_asked_for_out_of_turn_is_fetched_at_once(facts: Answers, exchange: Exchange) -> None:
    facts.expect([chunk(at, at + 10, OWNER) for at in range(0, 300, 10)])
    assert facts.get(OWNER, rooms(290, 291)[0])
    assert len(exchange.asked) <= MAX_AHEAD + 10


def test_a_chunk_that_is_handed_out_twice_is_asked_once(facts: Answers, exchange: Exchange) -> None:
    exchange.may_answer.clear()
    facts.expect([chunk(0, 3)])
    facts.expect([chunk(0, 5)])
    exchange.may_answer.set()
    for address in rooms(0, 5):
        assert facts.get(DELEGATE, address)
    facts.end()
    assert sorted(exchange.of(DELEGATE)) == [tuple(rooms(0, 3)), tuple(rooms(3, 5))]
    assert len(exchange.of(OWNER)) == 5


def test_facts_are_put_into_the_chunks_of_their_rooms() -> None:
    a, b, c, user = "a@demo.test", "b@demo.test", "c@demo.test", "u@demo.test"
    coming = [
        ("site", ["own_mailbox"]),
        (user, ["user_as_owner"]),
        (a, ["room_as_delegate", "site"]),
        (b, ["room_sync"]),
        (c, ["room_addresses"]),
    ]
    chunk_of = {a: 0, b: 0, c: 1}
    assert wanted_chunks(coming, chunk_of, directory_closed=False) == [
        {DELEGATE: [a], OWNER: [a], SYNC: [b]},
        {USERS: [user]},
    ]
    assert wanted_chunks(coming[4:], chunk_of, directory_closed=True) == [{NAMES: [c]}]
