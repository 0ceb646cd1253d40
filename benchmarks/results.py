"""The rows as text: a table, what they show, and a plot of cost against rooms, for RESULTS.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from statistics import median

from benchmarks.cases import MAX, PLAIN, PRODUCT, Case, Row

COLUMNS = (
    "suite", "rooms", "latency", "connections", "processes", "seconds", "CPU s", "x floor", "against plain",
    "requests", "per room", "in flight", "mailboxes open", "MiB", "MiB worker", "throttled",
)  # fmt: skip
WIDTH = 60


def document(rows: Iterable[Row], speed: float) -> str:
    """Return RESULTS.md."""
    found = {row.case: row for row in rows}
    python = ".".join(platform.python_version_tuple()[:2])
    return "\n".join(
        [
            "# What a run costs",
            "",
            "Made by `python -m benchmarks`; do not edit. The server is the simulator in a process of its own on the",
            "same machine, with its limits on: 10 requests at a time, 16 store sessions, each 20 ms beyond its answer.",
            f"{os.cpu_count()} cores, Python {python}. Times are from the start of the process to its end, the HTML",
            "page included. *Floor* is requests x latency / connections: nobody can be faster. *Against plain* is how",
            f"many times as long a plain exchangelib suite takes with `-n {MAX}` for the same rooms and latency.",
            f"What is compared with it (1,000 rooms, 30 ms, {MAX} connections) is run several times, in turn for both",
            "suites, as the speed of the machine changes by a third from one minute to the next. The table has the",
            "fastest of them; what is promised is compared round by round as well, of which the median is shown.",
            "*Mailboxes open* is the most store sessions that the server had open, *in flight* the most requests.",
            "",
            f"The simulator itself answers {speed:,.0f} requests a second over TLS, asked by another process.",
            "",
            *table(found),
            "",
            "```text",
            *plot(found),
            "```",
            "",
            *promises(found),
            "",
        ]
    )


def table(found: Mapping[Case, Row]) -> list[str]:
    plain = next((row for case, row in found.items() if case.suite == PLAIN and case.workers == MAX), None)
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for case in sorted(found, key=lambda c: (c.suite, c.rooms, c.latency, c.connections, c.workers)):
        row = found[case]
        comparable = plain is not None and (case.rooms, case.latency) == (plain.case.rooms, plain.case.latency)
        cells = (
            case.suite, case.rooms, f"{case.latency} ms", case.connections, case.workers or 1, f"{row.wall:.1f}",
            f"{row.cpu:.1f}", f"{row.wall / row.floor:.2f}" if row.floor else "-",
            f"{plain.wall / row.wall:.1f}" if comparable and plain else "-", row.requests, f"{row.per_room:.2f}",
            row.in_flight, row.sessions, f"{row.memory:.0f}", f"{row.worker_memory:.0f}" if case.workers else "-",
            row.throttled,
        )  # fmt: skip
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return lines


def plot(found: Mapping[Case, Row]) -> list[str]:
    """Draw seconds against rooms at 30 ms, one process, both budgets; ``#`` is the floor within."""
    lines = ["seconds at 30 ms, one process (# floor, - the rest)"]
    shown = [row for case, row in found.items() if (case.suite, case.latency, case.workers) == (PRODUCT, 30, 0)]
    longest = max((row.wall for row in shown), default=1.0)
    for row in sorted(shown, key=lambda row: (row.case.connections, row.case.rooms)):
        length, floor = (round(WIDTH * seconds / longest) for seconds in (row.wall, row.floor))
        bar = "#" * floor + "-" * max(0, length - floor)
        each = 1000 * row.wall / row.case.rooms
        name = f"{row.case.connections} connections, {row.case.rooms:>6} rooms"
        lines.append(f"{name} |{bar:<{WIDTH}} {row.wall:6.1f} s, {each:5.1f} ms a room")
    return lines


def promises(found: Mapping[Case, Row]) -> list[str]:
    """Set what was promised against what was measured, where its rows are there."""
    best = found.get(Case(PRODUCT, 1000, 30, MAX, 0))
    large = found.get(Case(PRODUCT, 5000, 30, MAX, 0))
    plain = found.get(Case(PLAIN, 1000, 30, MAX, MAX))
    lines = ["| promised | at most | measured |", "|---|---|---|"]
    if best:
        lines.append(f"| 1,000 rooms, 30 ms, {MAX} connections: times the floor | 1.6 | {best.wall / best.floor:.2f} |")
        lines.append(f"| requests a room | 2.5 | {best.per_room:.2f} |")
    if best and plain:
        name = f"of the time of the plain suite with -n {MAX}"
        rounds = sorted(ours / theirs for ours, theirs in zip(best.walls, plain.walls, strict=False))
        if rounds:
            text = f"{median(rounds):.3f} ({rounds[0]:.3f} to {rounds[-1]:.3f})"
            lines.append(f"| {name}: median of {len(rounds)} rounds | 0.286 | {text} |")
        lines.append(f"| {name}: fastest against fastest | 0.286 | {best.wall / plain.wall:.3f} |")
    if best and large:
        lines.append(f"| 5,000 rooms: times the time of 1,000 | 5.5 | {large.wall / best.wall:.2f} |")
    if large:
        lines.append(f"| 5,000 rooms: MiB in the controller | 400 | {large.memory:.0f} |")
    for connections in (4, MAX):
        largest = found.get(Case(PRODUCT, 10_000, 30, connections, 0))
        if largest:
            times, memory = largest.wall / largest.floor, largest.memory
            lines.append(f"| 10,000 rooms, 30 ms, {connections} connections: times the floor | 1.35 | {times:.2f} |")
            lines.append(f"| 10,000 rooms, {connections} connections: MiB | 700 | {memory:.0f} |")
    for latency, most in ((30, 1.6), (100, 1.15)):
        for connections in (4, MAX):
            serial = found.get(Case(PRODUCT, 1000, latency, connections, 0))
            two = found.get(Case(PRODUCT, 1000, latency, connections, 2))
            if serial and two:
                name = f"`-n 2` at {latency} ms, {connections} connections: times the time of one process"
                lines.append(f"| {name} | {most} | {two.wall / serial.wall:.2f} |")
    return lines
