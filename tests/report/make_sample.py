"""Make ``reports/sample/`` anew: ``python -m tests.report.make_sample``, and its picture with ``--picture``.

Two runs on the simulator: one a week before, so that there is something to
say about what changed, and the one that is kept.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance import accept
from tests.report.sample_run import BEGUN, HOST, STARTED, VARIABLE
from tests.simulator.harness import Simulator

REPOSITORY = Path(__file__).parents[2]
SAMPLE = REPOSITORY / "reports" / "sample"
PICTURE = REPOSITORY / "docs" / "sample.png"
KEPT = ("acceptance.html", "results.json", "handover.csv")
RUN_ID = "5f2c0a3e-8d41-4c57-9a6e-2b7c1d90e3f{}"
WIDTH, HEIGHT = 1280, 1000
NEW = "studio@demo.test"  # what broke since the run before
DECIDED = """
[waivers]
IMPERSONATION-2 joerg.maeder@demo.test = A. Admin until 2026-12-31: leaves the company in December
ROOM-2 aurora@demo.test = A. Admin until 2026-11-01: was to be renamed in October
"""


def make(folder: Path) -> None:
    """Write the sample into ``folder``, made anew. Raises AssertionError where the run was not as it must be."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        Simulator(Path(scratch) / "simulator", scenario="typical") as simulator,
    ):
        work = Path(scratch) / "work"
        work.mkdir()
        site = _site(simulator, work)
        simulator.plant("ACCOUNT-6")
        _run(site, simulator, work, STARTED - timedelta(days=7), 0)
        simulator.reset()
        simulator.plant(f"PERMISSION-1:{NEW}")
        changed: Any = _run(site, simulator, work, STARTED, 1)["changes"]
        assert [one["target"] for one in changed["new"]] == [NEW]
        assert [one["requirement"] for one in changed["fixed"]] == ["ACCOUNT-6"]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in KEPT:
            shutil.copyfile(work / "report" / name, folder / name)
        shutil.copytree(work / "report" / "fixes", folder / "fixes")
    for path in (folder, *folder.rglob("*")):  # a run's files are private, the sample is everybody's
        path.chmod(0o755 if path.is_dir() else 0o644)
    page = folder / "acceptance.html"
    text = page.read_text(encoding="utf-8")
    text, count = re.subn(r"(Report generated on )\S+( at )[\d:]+", r"\g<1>20-Nov-2026\g<2>20:31:24", text)
    assert count <= 1
    page.write_text(text, encoding="utf-8")


def _site(simulator: Simulator, work: Path) -> Path:
    text = simulator.site.read_text(encoding="utf-8")
    text, hosts = re.subn(r"(?m)^hostname = localhost:\d+$", f"hostname = {HOST}", text)
    text, servers = re.subn(r"(?m)ldaps://localhost:\d+", f"ldaps://{HOST}", text)
    assert (hosts, servers) == (1, 1)
    path = work / "site.ini"
    path.write_text(text + DECIDED, encoding="utf-8")
    return path


def _run(site: Path, simulator: Simulator, work: Path, begun: datetime, number: int) -> dict[str, object]:
    env = {VARIABLE: json.dumps(simulator.ready), BEGUN: begun.isoformat(), "PYTHONPATH": str(REPOSITORY)}
    arguments = ("-p", "tests.report.sample_run", "-p", "no:xdist", f"--flowscape-run-id={RUN_ID.format(number)}")
    done = accept(site, *arguments, cwd=work, env=env)
    assert (done.code, done.verdict) == (1, "NOT ACCEPTED"), done.output
    return done.results


def picture(page: Path, path: Path) -> None:
    """Take a picture of the first screen in Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            tab.goto(page.as_uri())
            tab.screenshot(path=str(path))
        finally:
            browser.close()


if __name__ == "__main__":
    make(SAMPLE)
    if "--picture" in sys.argv:
        picture(SAMPLE / "acceptance.html", PICTURE)
