"""Whatever makes a run louder, the password is in none of it: --debug, every logger, what JUnit records by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.hooks.test_own_secrets import site_with
from tests.hooks.test_secrets import assert_clean
from tests.simulator.harness import Simulator

LOUD = (
    "-vv",
    "--debug=debug.log",
    "--showlocals",
    "--tb=long",
    "--full-trace",
    "-rA",
    "--log-level=DEBUG",
    "--log-cli-level=DEBUG",
    "-o",
    "log_cli=true",
    "-o",
    "log_file=run.log",
    "-o",
    "junit_family=xunit1",
    "--junitxml=junit.xml",
    "--html=page.html",
)
# a customer's plugin that turns up the libraries, the one that can hide the password included
TURNED_UP = """
import logging
from ldap3.utils import log

log.set_library_log_detail_level(log.EXTENDED)
log.set_library_log_hide_sensitive_data(False)
log.set_library_log_activation_level(logging.DEBUG)

def pytest_runtest_setup():
    for name in ("", "urllib3", "spnego", "ldap3", "exchangelib", "requests"):
        logging.getLogger(name).setLevel(logging.DEBUG)
"""
OWN = r"""
import base64, logging, os, pathlib, subprocess, sys, warnings
import pytest
from pytest_flowscape.core.nt_hash import nt_hash

PASSWORD = pathlib.Path({password!r}).read_text()
HEADER = "Basic " + base64.b64encode(("somebody.else:" + PASSWORD).encode()).decode()
HASH = nt_hash(PASSWORD)

def test_clients_are_used(exchange_account, directory_connection):
    exchange_account.inbox.refresh()
    directory_connection.search("DC=demo,DC=test", "(mail=*)", attributes=["mail"])

def test_junit(record_testsuite_property, record_property, record_xml_attribute):
    record_testsuite_property("suite", HEADER)
    record_testsuite_property("hash", HASH.hex())
    record_property("one", PASSWORD)
    record_xml_attribute("attribute", PASSWORD)

def test_warnings():
    warnings.warn("seen " + PASSWORD)
    warnings.warn(UserWarning(HEADER, HASH))

def test_logged():
    log = logging.getLogger("own")
    log.debug("plain %s", PASSWORD)
    log.info("%(a)s", dict(a=HEADER))
    try:
        raise ValueError(PASSWORD)
    except ValueError:
        log.exception("failed")
    print(PASSWORD, HEADER, HASH, HASH.hex(), file=sys.stderr)

def test_fails():
    held = dict(header=HEADER, hash=HASH)
    raise RuntimeError(PASSWORD) from KeyError(HEADER)

@pytest.fixture
def broken():
    yield PASSWORD
    raise OSError(HEADER)

def test_fails_at_its_end(broken):
    assert broken == HEADER

def test_a_child_process_knows_nothing():
    seen = "import os, pathlib; print(os.environ, pathlib.Path('/proc/self/environ').read_bytes())"
    told = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    assert "PATH" in told
    assert not {{name for name in os.environ if PASSWORD in os.environ[name]}}
    pathlib.Path("child.txt").write_text(told)
"""


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_nothing_leaks_however_loud(workers: str, auth: str, simulator: Simulator, tmp_path: Path) -> None:
    site_with(simulator, tmp_path, auth)
    (tmp_path / "turned_up.py").write_text(TURNED_UP, encoding="utf-8")
    own = OWN.format(password=str(simulator.folder / "password.txt"))
    (tmp_path / "test_own.py").write_text(own, encoding="utf-8")
    env = {"SITE_PASSWORD": simulator.password.strip(), "PYTHONPATH": str(tmp_path)}
    done = accept(
        "site.ini", "--flowscape-add=test_own.py", "-n", workers, "-p", "turned_up", *LOUD, cwd=tmp_path, env=env
    )
    assert done.verdict == "ACCEPTED", done.output[-3000:]
    # two of the customer's tests fail, and one of those once more at its end
    assert "2 other tests failed" in done.output, done.output[-3000:]
    # all of it was really there, and the password was cut out
    assert "ldap3" in done.output
    assert "BindRequest" in done.output or "bind operation" in done.output.lower()
    debug = (tmp_path / "debug.log").read_text(encoding="utf-8")
    assert "pytest_sessionfinish" in debug
    junit = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    if workers == "0":
        assert 'name="suite" value="Basic ' in junit
        assert 'attribute="********"' in junit
        assert "test_fails" in debug
    assert (tmp_path / "child.txt").exists()
    assert_clean(done, tmp_path, simulator)


def test_workers_forget_nothing_of_the_pipe(simulator: Simulator, tmp_path: Path) -> None:
    """What xdist keeps of a worker's start holds the password no longer once that has started."""
    (tmp_path / "peeping.py").write_text(
        "import pathlib\n"
        "NODES = []\n"
        "def pytest_configure_node(node):\n"
        "    NODES.append(node)\n"
        "def pytest_sessionfinish():\n"
        "    seen = [sorted(node.workerinput) for node in NODES]\n"
        "    if NODES:\n"
        "        pathlib.Path('seen.txt').write_text(repr(seen))\n"
    )
    done = accept(simulator.site, "-n", "2", "-p", "peeping", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.code == 0, done.output
    seen = (tmp_path / "seen.txt").read_text()
    assert "'flowscape'" in seen
    assert "secret" not in seen
