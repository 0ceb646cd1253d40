"""A killed worker loses nothing: its pairs are measured elsewhere or told as not measured, never as failed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.simulator.harness import Simulator

KILLER = """
import os
import pathlib

COUNT = pathlib.Path({folder!r})

def pytest_runtest_logstart(nodeid, location):
    if os.environ.get("PYTEST_XDIST_WORKER") and "full_access" in nodeid and {target!r} in nodeid:
        deaths = len(list(COUNT.glob("death-*")))
        if deaths < {times}:
            (COUNT / f"death-{{deaths}}").write_text("")
            os._exit(9)
"""


@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_dies(times: int, simulator: Simulator, tmp_path: Path) -> None:
    healthy = accept(simulator.site, "-n", "2", cwd=tmp_path)
    target = sorted(t for id_, t in healthy.outcomes("passed") if id_ == "PERMISSION-1")[3]
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    (tmp_path / "killer.py").write_text(KILLER.format(folder=str(deaths), target=target, times=times))
    more = ("-n", "2", "-p", "killer", "--junitxml=junit.xml")
    done = accept(simulator.site, *more, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert len(list(deaths.iterdir())) == times, done.output
    assert done.outcomes("failed") == set()
    assert done.outcomes("not run") == set()
    assert len(done.results["outcomes"]) == len(healthy.results["outcomes"])
    if times == 1:
        assert (done.code, done.digest) == (0, healthy.digest), done.output
    else:
        assert done.outcomes("not measured") == {("PERMISSION-1", target)}
        assert (done.code, done.verdict) == (10, "INCOMPLETE")
    told = {}
    for case in ET.parse(tmp_path / "junit.xml").getroot().iter("testcase"):
        own = {one.get("name"): one.get("value") for one in case.findall("properties/property")}
        assert (own["requirement"], own["target"]) not in told
        told[own["requirement"], own["target"]] = own["outcome"]
    assert told == {(one["requirement"], one["target"]): one["outcome"] for one in done.results["outcomes"]}
