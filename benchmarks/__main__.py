"""What a run costs, against the floor and against a plain exchangelib suite.

    python -m benchmarks [--only PART] [--list]

Runs every case (or those whose name holds PART; repeatable) against the
simulator, keeps the rows in rows.json, and writes RESULTS.md from all that are
kept. Takes half an hour on two cores that do nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import plain_suite, processes, results
from benchmarks.cases import PLAIN, Case, Row, all_cases
from pytest_flowscape.judging.catalogue import judged_per
from pytest_flowscape.site.reading import load_site
from tests.simulator.harness import SCHEMA_VARIABLE, Simulator

HERE = Path(__file__).parent
KEPT = HERE / "rows.json"
SPEED_SECONDS = 5
OTHERS = ("hypothesispytest", "playwright", "base_url", "timeout", "anyio")


@contextlib.contextmanager
def simulated(folder: Path, rooms: int) -> Iterator[Simulator]:
    """Serve a site of so many rooms; nothing is held against the schema, which would take longer than the answers."""
    os.environ.pop(SCHEMA_VARIABLE, None)
    with Simulator(folder, rooms=rooms, timeout=60) as running:
        yield running


def measure(case: Case, running: Simulator, folder: Path) -> Row:
    """Run one case."""
    running.reset()
    running.plant("limits", f"latency:{case.latency}")
    folder.mkdir()
    taken = processes.run(_command(case, running, folder), cwd=folder, env=_environment(running, folder))
    if taken.code:
        print(taken.output[-3000:], file=sys.stderr)
    seen = running.counters()
    rooms = {room.email for room in load_site(running.site, judged_per()).rooms}
    named = sum(1 for entry in running.log() if rooms.intersection(entry.get("mailboxes", ())))
    return Row(
        case,
        wall=taken.wall,
        cpu=taken.cpu,
        memory=taken.memory,
        worker_memory=taken.child_memory,
        requests=seen.get("ews.requests", 0),
        per_room=named / case.rooms,
        in_flight=seen.get("ews.max_in_flight", 0),
        sessions=seen.get("ews.max_store_sessions", 0),
        throttled=seen.get("ews.over_limit", 0) + seen.get("ews.too_many_sessions", 0),
        exit_code=taken.code,
    )


def _command(case: Case, running: Simulator, folder: Path) -> list[str]:
    # of the plugins of pytest those that a user has
    others = [part for name in ("cacheprovider", *OTHERS) for part in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", *others, "-q"]
    command += ["-n", str(case.workers)] if case.workers else []
    if case.suite == PLAIN:
        path = plain_suite.write(folder, load_site(running.site, judged_per()), running.password)
        return [*command, str(path), "--html=report.html", "--self-contained-html"]
    text = running.site.read_text(encoding="utf-8")
    site = running.folder / f"site-{case.connections}.ini"
    site.write_text(text.replace("[exchange]", f"[exchange]\nmax_connections = {case.connections}"), encoding="utf-8")
    return [*command, f"--flowscape-config={site}", "--flowscape-report=report"]


def _environment(running: Simulator, folder: Path) -> dict[str, str]:
    # nor compiled again at each start, as modules are where Python was told to leave nothing behind
    ours = ("PYTEST_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    mine = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return mine | {"XDG_STATE_HOME": str(folder / "state"), "REQUESTS_CA_BUNDLE": str(running.ca)}


def speed(running: Simulator) -> float:
    """Return the requests a second that the simulator can answer."""
    running.reset()
    site = load_site(running.site, judged_per())
    url = f"https://{site.exchange.hostname}:{site.exchange.port}/EWS/Exchange.asmx"
    command = [sys.executable, "-m", "benchmarks.server_speed", url, str(running.ca), site.service_account.username]
    command += [site.rooms[0].email, str(SPEED_SECONDS)]
    done = subprocess.run(command, input=running.password, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return float(found["requests"] / found["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="cases whose name holds this")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    options = parser.parse_args()
    cases = [case for case in all_cases() if not options.only or any(part in case.name for part in options.only)]
    if options.list:
        print("\n".join(case.name for case in cases))
        return
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {"speed": 0, "rows": []}
    rows = {row.case: row for row in map(Row.from_json, kept["rows"])}
    per_second = float(kept["speed"])
    with tempfile.TemporaryDirectory() as scratch:
        for rooms in sorted({case.rooms for case in cases}):
            with simulated(Path(scratch) / f"site-{rooms}", rooms) as running:
                per_second = speed(running)
                runs: dict[Case, list[Row]] = {}
                here = [case for case in cases if case.rooms == rooms]
                # in turn, so that all that is compared meets the same moods of the machine
                turns = [case for at in range(max(case.times for case in here)) for case in here if at < case.times]
                for case in turns:
                    folder = Path(scratch) / f"{case.name}-{len(runs.get(case, ()))}"
                    runs.setdefault(case, []).append(measure(case, running, folder))
                    row = min(runs[case], key=lambda run: run.wall)
                    row = rows[case] = replace(row, walls=tuple(run.wall for run in runs[case]))
                    ratio = f", {row.wall / row.floor:.2f} x floor" if row.floor else ""
                    print(
                        f"{case.name}: {runs[case][-1].wall:.1f} s, best {row.wall:.1f} s{ratio}, CPU {row.cpu:.1f} s, "
                        f"exit {row.exit_code}",
                        flush=True,
                    )
                    _keep(rows, per_second)
    print(results.document(rows.values(), per_second))


def _keep(rows: dict[Case, Row], per_second: float) -> None:
    kept = {"speed": per_second, "rows": [row.as_json() for row in rows.values()]}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (HERE / "RESULTS.md").write_text(results.document(rows.values(), per_second), encoding="utf-8")


if __name__ == "__main__":
    main()
