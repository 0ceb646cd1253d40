"""Keep tests that get no row on the page away from pytest-html, which would work on each of thousands of them.

pytest-html listens to every phase of every test and asks for a row afterwards.
pluggy calls its listener through a function that we put another one in front
of; if there is none, everything stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ALONE = "flowscape_alone"
"""The attribute of a report that is the only one of its test: no teardown follows."""
Listener = Callable[..., object]


def put_in_front(config: pytest.Config, leaves_out: Callable[[Any], bool]) -> None:
    """Have ``left_out`` decide on each report that carries an outcome whether pytest-html hears of that test.

    pytest-html also forgets a test once it has made its row: it would keep
    three reports of each to the end.
    """
    for implementation in config.hook.pytest_runtest_logreport.get_hookimpls():
        listener = implementation.function
        if listener.__module__.partition(".")[0] == "pytest_html":
            # final to type checkers: others have no reason to set it
            setattr(implementation, "function", _sieve(listener, leaves_out))  # noqa: B010


def _sieve(listener: Listener, leaves_out: Callable[[Any], bool]) -> Listener:
    silent: set[str] = set()
    kept: Any = getattr(getattr(listener, "__self__", None), "_reports", None)

    def listen(report: Any) -> None:
        last = report.when == "teardown"
        if leaves_out(report):
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
