"""acceptance.html: what pytest-html's hooks let us say on its page; ``AcceptancePage`` is registered on the controller.

Every text is escaped, whatever it holds. What the hooks cannot change (the
order of the page's own parts, its buttons, its labels for screen readers) is
left as pytest-html makes it; docs/results.md lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import pytest

from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.outcomes import Outcome, Word
from pytest_flowscape.report import page
from pytest_flowscape.report.groups import Finding, findings, visible
from pytest_flowscape.report.results import RunInfo
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site import Site
from pytest_flowscape.verdict import Result

# thousands of green rows help nobody and make the page slow; all of them are counted
MOST_PASSED_ROWS = 200
# pytest-html's own counters, in words that say what is in them here
_LABELS = {
    "failed": "Failed",
    "passed": "Passed",
    "skipped": "Attested or not requested",
    "xfailed": "Waived, or recommended and failed",
    "xpassed": "Passed though waived",
    "error": "Not measured",
}
_OTHER_WORDS = {"error": "error", "xfailed": "expected failure", "xpassed": "unexpected pass"}


class Page(Protocol):
    """What we use of pytest-html's report data."""

    title: str
    data: dict[str, Any]
    outcomes: Any


@dataclass(eq=False)  # pytest before 9.1 hashes its plugins
class AcceptancePage:
    """pytest-html's hooks. ``result`` and ``run`` are set before the session finishes; findings follow from them.

    Without a result (a run that stopped before its end) the page says so, and
    never shows a verdict. ``results_sha256`` is that of results.json.
    """

    site: Site
    requirements: Mapping[str, Requirement]
    result: Result | None = None
    run: RunInfo | None = None
    site_facts: SiteFacts | None = None
    results_sha256: str = ""
    findings: tuple[Finding, ...] | None = None
    _page: Page | None = None
    _passed_rows: int = 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Page) -> None:
        """Name the page, take the environment table off it, and put the counters into our words."""
        self._page = report
        report.title = visible(f"Acceptance report: {self.site.customer} - {self.site.name}")
        # it may hold variables of the machine; what matters of it stands under "Seen from where"
        report.data["environment"] = {}
        for name, label in _LABELS.items():
            if name in report.outcomes:
                report.outcomes[name]["label"] = label

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Put the acceptance in front of everything else."""
        if self.result is not None and self.findings is None:
            self.findings = findings(self.result.outcomes, self.requirements)
        left_out = max(self._passed_rows - MOST_PASSED_ROWS, 0)
        prefix.append(
            page.render(
                result=self.result,
                findings=self.findings or (),
                site=self.site,
                requirements=self.requirements,
                site_facts=self.site_facts,
                run=self.run,
                results_sha256=self.results_sha256,
                rows_left_out=left_out,
            )
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Name our columns; the two that pytest-html's filters and anchors need are there, hidden."""
        links = cells[-1]
        cells[:] = [
            '<th class="sortable" data-column-type="result" hidden>pytest</th>',
            '<th class="sortable" data-column-type="testId" hidden>Test</th>',
            '<th class="sortable" data-column-type="outcome">Result</th>',
            '<th class="sortable" data-column-type="requirement">Requirement</th>',
            '<th class="sortable" data-column-type="target">Target</th>',
            '<th class="sortable" data-column-type="title">What is required</th>',
            '<th class="sortable" data-column-type="duration">Duration</th>',
            links,
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """Show one requirement on one target in our words; any other test keeps its name and pytest's word."""
        state, duration, links = _shown(cells[0]), _shown(cells[-2]), cells[-1]
        outcome = outcome_of(report)
        if outcome is None:
            word = _OTHER_WORDS.get(state.lower(), state.lower())
            name = visible(report.nodeid)
            texts = {"outcome": word, "target": "(another test)", "title": name, "duration": duration}
            cells[:] = _row(state, name, "other", texts, links)
            return
        if outcome.word is Word.PASSED and state == "Passed" and report.when == "call":
            self._passed_rows += 1
            if self._passed_rows > MOST_PASSED_ROWS and self._page is not None:
                self._page.outcomes = "passed"  # its setter counts one more
                cells.clear()
                return
        known = self.requirements.get(outcome.requirement)
        title = known.title if known else ""
        if outcome.level == "recommended":
            title = f"(recommended) {title}"
        texts = {
            "outcome": f"{page.SYMBOLS[outcome.word]} {outcome.word.value}",
            "requirement": outcome.requirement,
            "target": outcome.target,
            "title": title,
            "duration": duration,
        }
        css = outcome.word.value.replace(" ", "-")
        cells[:] = _row(state, f"{outcome.requirement} {outcome.target}", css, texts, links)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """Say what a person needs instead of the captured log; a requirement that passed shows only its notes.

        Where the check itself failed, pytest's text stays: it is the one thing that helps its author.
        """
        outcome = outcome_of(report)
        if outcome is not None:
            kept = data if outcome.cause == "internal" else ()
            data[:] = [*(escape(line) for line in page.details(outcome, self.requirements, self.site)), *kept]


def outcome_of(report: Any) -> Outcome | None:
    """Give the outcome that a test report carries in ``report.flowscape``, None where it carries none."""
    told = getattr(report, "flowscape", None)
    if not isinstance(told, Mapping):
        return None
    try:
        return Outcome.from_json(told)
    except (KeyError, TypeError, ValueError):
        return None


def _row(state: str, key: str, css: str, texts: Mapping[str, str], links: str) -> list[str]:
    # a cell holds text only: pytest-html's script opens a row by a click on the cell itself
    return [
        f'<td class="col-result" hidden>{state}</td>',
        f'<td class="col-testId" hidden>{_text(key)}</td>',
        *(
            f'<td class="col-{column} is-{css}">{_text(texts.get(column, ""))}</td>'
            for column in ("outcome", "requirement", "target", "title", "duration")
        ),
        links,
    ]


def _text(value: str) -> str:
    # one line: pytest-html reads a cell's text back by an expression that knows no line breaks
    return escape(visible(value))


def _shown(cell: str) -> str:
    return cell.partition(">")[2].rpartition("</td>")[0]
