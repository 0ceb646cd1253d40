"""What the tests of a run report, kept in the controller: outcomes, other failures, what each process measured."""

from __future__ import annotations

import pickle
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_flowscape.facts.names import KEPT
from pytest_flowscape.judging.catalogue import Judged
from pytest_flowscape.judging.outcomes import READ, SITE_TARGET, Outcome, Word, outcome_of
from pytest_flowscape.report.files import junit
from pytest_flowscape.report.page.html_sieve import ALONE
from pytest_flowscape.report.terminal.finding import describe
from pytest_flowscape.site.model import Site

# of what is counted only, nothing but the word is kept
WORD_ALONE = {word.value: {"outcome": word.value, "level": ""} for word in (Word.PASSED, Word.NOT_REQUESTED)}


class Recorder:
    """Keeps one outcome for each pair that was reported, and the tests that failed and are not requirements.

    ``parts`` are what processes measured (``session.worker.measured``).
    """

    def __init__(self, config: pytest.Config, catalogue: Mapping[str, Judged], site: Site) -> None:
        self._config = config
        self._catalogue = catalogue
        self._site = site
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self.other_failed: set[str] = set()
        self.parts: list[Mapping[str, Any]] = []

    @property
    def room_facts(self) -> dict[str, dict[str, Any]]:
        """Return everything measured of rooms and users, by address and kind."""
        found: dict[str, dict[str, Any]] = {}
        for part in self.parts:
            for key in KEPT:
                for address, fact in part[key].items():
                    found.setdefault(address, {})[key] = fact
        return found

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep the outcome of a requirement; count other tests that fail."""
        outcome = outcome_of(report)
        if outcome is not None:
            if outcome.requirement in self._catalogue:
                self.outcomes[outcome.requirement, outcome.target] = outcome
            elif outcome.word in (Word.FAILED, Word.NOT_MEASURED):
                # a requirement of the customer's own is not in the expected set: it counts as any other test
                self.other_failed.add(report.nodeid)
        elif report.failed and not self._is_lost_pair(report):
            self.other_failed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_runtest_logreport")
    def pytest_keep_little(self, report: Any) -> Generator[None, None, None]:
        """Drop what nobody reads any more: pytest's terminal keeps a report of each test of thousands of rooms.

        Phases that went well it keeps under no name.
        """
        yield
        stats = getattr(self._config.pluginmanager.get_plugin("terminalreporter"), "stats", None)
        if isinstance(stats, dict) and "" in stats:
            del stats[""]
        word = getattr(report, "flowscape", {}).get("outcome")
        if word in WORD_ALONE and getattr(report, ALONE, False):
            report.flowscape, report.user_properties = WORD_ALONE[word], []
        vars(report).pop(READ, None)

    def pytest_collectreport(self, report: Any) -> None:
        """Count a file that could not be collected as a test that failed."""
        if report.failed:
            self.other_failed.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Keep what a worker measured."""
        sent = getattr(node, "workeroutput", {}).get("flowscape")
        if sent:
            self.parts.append(pickle.loads(sent))  # noqa: S301  from our own worker, through its pipe

    def _is_lost_pair(self, report: Any) -> bool:
        """Whether it is a requirement whose worker died a second time: it is kept as not measured, not as failing."""
        for id_, judged in self._catalogue.items():
            if f"::{judged.function.__name__}" not in report.nodeid:
                continue
            if report.when != "???":
                return False
            target = report.nodeid.partition("[")[2].rpartition("]")[0] or SITE_TARGET
            record = judged.requirement
            outcome = Outcome(id_, target, Word.NOT_MEASURED, record.level.value, cause="worker-died")
            outcome = replace(outcome, found="the worker process died while it measured this")
            self.outcomes.setdefault((id_, target), outcome)
            # hooks that read the report after us see our outcome, not a crash
            report.flowscape, report.longrepr = outcome.as_json(), describe(record, outcome, self._site)
            junit.add_case_properties(self._config, report, replace(outcome, owner=record.owner.value))
            return True
        return False
