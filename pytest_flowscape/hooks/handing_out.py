"""Tell the gatherer which facts the coming tests will ask for, so that they are fetched before the tests wait for them.

A single process knows all of its tests. A worker learns of them as they are
handed out: the scheduler writes each group of tests into a file of the run's
private folder before it sends it (xdist tells a worker no more than the next
test).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from pytest_flowscape.gathering.facts import Gather
from pytest_flowscape.hooks.collection import requirement_of, target_of
from pytest_flowscape.judging.judge import Judge

PREFIX = "handed-"


def expect(gather: Gather, judge: Judge, items: Iterable[pytest.Item]) -> None:
    """Have the facts of these tests fetched ahead."""
    gather.expect((target_of(item), _facts_of(item, judge)) for item in items)


def expect_all(gather: Gather, judge: Judge, items: Sequence[pytest.Item], first: Collection[str]) -> None:
    """Have the facts of all tests fetched ahead, those of the ``first`` rooms while the others are still looked at."""
    begun = False
    for at, item in enumerate(items):
        if target_of(item) in first:
            begun = True
        elif begun:
            expect(gather, judge, items[:at])
            break
    expect(gather, judge, items)


def _facts_of(item: pytest.Item, judge: Judge) -> Iterable[str]:
    record = requirement_of(item)
    if record is not None and judge.knows(record.id):
        return judge.wants(record.id, target_of(item))
    return getattr(item, "fixturenames", ())  # a customer's own test


class HandedOut:
    """The scheduler's side: ``note`` which tests, by their numbers, a worker gets."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, worker: str, tests: Sequence[int]) -> None:
        """Write it down; where that fails the worker fetches later, and nothing else."""
        with contextlib.suppress(OSError), (self._folder / f"{PREFIX}{worker}").open("ab", buffering=0) as file:
            file.write(json.dumps(list(tests)).encode() + b"\n")


class LookingAhead:
    """A worker's side: before each test, look whether more were handed out."""

    def __init__(self, folder: Path, worker: str, gather: Gather, judge: Judge) -> None:
        self._path = folder / f"{PREFIX}{worker}"
        self._gather = gather
        self._judge = judge
        self._file: BinaryIO | None = None
        self._begun = b""  # of a line that is not whole yet

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Have the facts of what was handed out meanwhile fetched."""
        items: Sequence[Any] = item.session.items
        for tests in self._new():
            expect(self._gather, self._judge, [items[number] for number in tests])

    def pytest_sessionfinish(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _new(self) -> Iterator[list[int]]:
        if self._file is None:
            with contextlib.suppress(OSError):
                self._file = self._path.open("rb", buffering=0)
        if self._file is None:
            return
        *lines, self._begun = (self._begun + (self._file.read() or b"")).split(b"\n")
        for line in lines:
            yield json.loads(line)
