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

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from pytest_flowscape.core.errors import NotMeasured, NotRequested
from pytest_flowscape.hooks import fixtures
from pytest_flowscape.hooks.collection import labelled, requirement_of, target_of
from pytest_flowscape.hooks.fixtures import JUDGE
from pytest_flowscape.hooks.outcomes import OutcomeHooks
from pytest_flowscape.judging.catalogue import suites_folder
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
# a clock of one test must not run around several
CLOCKS = frozenset(("pytest_timeout",))
STRETCH = 50  # tests at most that are run within one call of pytest's hook
PHASE_OPTIONS = ("usepdb", "trace", "setupshow", "setuponly", "setupplan")


@dataclass(frozen=True)
class Alike:
    """What the tests of one function, one for each room, have in common."""

    path: str
    line: int | None
    keywords: Mapping[str, Literal[1]]


class Courtesy:
    """Gives the processor to whoever waits for it, between two tests.

    A thread that has an answer, or a request to send, would else wait until the
    system takes the processor away from the tests: milliseconds, in which its
    connection stands idle. ``SHARE`` of the time at most is given away: beside
    programs that take all they get, the tests would come to nothing.
    """

    SHARE = 0.1

    def __init__(self, give_way: Callable[[], object] | None = None) -> None:
        # Windows has no sched_yield, and there a sleep of no length does the same
        own: Callable[[], object] = getattr(os, "sched_yield", lambda: time.sleep(0))
        self._give_way = give_way or own
        self._began = time.perf_counter()
        self._given = 0.0

    def __call__(self) -> None:
        """Return way, if that has not taken too long already."""
        now = time.perf_counter()
        if self._given <= (now - self._began) * self.SHARE:
            self._give_way()
            self._given += time.perf_counter() - now


class FactsOnly:
    """Runs what only reads facts; every other test is left to pytest."""

    def __init__(self, config: pytest.Config, outcomes: OutcomeHooks) -> None:
        self._config = config
        self._outcomes = outcomes
        self._worker = hasattr(config, "workerinput")
        self._verbose = config.option.verbose > 0
        # of those that we know only JUnit's file is finished by the report of a teardown; the page sees to itself
        self._teardowns = bool(getattr(config.option, "xmlpath", None))
        self._alike: dict[str, Alike | None] = {}
        self._undisturbed: bool | None = None  # asked once, when every conftest.py has been read
        self._following: Sequence[tuple[pytest.Item, pytest.Item | None]] = ()
        self._followed = 0
        self._give_way = Courtesy()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run the tests in their order, those that only read facts many within one call of pytest's hook.

        What other plugins do around each test (the filters of warnings above
        all) takes as long as the test. None where pytest shall run them all.
        """
        judge = self._config.stash.get(JUDGE, None)
        if judge is None or not self._may_group(session):
            return None
        items = session.items
        pairs = list(zip(items, [*items[1:], None], strict=True))
        at = 0
        while at < len(pairs):
            stretch = pairs[at : at + STRETCH]
            alone = next((n for n, (item, _) in enumerate(stretch) if self._common(item, judge) is None), len(stretch))
            self._following, self._followed = stretch[1:alone], 0
            item, nextitem = stretch[0]
            self._config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
            at += 1 + self._followed
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True

    def _may_group(self, session: pytest.Session) -> bool:
        option = self._config.option
        broken = session.testsfailed and not option.continue_on_collection_errors
        if self._worker or broken or option.collectonly or float(self._config.getini("faulthandler_timeout") or 0):
            return False
        hooks = self._config.hook
        loops = {_package(one) for one in hooks.pytest_runtestloop.get_hookimpls() if not one.wrapper}
        around = {_package(one) for one in hooks.pytest_runtest_protocol.get_hookimpls()}
        return loops <= {"_pytest", "pytest_flowscape"} and not around & CLOCKS

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test and report it, and those that follow in its stretch; None where pytest shall run it."""
        following, self._following = self._following, ()
        if not self._run(item, nextitem):
            return None
        session = item.session
        for one, after in following:
            if session.shouldfail or session.shouldstop or not self._run(one, after):
                break
            self._followed += 1
        return True

    def _run(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        judge = self._config.stash.get(JUDGE, None)
        alike = self._common(item, judge)
        record = requirement_of(item)
        if judge is None or alike is None or record is None:
            return False
        began, clock = time.time(), time.perf_counter()
        try:
            found = judge.decide(record.id, target_of(item))
        except Exception:  # noqa: BLE001  pytest's own way tells it with its traceback
            return False
        if isinstance(found, NotMeasured) and found.cause == "internal":
            return False
        self._report(item, alike, found, began, time.perf_counter() - clock, last=nextitem is None)
        self._give_way()
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
        outcome = self._outcomes.outcome(record, target, found, seconds, notes)
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
