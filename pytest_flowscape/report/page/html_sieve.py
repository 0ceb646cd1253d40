"""What never gets a row on the page does not reach pytest-html, which would work on each of thousands of tests.

pytest-html listens to every phase of every test and asks for a row afterwards.
Its listener is called by pluggy by way of a function that we put another one
in front of; where there is none to be found, everything stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ALONE = "flowscape_alone"
"""What a report has whose test tells nothing of its teardown: there is none."""
Listener = Callable[..., object]


def put_in_front(config: pytest.Config, left_out: Callable[[Any], bool]) -> None:
    """Have ``left_out`` decide on each report that carries an outcome whether pytest-html hears of that test.

    pytest-html also forgets a test once it has made its row: it would keep
    three reports of each to the end.
    """
    for implementation in config.hook.pytest_runtest_logreport.get_hookimpls():
        listener = implementation.function
        if listener.__module__.partition(".")[0] == "pytest_html":
            # final to type checkers, as nobody else has a reason to
            setattr(implementation, "function", _sieved(listener, left_out))  # noqa: B010


def _sieved(listener: Listener, left_out: Callable[[Any], bool]) -> Listener:
    silent: set[str] = set()
    kept: Any = getattr(getattr(listener, "__self__", None), "_reports", None)

    def listen(report: Any) -> None:
        last = report.when == "teardown"
        if left_out(report):
            if not getattr(report, ALONE, False):
                silent.add(report.nodeid)
        elif last and report.nodeid in silent and report.outcome == "passed":
            silent.discard(report.nodeid)
        else:
            silent.discard(report.nodeid)
            listener(report)
            if getattr(report, ALONE, False):  # only with the last phase rows are made
                last = True
                listener(pytest.TestReport(report.nodeid, report.location, report.keywords, "passed", None, "teardown"))
        if last and isinstance(kept, dict):
            kept.pop(report.nodeid, None)

    return listen
