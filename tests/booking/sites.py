"""Runs that book on the simulated site, and what they leave there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.acceptance import Finished, accept
from tests.simulator.harness import Simulator

ROOMS = ("atlas", "aurora", "bergen", "zuerich", "aare", "loft")
WRITES = ("CreateItem", "UpdateItem", "DeleteItem")
LIMIT = 60.0


def room(name: str) -> str:
    return f"{name}@demo.test"


def book(simulator: Simulator, folder: Path, *arguments: str, **more: Any) -> Finished:
    """Run the acceptance with --flowscape-book."""
    return accept(simulator.site, "--flowscape-book", *arguments, cwd=folder, **more)


def trip(done: Finished, name: str) -> dict[str, Any]:
    """Give one room's round trip out of results.json."""
    (found,) = (one for one in done.results["bookings"]["trips"] if one["room"] == room(name))
    return dict(found)


def steps(done: Finished, name: str) -> dict[str, bool]:
    return {step["name"]: step["succeeded"] for step in trip(done, name)["steps"]}


def journals(folder: Path) -> list[Path]:
    """Give the journals among the state of runs in ``folder``."""
    return sorted((folder / "state").rglob("*.journal"))


def environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return kept | {"XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "100"}


def sweep(simulator: Simulator, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run --flowscape-sweep."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", f"--flowscape-config={simulator.site}", "--flowscape-sweep"],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )


def killed_while_held(simulator: Simulator, folder: Path, *arguments: str) -> None:
    """Start a run that books, and kill it with everything it started as soon as the simulator keeps an answer back."""
    command = [sys.executable, "-m", "pytest", f"--flowscape-config={simulator.site}", "--flowscape-book"]
    command += [f"--flowscape-report={folder / 'killed'}", "-p", "no:cacheprovider", *arguments]
    with (folder / "killed.txt").open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            simulator.wait_held(LIMIT)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # the run and its workers, a session of their own
            process.wait(LIMIT)
