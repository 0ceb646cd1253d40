"""The budget of a run: never above the server's limits, every back-off honoured, the same outcomes on a bad day."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import Finished, accept, read_site, without_pytest
from tests.hard_sites.counts import ServerLog
from tests.simulator.harness import Simulator

SECONDS_FOR_ONE_TEST = 400
ROOMS = 60
CONNECTIONS = 8
BACK_OFF = 2.0
LATENCY = 0.1  # of the condition four-at-a-time
ON_ITS_WAY = 0.5  # a request that was sent before the answer that asks to wait had come
WORKERS = ("0", "4")


@pytest.fixture(scope="module")
def many_rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A site with so many rooms that its requests come at the same time; eight connections are allowed."""
    with Simulator(tmp_path_factory.mktemp("many"), rooms=ROOMS, timeout=60) as running:
        text = running.site.read_text(encoding="utf-8")
        assert "max_connections" not in text
        running.site.write_text(
            text.replace("[exchange]", f"[exchange]\nmax_connections = {CONNECTIONS}"), encoding="utf-8"
        )
        yield running
        assert running.schema_problems() == []


@pytest.fixture
def site(many_rooms: Simulator) -> Simulator:
    many_rooms.reset()
    return many_rooms


@pytest.fixture(scope="module")
def healthy(many_rooms: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The run on a good day."""
    many_rooms.reset()
    done = accept(many_rooms.site, cwd=tmp_path_factory.mktemp("healthy"))
    assert done.code == 0, done.output
    return done


@pytest.mark.parametrize("latency", ["0", "30"])
@pytest.mark.parametrize("workers", WORKERS)
def test_no_server_is_brought_to_its_limits(
    workers: str, latency: str, site: Simulator, healthy: Finished, tmp_path: Path
) -> None:
    site.plant("limits", f"latency:{latency}")
    done = accept(site.site, "-n", workers, cwd=tmp_path)
    assert (done.code, done.digest) == (0, healthy.digest), done.output
    seen = site.counters()
    assert (seen.get("ews.over_limit", 0), seen.get("ews.too_many_sessions", 0)) == (0, 0)
    assert done.results["footprint"]["ews"]["throttled"] == 0
    assert seen["ews.max_in_flight"] <= CONNECTIONS
    assert seen["ews.max_store_sessions"] <= 10
    assert done.results["footprint"]["ews"]["retries"] == 0
    asked = sum(one["delegate"] + one["impersonated"] for one in done.results["footprint"]["ews"]["mailboxes"])
    assert asked >= 3 * ROOMS
    assert sum(bool(entry["mailboxes"]) for entry in site.log() if "sent" in entry) <= 2.5 * ROOMS + 10


@pytest.mark.parametrize("workers", WORKERS)
def test_every_back_off_is_honoured_and_no_outcome_is_another_one(
    workers: str, site: Simulator, healthy: Finished, tmp_path: Path
) -> None:
    site.plant("four-at-a-time")
    done = accept(site.site, "-n", workers, cwd=tmp_path)
    assert (done.code, done.digest) == (0, healthy.digest), done.output
    log = [entry for entry in site.log() if "sent" in entry and entry["operation"]]
    refused = read_site(site.site).users.out_of_scope
    throttled = [entry for entry in log if entry["status"] == 500 and entry["impersonated"] != refused]
    assert throttled, "nobody was throttled: this shows nothing"
    assert len(throttled) == done.results["footprint"]["ews"]["throttled"] == site.count("ews.over_limit")
    for answer in throttled:
        assert too_early(answer, log) == []


def too_early(answer: dict[str, Any], log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Requests for the same party that came while it was asked to wait."""
    told = answer["time"] + LATENCY
    return [
        later
        for later in log
        if later["impersonated"] == answer["impersonated"] and told + ON_ITS_WAY < later["time"] < told + BACK_OFF
    ]


@pytest.mark.parametrize(("condition", "workers"), [("stalls:60", "0"), ("stalls:60", "2"), ("drops:50", "0")])
def test_a_server_that_falls_silent_or_drops_connections_changes_no_outcome(
    condition: str, workers: str, site: Simulator, healthy: Finished, tmp_path: Path
) -> None:
    site.plant(condition)
    done = accept(site.site, "-n", workers, cwd=tmp_path)
    assert (done.code, done.digest) == (0, healthy.digest), done.output
    if condition.startswith("drops"):
        assert site.count("ews.dropped") >= 2
        assert done.results["footprint"]["ews"]["retries"] == site.count("ews.dropped")
    else:
        times = sorted(entry["time"] for entry in site.log() if "sent" in entry)
        assert max(later - earlier for earlier, later in itertools.pairwise(times)) > 10


@pytest.mark.parametrize("workers", ["0", "2"])
def test_nothing_is_asked_that_no_chosen_test_needs(workers: str, site: Simulator, tmp_path: Path) -> None:
    names = [room.email.partition("@")[0] for room in read_site(site.site).rooms]
    chosen = " or ".join((names[3], names[4], names[25]))
    done = accept(site.site, "-n", workers, "-k", f"test_full_access and ({chosen})", cwd=tmp_path)
    judged = {target for _, target in done.outcomes("passed")}
    assert 3 <= len(judged) < 10, done.output
    log = [entry for entry in site.log() if "sent" in entry and entry["operation"]]
    people = set(ServerLog(site).mailboxes()) - {room.email for room in read_site(site.site).rooms}
    as_owner = [entry["impersonated"] for entry in log if entry["impersonated"] not in ("", *people)]
    as_delegate = [address for entry in log if not entry["impersonated"] for address in entry["mailboxes"]]
    assert sorted(as_owner) == sorted(address for address in as_delegate if address not in people) == sorted(judged)
    assert all(entry["operation"] == "GetFolder" for entry in log)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send to another process")
def test_ctrl_c_ends_the_requests_at_once(site: Simulator, tmp_path: Path) -> None:
    site.plant("latency:300")
    command = [sys.executable, "-m", "pytest", f"--flowscape-config={site.site}", "-p", "no:cacheprovider"]
    command += ["-p", "no:hypothesispytest", f"--flowscape-report={tmp_path / 'report'}"]
    environment = without_pytest() | {"XDG_STATE_HOME": str(tmp_path)}
    with (tmp_path / "output.txt").open("w") as output:
        run = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=output)
        try:
            wait_for_requests(site, 20)
            run.send_signal(signal.SIGINT)
            interrupted = time.time()
            assert run.wait(60) == pytest.ExitCode.INTERRUPTED, (tmp_path / "output.txt").read_text()
        finally:
            run.kill()
    later = [entry for entry in site.log() if entry["operation"] and entry["time"] > interrupted + ON_ITS_WAY]
    assert len(later) <= CONNECTIONS  # each thread's own, that waited for its sign-in
    assert 20 <= site.count("ews.requests") < 2 * ROOMS


def wait_for_requests(site: Simulator, count: int) -> None:
    until = time.monotonic() + 60
    while site.count("ews.requests") < count:
        assert time.monotonic() < until, "the run asked for nothing"
        time.sleep(0.05)
