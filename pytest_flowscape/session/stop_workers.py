"""xdist's workers at an interruption: stopped, given a moment for their last reports, and ended.

A signal that only the controller gets (``kill``, a CI job that is cancelled)
would let workers go on for ten seconds or more. xdist has no way to ask for
this, so a few of its and execnet's own names are used here and nowhere else;
where one is missing, xdist ends the workers its own way.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_flowscape.core.interruption import INTERRUPTION, LAST_WORDS

FAREWELL = 0.5
"""Seconds that xdist then waits for a process to end before it kills it."""


class Workers:
    """The workers of a run, by way of xdist's own session plugin; none without ``-n``."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def stop(self) -> None:
        """Send every worker the signal to stop. Safe in a signal handler.

        Not on Windows, where a signal is a kill: Ctrl-C reaches the workers there by itself.
        """
        if os.name != "nt":
            for node in self._active:
                self._signal(node, signal.SIGTERM)

    def wait(self) -> None:
        """Pass on the workers' last reports, for a moment; then kill those that are left."""
        left = set(self._active)
        events = getattr(self._session, "queue", None)
        while left and events is not None:
            try:
                name, event = events.get(timeout=INTERRUPTION.remaining(LAST_WORDS))
            except queue.Empty:
                break
            left -= set(self._pass_on(name, event))
        for node in left:
            self._kill(node)
        manager = getattr(self._session, "nodemanager", None)
        if manager is not None:
            manager.EXIT_TIMEOUT = FAREWELL

    def _pass_on(self, name: str, event: dict[str, Any]) -> Iterator[Any]:
        """Pass on one event, and yield the worker that it ends."""
        if name == "testreport":
            event["rep"].node = event["node"]  # as xdist does
            self._config.hook.pytest_runtest_logreport(report=event["rep"])
        elif name == "workerfinished":
            self._config.hook.pytest_testnodedown(node=event["node"], error=None)
            yield event["node"]
        elif name in ("errordown", "internal_error"):
            yield event["node"]

    @property
    def _session(self) -> Any:
        return self._config.pluginmanager.getplugin("dsession")

    @property
    def _active(self) -> tuple[Any, ...]:
        return tuple(getattr(self._session, "_active_nodes", ()))

    @staticmethod
    def _kill(node: Any) -> None:
        """Kill a process: only then its journal is free."""
        with contextlib.suppress(AttributeError, OSError, subprocess.TimeoutExpired):
            process = node.gateway._io.popen  # noqa: SLF001  see _signal
            process.kill()
            process.wait(FAREWELL)

    @staticmethod
    def _signal(node: Any, number: int) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.kill(node.gateway._io.popen.pid, number)  # noqa: SLF001  the only place where execnet keeps it
