"""A bounded look at every target for each change (``python -m tests.fuzz`` looks for longer); findings stay fixed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.__main__ import FOUND, MAX_SECONDS
from tests.fuzz.mutating import inputs
from tests.fuzz.targets import TARGETS

EXAMPLES = {"site": 150, "rooms": 150, "http": 400, "ews": 250, "ldap-wire": 150, "ldap-entry": 300, "descriptor": 500}
SECONDS = 8.0  # of processor time for each target, after which no further example is made


def findings() -> list[Path]:
    return sorted(path for path in FOUND.glob("*/*") if path.is_file())


@pytest.mark.parametrize("name", list(TARGETS))
def test_nothing_comes_out_but_the_projects_own_errors(name: str) -> None:
    target = TARGETS[name]
    until = time.process_time() + SECONDS

    @settings(max_examples=EXAMPLES[name], deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs(target))
    def one(data: bytes) -> None:
        if time.process_time() < until:
            target.run(data)

    one()


@pytest.mark.parametrize("name", list(TARGETS))
def test_the_seeds_are_good(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("path", findings(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_once_stays_fixed(path: Path) -> None:
    began = time.process_time()
    TARGETS[path.parent.name].run(path.read_bytes())
    assert time.process_time() - began < MAX_SECONDS


def test_every_target_is_looked_at() -> None:
    assert set(EXAMPLES) == set(TARGETS)
