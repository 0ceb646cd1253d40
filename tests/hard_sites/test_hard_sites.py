"""Every hard site, serially and with workers: all outcomes compared whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_flowscape.simulator import scenarios
from tests.acceptance import Finished, accept
from tests.hard_sites import directory_sites, exchange_sites
from tests.hard_sites.counts import assert_counts
from tests.hard_sites.expected import Expected
from tests.hard_sites.planned import plan_of
from tests.simulator.harness import Simulator

SITES = {site.name: site for site in (*directory_sites.SITES, *exchange_sites.SITES)}


@pytest.fixture(scope="module", params=list(SITES))
def hard_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """The simulator with one hard site; both runs use it."""
    with Simulator(tmp_path_factory.mktemp("hard"), scenario=request.param, timeout=5.0) as running:
        yield running


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Expected:
    """The outcomes that this site must have."""
    return SITES[request.node.callspec.params["hard_site"]]


def test_every_hard_scenario_is_expected() -> None:
    assert set(SITES) == set(scenarios.builders()) - set(scenarios.FOR_PEOPLE)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_hard_site_has_its_outcomes(workers: str, hard_site: Simulator, expected: Expected, tmp_path: Path) -> None:
    hard_site.reset()
    done = accept(hard_site.site, "-q", "-n", workers, *expected.arguments, cwd=tmp_path)
    outcomes = {
        (o["requirement"], o["target"]): o["outcome"]
        for o in done.results["outcomes"]
        if o["outcome"] not in ("passed", "not requested")
    }
    assert outcomes == dict(expected.outcomes), done.output
    assert done.verdict == expected.verdict
    for pair, words in expected.mentions.items():
        assert words in text_of(done, *pair), pair
    assert not hard_site.schema_problems()
    assert_counts(hard_site, done, plan_of(hard_site.site, int(workers)) if expected.healthy else None)


def text_of(done: Finished, requirement: str, target: str) -> str:
    """Return one outcome with everything in it."""
    return json.dumps(done.outcome(requirement, target), ensure_ascii=False)
