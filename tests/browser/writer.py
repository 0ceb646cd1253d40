"""Write the page of a made-up site as a run would: pytest and pytest-html with the given outcomes; no test is run.

``python -m tests.browser.writer NAME FOLDER``, NAME being a key of ``sites.SITES``.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from pytest_flowscape.report.files import results
from pytest_flowscape.report.fixes import scripts
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.html import AcceptancePage
from pytest_flowscape.report.page.page import Content
from tests.browser.sites import SITES, Judged, requirements
from tests.report.page_run import PageRun, phase
from tests.report.report_samples import run_info

NAME = "acceptance.html"


class OtherTests:
    """Reports the tests that are not requirements, all failed; nothing is collected."""

    def __init__(self, number: int) -> None:
        self._number = number

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for _ in range(self._number):
            for when in ("setup", "call", "teardown"):
                report = phase("test_own.py::test_own", when, "failed" if when == "call" else "passed")
                session.config.hook.pytest_runtest_logreport(report=report)
        return True


def content_of(judged: Judged, folder: Path) -> Content:
    """Write the files beside the page into ``folder`` and return what the page shows of them."""
    run = run_info()
    written = results.write(folder, judged.result, requirements(), judged.site, judged.facts, run)
    found = findings(judged.result.outcomes, requirements())
    for write_script in scripts.writers(folder, found, judged.site, judged.facts, run).values():
        write_script()
    return Content(
        judged.facts,
        run,
        Evidence(judged.facts, judged.target_facts),
        scripts.by_owner(folder),
        hashlib.sha256(written.read_bytes()).hexdigest(),
    )


def write(name: str, folder: Path) -> Path:
    """Write a site's page and what belongs to it into ``folder`` and return the page's path."""
    path, judged = folder / NAME, SITES[name]()
    page = AcceptancePage(judged.site, requirements(), written=path)
    arguments = [str(folder), f"--rootdir={folder}", "-p", "no:cacheprovider", "-p", "no:terminalreporter"]
    code = pytest.main(
        [*arguments, f"--html={path}", "--self-contained-html"],
        plugins=[
            PageRun(page, judged.result, lambda: content_of(judged, folder)),
            OtherTests(judged.result.other_failed),
        ],
    )
    assert code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED), code
    return path


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
