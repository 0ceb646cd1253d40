"""A balancer that mixes up signed-in connections during a run: rooms are not measured, and nobody is blamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.gathering.refusals import NAME
from tests.acceptance import accept
from tests.simulator.harness import Simulator

BUDGET = 4  # connections, the default of max_connections


@pytest.mark.parametrize("workers", ["0", "2"])
def test_connections_that_are_lost_in_mid_run(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    # each connection carries three requests; what the rooms need is more than all connections together carry
    simulator.plant("balancer-now-and-then")
    done = accept(simulator.site, "-q", "-n", workers, cwd=tmp_path)
    counters = simulator.counters()
    assert counters["ews.mixed_up"] > 1
    assert not done.outcomes("failed"), done.output
    assert done.outcomes("passed") >= {("ACCOUNT-5", "site"), ("HANDOVER-1", "site"), ("IMPERSONATION-3", "site")}
    assert done.verdict == "INCOMPLETE"
    reasons = {done.outcome(*pair)["found"] for pair in done.outcomes("not measured")}
    assert all(reason.startswith("sign-in refused after it had succeeded") for reason in reasons), reasons
    # the controller's, the run's one new connection, and the budget of the processes that ask rooms
    assert counters["ews.sign_ins"] <= 1 + 1 + BUDGET
    assert "ews.refused" not in counters
    assert not (done.folder / NAME).exists()


def test_a_connection_that_is_lost_once_costs_a_note(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("balancer-once")
    done = accept(simulator.site, "-q", cwd=tmp_path)
    assert done.verdict == "ACCEPTED", done.output
    assert any("balancer that mixes up connections" in note for note in done.results["notes"])
    assert simulator.count("ews.mixed_up") == 1
