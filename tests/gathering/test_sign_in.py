"""The service account is never locked out by us."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.simulator.harness import Simulator


def refused(simulator: Simulator) -> int:
    counters = simulator.counters()
    return int(counters.get("ldap.refused", 0)) + int(counters.get("ews.refused", 0))


def sign_ins(simulator: Simulator) -> int:
    counters = simulator.counters()
    return sum(int(counters.get(name, 0)) for name in ("ldap.sign_ins", "ews.sign_ins", "ldap.refused", "ews.refused"))


def without_directory(site: Path, folder: Path) -> Path:
    """Return a copy of a site file that has no [directory] section."""
    text = site.read_text(encoding="utf-8")
    head, _, rest = text.partition("[directory]")
    text = head + rest[rest.index("\n[") :]
    copy = site.with_name(f"no-directory-{folder.name}.ini")
    copy.write_text(text, encoding="utf-8")
    return copy


@pytest.mark.parametrize("workers", ["0", "4"])
def test_a_wrong_password_costs_one_refused_sign_in(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("HANDOVER-1:site")
    done = accept(simulator.site, "-n", workers, cwd=tmp_path)
    assert done.outcomes("failed") == {("HANDOVER-1", "site")}, done.output
    assert "52e" in done.outcome("HANDOVER-1")["found"]
    assert "52e" in done.output
    assert refused(simulator) == 1
    before = sign_ins(simulator)
    again = accept(simulator.site, "-n", workers, cwd=tmp_path)
    assert sign_ins(simulator) == before
    assert (again.verdict, again.code) == ("INCOMPLETE", 10), again.output
    assert "--flowscape-retry-sign-in" in again.output
    retried = accept(simulator.site, "-n", workers, "--flowscape-retry-sign-in", cwd=tmp_path)
    assert retried.verdict == "NOT ACCEPTED"
    assert refused(simulator) == 2


def test_without_a_directory_the_one_attempt_is_that_of_ews(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("HANDOVER-1:site")
    site = without_directory(simulator.site, tmp_path)
    done = accept(site, cwd=tmp_path)
    assert done.outcomes("failed") == {("HANDOVER-1", "site")}, done.output
    assert refused(simulator) == 1


def test_success_signs_in_once_for_the_directory_and_once_for_each_connection(
    simulator: Simulator, tmp_path: Path
) -> None:
    done = accept(simulator.site, cwd=tmp_path)
    assert done.code == 0, done.output
    counters = simulator.counters()
    assert counters["ldap.sign_ins"] == 1
    assert counters["ews.sign_ins"] <= 1 + 4
    assert refused(simulator) == 0


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_footprint_is_what_the_servers_saw(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "-n", workers, cwd=tmp_path)
    assert done.code == 0, done.output
    footprint, counters = done.results["run"]["footprint"], simulator.counters()
    for operation in ("GetFolder", "SyncFolderItems", "ResolveNames"):
        assert footprint.get(operation, 0) == counters.get(f"ews.{operation}", 0)
    assert footprint["handshakes"] == counters["ews.sign_ins"]
    assert footprint["directory searches"] == counters["ldap.search"]


def test_requests_stay_within_the_promise(simulator: Simulator, tmp_path: Path) -> None:
    for workers in ("0", "4"):
        simulator.reset()
        done = accept(simulator.site, "-n", workers, cwd=tmp_path)
        assert done.code == 0, done.output
        rooms = done.results["site"]["rooms"]["configured"]
        log = simulator.log()
        room_addresses = {target for id_, target in done.outcomes("passed") if id_ == "ROOM-1"}
        naming_a_room = [entry for entry in log if room_addresses & set(entry.get("mailboxes") or ())]
        assert len(naming_a_room) <= 2.5 * rooms


@pytest.mark.parametrize("name", ["svc-flowscape@demo.test", "demo\\SVC-Flowscape"])
def test_a_directory_user_that_is_the_service_account_is_no_second_attempt(
    name: str, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.plant("HANDOVER-1:site")
    password = f"file:{simulator.folder / 'password.txt'}"
    text = simulator.site.read_text(encoding="utf-8")
    text = text.replace("[directory]\n", f"[directory]\nusername = {name}\npassword = {password}\n")
    (tmp_path / "site.ini").write_text(text, encoding="utf-8")
    done = accept("site.ini", cwd=tmp_path)
    assert refused(simulator) == 1, done.output
    assert done.outcomes("failed") == {("HANDOVER-1", "site")}


INTERRUPT = """
import os
from ldap3 import Connection
from pytest_flowscape.probes.ews import connection

bind, post, shown = Connection.bind, connection.Connection.post, []

def interrupted_bind(self, *args, **named):
    bind(self, *args, **named)
    raise KeyboardInterrupt

def interrupted_post(self, *args, **named):
    shown.append(named.get("authorization"))
    answer = post(self, *args, **named)
    if sum(one is not None for one in shown) == 2:  # NTLM: the message that proves the password
        raise KeyboardInterrupt
    return answer

if os.environ["AT"] == "directory":
    Connection.bind = interrupted_bind
else:
    connection.Connection.post = interrupted_post
"""


@pytest.mark.parametrize("at", ["directory", "ews"])
def test_ctrl_c_in_the_first_sign_in_counts_as_a_refusal(at: str, simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("HANDOVER-1:site")
    (tmp_path / "interrupting.py").write_text(INTERRUPT, encoding="utf-8")
    site = simulator.site if at == "directory" else without_directory(simulator.site, tmp_path)
    env = {"AT": at, "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path))}
    for again in (False, True):
        done = accept(site, "-p", "interrupting", cwd=tmp_path, env=env)
        assert refused(simulator) == 1, done.output
        assert ("KeyboardInterrupt" in done.output) is not again, done.output


def test_another_report_folder_and_another_working_directory_know_of_the_refusal(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.plant("HANDOVER-1:site")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    accept(simulator.site, cwd=tmp_path, report=tmp_path / "first", env=state)
    (tmp_path / "elsewhere").mkdir()
    before = sign_ins(simulator)
    again = accept(simulator.site, cwd=tmp_path / "elsewhere", report=tmp_path / "second", env=state)
    assert sign_ins(simulator) == before
    assert again.verdict == "INCOMPLETE"
    notes = [path.read_text(encoding="utf-8") for path in (tmp_path / "state").rglob("*.json")]
    assert len(notes) == 1
    assert simulator.password not in notes[0]


def test_a_separate_directory_users_refusal_is_remembered_too(simulator: Simulator, tmp_path: Path) -> None:
    simulator.plant("directory-reader")
    (tmp_path / "wrong.txt").write_text("not this one", encoding="utf-8")
    (tmp_path / "wrong.txt").chmod(0o600)
    text = simulator.site.read_text(encoding="utf-8")
    reader = f"[directory]\nusername = reader@demo.test\npassword = file:{tmp_path / 'wrong.txt'}\n"
    (tmp_path / "site.ini").write_text(text.replace("[directory]\n", reader), encoding="utf-8")
    first = accept("site.ini", cwd=tmp_path)
    assert simulator.count("ldap.refused") == 1, first.output
    again = accept("site.ini", cwd=tmp_path)
    assert simulator.count("ldap.refused") == 1, again.output
    assert "less than 60 minutes ago" in again.output
    assert again.outcome("ACCOUNT-3")["outcome"] == "passed"  # Exchange is another account's sign-in
    retried = accept("site.ini", "--flowscape-retry-sign-in", cwd=tmp_path)
    assert simulator.count("ldap.refused") == 2, retried.output
