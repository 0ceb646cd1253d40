"""A run keeps nearly all that it makes to its end, so Python looks for garbage among it seldom.

Tests, facts and reports of thousands of rooms are hundreds of thousands of
objects. Python's collector would go through all of them again and again, for a
quarter of the run's processor time, and find nothing. What is not part of a
cycle is freed at once in any case (the ``gc`` module's documentation). Nor does
it look once more when the process ends, and all memory is given back at once.
"""

from __future__ import annotations

import atexit
import gc

import pytest

SELDOM = (50_000, 20, 100)
"""Thresholds in place of Python's own: objects more than freed ones, and collections of the younger, twice."""


class Lasting:
    """Sets the collector for one run, and sets it back."""

    def __init__(self, config: pytest.Config) -> None:
        before = gc.get_threshold()
        gc.set_threshold(*SELDOM)
        atexit.unregister(gc.freeze)  # once, however many runs a process makes
        atexit.register(gc.freeze)
        config.add_cleanup(gc.unfreeze)
        config.add_cleanup(lambda: gc.set_threshold(*before))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Leave what has been collected, in pytest's sense, out of every collection, in Python's."""
        gc.freeze()

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Leave out all that the run made: pytest looks for garbage five times before it ends."""
        gc.freeze()
