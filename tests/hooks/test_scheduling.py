"""The scheduler loses nothing: every test is handed out, a chunk to one worker, a dead worker's again."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.hooks.scheduling import RoomScheduling, cut_workers
from pytest_flowscape.site.model import Room
from pytest_flowscape.site.one_run import Run
from tests.judging.test_verdict import SITE

ROOMS = tuple(Room(f"room{n}@customer.com") for n in range(23))
TESTS = [
    "test_host.py::test_a",
    "test_host.py::test_b",
    *(f"test_rooms.py::test_{name}[{room.email}]" for room in ROOMS for name in ("x", "y", "z")),
    "test_users.py::test_u[u@customer.com]",
]


def make(workers: int) -> RoomScheduling:
    run = Run(SITE, "id", Path(), ROOMS, Secret(""), Secret(""), datetime.now(timezone.utc), workers=workers)
    config: Any = SimpleNamespace(option=SimpleNamespace(tx=["popen"] * workers))
    return RoomScheduling(config, run)


class Node:
    """A worker that runs all it holds but the last, as xdist's do."""

    def __init__(self) -> None:
        self.queue: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        assert not self.shutting_down
        self.queue += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def started(workers: int) -> tuple[RoomScheduling, list[Any]]:
    scheduling, nodes = make(workers), [Node() for _ in range(workers)]
    for node in nodes:
        scheduling.add_node(node)  # type: ignore[arg-type]
        assert not scheduling.collection_is_completed
        scheduling.add_node_collection(node, TESTS)  # type: ignore[arg-type]
    scheduling.schedule()
    return scheduling, nodes


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_everything_runs_once_and_a_chunk_stays_together(workers: int) -> None:
    scheduling, nodes = started(workers)
    ran: dict[int, Any] = {}
    order = random.Random(7)
    while not scheduling.tests_finished:
        node = order.choice([node for node in nodes if len(node.queue) > 1])
        index = node.queue.pop(0)
        assert index not in ran
        ran[index] = node
        scheduling.mark_test_complete(node, index)
    for node in nodes:
        for index in node.queue:
            ran[index] = node
            scheduling.mark_test_complete(node, index)
    assert sorted(ran) == list(range(len(TESTS)))
    assert not scheduling.has_pending
    size = 10 // workers
    for first in range(0, len(ROOMS), size):
        chunk = {room.email for room in ROOMS[first : first + size]}
        workers_of_chunk = {id(ran[n]) for n, test in enumerate(TESTS) if test.partition("[")[2].rstrip("]") in chunk}
        assert len(workers_of_chunk) == 1


def test_a_dead_workers_tests_run_elsewhere_the_running_one_too() -> None:
    scheduling, (dead, other) = started(2)
    left = set(dead.queue)
    assert scheduling.remove_node(dead) is None
    ran = set()
    while not scheduling.tests_finished:
        index = other.queue.pop(0)
        ran.add(index)
        scheduling.mark_test_complete(other, index)
    assert left <= ran | set(other.queue)
    assert ran | set(other.queue) == set(range(len(TESTS)))


def test_a_test_that_kills_twice_is_given_back_as_crashed() -> None:
    scheduling, (first, second) = started(2)
    poison = first.queue[0]
    assert scheduling.remove_node(first) is None
    while second.queue[0] != poison:
        scheduling.mark_test_complete(second, second.queue.pop(0))
    assert scheduling.remove_node(second) == TESTS[poison]
    late = Node()
    scheduling.add_node(late)  # type: ignore[arg-type]
    scheduling.add_node_collection(late, TESTS)  # type: ignore[arg-type]
    scheduling.schedule()
    ran = set()
    while not scheduling.tests_finished:
        index = late.queue.pop(0)
        ran.add(index)
        scheduling.mark_test_complete(late, index)
    assert poison not in ran | set(late.queue)


def test_workers_that_collected_differently_are_refused() -> None:
    scheduling, nodes = make(2), [Node(), Node()]
    for node, tests in zip(nodes, (TESTS, TESTS[1:]), strict=True):
        scheduling.add_node(node)  # type: ignore[arg-type]
        scheduling.add_node_collection(node, tests)  # type: ignore[arg-type]
    with pytest.raises(pytest.UsageError, match="different tests"):
        scheduling.schedule()


def test_n_is_cut_to_the_budget() -> None:
    config: Any = SimpleNamespace(option=SimpleNamespace(tx=["popen"] * 9, numprocesses=9))
    assert "cut to 4" in cut_workers(config, 4)
    assert (config.option.tx, config.option.numprocesses) == (["popen"] * 4, 4)
    assert cut_workers(config, 4) == ""
