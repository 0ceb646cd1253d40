"""The real directory of a test run: one server, used in turn, put back after changes, and never left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real_ad import conftest
from tests.real_ad.administrator import sub_code
from tests.real_ad.contents import SERVICE
from tests.real_ad.real_directory import EMAIL, RealDirectory

REPOSITORY = Path(__file__).resolve().parents[2]
# another worker of the run: it changes something, and is killed before it can put that back
CHILD = """\
import sys
from pathlib import Path
from tests.real_ad.contents import SERVICE
from tests.real_ad.real_directory import RealDirectory
directory = RealDirectory(Path(sys.argv[1]), rooms=1, password=sys.stdin.readline().strip())
with directory.turn(changing=True):
    directory.administrator.set(SERVICE, sn="Changed")
    print("changed", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def folder(real_directory: RealDirectory) -> Path:
    """The folder that all workers share; nobody has a turn, and the directory exists."""
    with real_directory.turn(changing=False):
        return real_directory.controller.folder.parent


def test_changes_are_put_back(real_directory: RealDirectory) -> None:
    with real_directory.turn(changing=True):
        real_directory.administrator.set(SERVICE, sn="Changed")
        real_directory.administrator.set_password(SERVICE, "Another-Password-7")
    with real_directory.turn(changing=False):
        assert real_directory.administrator.read(SERVICE, "sn") == {"sn": [b"Service"]}
        assert real_directory.session().bind().trouble is None


def test_a_killed_worker_leaves_no_server_and_no_changes(real_directory: RealDirectory, folder: Path) -> None:
    real_directory.end()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{real_directory.password}\n")
        child.stdin.flush()
        assert child.stdout.readline() == "changed\n"
        assert real_directory.controller.runs
        child.kill()
    until = time.monotonic() + 10
    while real_directory.controller.runs:
        assert time.monotonic() < until, "the server outlives the process that started it"
        time.sleep(0.02)
    with real_directory.turn(changing=False):
        assert real_directory.administrator.read(SERVICE, "sn") == {"sn": [b"Service"]}


def test_workers_with_simulators_of_their_own_take_turns(real_directory: RealDirectory, folder: Path) -> None:
    """Each has another password for the service account, and the one that ends first may take the server along."""
    other = RealDirectory(folder, rooms=conftest.ROOMS, password="Other-Simulators-7")

    def signs_in(worker: RealDirectory) -> bool:
        with worker.turn(changing=False):
            assert worker.address == real_directory.address
            return sub_code(worker.address, worker.ca, EMAIL, worker.password) == ""

    assert signs_in(other)
    assert signs_in(real_directory)
    real_directory.end()
    assert signs_in(other)
    other.end()
    assert signs_in(real_directory)


@pytest.mark.parametrize("value", ["", "true"])
def test_where_no_server_can_run_the_reason_is_shown_and_ci_fails(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", value)
    monkeypatch.setattr(conftest, "missing", lambda: "LDAP's ports 389 and 636 need root")
    with pytest.raises(pytest.fail.Exception if value else pytest.skip.Exception, match="need root"):
        conftest.needs_samba()
