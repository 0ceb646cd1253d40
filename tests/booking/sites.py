"""Runs that book on the simulated site, and what they leave there."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

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


def site_with(simulator: Simulator, **booking: str) -> Path:
    """Write a site file whose [booking] section has these values instead."""
    site = configparser.ConfigParser(interpolation=None)
    site.read(simulator.site, encoding="utf-8")
    site["booking"].update(booking)
    path = simulator.site.with_name("changed.ini")
    with path.open("w", encoding="utf-8") as file:
        site.write(file)
    return path


def meet(simulator: Simulator, folder: Path, *arguments: str, site: Path | None = None, **more: Any) -> Finished:
    """Run the acceptance with --flowscape-book=meeting; only atlas and aurora may be invited."""
    return accept(site or simulator.site, "--flowscape-book=meeting", *arguments, cwd=folder, **more)


def trip(done: Finished, name: str, kind: str = "appointment") -> dict[str, Any]:
    """Return one room's round trip out of results.json."""
    trips = done.results["bookings"]["trips"]
    (found,) = (one for one in trips if (one["room"], one["kind"]) == (room(name), kind))
    return dict(found)


def steps(done: Finished, name: str, kind: str = "appointment") -> dict[str, bool]:
    return {step["name"]: step["succeeded"] for step in trip(done, name, kind)["steps"]}


def journals(folder: Path) -> list[Path]:
    """Return the journals among the state of runs in ``folder``."""
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


def killed_while_held(simulator: Simulator, folder: Path, *arguments: str, book: str = "--flowscape-book") -> None:
    """Start a run that books, and kill it with everything it started as soon as the simulator keeps an answer back."""
    with (folder / "killed.txt").open("w") as out:
        process = _started(simulator, folder, [book, *arguments], environment(folder), out)
        try:
            simulator.wait_held(LIMIT)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # the run and its workers, a session of their own
            process.wait(LIMIT)


def run_killed(simulator: Simulator, folder: Path, *arguments: str, book: str, python_path: Path) -> int:
    """Run what books and kills itself; give how it ended."""
    with (folder / "killed.txt").open("w") as out:
        env = environment(folder) | {"PYTHONPATH": str(python_path)}
        return _started(simulator, folder, [book, *arguments], env, out).wait(LIMIT)


def _started(
    simulator: Simulator, folder: Path, arguments: Sequence[str], env: dict[str, str], out: IO[str]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", f"--flowscape-config={simulator.site}"]
    command += [f"--flowscape-report={folder / 'killed'}", "-p", "no:cacheprovider", *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
