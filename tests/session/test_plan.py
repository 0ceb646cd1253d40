"""--flowscape-plan sends nothing, asks nothing and reads no password; what it says is what the run then does."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from pytest_flowscape.judging.verdict import Verdict
from tests.acceptance import accept, call, without_pytest
from tests.gathering.test_sign_in import without_directory
from tests.hard_sites.counts import ServerLog, assert_counts
from tests.hard_sites.planned import plan_of
from tests.simulator.harness import Simulator

RUN_ID = "6f1d1a52-2b1f-4c0a-9d53-7f2b6c1e8a90"
SITE = """\
[site]
customer = Customer Ltd
name = Head Office
[exchange]
hostname = mail.customer.test
[service_account]
username = CUSTOMER\\svc-flowscape
email = svc-flowscape@customer.test
password = {password}
[directory]
servers = ldaps://dc01.customer.test
  gc://gc.customer.test
base_dn = DC=customer,DC=test
[rooms]
addresses = atlas@customer.test
  bergen@customer.test
[users]
addresses = anna@customer.test
out_of_scope = outside@customer.test
[handover]
password_by = vault
"""
# whatever would send a packet, resolve a name, open the password's file or a terminal is written down and stopped
BLOCKED = """
import getpass, pathlib, sys
SEEN = pathlib.Path({seen!r})
HARMLESS = ("socket.__new__", "socket.gethostname", "socket.bind")  # urllib3 binds to ::1 to see if there is IPv6

def watch(event, arguments):
    opened = str(arguments[0]) if event == "open" else ""
    if event.startswith("socket.") and event not in HARMLESS or opened.endswith(("password.txt", "/dev/tty")):
        with SEEN.open("a") as file:
            file.write(f"{{event}} {{opened}}\\n")
        raise OSError(f"blocked: {{event}}")

sys.addaudithook(watch)
"""


def plan(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--flowscape-plan", "-p", "no:cacheprovider", *arguments]
    return call(command, cwd=folder, env=without_pytest() | (env or {}))


def numbers(text: str) -> dict[str, list[int]]:
    """The first number behind each label that is an EWS operation or an LDAP one."""
    found: dict[str, list[int]] = {}
    for label, number in re.findall(r"^ +(GetFolder|SyncFolderItems|ResolveNames|LDAP \w+) +(\d+)", text, re.MULTILINE):
        found.setdefault(label, []).append(int(number))
    return found


def blockade(folder: Path) -> dict[str, str]:
    """Write the plugin ``blocked``, and give the environment in which pytest finds it."""
    (folder / "password.txt").write_text("correct horse", encoding="utf-8")
    (folder / "password.txt").chmod(0o600)
    (folder / "blocked.py").write_text(BLOCKED.format(seen=str(folder / "seen")), encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("password", ["prompt", "env:NOT_SET", "file:password.txt", "keyring:flowscape"])
def test_no_packet_no_name_no_password_no_report(password: str, tmp_path: Path) -> None:
    (tmp_path / "site.ini").write_text(SITE.format(password=password), encoding="utf-8")
    env = blockade(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    done = plan(tmp_path, "--flowscape-config=site.ini", "-p", "blocked", "-n", "2", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == before
    assert not any(re.search(rf"\b{verdict.value}\b", done.stdout) for verdict in Verdict)
    assert "tests ran" not in done.stdout
    assert "test session starts" not in done.stdout


def test_the_blockade_would_be_seen(tmp_path: Path) -> None:
    """The same blockade around a real run: it stops the look at the password, and the look at the host."""
    env = blockade(tmp_path)
    (tmp_path / "site.ini").write_text(SITE.format(password="file:password.txt"), encoding="utf-8")
    accept("site.ini", "-p", "blocked", cwd=tmp_path, env=env)
    (tmp_path / "site.ini").write_text(SITE.format(password="env:PASSWORD"), encoding="utf-8")
    accept("site.ini", "-p", "blocked", cwd=tmp_path, env={**env, "PASSWORD": "correct horse"})
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "password.txt" in seen
    assert "socket.getaddrinfo" in seen


def test_the_ticket_holds_what_a_security_desk_asks(tmp_path: Path) -> None:
    (tmp_path / "site.ini").write_text(SITE.format(password="prompt"), encoding="utf-8")
    done = plan(tmp_path, "--flowscape-config=site.ini", f"--flowscape-run-id={RUN_ID}", "-n", "2")
    text = done.stdout
    assert max(map(len, text.splitlines())) <= 100
    for said in (
        "Customer Ltd, Head Office, all rooms",
        r"CUSTOMER\svc-flowscape (svc-flowscape@customer.test)",
        "User-Agent",
        f"{RUN_ID}, sent as client-request-id",
        "mail.customer.test:443",
        "ldaps://dc01.customer.test:636 (domain controller)",
        "ldaps://gc.customer.test:3269 (global catalog)",
        "0 writes",
        "msExchMailboxSecurityDescriptor",
        "tokenGroups",
        "lockoutThreshold",
        "4776",
        "4624",
        "FolderBind as Admin",
        "Defender for Identity",
        "outside@customer.test: 1 request",
        "atlas@customer.test: 2 requests",
        f"pytest --flowscape-config=site.ini --flowscape-run-id={RUN_ID} -n 2",
    ):
        assert said in text, said
    # two rooms: the sign-in, the account's folders and one batch; itself, the stranger, two rooms and a user
    assert numbers(text) == {"GetFolder": [3, 5], "SyncFolderItems": [2], "LDAP binds": [2], "LDAP searches": [4]}


def test_a_faulty_site_file_is_the_same_usage_error(tmp_path: Path) -> None:
    text = SITE.format(password="secret").replace("hostname =", "hostnmae =")
    (tmp_path / "site.ini").write_text(text, encoding="utf-8")
    planned = plan(tmp_path, "--flowscape-config=site.ini")
    real = accept("site.ini", cwd=tmp_path)
    assert (planned.returncode, real.code) == (4, 4)
    assert planned.stdout == ""
    mistakes = [line for line in planned.stderr.splitlines() if line.startswith("ERROR")]
    assert len(mistakes) >= 2
    assert all(line in real.output for line in mistakes)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "add --flowscape-config"),
        (("--flowscape-demo",), "add --flowscape-config"),
        (("--flowscape-config=site.ini", "--flowscape-room=nobody@customer.test"), "has no such room"),
        (("--flowscape-config=site.ini", "--flowscape-run-id=4711"), "is not a UUID"),
    ],
)
def test_a_wrong_command_line_says_so(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "site.ini").write_text(SITE.format(password="prompt"), encoding="utf-8")
    done = plan(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr


@pytest.mark.parametrize("workers", ["0", "2", "4"])
def test_the_plan_is_what_the_servers_then_see(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    planned = plan_of(simulator.site, int(workers))
    done = accept(simulator.site, "-n", workers, cwd=tmp_path)
    assert done.code == 0, done.output
    assert_counts(simulator, done, planned)
    seen = ServerLog(simulator)
    assert sum(count for (operation, _), count in seen.ldap().items() if operation == "search") == planned.searches
    named = {name for entry in seen.directory for name in entry.get("attributes", ())}
    known = {*planned.account_attributes, *planned.holder_attributes, *planned.policy_attributes}
    assert {*planned.account_attributes, *planned.holder_attributes} <= named <= known
    assert len({entry["connection"] for entry in seen.web if entry["sent"]["credentials"]}) <= planned.sign_ins


def test_the_plan_of_some_rooms(simulator: Simulator, tmp_path: Path) -> None:
    rooms = ("atlas@demo.test", "bergen@demo.test")
    chosen = [f"--flowscape-room={room}" for room in rooms]
    done = accept(simulator.site, *chosen, cwd=tmp_path)
    assert_counts(simulator, done, plan_of(simulator.site, rooms=rooms))
    printed = plan(tmp_path, f"--flowscape-config={simulator.site}", *chosen).stdout
    assert all(option in " ".join(printed.split()) for option in chosen)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_plan_without_a_directory(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    site = without_directory(simulator.site, tmp_path)
    done = accept(site, "-n", workers, cwd=tmp_path)
    planned = plan_of(site, int(workers))
    assert planned.operations["ResolveNames", "delegate"] == 7
    assert_counts(simulator, done, planned)
    printed = plan(tmp_path, f"--flowscape-config={site}", "-n", workers).stdout
    assert numbers(printed)["ResolveNames"] == [7]


def test_the_printed_numbers_are_the_plans(simulator: Simulator, tmp_path: Path) -> None:
    planned = plan_of(simulator.site, 2)
    printed = numbers(plan(tmp_path, f"--flowscape-config={simulator.site}", "-n", "2").stdout)
    for (operation, _), count in planned.operations.items():
        assert count in printed[operation]
    assert printed["LDAP binds"] == [planned.binds]
    assert printed["LDAP searches"] == [planned.searches]


def test_a_run_has_the_id_of_its_plan(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, f"--flowscape-run-id={{{RUN_ID.upper()}}}", cwd=tmp_path)
    assert done.results["run"]["id"] == RUN_ID
    sent = [str(entry["request_id"]) for entry in ServerLog(simulator).web]
    assert {own[:24] for own in sent} == {RUN_ID[:24]}  # its last group is the request's
    assert len(set(sent)) == len(sent)


def test_a_run_without_one_makes_its_own(simulator: Simulator, tmp_path: Path) -> None:
    first = plan(tmp_path, f"--flowscape-config={simulator.site}").stdout
    second = plan(tmp_path, f"--flowscape-config={simulator.site}").stdout
    ids = [re.search(r"--flowscape-run-id=(\S+)", text) for text in (first, second)]
    assert all(uuid.UUID(found[1]) for found in ids if found)
    assert first != second
    assert simulator.log() == []
