"""A run whose outcomes are given, as pytest-html sees it: reports and hooks are real, no requirement is tested."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report.page.html import AcceptancePage
from pytest_flowscape.report.page.page import Content
from tests.report.report_samples import run_info

PYTESTS_OWN = "pytest's own text"


@dataclass(eq=False)
class PageRun:
    """The plugin that reports the outcomes, after the tests of its session; ``content`` is called at the end."""

    page: AcceptancePage
    result: Result
    content: Callable[[], Content] = lambda: Content(run=run_info())

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self.page)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        done = yield
        for number, outcome in enumerate(self.result.outcomes):
            if outcome.word is not Word.NOT_RUN:
                for report in reports(outcome, f"test_it.py::test_it[{number}]"):
                    session.config.hook.pytest_runtest_logreport(report=report)
        return done

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self.page.show(self.result, self.content())


def reports(outcome: Outcome, nodeid: str) -> Iterator[pytest.TestReport]:
    """Return the reports of a test with this outcome, as the product's own tests end."""
    when = "setup" if outcome.word is Word.NOT_MEASURED else "call"
    if outcome.word is Word.PASSED:
        report = phase(nodeid, when, "passed")
    elif outcome.word in (Word.ATTESTED, Word.NOT_REQUESTED):
        report = phase(nodeid, when, "skipped")
        report.longrepr = ("test_it.py", 1, "why")
    elif outcome.word is Word.WAIVED or outcome.level == "recommended":
        report = phase(nodeid, when, "skipped", PYTESTS_OWN)
        report.wasxfail = "why"
    else:
        report = phase(nodeid, when, "failed", PYTESTS_OWN)
    report.flowscape = outcome.as_json()  # type: ignore[attr-defined]
    yield report
    yield phase(nodeid, "teardown", "passed")


def phase(nodeid: str, when: str, state: str, text: str | None = None) -> pytest.TestReport:
    """Return the report of one phase."""
    return pytest.TestReport(nodeid, ("test_it.py", 0, "test_it"), {}, state, text, when, duration=0.01)  # type: ignore[arg-type]
