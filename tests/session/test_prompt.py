"""The password asked for at a terminal: once, by the controller, never echoed."""

from __future__ import annotations

import os
import select
import sys
import time
from pathlib import Path

import pytest

from tests.simulator.harness import Simulator

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
LIMIT = 60.0  # seconds


def at_a_terminal(command: list[str], folder: Path, typed: str) -> tuple[int, str]:
    """Run a command at a terminal of its own; type when it asks. Return its exit code and what the screen showed."""
    child, screen = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(command[0], command)
    shown, asked, until = b"", False, time.monotonic() + LIMIT
    while time.monotonic() < until:
        if not select.select([screen], [], [], 1.0)[0]:
            continue
        try:
            more = os.read(screen, 65536)
        except OSError:  # the child has closed the terminal
            break
        if not more:
            break
        shown += more
        if not asked and b"assword" in shown:
            asked = True
            os.write(screen, f"{typed}\n".encode())
    _, status = os.waitpid(child, 0)
    os.close(screen)
    return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # pty.fork, from Python 3.12 on
@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_prompt_asks_once(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    lines = simulator.site.read_text(encoding="utf-8").splitlines()
    prompting = ["password = prompt" if line.startswith("password = file:") else line for line in lines]
    (tmp_path / "site.ini").write_text("\n".join(prompting), encoding="utf-8")
    password = simulator.password.strip()
    command = [sys.executable, "-m", "pytest", "--flowscape-config=site.ini", "-n", workers, "-p", "no:cacheprovider"]
    code, shown = at_a_terminal(command, tmp_path, password)
    assert code == 0, shown
    assert "Verdict: ACCEPTED" in shown
    assert password not in shown
    assert shown.lower().count("password of") + shown.lower().count("password for") == 1, shown[:600]
