"""Fixtures for every test that needs the simulated site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.harness import Simulator

LIMIT = 150  # seconds for one test; not in pyproject.toml, where a run without pytest-timeout would not know the option


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let no test hang, where the plugin for it is installed."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            item.add_marker(pytest.mark.timeout(LIMIT), append=False)


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
