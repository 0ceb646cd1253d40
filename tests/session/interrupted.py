"""A run that is told to stop while a server keeps it waiting, and what is left of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance import without_pytest
from tests.simulator.harness import Simulator

PROMISED = {"0": 3.0, "2": 5.0}
SLACK = 12.0  # seconds for a machine that has other things to do; without the product's care it is minutes
PATIENT = 300  # seconds that the site file allows for each request
LIMIT = 90.0
PEEPING = """
import pathlib
import pytest

STARTED = pathlib.Path(__file__).with_name("started")

@pytest.hookimpl(optionalhook=True)
def pytest_xdist_newgateway():
    STARTED.touch()
"""


def patient_site(simulator: Simulator, folder: Path) -> Path:
    """Write a site file that would let a request hang for minutes."""
    text = simulator.site.read_text(encoding="utf-8")
    lines = [f"timeout = {PATIENT}" if line.startswith("timeout") else line for line in text.splitlines()]
    assert f"timeout = {PATIENT}" in lines
    path = folder / "patient.ini"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@dataclass
class Stopped:
    """A run that was told to stop: how long that took, and what it left."""

    code: int
    seconds: float
    output: str
    folder: Path
    temporary: Path
    group: int
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def page(self) -> str:
        return (self.folder / "acceptance.html").read_text(encoding="utf-8")

    def outcomes(self, *words: str) -> set[tuple[str, str]]:
        return {(o["requirement"], o["target"]) for o in self.results["outcomes"] if o["outcome"] in words}


class Running:
    """One run in a session of its own, so that Ctrl-C can be sent to all its processes."""

    def __init__(self, site: Path, folder: Path, *arguments: str, state: Path | None = None) -> None:
        self._folder = folder
        self._temporary = folder / "temporary"
        self._temporary.mkdir()
        self.report = folder / "report"
        command = [sys.executable, "-m", "pytest", f"--flowscape-config={site}", f"--flowscape-report={self.report}"]
        command += ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "peeping", *arguments]
        environment = without_pytest() | {"XDG_STATE_HOME": str(state or folder / "state"), "COLUMNS": "100"}
        environment |= {"TMPDIR": str(self._temporary)}
        # tells by a file that a worker was started
        (folder / "peeping.py").write_text(PEEPING, encoding="utf-8")
        environment["PYTHONPATH"] = os.pathsep.join((str(folder), environment.get("PYTHONPATH", "")))
        self._out = (folder / "output.txt").open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Running:  # noqa: PYI034  Self is younger than Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(LIMIT)
        self._out.close()

    @property
    def output(self) -> str:
        return (self._folder / "output.txt").read_text(encoding="utf-8")

    @property
    def group(self) -> int:
        return self._process.pid

    def signal(self, how: str) -> None:
        """Send Ctrl-C (to every process, as a terminal does) or SIGTERM (to the one that was started)."""
        if how == "ctrl-c":
            os.killpg(self._process.pid, signal.SIGINT)
        else:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, how: str) -> Stopped:
        """Send one of them, and wait for the end."""
        began = time.monotonic()
        self.signal(how)
        code = self._process.wait(LIMIT)
        seconds = time.monotonic() - began
        path = self.report / "results.json"
        results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return Stopped(code, seconds, self.output, self.report, self._temporary, self._process.pid, results)


def assert_ended_well(done: Stopped, workers: str) -> None:
    """Within the promise, by code 2, with a report that says INCOMPLETE, and nothing left behind."""
    print(f"ended after {done.seconds:.2f} s with -n {workers}")  # noqa: T201  measured, for -rP
    assert done.code == 2, done.output
    assert done.seconds < PROMISED[workers] + SLACK, done.output
    assert done.results, done.output
    assert done.results["verdict"] == "INCOMPLETE", done.output
    assert "The run was interrupted (" in done.page
    assert "INCOMPLETE" in done.page
    assert "Traceback" not in done.output, done.output
    assert ours(done.temporary) == []
    assert alive(done.group) == [], done.output


def ours(temporary: Path) -> list[Path]:
    """Return what is left in a temporary folder, but for pytest's own: xdist has one made for its workers."""
    return [path for path in temporary.iterdir() if not path.name.startswith("pytest-of-")]


def alive(session: int) -> list[str]:
    """Return the processes of a session that still run: workers that outlived their run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if os.getsid(int(entry.name)) == session:
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def wait_for(simulator: Simulator, counter: str, least: int = 1) -> None:
    """Wait until the simulator has counted so much."""
    until = time.monotonic() + LIMIT
    while simulator.count(counter) < least:
        assert time.monotonic() < until, f"{counter} stays below {least}"
        time.sleep(0.05)


@contextlib.contextmanager
def silent_port() -> Iterator[tuple[int, threading.Event]]:
    """Listen, accept and say nothing; the event tells that somebody has come."""
    came = threading.Event()
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(listening.accept()[0])
                    came.set()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1], came
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(LIMIT)
            for connection in kept:
                connection.close()
