"""Wait for mail politely: look at once, then less and less often, until a limit."""

from __future__ import annotations

import time
from collections.abc import Iterator

from pytest_flowscape.probes.network import Deadline

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
LONGEST = 15.0


def looks(seconds: float) -> Iterator[int]:
    """Give the number of each look, pausing before all but the first; the last one is at the limit of ``seconds``."""
    deadline = Deadline(seconds)
    yield 0
    number = 0
    while (left := deadline.left()) > 0:
        time.sleep(min(left, PAUSES[number] if number < len(PAUSES) else LONGEST))
        number += 1
        yield number
