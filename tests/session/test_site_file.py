"""A faulty site file at the command line: every mistake at once, exit code 4, and nobody is contacted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.simulator.harness import Simulator
from tests.site.config_samples import EIGHT, EIGHT_MESSAGES

NO_NETWORK = """
import socket

def contact(*arguments, **named):
    raise SystemExit(f"network contact: {arguments}")

socket.getaddrinfo = contact
socket.socket.connect = contact
"""


@pytest.mark.parametrize("more", [(), ("-n", "2"), ("--collect-only",)], ids=["serial", "workers", "collect-only"])
def test_eight_mistakes(more: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "site.ini").write_text(EIGHT, encoding="utf-8")
    (tmp_path / "no_network.py").write_text(NO_NETWORK)
    done = accept("site.ini", "-p", "no_network", *more, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.code == 4, done.output
    for line in EIGHT_MESSAGES.strip().splitlines():
        assert f"site.ini:{line}" in done.output
    assert done.output.count("site.ini:") == len(EIGHT_MESSAGES.strip().splitlines())
    assert "network contact" not in done.output
    assert "Traceback" not in done.output
    assert "hunter2" not in done.output
    assert not done.results


def test_a_site_file_that_is_not_there(tmp_path: Path) -> None:
    done = accept("nowhere.ini", cwd=tmp_path)
    assert done.code == 4
    assert "nowhere.ini" in done.output
    assert "Traceback" not in done.output


def test_collect_only_validates_and_contacts_nobody(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "--collect-only", "-q", cwd=tmp_path)
    assert done.code == 0, done.output
    assert not done.results
    counters = simulator.counters()
    assert not any(counters.get(name) for name in ("ews.connections", "ews.requests", "ldap.connections", "ldap.bind"))


def test_a_report_folder_that_cannot_be_made(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = accept(simulator.site, cwd=tmp_path, report=tmp_path / "file" / "report")
    assert done.code == 4, done.output
    assert "--flowscape-report=DIR" in done.output
    assert "Traceback" not in done.output


def test_interrupted_writes_what_it_has(simulator: Simulator, tmp_path: Path) -> None:
    stop = (
        "def pytest_runtest_logfinish(nodeid):\n    if 'test_room_exists' in nodeid:\n        raise KeyboardInterrupt\n"
    )
    (tmp_path / "stop.py").write_text(stop)
    done = accept(simulator.site, "-p", "stop", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert (done.code, done.verdict) == (2, "INCOMPLETE"), done.output
    assert done.outcomes("not run")
    assert "INCOMPLETE" in done.output
