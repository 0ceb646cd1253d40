"""Fixtures for every test that needs the simulated site."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.harness import Simulator

LIMIT = 150  # seconds for one test; not in pyproject.toml, where a run without pytest-timeout would not know the option


def pytest_configure() -> None:
    """Heed Ctrl-C, and have the runs under test heed it: what a shell starts in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let no test hang, where the plugin for it is installed; a module may set SECONDS_FOR_ONE_TEST."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            seconds = getattr(getattr(item, "module", None), "SECONDS_FOR_ONE_TEST", LIMIT)
            item.add_marker(pytest.mark.timeout(seconds), append=False)


@pytest.hookimpl(optionalhook=True)  # of xdist, which may be switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadgroup`` distribute so that the real directory has one worker; any other way stays as it is."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.one_worker import OneWorkerForTheServer

    return OneWorkerForTheServer(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show what became of the combinations of faults, where any were tried."""
    from tests.faults import tally

    tried = tally.combinations(terminalreporter)
    if tried:
        terminalreporter.section(f"{len(tried)} combinations of faults: {' / '.join(tally.RESULTS)}")
        for row in tally.rows(tried):
            terminalreporter.write_line(row)


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One simulator with the scenario ``ready`` for the whole run (of this worker)."""
    with Simulator(tmp_path_factory.mktemp("simulator"), rooms=6, timeout=5.0) as running:
        yield running


@pytest.fixture
def simulator(simulator_process: Simulator) -> Iterator[Simulator]:
    """The running simulator, back at its scenario; afterwards the EWS schema must have nothing against the test."""
    simulator_process.reset()
    yield simulator_process
    problems = simulator_process.forget_schema_problems()
    assert not problems, "\n".join(problems)
