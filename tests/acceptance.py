"""Run the product as its users do, in a process of its own, and read what it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_flowscape.judging.catalogue import judged_per, load_requirements, unmeasured_by
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.site.model import Site
from pytest_flowscape.site.reading import load_site

LIMIT = 100.0  # seconds; a run on the simulator takes a few


@dataclass
class Finished:
    """One finished run: exit code, what it printed, and results.json (empty if none was written)."""

    code: int
    output: str
    folder: Path
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return str(self.results.get("verdict", ""))

    @property
    def digest(self) -> str:
        return str(self.results["outcomes_digest"])

    def outcomes(self, *words: str) -> set[tuple[str, str]]:
        """Return the pairs whose outcome is one of ``words``."""
        return {(o["requirement"], o["target"]) for o in self.results["outcomes"] if o["outcome"] in words}

    def outcome(self, requirement: str, target: str = "site") -> dict[str, Any]:
        """Return one pair's outcome."""
        found = [o for o in self.results["outcomes"] if (o["requirement"], o["target"]) == (requirement, target)]
        assert len(found) == 1, found
        return dict(found[0])


def read_site(path: Path) -> Site:
    """Return a site file's content, read as a run reads it."""
    return load_site(path, judged_per())


def left_by(cause: str) -> frozenset[str]:
    """Return the requirements that a row of the table of causes leaves unmeasured."""
    return unmeasured_by(CAUSES[cause], load_requirements())


def call(
    command: list[str], *, cwd: Path, env: dict[str, str], timeout: float = LIMIT
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end without a terminal, and keep its output; ``env`` is its whole environment."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def without_pytest() -> dict[str, str]:
    """Return the environment less what pytest put there for its own."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}


def accept(
    site: Path | str,
    *arguments: str,
    cwd: Path,
    report: Path | None = None,
    env: dict[str, str] | None = None,
    python: str = sys.executable,
) -> Finished:
    """Run ``pytest --flowscape-config=site`` in ``cwd``; a demo where ``site`` begins with ``--``."""
    folder = report or cwd / "report"
    first = site if str(site).startswith("--") else f"--flowscape-config={site}"
    environment = without_pytest()
    # notes on refused sign-ins belong to the test, not to the person who runs it
    environment.update({"XDG_STATE_HOME": str(cwd / "state"), **(env or {}), "COLUMNS": "100"})
    command = [python, "-m", "pytest", str(first), f"--flowscape-report={folder}", "-p", "no:cacheprovider"]
    # hypothesis serves the project's own tests and takes a third of a second to load
    command += ["-p", "no:hypothesispytest", "-o", f"faulthandler_timeout={LIMIT / 2}", *arguments]
    done = call(command, cwd=cwd, env=environment)
    path = folder / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return Finished(done.returncode, done.stdout + done.stderr, folder, results)
