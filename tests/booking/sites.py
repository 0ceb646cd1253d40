"""Runs that book on the simulated site, and what they leave there."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from tests.acceptance import Finished, accept, call, without_pytest
from tests.hard_sites.counts import assert_counts
from tests.simulator.harness import Simulator

ROOMS = ("atlas", "aurora", "bergen", "zuerich", "aare", "loft")
INVITED = ("atlas", "aurora")  # those that [booking] lists
WRITES = ("CreateItem", "UpdateItem", "DeleteItem")
LIMIT = 60.0
ATLAS = "atlas@demo.test"
ONE = f"--flowscape-room={ATLAS}"


def room(name: str) -> str:
    return f"{name}@demo.test"


def book(simulator: Simulator, folder: Path, *arguments: str, site: Path | None = None, **more: Any) -> Finished:
    """Run the acceptance with --flowscape-book."""
    return accept(site or simulator.site, "--flowscape-book", *arguments, cwd=folder, **more)


def meet(simulator: Simulator, folder: Path, *arguments: str, site: Path | None = None, **more: Any) -> Finished:
    """Run the acceptance with --flowscape-book=meeting; only atlas and aurora may be invited."""
    return accept(site or simulator.site, "--flowscape-book=meeting", *arguments, cwd=folder, **more)


def run_in_atlas(
    run: Callable[..., Finished], simulator: Simulator, folder: Path, condition: str, *, journalled: bool = False
) -> Finished:
    """Book or meet in atlas alone under a condition; assert that everything is put back, and counted as it was sent."""
    before = simulator.items()
    simulator.plant(condition)
    done = run(simulator, folder, ONE)
    assert_counts(simulator, done, None)
    assert_put_back(simulator, folder, before, done.output, journalled=journalled)
    return done


def assert_put_back(
    simulator: Simulator, folder: Path, before: list[dict[str, Any]], output: str, *, journalled: bool = False
) -> None:
    """Assert that nothing of a booking is there or still comes; ``journalled``: but a journal keeps something."""
    assert simulator.deliver() == 0, output
    assert simulator.items() == before, output
    assert bool(journals(folder)) == journalled, output


def site_with(simulator: Simulator, **booking: str) -> Path:
    """Write a site file whose [booking] section has these values instead."""
    return _changed(simulator, lambda site: site["booking"].update(booking))


def site_without(simulator: Simulator, section: str) -> Path:
    """Write a site file that lacks a section."""
    return _changed(simulator, lambda site: site.remove_section(section))


def _changed(simulator: Simulator, change: Callable[[configparser.ConfigParser], object]) -> Path:
    site = configparser.ConfigParser(interpolation=None)
    site.read(simulator.site, encoding="utf-8")
    change(site)
    path = simulator.site.with_name("changed.ini")
    with path.open("w", encoding="utf-8") as file:
        site.write(file)
    return path


def trip(done: Finished, name: str, kind: str = "appointment") -> dict[str, Any]:
    """Return one room's round trip out of results.json."""
    trips = done.results["bookings"]["trips"]
    (found,) = (one for one in trips if (one["room"], one["kind"]) == (room(name), kind))
    return dict(found)


def steps(done: Finished, name: str, kind: str = "appointment") -> dict[str, bool]:
    return {step["name"]: step["succeeded"] for step in trip(done, name, kind)["steps"]}


def failed_steps(done: Finished, name: str, kind: str = "appointment") -> list[str]:
    return [step for step, succeeded in steps(done, name, kind).items() if not succeeded]


def journals(folder: Path) -> list[Path]:
    """Return the journals among the state of runs in ``folder``."""
    return sorted((folder / "state").rglob("*.journal"))


def environment(folder: Path) -> dict[str, str]:
    return without_pytest() | {"XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "100"}


def sweep(simulator: Simulator, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run --flowscape-sweep."""
    command = [sys.executable, "-m", "pytest", f"--flowscape-config={simulator.site}", "--flowscape-sweep"]
    return call(command, cwd=folder, env=environment(folder), timeout=LIMIT)


def kill_while_held(
    simulator: Simulator, folder: Path, condition: str, *arguments: str, book: str = "--flowscape-book"
) -> None:
    """Start a run that books, and kill it with its workers when the condition makes the simulator hold an answer."""
    simulator.plant(condition)
    with (folder / "killed.txt").open("w") as out:
        process = _start(simulator, folder, [book, *arguments], environment(folder), out)
        try:
            simulator.wait_held(LIMIT)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # the run and its workers, a session of their own
            process.wait(LIMIT)
    simulator.release()


def run_killed(simulator: Simulator, folder: Path, *arguments: str, book: str, python_path: Path) -> int:
    """Run what books and kills itself; return its exit code."""
    with (folder / "killed.txt").open("w") as out:
        env = environment(folder) | {"PYTHONPATH": str(python_path)}
        return _start(simulator, folder, [book, *arguments], env, out).wait(LIMIT)


def _start(
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
