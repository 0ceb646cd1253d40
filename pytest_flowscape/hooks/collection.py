"""Collection: which paths are run, tests parametrized over the site file, guarded and ordered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.judging.catalogue import _declared, suites_folder
from pytest_flowscape.judging.outcomes import SITE_TARGET
from pytest_flowscape.requirement import MARK, Per, Requirement
from pytest_flowscape.site.one_run import Run

NOBODY = "no-users"


def paths_to_run(config: pytest.Config) -> list[str]:
    """Return what pytest is to collect: the paths given, else our suites, and beside them what --flowscape-add names.

    Raises UsageError for an added path that does not exist.
    """
    given = config.args_source is pytest.Config.ArgsSource.ARGS
    paths = list(config.args) if given else [str(suites_folder())]
    missing = []
    for added in config.getoption("flowscape_add"):
        name, *rest = str(added).split("::")
        path = config.invocation_params.dir / name
        if not name or not path.exists():
            missing.append(f"--flowscape-add={added}: no such file or folder; the path starts at this folder.")
        paths.append("::".join((str(path), *rest)))
    if missing:
        raise pytest.UsageError(*missing)
    return list(dict.fromkeys(paths))


def may_hold_requirements(config: pytest.Config) -> bool:
    """Whether a path given names our package: without importing it no test declares a requirement."""
    for argument in config.args:
        path = Path(str(argument).split("::")[0])
        path = path if path.is_absolute() else config.invocation_params.dir / path
        files = [path] if path.is_file() else path.rglob("*.py")
        if any("pytest_flowscape" in file.read_text(encoding="utf-8", errors="replace") for file in files):
            return True
    return False


_RECORD = pytest.StashKey[Requirement | None]()


def requirement_of(item: pytest.Item) -> Requirement | None:
    """Return the requirement that an item tests, None for any other test."""
    if _RECORD not in item.stash:  # looked for once: every hook asks
        mark = item.get_closest_marker(MARK)
        item.stash[_RECORD] = mark.args[0] if mark else None
    return item.stash[_RECORD]


def target_of(item: pytest.Item) -> str:
    """Return the item's target: the room's or user's address, else the word ``site``."""
    callspec = getattr(item, "callspec", None)
    params: Mapping[str, Any] = callspec.params if callspec else {}
    if "room" in params:
        return str(params["room"].email)
    return str(params.get("user", SITE_TARGET))


@lru_cache(maxsize=10_000)
def shared_property(name: str, value: str) -> tuple[str, str]:
    """Return a property of a test; what thousands of tests share is kept once."""
    return name, value


class Collection:
    """Collection hooks of a run; registered only when our options are used."""

    def __init__(self, run: Run, *, sign_off: bool) -> None:
        self._run = run
        self._sign_off = sign_off
        self.found = 0
        self._chunk = {address: n for n, chunk in enumerate(run.chunks) for address in chunk}

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Keep a conftest.py above the virtual environment from hiding the suites inside it (collect_ignore_glob)."""
        inside = suites_folder() in (collection_path, *collection_path.parents)
        return False if inside and collection_path.name != "__pycache__" else None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize whatever takes a room or a user over the site file, in its order."""
        if "room" in metafunc.fixturenames:
            rooms = self._run.rooms
            metafunc.parametrize("room", rooms, ids=[room.email for room in rooms], indirect=True)
        if "user" in metafunc.fixturenames:
            users = self._run.site.users.addresses or (NOBODY,)
            metafunc.parametrize("user", users, ids=list(users), indirect=True)

    @pytest.hookimpl(tryfirst=True, specname="pytest_collection_modifyitems")
    def pytest_guard_requirements(self, items: list[pytest.Item]) -> None:
        """Guard and count the requirements before -k and -m choose among them.

        Raises UsageError where a test declares two requirements, two tests
        declare the same one, or our own suites gave none at all, which a stray
        pytest.ini can bring about.
        """
        marked: dict[str, str] = {}
        wrong: list[str] = []
        for item in items:
            records = _declared(item.iter_markers(MARK))
            self.found += bool(records)
            if len(records) > 1:
                wrong.append(f"{item.nodeid} declares {len(records)} requirements: one test, one requirement.")
            for record in records:
                place = item.nodeid.split("[")[0]
                if marked.setdefault(record.id, place) != place:
                    wrong.append(f"{place} and {marked[record.id]} both declare {record.id}.")
                self._label(item, record)
        if self._sign_off and not self.found:
            wrong.append(
                f"No requirement was collected from {suites_folder()}: check whether a pytest.ini, tox.ini or "
                "pyproject.toml above this folder sets python_files or python_functions, or run in another folder."
            )
        if wrong:
            raise pytest.UsageError(*sorted(set(wrong)))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Drop what has no target, and order: the site, then room by room in chunks, then users, then the rest."""
        items[:] = [item for item in items if target_of(item) != NOBODY]
        items.sort(key=self._place)

    def _label(self, item: pytest.Item, record: Requirement) -> None:
        known = dict(item.user_properties)
        if "requirement" not in known:
            item.user_properties += [
                shared_property("requirement", record.id),
                shared_property("target", target_of(item)),
                shared_property("owner", record.owner.value),
                shared_property("level", record.level.value),
            ]

    def _place(self, item: pytest.Item) -> tuple[int, int, str]:
        record = requirement_of(item)
        if record is None:
            return (3, 0, "")
        if record.per is Per.SITE:
            return (0, 0, "")
        if record.per is Per.USER:
            return (2, 0, target_of(item))
        target = target_of(item)
        return (1, self._chunk.get(target, 0), target)
