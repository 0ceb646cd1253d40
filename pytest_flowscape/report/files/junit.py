"""JUnit, as pytest writes it with ``--junitxml``: what only the end of a run knows, and what a dead worker cannot say.

The properties of each test case are set on its item, where it is collected and
where its outcome is made.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_flowscape.judging.outcomes import Outcome
from pytest_flowscape.judging.verdict import Result


def add_suite_properties(config: pytest.Config, result: Result, run_id: str) -> None:
    """Add the properties of the suite; call before pytest writes the file, at the end of the session.

    Pairs that were *not run* have no test case: their number is here.
    """
    for xml in _writers(config):
        for name, value in (
            ("verdict", result.verdict.value),
            ("not_run", str(result.not_run)),
            ("other_failed", str(result.other_failed)),
            ("outcomes_digest", result.digest),
            ("run_id", run_id),
        ):
            xml.add_global_property(name, value)


def add_case_properties(config: pytest.Config, report: pytest.TestReport, outcome: Outcome) -> None:
    """Add the properties that a worker did not send to the test case of a pair that was lost with it."""
    for xml in _writers(config):
        case = xml.node_reporter(report)
        for name, value in (
            ("requirement", outcome.requirement),
            ("target", outcome.target),
            ("owner", outcome.owner),
            ("level", outcome.level),
            ("outcome", outcome.word.value),
        ):
            case.add_property(name, value)


def _writers(config: pytest.Config) -> list[Any]:
    # pytest hands it to fixtures only, and these run in xdist's workers, where nothing is written
    return [plugin for plugin in config.pluginmanager.get_plugins() if hasattr(plugin, "add_global_property")]
