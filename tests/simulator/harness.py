"""Start the simulator as the process that it is, and talk to its control; all tests of the project run with this."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import pytest

START_SECONDS = 60.0
STOP_SECONDS = 20.0
SCHEMA_VARIABLE = "FLOWSCAPE_EWS_SCHEMA"
# loopback only: a proxy of the environment has no say here
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SimulatorError(Exception):
    """The simulator did not start, or did not end as it should."""


class Simulator:
    """A running simulator; a context manager.

    ``site`` is its site.ini; the ports are those of its ready line. ``stop``
    asserts that it ended well, which includes that the EWS schema had nothing
    against any request or answer.
    """

    def __init__(
        self, folder: Path, *faults: str, scenario: str = "ready", rooms: int | None = None, timeout: float = 10.0
    ) -> None:
        self.folder = folder
        self._command = [sys.executable, "-m", "pytest_flowscape.simulator", "--folder", str(folder)]
        self._command += ["--scenario", scenario, "--timeout", str(timeout)]
        self._command += [] if rooms is None else ["--rooms", str(rooms)]
        for fault in faults:
            self._command += ["--fault", fault]
        self._process: subprocess.Popen[str] | None = None
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Simulator:  # noqa: PYI034  Self is younger than Python 3.10
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.stop()
        else:
            self._end()

    def start(self) -> None:
        """Start the process and wait for its ready line. Raises SimulatorError after a deadline."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "stderr.txt").open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
            )
        line = self._first_line(self._process)
        if not line:
            self._end()
            raise SimulatorError(f"the simulator did not start: {self.stderr}")
        self.ready = json.loads(line)

    @staticmethod
    def _first_line(process: subprocess.Popen[str]) -> str:
        lines: queue.Queue[str] = queue.Queue()
        assert process.stdout is not None
        reader = threading.Thread(target=lambda out: lines.put(out.readline()), args=(process.stdout,), daemon=True)
        reader.start()
        try:
            return lines.get(timeout=START_SECONDS)
        except queue.Empty:
            return ""

    @property
    def stderr(self) -> str:
        """Return what the process wrote to its standard error so far."""
        return (self.folder / "stderr.txt").read_text(encoding="utf-8")

    @property
    def site(self) -> Path:
        """Return the path of the site file."""
        return Path(self.ready["site"])

    @property
    def password(self) -> str:
        """Return the password that was handed over."""
        return (self.folder / "password.txt").read_text(encoding="utf-8")

    @property
    def ews_port(self) -> int:
        return int(self.ready["ews_port"])

    @property
    def ca(self) -> Path:
        return Path(self.ready["ca"])

    def counters(self) -> dict[str, Any]:
        """Return what the servers counted since the start or the last reset; ``schema_problems`` is a list."""
        found: dict[str, Any] = self._control("counters")
        return found

    def count(self, key: str) -> int:
        """Return one counter, 0 where nothing was counted."""
        return int(self.counters().get(key, 0))

    def schema_problems(self) -> list[str]:
        """Return how requests and answers were against the EWS schema so far."""
        return list(self.counters()["schema_problems"])

    def forget_schema_problems(self) -> list[str]:
        """Return the problems and drop them: for a test that sends wrong requests on purpose."""
        return list(self._control("forget", {})["forgotten"])

    def log(self) -> list[dict[str, Any]]:
        """Return one entry for each HTTP request since the start or the last reset."""
        found: list[dict[str, Any]] = self._control("log")
        return found

    def items(self, *, recoverable: bool = False) -> list[dict[str, Any]]:
        """Return every item of every mailbox, in a fixed order; those of the recoverable items with ``recoverable``."""
        found: list[dict[str, Any]] = self._control("items")
        return [item for item in found if recoverable or not item["recoverable"]]

    def wait_held(self, seconds: float = 60.0) -> None:
        """Wait until the answer to a write is kept back (conditions ``booking-held``). Raises TimeoutError."""
        self._control("held", seconds=seconds)

    def release(self) -> int:
        """Send every answer that is kept back, and return how many there were."""
        return int(self._control("release", {})["released"])

    def deliver(self) -> int:
        """Bring all mail that is under way to its mailboxes, and return how many letters that were."""
        return int(self._control("deliver", {})["delivered"])

    def plant(self, *names: str) -> None:
        """Plant faults or conditions, each ``NAME`` or ``NAME:TARGET``. Raises SimulatorError if it cannot be."""
        self._control("faults", {"add": list(names)})

    def reset(self) -> None:
        """Go back to the scenario as it started, without any fault; counters, log and connections are gone."""
        self._control("reset", {})

    def _control(self, name: str, body: dict[str, Any] | None = None, *, seconds: float = 10) -> Any:
        data = None if body is None else json.dumps(body).encode()
        try:
            with _OPENER.open(f"{self.ready['control']}/{name}", data=data, timeout=seconds) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise SimulatorError(error.read().decode()) from None

    def stop(self) -> None:
        """End the process and assert that it ended with status 0."""
        if self._process is None:
            return
        status = self._end()
        assert status == 0, f"the simulator ended with {status}: {self.stderr}"

    def _end(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        process.stdout.close()
        return status


def skip_or_fail(reason: str) -> NoReturn:
    """Skip a test that lacks something on this machine; fail it in CI, which must run them all."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def require_schema_folder() -> Path:
    """Return the folder of the public EWS schema; skip the test, or fail it in CI, where there is none."""
    return schema_folder() or skip_or_fail(f"{SCHEMA_VARIABLE} names no folder with the public EWS schema")


def schema_folder() -> Path | None:
    """Return the folder of the public EWS schema, None where the environment names none."""
    named = os.environ.get(SCHEMA_VARIABLE)
    return Path(named) if named else None
