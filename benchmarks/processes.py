"""Run a command and measure what it took: wall time, CPU and peak memory of itself and of its children."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
OFTEN = 0.1  # seconds between two looks at the children


@dataclass
class Taken:
    """What a command took: seconds, and MiB (0 where the system does not say)."""

    code: int
    output: str
    wall: float
    cpu: float
    memory: float
    child_memory: float


def run(command: list[str], *, cwd: Path, env: dict[str, str]) -> Taken:
    """Run a command to its end. The kernel keeps the peak of each process, so that looking now and then is enough."""
    log = cwd / "output.txt"
    before = os.times()
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        peaks: dict[int, float] = {}
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, ended), daemon=True)
        watcher.start()
        code = process.wait()
        ended.set()
        watcher.join()
    wall = time.perf_counter() - began
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    own = peaks.pop(process.pid, 0.0)
    return Taken(code, log.read_text(encoding="utf-8"), wall, cpu, own, max(peaks.values(), default=0.0))


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a running process, 0 where the system does not say."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _watch(pid: int, peaks: dict[int, float], ended: threading.Event) -> None:
    while not ended.is_set():
        for each in [pid, *_children(pid)]:
            peak = _peak(each)
            if peak:
                peaks[each] = peak
        ended.wait(OFTEN)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for file in PROC.glob(f"{pid}/task/*/children") for child in file.read_text().split()]
    except OSError:  # it has just ended
        return []


def _peak(pid: int) -> float:
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
