"""Count what became of each combination of fault, point and number of times, and show it at the end of a run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

PROPERTY = "fault combination"
ALL = "FLOWSCAPE_ALL_FAULTS"
SAME, LEFT, FAILS = "same", "not measured", "failed as stated"
RESULTS = (SAME, LEFT, FAILS)
TIMES = ("once", "three times", "for ever")


def all_faults() -> bool:
    """Whether every combination is asked for, and not only what always runs."""
    return bool(os.environ.get(ALL))


def rows(tried: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Return a table: for each point, how many combinations had which result."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for point, times, result in tried:
        counts.setdefault(point, Counter())[times, result] += 1
    yield f"| point of the run | {' | '.join(TIMES)} |"
    yield "|---" * (len(TIMES) + 1) + "|"
    for point, found in counts.items():
        cells = (" / ".join(str(found[times, result]) for result in RESULTS) for times in TIMES)
        yield f"| {point} | {' | '.join(cells)} |"


def combinations(terminalreporter: Any) -> list[tuple[str, str, str]]:
    """Return the combinations of the tests that passed, in the order in which they are reported."""
    reports = terminalreporter.stats.get("passed", [])
    return [tuple(value) for report in reports for name, value in report.user_properties if name == PROPERTY]
