"""Start the built-in simulator for --flowscape-demo, and end it with the run."""

from __future__ import annotations

import importlib.util
import json
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from pytest_flowscape.core.errors import DemoError

MAX_START = 30.0  # seconds
MAX_STOP = 10.0  # seconds
PACKAGES = ("twisted", "ldaptor", "trustme")


class Demo:
    """A simulator process in a private folder; ``site_file`` is an ordinary site file for it."""

    def __init__(self, scenario: str) -> None:
        missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
        if missing:
            raise DemoError(
                f"The demo needs {', '.join(missing)}, which is not installed: pip install 'pytest-flowscape[demo]'."
            )
        self._folder = tempfile.TemporaryDirectory(prefix="flowscape-demo-", ignore_cleanup_errors=True)
        command = [sys.executable, "-m", "pytest_flowscape.simulator", "--folder", self._folder.name]
        self._process = subprocess.Popen(  # noqa: S603  our own module, arguments of our own
            [*command, "--scenario", scenario],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            self.ready = self._wait_until_ready()
        except BaseException:
            self.stop(quiet=True)
            raise
        self.site_file = Path(str(self.ready["site"]))

    def _wait_until_ready(self) -> dict[str, object]:
        """Wait for the simulator's one line. Raises DemoError where it does not come."""
        lines: queue.Queue[str] = queue.Queue()
        stream = self._process.stdout
        assert stream is not None
        # a thread, because Windows cannot wait for a pipe with a time limit
        threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=MAX_START)
        except queue.Empty:
            raise DemoError(f"The simulator was not ready within {MAX_START:.0f} seconds.") from None
        try:
            ready = json.loads(line)
        except ValueError:
            self._process.kill()
            _, complaint = self._process.communicate()
            last = complaint.strip().splitlines()[-1:] or ["it printed nothing"]
            raise DemoError(f"The simulator did not start: {last[0]}") from None
        if not isinstance(ready, dict) or not ready.get("ready"):
            raise DemoError(f"The simulator did not start: {line.strip()}")
        return ready

    def stop(self, *, quiet: bool = False) -> None:
        """End the simulator and remove its folder.

        Raises DemoError where it ended badly, for instance because an answer of
        its own was not valid against the public schema.
        """
        try:
            _, complaint = self._process.communicate(timeout=MAX_STOP)  # closes its stdin, at which it ends
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, complaint = self._process.communicate()
        finally:
            self._folder.cleanup()
        if self._process.returncode not in (0, None) and not quiet:
            raise DemoError(f"The simulator ended with code {self._process.returncode}: {complaint.strip()[-2000:]}")
