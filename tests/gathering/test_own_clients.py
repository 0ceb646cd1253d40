"""--flowscape-add, and the clients that a customer's tests get: exchange_account and directory_connection."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_flowscape.judging.catalogue import load_requirements
from tests.acceptance import Finished, accept, read_site
from tests.hard_sites.counts import assert_counts
from tests.simulator.harness import Simulator

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "examples/own_suite"
CLIENTS = """
def test_exchange(exchange_account):
    assert exchange_account.inbox.name

def test_room(room, exchange_account_of):
    assert exchange_account_of(room.email, impersonate=True).calendar.name

def test_directory(directory_connection, room):
    done, _, found, _ = directory_connection.search("DC=demo,DC=test", f"(mail={room.email})")
    assert done and found
"""


def add(simulator: Simulator, folder: Path, text: str, *more: str, site: Path | None = None) -> Finished:
    (folder / "test_own.py").write_text(text, encoding="utf-8")
    return accept(site or simulator.site, "--flowscape-add=test_own.py", *more, cwd=folder)


def passed(done: Finished) -> int:
    found = re.search(r"(\d+) passed", done.output)
    assert found, done.output
    return int(found[1])


def site_with(simulator: Simulator, folder: Path, *lines: str) -> Path:
    """Copy the site file with more lines under [exchange]."""
    text = simulator.site.read_text(encoding="utf-8").replace("[exchange]\n", "\n".join(("[exchange]", *lines, "")))
    path = folder / "site.ini"
    path.write_text(text, encoding="utf-8")
    return path


# --- the option -----------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["0", "2"])
def test_added_tests_run_beside_ours(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "test_more.py").write_text("def test_one():\n    pass\n\ndef test_two():\n    assert 0\n")
    more = ("--flowscape-add=more/test_more.py::test_one", "-n", workers)
    done = add(simulator, tmp_path, "def test_it(room):\n    pass\n", *more)
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
    assert passed(done) == len(done.results["outcomes"]) - len(done.outcomes("not requested")) + 6 + 1


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_failing_one_makes_the_exit_code_1_and_leaves_the_verdict(
    workers: str, simulator: Simulator, tmp_path: Path
) -> None:
    done = add(
        simulator, tmp_path, "def test_it():\n    assert 0\n\ndef test_room(room):\n    assert 0\n", "-n", workers
    )
    assert (done.code, done.verdict) == (1, "ACCEPTED"), done.output
    assert "7 other tests failed" in done.output


def test_beside_paths_that_are_given(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "test_given.py").write_text("def test_given():\n    pass\n")
    done = add(simulator, tmp_path, "def test_added():\n    pass\n", "test_given.py")
    assert (done.code, passed(done)) == (0, 2), done.output
    assert simulator.count("ews.requests") == 0  # no requirement: plain pytest


def test_a_path_that_is_not_there_is_a_usage_error(simulator: Simulator, tmp_path: Path) -> None:
    paths = ("nowhere.py", "missing.py::test_x", "")
    done = accept(simulator.site, *(f"--flowscape-add={path}" for path in paths), cwd=tmp_path)
    assert done.code == 4, done.output
    for path in paths:
        assert f"--flowscape-add={path}: no such file or folder" in done.output
    assert simulator.count("ews.requests") == 0


def test_it_needs_a_site_file(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    done = accept("--flowscape-add=test_own.py", cwd=tmp_path)
    assert done.code == 4
    assert "--flowscape-config=SITE.INI" in done.output


def test_a_fact_without_a_run_says_what_to_do(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_a(site): pass\ndef test_b(exchange_account): pass\n")
    done = accept(simulator.site, "test_own.py", cwd=tmp_path)
    assert done.code == 1
    assert "add --flowscape-add=PATH" in done.output
    assert "2 errors" in done.output


# --- the clients ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("workers", "auth"), [("0", "ntlm"), ("2", "basic")])
def test_clients_spend_no_sign_in_of_their_own_but_one_bind(
    workers: str, auth: str, simulator: Simulator, tmp_path: Path
) -> None:
    site = site_with(simulator, tmp_path, f"auth = {auth}", "max_connections = 2")
    spent = []
    for text in ("def test_nothing(): pass\n", CLIENTS):
        simulator.reset()
        done = add(simulator, tmp_path, text, "-n", workers, site=site)
        assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
        spent.append(simulator.counters())
    before, after = spent
    processes = max(1, int(workers))
    assert after["ews.connections"] == before["ews.connections"]
    assert after["ews.sign_ins"] == before["ews.sign_ins"]
    assert after["ews.requests"] >= before["ews.requests"] + 7
    assert before["ldap.bind"] == 1
    assert 1 < after["ldap.bind"] <= 1 + processes  # one for a process that was asked
    assert after["ldap.search"] == before["ldap.search"] + 6


def test_what_they_send_is_in_the_footprint(simulator: Simulator, tmp_path: Path) -> None:
    done = add(simulator, tmp_path, CLIENTS)
    counters = simulator.counters()
    told = re.search(r"Footprint: (\d+) EWS requests, .* (\d+) searches, 0 writes", done.output)
    assert told, done.output
    assert (int(told[1]), int(told[2])) == (counters["ews.requests"], counters["ldap.search"])
    assert_counts(simulator, done, None)  # and in results.json, one by one


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_closed_side_is_closed_to_them_and_nothing_signs_in_again(
    workers: str, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.plant("HANDOVER-1")
    done = add(simulator, tmp_path, CLIENTS, "-n", workers)
    assert (done.code, done.verdict) == (1, "NOT ACCEPTED"), done.output
    assert simulator.count("refused") == 1
    assert (simulator.count("ldap.connections"), simulator.count("ldap.bind")) == (1, 1)  # not even reached for
    assert "13 other tests failed" in done.output
    assert "user name or password is wrong" in done.output


def test_only_the_closed_side_is_closed(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("ACCOUNT-5")
    done = add(simulator, tmp_path, CLIENTS)
    assert "7 other tests failed" in done.output, done.output  # the directory's six pass


def test_the_directory_connection_searches_and_does_nothing_else(simulator: Simulator, tmp_path: Path) -> None:
    text = """
import pytest
ENTRY = "CN=x,DC=demo,DC=test"

@pytest.mark.parametrize("name, arguments", [
    ("add", (ENTRY, "user")), ("delete", (ENTRY,)), ("modify", (ENTRY, {})), ("modify_dn", (ENTRY, "CN=y")),
    ("compare", (ENTRY, "cn", "x")), ("extended", ("1.3.6.1.4.1.4203.1.11.1",)),
    ("bind", ()), ("rebind", ("somebody", "else")), ("start_tls", ()),
])
def test_refused(directory_connection, name, arguments):
    with pytest.raises(PermissionError):
        getattr(directory_connection, name)(*arguments)

def test_refused_by_its_helpers(directory_connection):
    with pytest.raises(PermissionError):
        directory_connection.extend.microsoft.modify_password(ENTRY, "new", "old")

def test_as_it_is_made(directory_connection):
    assert directory_connection.bound
    assert directory_connection.read_only
    assert directory_connection.auto_referrals is False
    assert directory_connection.strategy_type == "SAFE_SYNC"
    assert directory_connection.password is None

def test_pages(directory_connection):
    found = directory_connection.extend.standard.paged_search(
        "DC=demo,DC=test", "(mail=*)", attributes=["mail"], paged_size=5, generator=False)
    assert len(found) > 10

def test_is_shared_and_ends_once(directory_connection):
    directory_connection.unbind()

def test_has_ended(directory_connection):
    pass
"""
    done = add(simulator, tmp_path, text)
    assert "1 other tests failed" in done.output, done.output
    assert "has ended, and it signs in once" in done.output
    assert simulator.count("ldap.bind") == 2


# --- the example ----------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_example_holds_on_a_good_site(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, f"--flowscape-add={EXAMPLE}", "-n", workers, cwd=tmp_path)
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
    measured = len(done.results["outcomes"]) - len(done.outcomes("not requested"))
    assert passed(done) == measured + 6 + 6 + 1 + 6 + 3 + 6


def test_the_example_finds_what_is_wrong(simulator: Simulator, tmp_path: Path) -> None:
    site = read_site(simulator.site)
    room, user = site.rooms[2].email, site.users.addresses[1]
    simulator.plant(f"PERMISSION-1:{room}", f"IMPERSONATION-2:{user}")
    done = accept(simulator.site, f"--flowscape-add={EXAMPLE}", cwd=tmp_path)
    assert (done.code, done.verdict) == (1, "NOT ACCEPTED"), done.output
    assert "2 other tests failed" in done.output
    for name in (f"test_full_access_opens_the_calendar[{room}]", f"test_we_may_act_as_the_user[{user}]"):
        assert f"{name}" in done.output


def test_the_document_shows_the_example_as_it_is() -> None:
    text = (REPOSITORY / "docs/own-suites.md").read_text(encoding="utf-8")
    example = (EXAMPLE / "test_our_rooms.py").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 3
    assert [block for block in blocks if block not in example] == []


def test_numbers_from_900_on_are_the_customers() -> None:
    assert all(int(id_.rpartition("-")[2]) < 900 for id_ in load_requirements())
