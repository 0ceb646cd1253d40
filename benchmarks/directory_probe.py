"""Time and memory of the directory probe, for a few and for thousands of rooms.

    python -m benchmarks.directory_probe [--rooms 3000] [--simulator]

Asks a real directory where Samba can run (as root), else the simulated one.
Each row is one sign-in and everything that a run asks, in a process of its own:
``seconds`` of waiting and working, ``CPU`` of this side alone, ``peak`` of what
Python allocates for it, and how much the whole process grew.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_flowscape.judging.catalogue import judged_per
from pytest_flowscape.simulator.scenarios import load
from pytest_flowscape.site.model import Directory, DirectoryServer
from pytest_flowscape.site.reading import load_site
from tests.real_ad import contents, views
from tests.real_ad.administrator import Administrator
from tests.real_ad.room_cases import add_rooms, rooms_of
from tests.real_ad.samba import DNS, DomainController, missing
from tests.simulator.harness import Simulator

USERNAME = f"svc-flowscape@{DNS}"
PASSWORD = "Benchmark-Horse-7"
MIN = 24


@dataclass(frozen=True)
class Target:
    """A directory to ask: server, certificate authority, the service account's password."""

    kind: str
    host: str
    port: int
    ca: str
    password: str

    def ask(self, rooms: int) -> dict[str, float]:
        """Ask everything about so many rooms, twice: once for the time, once for the memory."""
        addresses = [account.mail for account in rooms_of(load("ready", rooms=rooms, password="unused").organisation)]
        directory = Directory((DirectoryServer(self.host, self.port),), contents.BASE, ca_file=Path(self.ca))

        def view() -> int:
            found = views.view(directory, USERNAME, self.password, email=USERNAME, rooms=addresses)
            assert all(len(holders.by_proxy) == 1 for holders in found.rooms.values())
            return found.searches

        views.view(directory, USERNAME, self.password, email=USERNAME)  # imports, and the server's own first search
        before = _resident()
        began, worked = time.perf_counter(), time.process_time()
        searches = view()
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        grown = _resident() - before
        tracemalloc.start()
        view()
        peak = tracemalloc.get_traced_memory()[1]
        return {"searches": searches, "seconds": seconds, "cpu": cpu, "peak": peak / 2**20, "grown": grown / 2**10}


def _resident() -> float:
    """Return the process's greatest size so far in KiB, 0 where the system does not say."""
    try:
        import resource  # noqa: PLC0415  not on Windows
    except ImportError:
        return 0.0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1024 if sys.platform == "darwin" else size


@contextlib.contextmanager
def simulated(folder: Path, rooms: int) -> Iterator[Target]:
    """Serve the simulated directory with so many rooms."""
    with Simulator(folder, rooms=rooms, timeout=120) as running:
        directory = load_site(running.site, judged_per()).directory
        assert directory is not None
        assert directory.ca_file is not None
        server = directory.servers[0]
        yield Target("simulated", server.host, server.port, str(directory.ca_file), running.password)


@contextlib.contextmanager
def real(folder: Path, rooms: int) -> Iterator[Target]:
    """Serve a real directory with so many rooms."""
    controller = DomainController(folder.resolve() / "domain")
    controller.provision()
    controller.start()
    try:
        user = f"Administrator@{DNS}"
        with Administrator(controller.address, controller.ca, user, controller.administrator_password) as administrator:
            contents.add_exchange(administrator)
            contents.populate(administrator, MIN, PASSWORD)
            add_rooms(administrator, rooms_of(load("ready", rooms=rooms, password="unused").organisation))
        yield Target("Samba", controller.address, 636, str(controller.ca), PASSWORD)
    finally:
        controller.stop()


def measure(target: Target, rooms: int) -> dict[str, float]:
    """Measure in a fresh process, so that one row does not pay for another."""
    command = [sys.executable, "-m", "benchmarks.directory_probe", "--ask", str(rooms)]
    target_json = json.dumps(vars(target))
    done = subprocess.run(command, input=target_json, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rooms", type=int, default=3000, help="the most rooms asked (default 3000)")
    parser.add_argument("--simulator", action="store_true", help="ask the simulated directory although Samba can run")
    parser.add_argument("--ask", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        print(json.dumps(Target(**json.load(sys.stdin)).ask(options.ask)))
        return
    reason = "asked for" if options.simulator else missing()
    serve = simulated if reason else real
    if reason:
        print(f"The simulated directory is asked: {reason}.")
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder), options.rooms) as target:
        print(
            f"{'directory':<10}{'rooms':>7}{'searches':>10}{'seconds':>9}{'CPU s':>8}{'peak MiB':>10}{'grown MiB':>11}"
        )
        for rooms in sorted({min(MIN, options.rooms), min(300, options.rooms), options.rooms}):
            row = measure(target, rooms)
            print(
                f"{target.kind:<10}{rooms:>7}{row['searches']:>10.0f}{row['seconds']:>9.2f}{row['cpu']:>8.2f}"
                f"{row['peak']:>10.1f}{row['grown']:>11.1f}"
            )


if __name__ == "__main__":
    main()
