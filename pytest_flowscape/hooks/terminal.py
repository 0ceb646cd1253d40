"""The run at the terminal: its header, our words in place of pytest's, each cause once, and the closing text."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import pytest

from pytest_flowscape import __version__
from pytest_flowscape.hooks.outcomes import LETTERS, MARKUP
from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.report.terminal.finding import fold_finding
from pytest_flowscape.report.terminal.summary import Line
from pytest_flowscape.report.text import plural
from pytest_flowscape.requirement import Level
from pytest_flowscape.site.one_run import Run

COLOURS: Mapping[str, dict[str, bool]] = {
    "plain": {},
    "head": {"bold": True},
    "good": {"green": True, "bold": True},
    "bad": {"red": True, "bold": True},
    "warn": {"yellow": True, "bold": True},
}


class Terminal:
    """Terminal hooks of the controller; ``closing_lines`` returns the closing text once the run has been judged."""

    def __init__(
        self, config: pytest.Config, run: Run, notes: Sequence[str], closing_lines: Callable[[], Sequence[Line]]
    ) -> None:
        self._config = config
        self._run = run
        self._notes = notes
        self._closing_lines = closing_lines

    def pytest_sessionstart(self) -> None:
        """Switch off what only makes sense for tests that a person wrote."""
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        option = self._config.option
        if terminal is None or option.verbose > 0:
            return
        # rooms are tested one after another, so that file names would change with every dot
        terminal.showfspath = False
        # the closing text says the same, grouped; who asks by -r still gets pytest's list
        if option.reportchars == "fE":
            option.reportchars = terminal.reportchars = ""

    def pytest_report_header(self) -> list[str]:
        """Return what is being accepted, and the run's id."""
        site, run = self._run.site, self._run
        chosen = f"{len(run.rooms)} of " if len(run.rooms) < len(site.rooms) else ""
        name = site.name or site.exchange.hostname
        scope = f"{chosen}{plural(len(site.rooms), 'room')}, {plural(len(site.users.addresses), 'user')}"
        first = f"flowscape {__version__}: {site.customer}, {name}: {scope}"
        return [first, f"flowscape: run {run.run_id}", *(f"flowscape: {note}" for note in self._notes)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        """Show our words in place of pytest's."""
        outcome = getattr(report, "flowscape", None)
        if not outcome:
            return None
        word = Word(outcome["outcome"])
        if word is Word.NOT_RUN:
            return word.value, "", ""
        if word is Word.FAILED and outcome["level"] == Level.RECOMMENDED.value:
            return "advice", "r", ("FAILED (recommended)", {"yellow": True})
        return word.value, LETTERS[word], (word.value.upper(), MARKUP.get(word, {}))

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_terminal_summary")
    def pytest_fold_failures(self, terminalreporter: Any) -> Generator[None, None, None]:
        """Print each cause in full once, not for every room, and no line wider than the terminal."""
        stats = terminalreporter.stats
        everything = stats.get("failed", [])
        width = self._config.get_terminal_writer().fullwidth
        kept = everything if self._config.option.verbose > 0 else _one_of_each(everything)
        whole = [(report, report.longrepr) for report in kept if getattr(report, "flowscape", None)]
        for report, text in whole:
            if isinstance(text, str):
                report.longrepr = fold_finding(text, width)
        if everything:
            stats["failed"] = kept
        try:
            yield
        finally:
            for report, text in whole:
                report.longrepr = text
            if everything:
                stats["failed"] = everything

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Close with the table, what to fix, and the verdict."""
        lines = self._closing_lines()
        if not lines:
            return
        terminalreporter.section("Flowscape acceptance")
        for kind, text in lines:
            terminalreporter.write_line(text, **COLOURS.get(kind, {}))


def _one_of_each(reports: Sequence[Any]) -> list[Any]:
    """Return the first report of each finding, and every test that is not a requirement."""
    first: dict[tuple[str, ...], Any] = {}
    for report in reports:
        outcome = getattr(report, "flowscape", None)
        if not outcome:
            first[report.nodeid, str(report.when)] = report
            continue
        # where a finding has no cause of its own, its words tell it apart
        words = "" if outcome["cause"] else outcome["found"]
        first.setdefault((outcome["requirement"], outcome["cause"], words), report)
    return list(first.values())


def count_not_run(config: pytest.Config, number: int) -> None:
    """Make pytest's last line name what was not run: else it would be green though the run is incomplete."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is None or not number:
        return
    location = ("", None, Word.NOT_RUN.value)
    missing = pytest.TestReport(Word.NOT_RUN.value, location, {}, "skipped", None, "call")
    missing.flowscape = {"outcome": Word.NOT_RUN.value, "level": ""}  # type: ignore[attr-defined]
    terminal.pytest_runtest_logreport(missing)
    terminal.stats[Word.NOT_RUN.value] = [missing] * number
