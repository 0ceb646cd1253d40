"""SIGKILL to a worker, wherever it stands: every pair has its result, in results.json and on the page."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.verdict import targets
from tests.acceptance import Finished, accept, read_site
from tests.simulator.harness import Simulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

KILLER = """
import os
import pathlib
import signal

AT, FOLDER, TIMES = {at!r}, pathlib.Path({folder!r}), {times}
ME = os.environ.get("PYTEST_XDIST_WORKER")
seen = {{"tests": 0, "rooms": 0, "posts": 0}}


def here(at):
    if not ME or at != AT:
        return
    for number in range(TIMES):
        try:
            (FOLDER / f"death-{{number}}").open("x").close()  # one of the workers is the first
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)


def pytest_sessionstart(session):
    here("while it starts")


def pytest_collection_finish(session):
    here("when it has collected")


def pytest_runtest_protocol(item, nextitem):
    seen["tests"] += 1
    seen["rooms"] += "full_access" in item.nodeid
    if seen["tests"] == 1:
        here("before its first test")
    if seen["rooms"] == 2:
        here("in the middle of a chunk")
    if nextitem is None:
        here("at its last test")


def pytest_runtest_logreport(report):
    if report.when == "teardown" and seen["rooms"] == 1:
        here("when a test is over")


def pytest_sessionfinish(session):
    here("after its last test")


if ME:
    from pytest_flowscape.probes.ews import connection
    post = connection.Connection.post

    def counted(self, *args, **named):
        seen["posts"] += 1
        if seen["posts"] == 5:
            here("while it asks Exchange")
        return post(self, *args, **named)

    connection.Connection.post = counted
"""
POINTS = (
    "while it starts",
    "when it has collected",
    "before its first test",
    "while it asks Exchange",
    "in the middle of a chunk",
    "when a test is over",
    "at its last test",
    "after its last test",
)


def killed(simulator: Simulator, folder: Path, at: str, times: int) -> Finished:
    """Run with two workers, one of which is killed at this point; so many deaths in all."""
    deaths = folder / "deaths"
    deaths.mkdir()
    (folder / "killer.py").write_text(KILLER.format(at=at, folder=str(deaths), times=times), encoding="utf-8")
    done = accept(simulator.site, "-n", "2", "-p", "killer", cwd=folder, env={"PYTHONPATH": str(folder)})
    assert len(list(deaths.iterdir())) == times, done.output
    return done


def expected(simulator: Simulator) -> set[tuple[str, str]]:
    site = read_site(simulator.site)
    return {(id_, t) for id_, judged in load_requirements().items() for t in targets(judged.requirement, site)}


def on_the_page(done: Finished) -> int:
    """Add up the totals below the tables of the page."""
    page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
    feet = re.findall(r"<tfoot>(.*?)</tfoot>", page, re.DOTALL)
    return sum(int(number) for foot in feet for number in re.findall(r"<strong>(\d+)</strong>", foot))


@pytest.mark.parametrize("at", POINTS)
def test_a_worker_that_is_killed_leaves_no_pair_without_a_result(at: str, simulator: Simulator, tmp_path: Path) -> None:
    pairs = expected(simulator)
    simulator.plant("PERMISSION-1:aurora@demo.test")
    done = killed(simulator, tmp_path, at, 1)
    told = [(outcome["requirement"], outcome["target"]) for outcome in done.results["outcomes"]]
    assert sorted(told) == sorted(pairs)
    assert on_the_page(done) == len(pairs)
    assert done.outcomes("not run") == set()
    assert done.outcomes("failed") == {("PERMISSION-1", "aurora@demo.test")}, done.output
    assert done.outcomes("not measured") == set(), done.output
    assert done.verdict == "NOT ACCEPTED"


@pytest.mark.parametrize("at", ["before its first test", "in the middle of a chunk", "at its last test"])
def test_a_pair_that_is_lost_twice_is_not_measured(at: str, simulator: Simulator, tmp_path: Path) -> None:
    pairs = expected(simulator)
    done = killed(simulator, tmp_path, at, 3)
    told = [(outcome["requirement"], outcome["target"]) for outcome in done.results["outcomes"]]
    assert sorted(told) == sorted(pairs)
    assert on_the_page(done) == len(pairs)
    assert done.outcomes("failed", "not run") == set(), done.output
    assert len(done.outcomes("not measured")) <= 3
