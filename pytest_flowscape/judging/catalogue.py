"""The catalogue: every requirement with the function that judges it, read from the suites and guarded."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from pytest_flowscape.facts.names import FACTS
from pytest_flowscape.judging.causes import Cause
from pytest_flowscape.requirement import ID, MARK, RETIRED, TOPICS, Requirement
from pytest_flowscape.site.one_run import Run

MUST_BE_FILLED = ("title", "text", "consequence", "fix", "link", "guide")


@cache
def suites_folder() -> Path:
    """Return the folder of the suites: inside the installed package, else the repository's own."""
    packaged = Path(__file__).resolve().parents[1] / "suites"
    return packaged if packaged.is_dir() else packaged.parent.parent / "suites"


@cache
def load_requirements() -> Mapping[str, Judged]:
    """Import the suites under a private name and return their requirements by id, in the order of the guide.

    The controller of a distributed run collects nothing, yet it must know the
    expected set; and the judge calls these functions. Raises UsageError where
    a guard is broken.
    """
    found: list[Judged] = []
    for path in sorted(suites_folder().glob("test_*.py"), key=_suite_order):
        name = f"_flowscape_suites_{path.stem}"
        module = sys.modules.get(name)
        if module is None:
            spec = importlib.util.spec_from_file_location(name, path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
        for value in vars(module).values():
            record = _declared(getattr(value, "pytestmark", ()))
            if record:
                found.append(Judged(record[0], value))
    guard([judged.requirement for judged in found])
    return {judged.requirement.id: judged for judged in found}


def judged_per() -> Mapping[str, str]:
    """Return what each requirement is judged on: ``site``, ``room`` or ``user``."""
    return {id_: judged.requirement.per.value for id_, judged in load_requirements().items()}


def attributes_judged(run: Run | None = None) -> frozenset[str]:
    """Return the directory attributes that the requirements judge, all together; with a run those that it asks for."""
    records = [judged.requirement for judged in load_requirements().values()]
    return frozenset(name for one in records if run is None or run.asks_for(one.opt_in) for name in one.reads)


def unmeasured_by(cause: Cause, judged: Mapping[str, Judged]) -> frozenset[str]:
    """Return the requirements that a cause leaves unmeasured.

    These take a fact that it closes, or need one that it fails or leaves
    unmeasured; the one that it fails is not among them.
    """

    def stopped(id_: str) -> bool:
        one = judged[id_]
        closed = any(FACTS[name].side in cause.closes for name in one.fact_names if name in FACTS)
        return closed or any(need == cause.failed or stopped(need) for need in one.requirement.needs if need in judged)

    return frozenset(id_ for id_ in judged if id_ != cause.failed and stopped(id_))


def _suite_order(path: Path) -> tuple[int, str]:
    order = [f"test_{title.lower()}" for title in TOPICS.values()]
    return (order.index(path.stem) if path.stem in order else len(order), path.stem)


def _declared(marks: Iterable[pytest.Mark]) -> list[Requirement]:
    return [mark.args[0] for mark in marks if mark.name == MARK]


def guard(requirements: Sequence[Requirement]) -> None:
    """Refuse a catalogue with a repeated id, an empty field, or needs that lead nowhere or in a circle.

    Raises UsageError with one sentence for each.
    """
    wrong: list[str] = []
    by_id: dict[str, Requirement] = {}
    for record in requirements:
        if record.id in by_id:
            wrong.append(f"Two tests declare the requirement {record.id}: give one of them another id.")
        by_id[record.id] = record
        if record.id in RETIRED:
            wrong.append(f"The id {record.id} is retired: give the requirement a new one.")
        if not ID.fullmatch(record.id):
            wrong.append(f"{record.id!r} is not a requirement id: write a topic and a number, such as ROOM-3.")
        empty = [name for name in MUST_BE_FILLED if not getattr(record, name).strip()]
        if empty:
            wrong.append(f"Requirement {record.id} has an empty {', '.join(empty)}: fill it.")
    for record in requirements:
        wrong += [
            f"Requirement {record.id} needs {need}, which does not exist." for need in record.needs if need not in by_id
        ]
        if _reaches(record.id, record.needs, by_id):
            wrong.append(f"Requirement {record.id} needs itself by way of its needs.")
    if wrong:
        raise pytest.UsageError(*wrong)


def _reaches(goal: str, needs: Sequence[str], by_id: Mapping[str, Requirement]) -> bool:
    waiting, seen = list(needs), set()
    while waiting:
        need = waiting.pop()
        if need == goal:
            return True
        if need not in seen and need in by_id:
            seen.add(need)
            waiting += by_id[need].needs
    return False


@dataclass(frozen=True)
class Judged:
    """One requirement with the function that judges it."""

    requirement: Requirement
    function: Callable[..., None]

    @cached_property
    def fact_names(self) -> tuple[str, ...]:
        """Return the facts that the function asks for, by name."""
        return tuple(inspect.signature(self.function).parameters)
