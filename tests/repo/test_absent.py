"""The plugin has no effect where it is only installed; each test also shows that it would notice it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.harness import Simulator

HEAVY = {
    "exchangelib",
    "ldap3",
    "lxml",
    "twisted",
    "requests",
    "httptools",
    "urllib3",
    "cryptography",
    "spnego",
    "truststore",
    "ldaptor",
}
SITE = """\
[site]
customer = Nobody
name = nowhere
contact = nobody@customer.test
[exchange]
hostname = mail.customer.test
[service_account]
username = CUSTOMER\\svc-flowscape
email = svc-flowscape@customer.test
password = file:password.txt
[rooms]
addresses = atlas@customer.test
expected = 1
[users]
addresses = anna@customer.test
[handover]
password_by = vault
"""
# what the plugin loaded is written at the very end, after every hook of the session
CONFTEST = """\
import json, pathlib, sys
def pytest_unconfigure(config):
    pathlib.Path("modules.json").write_text(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one plain test, a conftest that writes what was imported, and an unused site file."""
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "site.ini").write_text(SITE)
    (tmp_path / "password.txt").write_text("correct horse\n")
    (tmp_path / "password.txt").chmod(0o600)
    return tmp_path


def run(folder: Path, *arguments: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *python, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def loaded(folder: Path) -> set[str]:
    return set(json.loads((folder / "modules.json").read_text()))


def test_no_fixture_of_ours_is_offered(folder: Path) -> None:
    done = run(folder, "--fixtures", "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tmp_path" in done.stdout
    assert "pytest_flowscape" not in done.stdout
    assert "room_as_delegate" not in done.stdout


def test_fixtures_are_offered_where_our_option_is_used(folder: Path) -> None:
    done = run(folder, "--fixtures", "-v", "--flowscape-config=site.ini")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "room_as_delegate" in done.stdout


def test_nothing_heavy_is_imported(folder: Path) -> None:
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    ours = {name for name in loaded(folder) if name.partition(".")[0] == "pytest_flowscape"}
    assert ours == {"pytest_flowscape", "pytest_flowscape.plugin"}
    assert loaded(folder) & HEAVY == set()


def test_the_libraries_are_imported_where_our_option_is_used(folder: Path) -> None:
    done = run(folder, "--flowscape-config=site.ini", "--collect-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"lxml", "httptools", "spnego"} <= loaded(folder)


def test_not_even_a_run_of_ours_imports_what_only_the_simulator_needs(folder: Path) -> None:
    done = run(folder, "--flowscape-config=site.ini", "--collect-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name.partition(".")[0] for name in loaded(folder)} & {"twisted", "ldaptor", "trustme", "OpenSSL"} == set()
    assert not {name for name in loaded(folder) if name.startswith("pytest_flowscape.simulator")}


def test_exchangelib_is_imported_only_where_a_test_asks_for_it(folder: Path) -> None:
    done = run(folder, "--flowscape-config=site.ini", "--collect-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert loaded(folder) & {"exchangelib", "requests"} == set()


def test_help_names_the_options_under_one_heading(folder: Path) -> None:
    done = run(folder, "--help")
    assert "acceptance tests of an Exchange site for Flowscape" in done.stdout
    assert "--flowscape-config" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("--flowscape-config=site.ini", "--collect-only")], ids=["absent", "used"])
def test_works_where_warnings_are_errors(folder: Path, arguments: tuple[str, ...]) -> None:
    done = run(folder, "-W", "error", *arguments, python=("-W", "error"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr


def test_a_whole_run_works_where_warnings_are_errors(folder: Path, simulator: Simulator) -> None:
    """ldap3 2.9.1 cannot be imported so without a guard; it is loaded only when the directory is asked."""
    done = run(folder, "-W", "error", f"--flowscape-config={simulator.site}", python=("-W", "error"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"ldap3", "truststore"} <= loaded(folder)
