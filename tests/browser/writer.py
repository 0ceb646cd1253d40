"""Write the page of a made-up site as a run would: pytest and pytest-html, told of every outcome; no test is run.

``python -m tests.browser.writer NAME FOLDER``, NAME being a key of ``sites.SITES``.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.files import results
from pytest_flowscape.report.fixes import scripts
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.page import page
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.html import AcceptancePage
from tests.browser.sites import SITES, Judged, requirements
from tests.report.report_samples import run_info

NAME = "acceptance.html"


class Reporter:
    """Tells pytest's reporting hooks of every outcome, in the phases in which a test would have ended."""

    def __init__(self, judged: Judged, folder: Path) -> None:
        self._judged = judged
        self._folder = folder
        self._page = AcceptancePage(judged.site, requirements(), written=folder / NAME)

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._page)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for number, outcome in enumerate(self._judged.result.outcomes):
            if outcome.word is not Word.NOT_RUN:
                for report in reports(outcome, f"test_it.py::test_it[{number}]"):
                    session.config.hook.pytest_runtest_logreport(report=report)
        for _ in range(self._judged.result.other_failed):
            for when in ("setup", "call", "teardown"):
                report = made("test_own.py::test_own", when, "failed" if when == "call" else "passed")
                session.config.hook.pytest_runtest_logreport(report=report)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        judged, run = self._judged, run_info()
        written = results.write(self._folder, judged.result, requirements(), judged.site, judged.facts, run)
        found = findings(judged.result.outcomes, requirements())
        for write in scripts.writers(self._folder, found, judged.site, judged.facts, run).values():
            write()
        content = page.Content(
            judged.facts,
            run,
            Evidence(judged.facts, judged.target_facts),
            scripts.by_owner(self._folder),
            hashlib.sha256(written.read_bytes()).hexdigest(),
        )
        self._page.show(judged.result, content)


def made(nodeid: str, when: str, state: str, text: str | None = None) -> pytest.TestReport:
    """Return one phase's report."""
    return pytest.TestReport(nodeid, ("test_it.py", 0, "test_it"), {}, state, text, when, duration=0.01)  # type: ignore[arg-type]


def reports(outcome: Outcome, nodeid: str) -> Iterator[pytest.TestReport]:
    """Return the reports that decide of a test with the outcome, as the product's own tests end."""
    when = "setup" if outcome.word is Word.NOT_MEASURED else "call"
    if outcome.word is Word.PASSED:
        report = made(nodeid, when, "passed")
    elif outcome.word in (Word.ATTESTED, Word.NOT_REQUESTED):
        report = made(nodeid, when, "skipped")
        report.longrepr = ("test_it.py", 1, "why")
    elif outcome.word is Word.WAIVED or outcome.level == "recommended":
        report = made(nodeid, when, "skipped", "text")
        report.wasxfail = "why"
    else:
        report = made(nodeid, when, "failed", "text")
    report.flowscape = outcome.as_json()  # type: ignore[attr-defined]
    yield report
    yield made(nodeid, "teardown", "passed")


def write(name: str, folder: Path) -> Path:
    """Write a site's page and what belongs to it into ``folder`` and give the page's path."""
    page = folder / NAME
    arguments = [str(folder), f"--rootdir={folder}", "-p", "no:cacheprovider", "-p", "no:terminalreporter"]
    code = pytest.main(
        [*arguments, f"--html={page}", "--self-contained-html"], plugins=[Reporter(SITES[name](), folder)]
    )
    assert code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED), code
    return page


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
