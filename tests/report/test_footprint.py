"""The footprint is what the servers saw, whatever went wrong: requests, identities, mailboxes, sign-ins, searches."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance import Finished, accept, read_site
from tests.gathering.test_sign_in import without_directory
from tests.hard_sites.counts import ServerLog, assert_counts
from tests.hard_sites.planned import plan_of
from tests.session.test_worker_death import KILLER
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
# serially and with workers: what workers share is where counts go missing
EVERYWHERE = (
    f"PERMISSION-1:{ROOM}",
    f"moving:{ROOM}",
    f"stops-batch:{ROOM}",
    "throttled-once",
    "HANDOVER-1:site",
)
SERIALLY = (
    f"IMPERSONATION-1:{ROOM}",
    f"ROOM-2:{ROOM}",
    f"missing:{ROOM}",
    "basic-only HANDOVER-1:site",
    "ntlm-refused",
    "tls-bridged",
    "forbidden-after",
    "page-after",
    "503-after",
    "inner-throttled-once",
    "ews-404",
    "ews-302",
    "ews-silent",
    "silent",
    "tls-expired",
    "locked",
    "ldap-busy",
    "two-sessions",
)


def run(simulator: Simulator, conditions: str, folder: Path, *arguments: str) -> Finished:
    simulator.plant(*conditions.split())
    done = accept(simulator.site, *arguments, cwd=folder)
    assert done.results, done.output
    return done


@pytest.mark.parametrize("conditions", EVERYWHERE)
@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_footprint_is_what_the_servers_saw(
    workers: str, conditions: str, simulator: Simulator, tmp_path: Path
) -> None:
    assert_counts(simulator, run(simulator, conditions, tmp_path, "-n", workers), None)


@pytest.mark.parametrize("conditions", SERIALLY)
def test_the_footprint_of_one_process(conditions: str, simulator: Simulator, tmp_path: Path) -> None:
    assert_counts(simulator, run(simulator, conditions, tmp_path), None)


def test_without_a_directory_the_one_refused_sign_in_is_told(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("HANDOVER-1:site")
    done = accept(without_directory(simulator.site, tmp_path), cwd=tmp_path)
    assert_counts(simulator, done, None)
    assert done.results["footprint"]["ews"]["sign_ins"] == {"accepted": 0, "refused": 1}
    assert "1 sign-in (1 refused)" in done.output


@pytest.mark.parametrize("times", [1, 2])
def test_what_a_killed_worker_asked_is_counted(times: int, simulator: Simulator, tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    (tmp_path / "killer.py").write_text(KILLER.format(folder=str(deaths), target="bergen", times=times))
    done = accept(simulator.site, "-n", "2", "-p", "killer", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert len(list(deaths.iterdir())) == times, done.output
    assert_nearly(simulator, done, deaths=times)
    asked = sum(request["count"] for request in done.results["footprint"]["ews"]["requests"])
    assert asked > plan_of(simulator.site, 2).requests  # what the dead one had asked was asked again


def assert_nearly(simulator: Simulator, done: Finished, *, deaths: int) -> None:
    """Assert that nothing answered is missing, and nothing told that was not sent.

    What a worker has under way when it is killed is written down without its
    answer; the server may have answered, or not even have got it.
    """
    mine = Counter(
        {(r["operation"], r["identity"], r["status"]): r["count"] for r in done.results["footprint"]["ews"]["http"]}
    )
    seen = ServerLog(simulator).http()
    open_ones = sum(count for (_, _, status), count in mine.items() if status == 0)
    assert open_ones <= deaths * read_site(simulator.site).exchange.max_connections
    answered = Counter({key: count for key, count in mine.items() if key[2]})
    assert answered <= seen
    assert (seen - answered).total() <= open_ones


def test_throttling_answers_and_repeated_requests_are_told(simulator: Simulator, tmp_path: Path) -> None:
    done = run(simulator, "throttled-once", tmp_path)
    assert_counts(simulator, done, plan_of(simulator.site))
    ews = done.results["footprint"]["ews"]
    assert (ews["throttled"], ews["retries"]) == (1, 1)
    assert "1 throttled" in done.output


def test_one_line_at_the_terminal_and_a_block_on_the_page(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, cwd=tmp_path)
    ews = done.results["footprint"]["ews"]
    requests = sum(request["count"] for request in ews["requests"])
    (line,) = (text for text in done.output.splitlines() if text.startswith("Footprint: "))
    assert line.startswith(f"Footprint: {requests} EWS requests, {len(ews['mailboxes'])} mailboxes, ")
    assert line.endswith("(0 refused), 4 searches, 0 writes")
    page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
    assert "Footprint: requests sent to the servers" in page
    assert f"Requests by mailbox ({len(ews['mailboxes'])})" in page


def test_the_names_of_the_first_version_are_still_there(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, cwd=tmp_path)
    counters = simulator.counters()
    assert done.results["run"]["footprint"] == {
        "GetFolder": counters["ews.GetFolder"],
        "SyncFolderItems": counters["ews.SyncFolderItems"],
        "handshakes": counters["ews.sign_ins"],
        "directory searches": counters["ldap.search"],
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has no TMPDIR")
def test_nothing_of_the_ledger_is_left_behind(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, cwd=tmp_path, env={"TMPDIR": str(tmp_path)})
    assert done.code == 0, done.output
    assert not list(tmp_path.rglob("ledger-*"))
