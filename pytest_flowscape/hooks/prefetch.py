"""Fetch the facts that the coming tests will ask for, before the tests wait for them.

A single process knows all of its tests. A worker gets whole groups of tests,
but xdist names only the next one: with the first test of a group the facts of
the whole group are fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from pytest_flowscape.gathering.facts import Facts
from pytest_flowscape.hooks.collection import requirement_of, target_of
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.site.one_run import Run


def prefetch(facts: Facts, judge: Judge, items: Iterable[pytest.Item]) -> None:
    """Fetch the facts of these tests."""
    facts.prefetch((target_of(item), _fact_names(item, judge)) for item in items)


def _fact_names(item: pytest.Item, judge: Judge) -> Iterable[str]:
    record = requirement_of(item)
    if record is not None and judge.knows(record.id):
        return judge.wants(record.id, target_of(item))
    return getattr(item, "fixturenames", ())  # a customer's own test


class Prefetch:
    """Fetches in a worker, group by group: a group is what the scheduler hands out at once."""

    def __init__(self, run: Run, facts: Facts, judge: Judge) -> None:
        self._group = run.group_of
        self._facts = facts
        self._judge = judge
        self._groups: dict[str, list[pytest.Item]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Sort the tests into their groups."""
        for item in session.items:
            self._groups.setdefault(self._group(item.nodeid), []).append(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Fetch for the group of this test, and for that of the next one."""
        for one in (item, nextitem):
            tests: Sequence[pytest.Item] = self._groups.pop(self._group(one.nodeid), ()) if one else ()
            prefetch(self._facts, self._judge, tests)
