"""A shorter way through pytest for requirements whose tests only read facts, which is all of ours.

Such a test runs no fixture code, prints nothing and cleans nothing up: its
function is pure, and the judge has called it already. Of pytest's three phases
with a dozen plugins around each, a run of thousands of rooms then needs only
the reports. They are made here, and given to the same hooks.

The shorter way is taken only where nobody can tell the difference. A hook of
another plugin or of a conftest.py around the phases of a test, a fixture that
was replaced or that runs by itself, an option that shows or stops at phases, an
error of the check itself: each of these gets pytest's own way.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from pytest_flowscape.core.errors import NotMeasured, NotRequested
from pytest_flowscape.hooks import fixtures
from pytest_flowscape.hooks.collection import labelled, requirement_of, target_of
from pytest_flowscape.hooks.fixtures import JUDGE
from pytest_flowscape.hooks.outcomes import OutcomeHooks
from pytest_flowscape.judging.catalogue import suites_folder
from pytest_flowscape.judging.exceptions import Exceptions
from pytest_flowscape.judging.judge import Decided, Judge
from pytest_flowscape.judging.outcomes import carry
from pytest_flowscape.report.page.html_sieve import ALONE

PHASE_HOOKS = (
    "pytest_runtest_protocol",
    "pytest_runtest_logstart",
    "pytest_runtest_setup",
    "pytest_runtest_call",
    "pytest_runtest_teardown",
    "pytest_runtest_makereport",
    "pytest_runtest_logreport",
    "pytest_runtest_logfinish",
    "pytest_fixture_setup",
    "pytest_fixture_post_finalizer",
    "pytest_pyfunc_call",
    "pytest_exception_interact",
)
# whose hooks around a test have nothing to do where it only reads facts; pytest-timeout's clock runs around all of it
KNOWN = frozenset(
    (
        "_pytest",
        "pytest_flowscape",
        "pytest_html",
        "pytest_metadata",
        "pytest_timeout",
        "xdist",
        "_hypothesis_pytestplugin",  # these two look at tests of their own kinds only, and come along with much else
        "anyio",
        "__channelexec__",  # xdist's own hooks in a worker, as execnet calls what it runs there
    )
)
PHASE_OPTIONS = ("usepdb", "trace", "setupshow", "setuponly", "setupplan")


@dataclass(frozen=True)
class Alike:
    """What the tests of one function, one for each room, have in common."""

    path: str
    line: int | None
    keywords: Mapping[str, Literal[1]]


class FactsOnly:
    """Runs what only reads facts; every other test is left to pytest."""

    def __init__(self, config: pytest.Config, exceptions: Exceptions, outcomes: OutcomeHooks) -> None:
        self._config = config
        self._exceptions = exceptions
        self._outcomes = outcomes
        self._worker = hasattr(config, "workerinput")
        self._verbose = config.option.verbose > 0
        # of those that we know only JUnit's file is finished by the report of a teardown; the page sees to itself
        self._teardowns = bool(getattr(config.option, "xmlpath", None))
        self._alike: dict[str, Alike | None] = {}
        self._undisturbed: bool | None = None  # asked once, when every conftest.py has been read

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test and report it; None where pytest shall run it."""
        judge = self._config.stash.get(JUDGE, None)
        alike = self._common(item, judge)
        record = requirement_of(item)
        if judge is None or alike is None or record is None:
            return None
        began, clock = time.time(), time.perf_counter()
        try:
            found = judge.decide(record.id, target_of(item))
        except Exception:  # noqa: BLE001  pytest's own way shows it with its traceback
            return None
        if isinstance(found, NotMeasured) and found.cause == "internal":
            return None
        self._report(item, alike, found, began, time.perf_counter() - clock, last=nextitem is None)
        if nextitem is not None and self._common(nextitem, judge) is None:
            # what an earlier test of pytest's own way left up for us comes down, where the next one has no use for it;
            # pytest has no public way to say so
            item.session._setupstate.teardown_exact(nextitem)  # noqa: SLF001
        return True

    def _report(
        self, item: pytest.Item, alike: Alike, found: Decided, began: float, seconds: float, *, last: bool
    ) -> None:
        record, target = requirement_of(item), target_of(item)
        assert record is not None
        hook, location = self._config.hook, (alike.path, alike.line, item.name)
        notes = self._config.stash[JUDGE].notes_on(record.id, target)
        outcome = self._exceptions.outcome(record, target, found, seconds, notes)
        item.user_properties.append(labelled("outcome", outcome.word.value))
        before = isinstance(found, NotMeasured | NotRequested)  # such a test does not get as far as its call
        if self._verbose:
            hook.pytest_runtest_logstart(nodeid=item.nodeid, location=location)
        report = self._made(item, alike, "setup" if before else "call", began, seconds)
        if self._worker:  # xdist sends a report as plain values
            report.flowscape = outcome.as_json()
        else:
            carry(report, outcome)
        self._outcomes.tell(report, record, outcome, defect=False)
        setattr(report, ALONE, not self._teardowns)
        hook.pytest_runtest_logreport(report=report)
        if self._teardowns:
            hook.pytest_runtest_logreport(report=self._made(item, alike, "teardown", began + seconds, 0.0))
        if self._verbose or last:  # the terminal waits for the last one to write its 100%
            hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=location)

    @staticmethod
    def _made(
        item: pytest.Item, alike: Alike, when: Literal["setup", "call", "teardown"], began: float, seconds: float
    ) -> Any:
        return pytest.TestReport(
            item.nodeid,
            (alike.path, alike.line, item.name),
            alike.keywords,
            "passed",
            None,
            when,
            duration=seconds,
            start=began,
            stop=began + seconds,
            user_properties=item.user_properties,
        )

    def _common(self, item: pytest.Item, judge: Judge | None) -> Alike | None:
        """Return what an item shares with the others of its function; None where pytest shall run it."""
        function = item.nodeid.partition("[")[0]
        if function not in self._alike:
            self._alike[function] = self._looked_at(item, judge)
        return self._alike[function]

    def _looked_at(self, item: pytest.Item, judge: Judge | None) -> Alike | None:
        if self._undisturbed is None:
            self._undisturbed = self._nobody_listens()
        record = requirement_of(item)
        if record is None or judge is None or not judge.knows(record.id):
            return None
        if not self._undisturbed or item.path.parent != suites_folder() or not _reads_only(item):
            return None
        path, line, _ = item.location
        return Alike(path, line, dict.fromkeys(item.keywords, 1))

    def _nobody_listens(self) -> bool:
        if any(getattr(self._config.option, name, False) for name in PHASE_OPTIONS):
            return False
        for name in PHASE_HOOKS:
            for implementation in getattr(self._config.hook, name).get_hookimpls():
                if _package(implementation) not in KNOWN:
                    return False
        return True


def _package(implementation: Any) -> str:
    return str(implementation.function.__module__).partition(".")[0]


def _reads_only(item: pytest.Item) -> bool:
    """Whether every fixture behind a test is one of ours, by pytest's own record of what it would run."""
    known = getattr(item, "_fixtureinfo", None)
    if known is None:
        return False
    defined = [one for several in known.name2fixturedefs.values() for one in several]
    return all(getattr(one.func, "__module__", "") == fixtures.__name__ for one in defined)
