"""docs/offline.md, step by step: wheels downloaded with an index, copied, verified, installed without one."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.acceptance import call

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = REPOSITORY / "docs/offline.md"
NEEDED = ("pytest_flowscape", "suites", "pyproject.toml", "README.md", "LICENSE")
SECONDS_FOR_ONE_TEST = 600  # read by tests/conftest.py: a slow index is not a defect
NOWHERE = "http://127.0.0.1:9"  # the discard port of this machine, where nothing listens
# every Python of the offline environment loads this: it connects only to its own machine
BLOCKED = """
import socket
LOCAL = ("127.", "::1", "localhost")
connect, resolve = socket.socket.connect, socket.getaddrinfo

def checked(self, address):
    if isinstance(address, tuple) and not str(address[0]).startswith(LOCAL):
        raise SystemExit(f"this machine has no internet: {address}")
    return connect(self, address)

def resolved(host, *arguments, **named):
    if host and not (host if isinstance(host, str) else host.decode()).startswith(LOCAL):
        raise SystemExit(f"this machine has no internet: {host}")
    return resolve(host, *arguments, **named)

socket.socket.connect, socket.getaddrinfo = checked, resolved
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of the document's bash blocks")


def blocks() -> list[str]:
    """Return the document's bash blocks: download, for Windows, verify, install, use."""
    found = re.findall(r"^```bash\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(found) == 5
    return found


def run(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-euo", "pipefail", "-c", script]
    return call(command, cwd=folder, env=environment, timeout=SECONDS_FOR_ONE_TEST)


def well(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass
class Machines:
    """The two machines of the document: a folder and an environment each."""

    online: Path
    offline: Path
    with_index: dict[str, str]
    without: dict[str, str]


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """A clone on a machine with internet, and an empty folder on one without."""
    base = tmp_path_factory.mktemp("offline")
    online, offline, tools = base / "online", base / "offline", base / "bin"
    for folder in (online, offline, tools):
        folder.mkdir()
    for name in NEEDED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, online / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, online / name)
    python = tools / "python3"  # `python3` is the one that runs the tests
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o700)
    names = ("PYTEST_", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    environment |= {"PATH": f"{tools}{os.pathsep}{environment['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment |= {"PIP_QUIET": "1", "XDG_STATE_HOME": str(base / "state")}
    blocked = base / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text(BLOCKED)
    without = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
    without |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "PYTHONPATH": str(blocked)}
    without |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)
    without |= dict.fromkeys(("no_proxy", "NO_PROXY"), "")
    return Machines(online, offline, environment, without)


def needs_an_index(machines: Machines) -> None:
    """Skip, with the reason, if no package index can be reached; in CI that is a failure."""
    script = "python3 -m pip download --no-deps --dest there iniconfig"
    done = run(script, machines.online, machines.with_index)
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip("no package index can be reached from here")
    well(done)


def requirements(folder: Path) -> dict[str, list[Requirement]]:
    """Return the requirements of each wheel in a folder."""
    found = {}
    for wheel in folder.glob("*.whl"):
        archive = zipfile.ZipFile(wheel)
        (name,) = (entry for entry in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", entry))
        metadata = email.message_from_bytes(archive.read(name))
        needs = [Requirement(line) for line in metadata.get_all("Requires-Dist") or []]
        found[canonicalize_name(metadata["Name"])] = needs
    return found


def missing(folder: Path, machine: dict[str, str]) -> set[str]:
    """Return what a machine with these markers would lack, were it to install the tool with its demo from a folder."""
    known = requirements(folder)
    waiting: list[tuple[str, frozenset[str]]] = [("pytest-flowscape", frozenset({"demo"}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    absent = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one[0] not in known:
            absent.add(one[0])
            continue
        for need in known[one[0]]:
            chosen = {"", *one[1]}
            if need.marker is None or any(need.marker.evaluate({**machine, "extra": extra}) for extra in chosen):
                waiting.append((canonicalize_name(need.name), frozenset(need.extras)))
    return absent


def test_the_document_is_followed_from_gathering_to_the_demo(machines: Machines) -> None:
    needs_an_index(machines)
    gather, _, verify, install, use = blocks()
    well(run(gather, machines.online, machines.with_index))
    assert missing(machines.online / "wheels", {}) == set()
    for name in ("wheels", "SHA256SUMS"):
        shutil.move(machines.online / name, machines.offline / name)

    assert well(run(verify, machines.offline, machines.without)) == ""
    wheel = next((machines.offline / "wheels").glob("pytest_flowscape-*.whl"))
    added = wheel.with_name("added-1.0-py3-none-any.whl")
    shutil.copy(wheel, added)
    assert run(verify, machines.offline, machines.without).returncode != 0
    added.unlink()
    whole = wheel.read_bytes()
    wheel.write_bytes(whole + b"!")
    assert run(verify, machines.offline, machines.without).returncode != 0
    wheel.write_bytes(whole)
    assert well(run(verify, machines.offline, machines.without)) == ""

    well(run(install, machines.offline, machines.without))
    with_index = run(".venv/bin/pip download --no-deps iniconfig", machines.offline, machines.without)
    assert with_index.returncode != 0  # there is no internet here, as the document assumes
    assert "Verdict: ACCEPTED" in well(run(use, machines.offline, machines.without))
    assert "[exchange]" in (machines.offline / "site.ini").read_text(encoding="utf-8")
    at = well(
        run(".venv/bin/python -c 'import pytest_flowscape as p; print(p.__file__)'", machines.offline, machines.without)
    )
    assert at.startswith(str(machines.offline / ".venv"))


def test_the_folder_for_windows_is_whole(machines: Machines) -> None:
    needs_an_index(machines)
    script = blocks()[1]
    (version,) = re.findall(r"--python-version (\S+)", script)
    well(run(script, machines.online, machines.with_index))
    folder = machines.online / "windows"
    windows = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "python_version": version}
    windows |= {"python_full_version": f"{version}.0", "platform_machine": "AMD64"}
    assert missing(folder, windows) == set()
    tags = {wheel.stem.rpartition("-")[2] for wheel in folder.glob("*.whl")}
    assert tags == {"any", "win_amd64"}
    for name in ("colorama", "sspilib"):  # the reason why the document names them
        (wheel,) = folder.glob(f"{name}-*.whl")
        wheel.rename(wheel.with_suffix(".gone"))
    assert missing(folder, windows) == {"colorama", "sspilib"}
