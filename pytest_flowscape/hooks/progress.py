"""What a run does just now, on one line of a real terminal: ``312/500 rooms, 2 findings``.

There the line replaces pytest's letters, of which a site has
thousands. Everywhere else (a file, a pipe, -q, -v, live logs) nothing of it is
written, and pytest's own progress is as it always is.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word, outcome_of
from pytest_flowscape.report.terminal.columns import cut, text_width
from pytest_flowscape.report.text import plural
from pytest_flowscape.requirement import Per, Requirement
from pytest_flowscape.site.one_run import Run


class Progress:
    """Keeps the line; pytest's own count of tests, its percentage and the terminal's progress bar go on as ever."""

    def __init__(self, config: pytest.Config, run: Run, requirements: Sequence[Requirement]) -> None:
        self._config = config
        self._requirements = {one.id: one for one in requirements}
        self._expected = {Per.ROOM: len(run.rooms), Per.USER: len(run.site.users.addresses)}
        self._seen: dict[Per, set[str]] = {per: set() for per in Per}
        self._findings: set[tuple[str, str, str]] = set()
        self._unmeasured = 0
        self._other_failed = 0
        self._shown = ""
        self._line: tuple[Any] | None = None  # of the tests: looked for once, as several hooks ask for each of them

    @property
    def text(self) -> str:
        """Return how far the run is: rooms, users once they are asked, findings by cause, what was not measured."""
        said = [f"{len(self._seen[Per.ROOM])}/{self._expected[Per.ROOM]} rooms"]
        if self._seen[Per.USER]:
            said.append(f"{len(self._seen[Per.USER])}/{self._expected[Per.USER]} users")
        said.append(plural(len(self._findings), "finding"))
        if self._unmeasured:
            said.append(f"{self._unmeasured} not measured")
        if self._other_failed:
            said.append(f"{plural(self._other_failed, 'other test')} failed")
        return ", ".join(said)

    def show(self, text: str) -> None:
        """Show a text on the line, where there is one; "" leaves nothing of the line, for what others write."""
        if text:
            self._write(text)
        elif self._shown:
            self._write("")
            self._write("")  # the cursor to the margin again: the blanks moved it

    def _write(self, text: str) -> None:
        terminal = self._terminal()
        if terminal is None:
            return
        text = cut(text, self._config.get_terminal_writer().fullwidth - 1)
        blank = " " * (text_width(self._shown) - text_width(text))
        # past pytest's own count of columns, and without any terminal's private codes
        terminal.write_raw(f"\r{text}{blank}", flush=True)
        self._shown = text

    def take_in(self, outcome: Outcome) -> None:
        """Count an outcome."""
        known = self._requirements.get(outcome.requirement)
        if known is None:
            self._other_failed += outcome.word in (Word.FAILED, Word.NOT_MEASURED)
            return
        self._seen[known.per].add(outcome.target)
        if outcome.word is Word.FAILED:
            self._findings.add((outcome.requirement, outcome.cause, outcome.owner))
        self._unmeasured += outcome.word is Word.NOT_MEASURED

    def _terminal(self) -> Any:
        """Return pytest's terminal reporter where a line may be kept on it, else None."""
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        option = self._config.option
        alone = not (option.capture == "no" or option.usepdb or option.trace or self._logs_live())
        return terminal if terminal is not None and terminal.isatty() and option.verbose == 0 and alone else None

    def _terminal_of_tests(self) -> Any:
        if self._line is None:
            self._line = (self._terminal(),)
        return self._line[0]

    def _logs_live(self) -> bool:
        return bool(self._config.getini("log_cli") or getattr(self._config.option, "log_cli_level", None))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, Any]:
        """Leave the letter out where the line is shown; the word stays, by which pytest counts."""
        status = yield
        if status is None or self._terminal_of_tests() is None:
            return status
        category, _, word = status
        return category, "", word

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a report and show the line again."""
        outcome = outcome_of(report)
        if outcome is not None:
            self.take_in(outcome)
        else:
            self._other_failed += report.failed
        if (outcome is not None or report.failed) and self._terminal_of_tests() is not None:
            self.show(self.text)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self) -> Generator[None, Any, Any]:
        """Leave the last state standing, where pytest writes its 100% beside it."""
        terminal = self._terminal()
        if terminal is None:
            return (yield)
        try:
            result = yield
        except BaseException:
            self.show("")
            terminal.write_line(self.text)
            raise
        self.show("")
        terminal.write(cut(self.text, self._config.get_terminal_writer().fullwidth - len(" [100%]") - 1))
        return result

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_testnodedown(self) -> None:
        """Make room for what xdist says of a worker that died."""
        self.show("")
