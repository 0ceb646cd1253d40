"""The simulator as a process: how it starts, what it writes, how it ends; its scenarios and its schema check."""

from __future__ import annotations

import configparser
import csv
import json
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from pytest_flowscape.simulator import scenarios
from pytest_flowscape.simulator.conditions import CONDITIONS
from pytest_flowscape.simulator.ews.schema import SchemaCheck
from pytest_flowscape.simulator.faults import FAULTS
from pytest_flowscape.simulator.scenarios import typical
from tests.simulator.ews_client import EMAIL, Client, distinguished, envelope, five, get_folder, resolve
from tests.simulator.harness import Simulator, SimulatorError, require_schema_folder

INBOX = get_folder(distinguished("inbox"))


def read_site(simulator: Simulator) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(simulator.site, encoding="utf-8")
    return parser


def test_the_site_file_is_an_ordinary_one(simulator: Simulator) -> None:
    site = read_site(simulator)
    assert site["exchange"]["hostname"] == f"localhost:{simulator.ews_port}"
    assert site["directory"]["servers"] == f"ldaps://localhost:{simulator.ready['ldaps_port']}"
    assert site["service_account"]["username"] == r"DEMO\svc-flowscape"
    assert site["service_account"]["password"] == f"file:{simulator.folder / 'password.txt'}"
    assert site["rooms"]["addresses"].split()[0] == "atlas@demo.test"
    assert len(site["rooms"]["addresses"].split()) == int(site["rooms"]["expected"]) == 6
    assert len(site["users"]["addresses"].split()) == 3
    assert site["handover"]["password_by"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_secrets_are_private_and_in_no_other_file(simulator: Simulator) -> None:
    with Client(simulator) as client:
        assert client.sign_in("NTLM", INBOX).status == 200
    for name in ("password.txt", "ntlm-hashes"):
        assert stat.S_IMODE((simulator.folder / name).stat().st_mode) == 0o600
    others = [path for path in simulator.folder.iterdir() if path.name != "password.txt"]
    assert [path for path in others if simulator.password in path.read_text(encoding="utf-8")] == []
    assert (simulator.folder / "ntlm-hashes").read_text(encoding="utf-8") == ""


def test_control_answers_only_under_its_token(simulator: Simulator) -> None:
    port = simulator.ready["control"].split(":")[2].split("/")[0]
    for path in ("counters", "wrong/counters", ""):
        with pytest.raises(urllib.error.HTTPError, match="404") as raised:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5)
        raised.value.close()


def test_a_fault_can_be_planted_at_start(tmp_path: Path) -> None:
    with Simulator(tmp_path, "ACCOUNT-2", "alias:atlas@demo.test", rooms=1) as running, Client(running) as client:
        assert client.basic(INBOX).status == 401


def test_an_unknown_fault_at_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="there is no fault NONSENSE"):
        Simulator(tmp_path, "NONSENSE").start()


def test_many_rooms_come_in_a_table(tmp_path: Path) -> None:
    with Simulator(tmp_path, rooms=150) as running:
        assert read_site(running)["rooms"]["file"] == "rooms.csv"
        with (tmp_path / "rooms.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with Client(running) as client:
            assert client.basic(get_folder(*five(rows[-1]["email"]))).codes == ["NoError"] * 5
    assert len(rows) == 150
    assert {"Zürich", "L'Atelier"} <= {row["name"] for row in rows}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM is not Windows'")
def test_sigterm_ends_it_well(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest_flowscape.simulator", "--folder", str(tmp_path), "--rooms", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"] is True
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


# --- scenarios ------------------------------------------------------------------------------------


def test_ready_has_what_a_demo_needs() -> None:
    scenario = scenarios.load("ready", password="x")
    assert (len(scenario.rooms), scenario.expected, len(scenario.users)) == (24, 24, 3)
    organisation = scenario.organisation
    service = organisation.accounts[organisation.service_account]
    grants = [organisation.mailboxes[room].access[0].sid for room in scenario.rooms]
    assert set(grants) - {service.sid}
    assert service.sid in grants
    for room in scenario.rooms:
        mailbox = organisation.mailboxes[room]
        assert organisation.has_full_access(service, mailbox, subfolder=True)
        assert organisation.may_impersonate(service, room)
    assert not organisation.may_impersonate(service, scenario.out_of_scope)


@pytest.mark.parametrize(("name", "rooms"), [("ready", 0), ("typical", 11), ("nonsense", None)])
def test_a_scenario_that_cannot_be_built_says_so(name: str, rooms: int | None) -> None:
    with pytest.raises(ValueError, match=r"room|scenario"):
        scenarios.load(name, rooms=rooms, password="x")


def test_typical_makes_the_mistakes_that_it_names(tmp_path: Path) -> None:
    with Simulator(tmp_path, scenario="typical", rooms=12) as running, Client(running) as client:
        rooms = read_site(running)["rooms"]["addresses"].split()
        users = read_site(running)["users"]["addresses"].split()
        delegate = {room: set(client.basic(get_folder(*five(room))).codes) for room in rooms}
        owner = {a: client.basic(get_folder(*five(a), impersonate=a)).fault for a in (*rooms, *users, EMAIL)}
        assert client.basic(resolve(EMAIL)).all(".//t:Surname") == []
    planted: dict[str, set[str]] = {}
    for requirement, target in typical.PLANTED:
        planted.setdefault(requirement, set()).add(target)
    wrong_address = {typical.MISSPELT, typical.RENAMED}
    assert {room for room, codes in delegate.items() if codes != {"NoError"}} == planted["PERMISSION-1"] | wrong_address
    refused = {address for address, fault in owner.items() if fault == "ErrorImpersonateUserDenied"}
    assert refused == planted["IMPERSONATION-2"] | {EMAIL}
    assert owner[typical.MISSPELT] == "ErrorNonExistentMailbox"
    assert owner[typical.RENAMED] == "ErrorNonPrimarySmtpAddress"


def test_names_of_faults_and_conditions_do_not_collide() -> None:
    assert not set(FAULTS) & set(CONDITIONS)
    assert not [name for name in CONDITIONS if name != name.lower() or ":" in name]


# --- the schema -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema() -> SchemaCheck:
    return SchemaCheck(require_schema_folder())


def test_the_schema_accepts_what_is_right_and_names_what_is_wrong(schema: SchemaCheck) -> None:
    assert schema.check("request", INBOX) == []
    assert "GetFolder" in schema.check("request", envelope("<m:GetFolder/>"))[0]
    assert (
        "ExchangeImpersonation"
        in schema.check("request", get_folder(distinguished("inbox"), impersonate="a", kind="X"))[0]
    )
    assert len(schema.forget()) == 2
    assert schema.problems == []


def test_a_wrong_request_is_kept_and_ends_the_process_with_status_3(schema: SchemaCheck, tmp_path: Path) -> None:
    assert schema.active
    running = Simulator(tmp_path, rooms=1)
    running.start()
    with Client(running) as client:
        assert client.basic(envelope("<m:GetFolder/>")).fault == "ErrorSchemaValidation"
    running.reset()
    assert len(running.schema_problems()) == 1
    with pytest.raises(AssertionError, match=r"(?s)ended with 3.*request: GetFolder"):
        running.stop()
