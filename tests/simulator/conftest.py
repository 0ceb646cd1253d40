"""Fixtures for the tests of the simulator: a client of its EWS, and a directory of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.directory_process import directory, directory_process
from tests.simulator.ews_client import Client
from tests.simulator.harness import Simulator

__all__ = ["directory", "directory_process"]


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    """A connection to the running simulator's EWS."""
    with Client(simulator) as connected:
        yield connected
