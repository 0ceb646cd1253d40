"""acceptance.html: what pytest-html's hooks let us write; ``AcceptancePage`` is registered on the controller.

Every text is escaped, whatever it holds. What the hooks cannot change (language,
labels, the order of the page's own parts) is amended in the written page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any, Protocol

import pytest

from pytest_flowscape.judging.outcomes import Word, outcome_of
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report import groups
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.page import html_amend, html_sieve, page
from pytest_flowscape.report.text import visible
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site.model import Site

# thousands of rows are no help and make the page slow; the matrix has all of them
MAX_ROWS = 200
MAX_PLAIN_ROWS = 50  # passed, not requested
# pytest-html's script knows seven filters by these names and no others: each gets one of our words
_FILTERS = {
    Word.PASSED: "passed",
    Word.FAILED: "failed",
    Word.NOT_MEASURED: "error",
    Word.WAIVED: "xfailed",
    Word.ATTESTED: "skipped",
    Word.NOT_REQUESTED: "xpassed",
}
_OTHER = "rerun"  # tests that are not requirements
_OTHER_WORDS = {"error": "error", "xfailed": "expected failure", "xpassed": "unexpected pass"}


class Page(Protocol):
    """What we use of pytest-html's report data."""

    title: str
    data: dict[str, Any]
    outcomes: Any


@dataclass(eq=False)  # pytest before 9.1 hashes its plugins
class AcceptancePage:
    """pytest-html's hooks. Without ``show`` (a run that stopped before its end) the page never shows a verdict.

    ``written`` is where pytest-html writes, None where it is not to be amended.
    """

    site: Site
    requirements: Mapping[str, Requirement]
    written: Path | None = None
    _result: Result | None = None
    _content: page.Content = field(default_factory=page.Content)
    _page: Page | None = None
    _rows: Counter[str] = field(default_factory=Counter)
    _left_out: int = 0
    _note: str = ""

    def show(self, result: Result, content: page.Content) -> None:
        """Put a result on the page; call before pytest-html writes it."""
        self._result, self._content = result, content

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Page) -> None:
        """Name the page, take the environment table off it, and put the counters into our words."""
        self._page = report
        report.title = visible(f"Acceptance report: {self.site.customer} - {self.site.name}")
        # it may hold variables of the machine; what matters of it is under "Measured from"
        report.data["environment"] = {}
        report.data["renderCollapsed"] = ["all"]  # what a row opens is above, grouped
        for word, name in _FILTERS.items():
            report.outcomes[name]["label"] = word.value
        report.outcomes[_OTHER]["label"] = "other tests"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Put the acceptance in front of everything else, and our numbers into pytest-html's counters."""
        found = findings(self._result.outcomes, self.requirements) if self._result else ()
        content = replace(self._content, rows_left_out=self._left_out)
        prefix.append(page.render(self._result, found, self.site, self.requirements, content))
        self._count()

    def _count(self) -> None:
        if self._page is None:
            return
        counted = dict(self._rows)
        if self._result is not None:  # what has no row, left out or lost with its worker, counts too
            totals = groups.totals(self._result.outcomes)
            counted |= {name: totals[word] for word, name in _FILTERS.items()}
        for name, entry in self._page.outcomes.items():
            entry["value"] = counted.get(name, 0)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Amend the page as soon as pytest-html has written it."""
        ended = yield
        if self.written is not None and self._page is not None and self.written.exists():
            self._note = html_amend.amend(self.written)
        return ended

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Report that the page could not be amended."""
        if self._note:
            terminalreporter.write_line(self._note, yellow=True)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep what gets no row away from pytest-html."""
        html_sieve.put_in_front(session.config, self._leaves_out)

    def _leaves_out(self, report: Any) -> bool:
        """Whether a report's test gets no row; it is then counted."""
        outcome = outcome_of(report)
        if outcome is None or self._rows[_FILTERS[outcome.word]] < _max_rows(outcome.word):
            return False
        self._rows[_FILTERS[outcome.word]] += 1
        self._left_out += 1
        return True

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Name our columns; the two that pytest-html's filters and anchors need are hidden."""
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
        duration, links = _inner_html(cells[-2]), cells[-1]
        outcome = outcome_of(report)
        if outcome is None:
            cells[:] = self._other(report, _inner_html(cells[0]), duration, links)
            return
        name = _FILTERS[outcome.word]
        self._rows[name] += 1
        if self._rows[name] > _max_rows(outcome.word):
            self._left_out += 1
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
        cells[:] = _row(name, f"{outcome.requirement} {outcome.target}", css, texts, links)

    def _other(self, report: Any, state: str, duration: str, links: str) -> list[str]:
        # pytest-html shows no row for a setup or teardown that passed
        if report.when in {"call", "collect"} or (report.when in {"setup", "teardown"} and report.outcome != "passed"):
            self._rows[_OTHER] += 1
        word = _OTHER_WORDS.get(state.lower(), state.lower())
        name = visible(report.nodeid)
        texts = {"outcome": word, "target": "(another test)", "title": name, "duration": duration}
        return _row(_OTHER, name, "other-passed" if state == "Passed" else "other", texts, links)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """Show what a person needs instead of the captured log; a requirement that passed shows only its notes.

        If the check itself failed, pytest's text stays: its author needs it.
        """
        outcome = outcome_of(report)
        if outcome is not None:
            kept = data if outcome.cause == "internal" else ()
            data[:] = [*(escape(line) for line in page.details(outcome, self.requirements, self.site)), *kept]


def _max_rows(word: Word) -> int:
    return MAX_PLAIN_ROWS if word in {Word.PASSED, Word.NOT_REQUESTED} else MAX_ROWS


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
    # one line: the expression by which pytest-html reads a cell's text back knows no line breaks
    return escape(visible(value))


def _inner_html(cell: str) -> str:
    return cell.partition(">")[2].rpartition("</td>")[0]
