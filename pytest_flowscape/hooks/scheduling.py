"""Which worker gets which rooms: our own xdist scheduler; and -n cut to the budget.

A chunk of rooms stays on one worker, because its facts are fetched together.
Written against xdist's Scheduling protocol and not derived from its
LoadScopeScheduling, which loses tests when a worker dies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_flowscape.site.one_run import Run

if TYPE_CHECKING:  # a run without -n has no use for it
    from xdist.workermanage import WorkerController

GROUPS_IN_ADVANCE = 2


def cut_workers(config: pytest.Config, budget: int) -> str:
    """Cut ``-n`` to the connection budget, before xdist starts a worker; return the note to print, or nothing."""
    specs: list[str] = list(getattr(config.option, "tx", None) or [])
    if any(not str(spec).split("//")[0].endswith("popen") for spec in specs):
        raise pytest.UsageError("--tx: workers on other machines would need the password there; use -n.")
    if len(specs) <= budget:
        return ""
    config.option.tx = specs[:budget]
    if getattr(config.option, "numprocesses", None):
        config.option.numprocesses = budget
    return f"-n {len(specs)} was cut to {budget}: every worker needs a connection of its own (max_connections)."


class RoomScheduling:
    """Hand out chunks; take back what a dead worker leaves, once; never lose a test.

    The same chunk is what the delegate request of a worker asks together. Each
    worker holds a few chunks in advance. A test that was lost with its worker a
    second time is given back to xdist as the crashed one, and the plugin
    reports it as not measured.
    """

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self.config = config
        self._in_advance = 2
        self._group_of = run.group_of
        self._workers = len(config.option.tx)
        self._waiting: deque[list[int]] = deque()
        self._pending: dict[WorkerController, list[int]] = {}
        self._collections: dict[WorkerController, list[str]] = {}
        self._tests: list[str] | None = None
        self._lost: set[int] = set()

    # --- what xdist asks ---

    @property
    def nodes(self) -> list[WorkerController]:
        """Return the known workers."""
        return list(self._pending)

    @property
    def collection_is_completed(self) -> bool:
        """Whether every worker that was started has reported what it collected."""
        return self._tests is not None or len(self._collections) >= self._workers

    @property
    def tests_finished(self) -> bool:
        """Whether everything is handed out and no worker holds more than its last test."""
        if self._tests is None or self._waiting:
            return False
        return all(len(pending) < 2 for pending in self._pending.values())

    @property
    def has_pending(self) -> bool:
        """Whether any test has not finished."""
        return bool(self._waiting) or any(self._pending.values())

    def add_node(self, node: WorkerController) -> None:
        """Add a worker."""
        self._pending[node] = []

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """Note what a worker collected; one that starts late must have collected the same."""
        if self._tests is not None and list(collection) != self._tests:
            node.shutdown()
            return
        self._collections[node] = list(collection)

    def schedule(self) -> None:
        """Hand out the first groups, or give a late worker its share."""
        if self._tests is None:
            first, *others = self._collections.values()
            if any(other != first for other in others):
                raise pytest.UsageError("the workers collected different tests; run once with -n 0 to see why")
            self._tests = first
            groups = self._groups(first)
            self._waiting.extend(groups)
            self._in_advance = max(2, GROUPS_IN_ADVANCE * max(map(len, groups), default=0))
        self._refill_all()

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:  # noqa: ARG002  xdist names it
        """Note a finished test and keep its worker busy."""
        self._pending[node].remove(item_index)
        self._refill(node)

    def mark_test_pending(self, item: str) -> None:
        """Put a test back, first in line."""
        assert self._tests is not None
        self._waiting.appendleft([self._tests.index(item)])
        self._refill_all()

    def remove_pending_tests_from_node(self, node: WorkerController, indices: Sequence[int]) -> None:
        """Refuse: tests are never taken from a living worker. Raises NotImplementedError."""
        raise NotImplementedError

    def remove_node(self, node: WorkerController) -> str | None:
        """Take back what a worker leaves; return the id of a test that was lost for the second time."""
        left = self._pending.pop(node)
        self._collections.pop(node, None)
        if not left or self._tests is None:
            return None
        running, *others = left
        crashed = self._tests[running] if running in self._lost else None
        self._lost.add(running)
        again = others if crashed else left
        if again:
            self._waiting.appendleft(again)
        self._refill_all()
        return crashed

    # --- our own ---

    def _groups(self, tests: Sequence[str]) -> list[list[int]]:
        groups: dict[str, list[int]] = {}
        for index, name in enumerate(tests):
            groups.setdefault(self._group_of(name), []).append(index)
        return list(groups.values())

    def _refill(self, node: WorkerController) -> None:
        """Hand a worker its next groups long before it runs dry.

        A worker holds back its last test until it knows what follows, so one
        pending test is as good as none. xdist itself ends the workers once
        ``tests_finished`` says so; until then one that has nothing left waits,
        because another's death may leave it work.
        """
        while self._needs_more(node):
            self._hand_out(node)

    def _refill_all(self) -> None:
        """Hand out groups to the least loaded workers first."""
        while True:
            hungry = [node for node in self._collections if node in self._pending and self._needs_more(node)]
            if not hungry:
                return
            self._hand_out(min(hungry, key=lambda node: len(self._pending[node])))

    def _needs_more(self, node: WorkerController) -> bool:
        return bool(self._waiting) and len(self._pending[node]) < self._in_advance and not node.shutting_down

    def _hand_out(self, node: WorkerController) -> None:
        group = self._waiting.popleft()
        self._pending[node] += group
        node.send_runtest_some(group)
