"""From pytest's phases to outcomes: judge at setup, report the outcome in place of pytest's own.

Runs wherever tests run (worker or single process). The outcome travels in
``report.flowscape`` as plain JSON values.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from pytest_flowscape.core.errors import NotMeasured, NotRequested, RequirementFailed
from pytest_flowscape.hooks.collection import requirement_of, shared_property, target_of
from pytest_flowscape.hooks.fixtures import JUDGE
from pytest_flowscape.judging.exceptions import Exceptions
from pytest_flowscape.judging.judge import Decided, Judge
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.terminal.finding import describe
from pytest_flowscape.report.text import visible
from pytest_flowscape.requirement import Level, Notes, Requirement
from pytest_flowscape.site.model import Site

LETTERS = {
    Word.PASSED: ".",
    Word.FAILED: "F",
    Word.NOT_MEASURED: "N",
    Word.NOT_REQUESTED: "-",
    Word.WAIVED: "w",
    Word.ATTESTED: "a",
}
MARKUP = {
    Word.PASSED: {"green": True},
    Word.FAILED: {"red": True},
    Word.NOT_MEASURED: {"yellow": True, "bold": True},
}


class OutcomeHooks:
    """Gives the reports of requirements their outcomes."""

    def __init__(self, site: Site, exceptions: Exceptions) -> None:
        self._site = site
        self._exceptions = exceptions
        self._keywords: dict[str, Mapping[str, Any]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Decide before the fixtures run, so that what cannot be measured is an error at setup, with its reason."""
        record = requirement_of(item)
        judge = item.config.stash.get(JUDGE, None) if record else None
        if record is None or judge is None or not judge.knows(record.id):
            return
        found = judge.decide(record.id, target_of(item))
        if isinstance(found, NotMeasured):
            reason = found.reason
            raise NotMeasured(reason, cause=found.cause, because=found.because, waiting=found.waiting) from None
        if isinstance(found, NotRequested):
            raise NotRequested(found.reason) from None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the outcome of a requirement into its report."""
        record = requirement_of(item)
        if record is None:
            return (yield)
        if call.excinfo is None and call.when != "call":
            report = yield
            return self._share_keywords(report)
        if call.when == "teardown":
            return (yield)
        error = call.excinfo.value if call.excinfo else None
        judge = item.config.stash.get(JUDGE, None)
        if judge is not None and judge.knows(record.id):
            error = _worse_end(judge.decide(record.id, target_of(item)), error)
        outcome = self._exceptions.outcome(
            record, target_of(item), error, call.duration, self._notes(item, record, judge)
        )
        if call.excinfo is not None and outcome.cause != "internal":
            # our words replace the traceback; to make one, pytest would parse the suite again for each room
            call.excinfo.traceback = type(call.excinfo.traceback)([])
        report = self._share_keywords((yield))
        report.flowscape = outcome.as_json()  # type: ignore[attr-defined]
        item.user_properties.append(shared_property("outcome", outcome.word.value))
        report.user_properties = item.user_properties
        self.categorize(report, record, outcome, defect=call.excinfo is not None)
        return report

    def _share_keywords(self, report: pytest.TestReport) -> pytest.TestReport:
        """Return the report with the keywords of its function's first one: pytest keeps a report of each test."""
        function = report.nodeid.partition("[")[0]
        report.keywords = self._keywords.setdefault(function, report.keywords)
        return report

    @staticmethod
    def _notes(item: pytest.Item, record: Requirement, judge: Judge | None) -> tuple[str, ...]:
        if judge is not None and judge.knows(record.id):
            return judge.notes_on(record.id, target_of(item))
        collected = getattr(item, "funcargs", {}).get("notes")  # of a requirement of the customer's own
        return tuple(collected.lines) if isinstance(collected, Notes) else ()

    def categorize(self, report: pytest.TestReport, record: Requirement, outcome: Outcome, *, defect: bool) -> None:
        """Bring pytest's own categories in line with the outcome: error, failure, skip, xfail.

        ``defect``: an error was raised; where it is one of the check itself its traceback stays.
        """
        if outcome.word is Word.PASSED:
            return
        if outcome.word in (Word.ATTESTED, Word.NOT_REQUESTED):
            path, line, _ = report.location
            said = outcome.notes[0] if outcome.word is Word.ATTESTED else outcome.found
            report.outcome, report.longrepr = "skipped", (path, (line or 0) + 1, visible(said))
            return
        text = describe(record, outcome, self._site)
        if outcome.word is Word.WAIVED or outcome.level == Level.RECOMMENDED.value:
            report.outcome, report.longrepr = "skipped", text
            # JUnit and -r show this alone
            advice = f"recommended only, {outcome.word.value}: {outcome.found}"
            report.wasxfail = visible(outcome.notes[0] if outcome.word is Word.WAIVED else advice)
        elif outcome.cause == "internal" and defect and report.longreprtext:
            # a defect of the check: the one case where a traceback helps somebody
            report.outcome, report.longrepr = "failed", f"{text}\n\n{report.longreprtext}"
        else:
            report.outcome, report.longrepr = "failed", text


def _worse_end(found: Decided, error: BaseException | None) -> BaseException | None:
    """Return how the judge decided from the facts, or how the test itself ended where that is worse.

    A conftest.py may replace a fixture by name, and a copied suite may be
    changed; neither lets a requirement of ours pass that does not hold.
    """
    if found is not None:
        return found
    if isinstance(error, RequirementFailed):
        return NotMeasured("the test fails on other facts than were measured", cause="internal")
    return error
