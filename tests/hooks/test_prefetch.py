"""A worker has the facts of a whole group of tests fetched with the first test of it, once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pytest_flowscape.core.errors import RequirementFailed
from pytest_flowscape.hooks.prefetch import Prefetch
from pytest_flowscape.judging.catalogue import Judged
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.requirement import Per, expect
from tests.judging.requirement_samples import declared
from tests.judging.test_judge import ROOM, FakeFacts, facts, judge


class Items:
    """Tests by number, each of which asks for a fact that is named like it."""

    def __init__(self) -> None:
        self.items = [self._item(number) for number in range(10)]

    def _item(self, number: int) -> Any:
        item = SimpleNamespace(stash={}, callspec=SimpleNamespace(params={"user": f"u{number}"}), nodeid=str(number))
        item.get_closest_marker = lambda _name: None
        item.fixturenames = (f"fact{number}",)
        return item


class Coming:
    """Keeps what is to be fetched."""

    def __init__(self) -> None:
        self.coming: list[tuple[str, list[str]]] = []

    def prefetch(self, coming: Any) -> None:
        self.coming += [(target, list(names)) for target, names in coming]


def prefetch(tests: Items, fetched: Any) -> Prefetch:
    nothing: Any = SimpleNamespace()
    run: Any = SimpleNamespace(group_of=lambda nodeid: str(int(nodeid) // 3))
    worker = Prefetch(run, fetched, nothing)
    worker.pytest_collection_finish(tests)  # type: ignore[arg-type]
    return worker


def test_a_worker_fetches_for_a_group_when_its_first_test_begins_and_once() -> None:
    fetched, tests = Coming(), Items()
    worker = prefetch(tests, fetched)
    assert fetched.coming == []
    worker.pytest_runtest_protocol(tests.items[3], tests.items[4])
    assert fetched.coming == [(f"u{number}", [f"fact{number}"]) for number in (3, 4, 5)]
    worker.pytest_runtest_protocol(tests.items[4], tests.items[5])
    assert len(fetched.coming) == 3


def test_the_group_of_the_next_test_is_fetched_too() -> None:
    fetched, tests = Coming(), Items()
    worker = prefetch(tests, fetched)
    worker.pytest_runtest_protocol(tests.items[2], tests.items[9])
    assert [target for target, _ in fetched.coming] == ["u0", "u1", "u2", "u9"]
    worker.pytest_runtest_protocol(tests.items[9], None)
    assert len(fetched.coming) == 4


def owner(room_as_owner: Any) -> None:
    expect(room_as_owner, expected="e", found="f")


def both(room_as_delegate: Any, room_as_owner: Any) -> None: ...


def sync(room_sync: Any) -> None: ...


def site() -> None: ...


def failing() -> None:
    raise RequirementFailed(expected="e", found="f")


IMPERSONATION = Judged(declared("IMPERSONATION-1", Per.ROOM, needs=("ACCOUNT-5",)), owner)
CALENDAR = Judged(declared("CALENDAR-1", Per.ROOM, needs=("IMPERSONATION-1",)), sync)
PERMISSION = Judged(declared("PERMISSION-1", Per.ROOM, needs=("ACCOUNT-5",)), both)


def test_what_a_requirement_wants_holds_what_its_needs_want() -> None:
    subject = judge({}, IMPERSONATION, CALENDAR, PERMISSION, Judged(declared("ACCOUNT-5", Per.SITE), site))
    assert subject.wants("CALENDAR-1", ROOM) == {"room_sync", "room_as_owner"}
    assert subject.wants("PERMISSION-1", ROOM) == {"room_as_delegate", "room_as_owner"}


def test_nothing_is_wanted_where_a_need_of_the_site_fails() -> None:
    subject = judge({}, IMPERSONATION, CALENDAR, Judged(declared("ACCOUNT-5", Per.SITE), failing))
    assert subject.wants("IMPERSONATION-1", ROOM) == frozenset()
    assert subject.wants("CALENDAR-1", ROOM) == frozenset()


def test_nothing_is_wanted_where_a_cause_leaves_it_unmeasured() -> None:
    closed = facts(directory_cause="bind-775", ews_cause="bind-775")
    assert judge({}, PERMISSION, site_facts=closed).wants("PERMISSION-1", ROOM) == frozenset()


def test_nothing_is_wanted_for_what_is_not_requested() -> None:
    class Declines(FakeFacts):
        def not_requested(self, _opt_in: str, target: str) -> str:
            return "" if target == "asked" else "not asked for"

    requirement = declared("CALENDAR-2", Per.ROOM)
    object.__setattr__(requirement, "opt_in", "--flowscape-book")
    subject = Judge({"CALENDAR-2": Judged(requirement, sync)}, Declines(facts(), {}))
    assert subject.wants("CALENDAR-2", ROOM) == frozenset()
    assert subject.wants("CALENDAR-2", "asked") == {"room_sync"}
