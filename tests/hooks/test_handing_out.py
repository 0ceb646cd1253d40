"""A worker learns which tests it was handed, and what those will ask for is told to the gatherer, once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pytest_flowscape.core.errors import RequirementFailed
from pytest_flowscape.hooks.handing_out import HandedOut, LookingAhead, expect_all
from pytest_flowscape.judging.catalogue import Judged
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.requirement import Per, expect
from tests.judging.test_judge import ROOM, FakeGather, declared, facts, judge


class Items:
    """Tests by number, each of which asks for a fact that is named like it."""

    def __init__(self) -> None:
        self.items = [self._item(number) for number in range(10)]

    def _item(self, number: int) -> Any:
        item = SimpleNamespace(stash={}, callspec=SimpleNamespace(params={"user": f"u{number}"}), session=self)
        item.get_closest_marker = lambda _name: None
        item.fixturenames = (f"fact{number}",)
        return item


class Told:
    """A gatherer that keeps what it is told."""

    def __init__(self) -> None:
        self.coming: list[tuple[str, list[str]]] = []

    def expect(self, coming: Any) -> None:
        self.coming += [(target, list(names)) for target, names in coming]


def ahead(folder: Path, told: Any) -> LookingAhead:
    nothing: Any = SimpleNamespace()
    return LookingAhead(folder, "gw0", told, nothing)


def test_a_worker_learns_what_it_is_handed_when_its_next_test_begins(tmp_path: Path) -> None:
    handed, told, tests = HandedOut(tmp_path), Told(), Items()
    worker = ahead(tmp_path, told)
    worker.pytest_runtest_protocol(tests.items[0])
    assert told.coming == []
    handed.note("gw0", [0, 1])
    handed.note("gw1", [5])
    worker.pytest_runtest_protocol(tests.items[0])
    worker.pytest_runtest_protocol(tests.items[1])
    assert told.coming == [("u0", ["fact0"]), ("u1", ["fact1"])]
    handed.note("gw0", [7])
    worker.pytest_runtest_protocol(tests.items[7])
    assert told.coming[2:] == [("u7", ["fact7"])]
    worker.pytest_sessionfinish()


def test_a_line_that_is_not_whole_yet_is_read_when_it_is(tmp_path: Path) -> None:
    told, tests = Told(), Items()
    worker = ahead(tmp_path, told)
    with (tmp_path / "handed-gw0").open("ab", buffering=0) as file:
        file.write(b"[1]\n[2")
        worker.pytest_runtest_protocol(tests.items[0])
        assert told.coming == [("u1", ["fact1"])]
        file.write(b", 3]\n")
        worker.pytest_runtest_protocol(tests.items[0])
    assert [target for target, _ in told.coming] == ["u1", "u2", "u3"]
    worker.pytest_sessionfinish()


def test_without_the_private_folder_nothing_is_fetched_ahead_and_nothing_breaks(tmp_path: Path) -> None:
    told, tests = Told(), Items()
    HandedOut(tmp_path / "gone").note("gw0", [1])
    ahead(tmp_path / "gone", told).pytest_runtest_protocol(tests.items[0])
    assert told.coming == []


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
    class Declines(FakeGather):
        not_requested = staticmethod(lambda _opt_in, target: "" if target == "asked" else "not asked for")

    requirement = declared("CALENDAR-2", Per.ROOM)
    object.__setattr__(requirement, "opt_in", "--flowscape-book")
    subject = Judge({"CALENDAR-2": Judged(requirement, sync)}, Declines(facts(), {}))
    assert subject.wants("CALENDAR-2", ROOM) == frozenset()
    assert subject.wants("CALENDAR-2", "asked") == {"room_sync"}


def test_the_first_rooms_are_fetched_while_the_other_tests_are_looked_at() -> None:
    told, tests, nothing = Told(), Items(), SimpleNamespace()
    expect_all(told, nothing, tests.items, {"u1", "u2"})  # type: ignore[arg-type]
    everything = [(f"u{number}", [f"fact{number}"]) for number in range(10)]
    assert told.coming == [*everything[:3], *everything]


def test_without_rooms_all_tests_are_looked_at_once() -> None:
    told, nothing = Told(), SimpleNamespace()
    expect_all(told, nothing, Items().items, ())  # type: ignore[arg-type]
    assert told.coming == [(f"u{number}", [f"fact{number}"]) for number in range(10)]
