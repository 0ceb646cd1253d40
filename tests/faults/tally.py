"""Count what became of each combination of fault, point and number of times, and show it at the end of a run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

PROPERTY = "fault combination"
ALL = "FLOWSCAPE_ALL_FAULTS"
SAME, LEFT, TOLD = "same", "not measured", "failed as told"
RESULTS = (SAME, LEFT, TOLD)
TIMES = ("once", "three times", "for ever")


def all_faults() -> bool:
    """Whether the full product is asked for, and not only what runs always."""
    return bool(os.environ.get(ALL))


def rows(combinations: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Return a table: for each point, how many combinations gave the same outcomes as without a fault, or which not."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for point, times, became in combinations:
        counts.setdefault(point, Counter())[times, became] += 1
    yield f"| point of the run | {' | '.join(TIMES)} |"
    yield "|---" * (len(TIMES) + 1) + "|"
    for point, found in counts.items():
        cells = (" / ".join(str(found[times, became]) for became in RESULTS) for times in TIMES)
        yield f"| {point} | {' | '.join(cells)} |"


def told(terminalreporter: Any) -> list[tuple[str, str, str]]:
    """Return the combinations of the tests that passed, in the order in which they are reported."""
    reports = terminalreporter.stats.get("passed", [])
    return [tuple(value) for report in reports for name, value in report.user_properties if name == PROPERTY]
