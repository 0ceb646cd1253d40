"""A real Active Directory for the tests in this folder: one server for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.real_ad.real_directory import RealDirectory
from tests.real_ad.samba import missing
from tests.simulator.harness import Simulator, skip_or_fail

ROOMS = 6  # as many as the simulator of tests/conftest.py has


def needs_samba() -> None:
    """Skip where no domain controller can run; fail where it must."""
    reason = missing()
    if reason:
        skip_or_fail(reason)


@pytest.fixture(scope="session")
def real_directory(simulator_process: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDirectory]:
    """The run's server, whose service account has the password of the simulator's."""
    needs_samba()
    folder = tmp_path_factory.getbasetemp()
    # xdist gives every worker a folder below the run's own
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    found = RealDirectory(shared / "real-ad", rooms=ROOMS, password=simulator_process.password)
    yield found
    found.end()


@pytest.fixture
def real_ad(real_directory: RealDirectory) -> Iterator[RealDirectory]:
    """The directory, for tests that change nothing in it."""
    with real_directory.turn(changing=False):
        yield real_directory


@pytest.fixture
def changing_ad(real_directory: RealDirectory) -> Iterator[RealDirectory]:
    """The directory, for tests that change it: it is put back afterwards."""
    with real_directory.turn(changing=True):
        yield real_directory
