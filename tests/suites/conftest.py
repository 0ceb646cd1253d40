"""What the tests of the requirements share: the suites' mark, and one fixed moment to judge at."""

from __future__ import annotations

import pytest

from pytest_flowscape.judging import entries
from pytest_flowscape.requirement import MARK
from tests.suites.made import NOW


def pytest_configure(config: pytest.Config) -> None:
    """Know the mark of the suites' functions, which these tests import outside a run of the plugin."""
    config.addinivalue_line("markers", f"{MARK}(requirement): the requirement that a test function proves")


@pytest.fixture
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be ``made.NOW``."""
    monkeypatch.setattr(entries, "now", lambda: NOW)
