"""Run requirement tests without setup, call and teardown: they only read facts.

Such a test runs no fixture code, prints nothing and cleans nothing up: its
function is pure, and the judge has called it already. A dozen plugins around
each of pytest's three phases would be most of the time of a run of a thousand
rooms. The reports are made here and given to the same hooks.

Wherever anybody could notice the difference, pytest's own way is taken: a hook
of another plugin or of a conftest.py around the phases, a fixture that was
replaced or that runs by itself, an option that shows or stops at phases, an
error of the check itself.
"""

from __future__ import annotations

import time
from typing import Any, Literal, NamedTuple

import pytest

from pytest_flowscape.core.errors import NotMeasured, NotRequested
from pytest_flowscape.hooks import fixtures
from pytest_flowscape.hooks.collection import requirement_of, shared_property, target_of
from pytest_flowscape.hooks.fixtures import JUDGE
from pytest_flowscape.hooks.outcomes import OutcomeHooks
from pytest_flowscape.judging.catalogue import suites_folder
from pytest_flowscape.judging.exceptions import Exceptions
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.judging.outcomes import Outcome, carry
from pytest_flowscape.report.page.html_sieve import ALONE
from pytest_flowscape.requirement import Requirement

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
# their hooks around a test have nothing to do where it only reads facts; hypothesis and anyio look at tests of their
# own kinds only; execnet calls xdist's hooks in a worker __channelexec__
KNOWN_PACKAGES = (
    *("_pytest", "pytest_flowscape", "pytest_html", "pytest_metadata", "pytest_timeout", "xdist", "__channelexec__"),
    *("_hypothesis_pytestplugin", "anyio"),
)
PHASE_OPTIONS = ("usepdb", "trace", "setupshow", "setuponly", "setupplan")
Phase = Literal["setup", "call", "teardown"]


class Shared(NamedTuple):
    """What the tests of one function, one for each room, share in their reports."""

    path: str
    line: int | None
    keywords: dict[str, Literal[1]]


class ShortPath:
    """Runs tests that only read facts; every other test is left to pytest."""

    def __init__(self, config: pytest.Config, exceptions: Exceptions, outcomes: OutcomeHooks) -> None:
        self._config = config
        self._exceptions = exceptions
        self._outcomes = outcomes
        self._worker = hasattr(config, "workerinput")
        self._verbose = config.option.verbose > 0
        # of the plugins that we know only JUnit's file is finished by the report of a teardown; the page sees to itself
        self._teardowns = bool(getattr(config.option, "xmlpath", None))
        self._shared: dict[str, Shared | None] = {}  # by function; None: pytest runs its tests
        self._undisturbed: bool | None = None  # looked up once, when every conftest.py has been read

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Judge and report a test; None where pytest shall run it."""
        judge = self._config.stash.get(JUDGE, None)
        record = requirement_of(item)
        shared = self._shared_by(item, judge) if judge else None
        if judge is None or record is None or shared is None:
            return None
        began, clock = time.time(), time.perf_counter()
        try:
            found = judge.decide(record.id, target_of(item))
        except Exception:  # noqa: BLE001  pytest's own way shows it with its traceback
            return None
        if isinstance(found, NotMeasured) and found.cause == "internal":
            return None
        seconds = time.perf_counter() - clock
        notes = judge.notes_on(record.id, target_of(item))
        outcome = self._exceptions.outcome(record, target_of(item), found, seconds, notes)
        # what is not measured or not requested does not get as far as its call
        phase: Phase = "setup" if isinstance(found, NotMeasured | NotRequested) else "call"
        report = _phase_report(item, shared, phase, began, seconds)
        self._send(item, record, outcome, report, last=nextitem is None)
        if nextitem is not None and self._shared_by(nextitem, judge) is None:
            # what an earlier test of pytest's own way left up for us comes down, where the next one has no use for it;
            # pytest has no public way to say so
            item.session._setupstate.teardown_exact(nextitem)  # noqa: SLF001
        return True

    def _send(self, item: pytest.Item, record: Requirement, outcome: Outcome, report: Any, *, last: bool) -> None:
        """Pass the report of a test, with its outcome, to the hooks."""
        hook = self._config.hook
        item.user_properties.append(shared_property("outcome", outcome.word.value))
        if self._worker:  # xdist sends a report as plain values
            report.flowscape = outcome.as_json()
        else:
            carry(report, outcome)
        self._outcomes.categorize(report, record, outcome, defect=False)
        setattr(report, ALONE, not self._teardowns)
        if self._verbose:
            hook.pytest_runtest_logstart(nodeid=item.nodeid, location=report.location)
        hook.pytest_runtest_logreport(report=report)
        if self._teardowns:
            shared = Shared(report.location[0], report.location[1], report.keywords)
            hook.pytest_runtest_logreport(report=_phase_report(item, shared, "teardown", report.stop, 0.0))
        if self._verbose or last:  # the terminal waits for the last one to write its 100%
            hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=report.location)

    def _shared_by(self, item: pytest.Item, judge: Judge) -> Shared | None:
        """Return what an item shares with the others of its function; None where pytest shall run it."""
        function = item.nodeid.partition("[")[0]
        if function not in self._shared:
            path, line, _ = item.location
            shared = Shared(path, line, dict.fromkeys(item.keywords, 1))
            self._shared[function] = shared if self._takes(item, judge) else None
        return self._shared[function]

    def _takes(self, item: pytest.Item, judge: Judge) -> bool:
        if self._undisturbed is None:
            self._undisturbed = _nobody_listens(self._config)
        record = requirement_of(item)
        ours = record is not None and judge.knows(record.id) and item.path.parent == suites_folder()
        return ours and self._undisturbed and _only_our_fixtures(item)


def _phase_report(item: pytest.Item, shared: Shared, phase: Phase, began: float, seconds: float) -> Any:
    return pytest.TestReport(
        item.nodeid,
        (shared.path, shared.line, item.name),
        shared.keywords,
        "passed",
        None,
        phase,
        duration=seconds,
        start=began,
        stop=began + seconds,
        user_properties=item.user_properties,
    )


def _nobody_listens(config: pytest.Config) -> bool:
    if any(getattr(config.option, name, False) for name in PHASE_OPTIONS):
        return False
    listeners = (one for name in PHASE_HOOKS for one in getattr(config.hook, name).get_hookimpls())
    return all(str(one.function.__module__).partition(".")[0] in KNOWN_PACKAGES for one in listeners)


def _only_our_fixtures(item: pytest.Item) -> bool:
    """Whether every fixture behind a test is one of ours, by pytest's own record of what it would run."""
    known = getattr(item, "_fixtureinfo", None)
    if known is None:
        return False
    defined = [one for several in known.name2fixturedefs.values() for one in several]
    return all(getattr(one.func, "__module__", "") == fixtures.__name__ for one in defined)
