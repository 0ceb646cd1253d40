"""Answers that are kept back from the n-th request of one operation on; whoever waits for that is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Send = Callable[[], None]


@dataclass
class HeldAnswers:
    """``left`` requests until answers are kept back; ``keep`` takes what would send one, and tells who waits."""

    left: int
    keep: Callable[[Send], None]

    def due(self) -> bool:
        """Count one request, and tell whether its answer is kept back."""
        self.left -= 1
        return self.left <= 0


def due(held: Mapping[str, HeldAnswers], operation: str) -> HeldAnswers | None:
    """Count one request of an operation; give what keeps its answer back, None where it goes out."""
    trap = held.get(operation.lower())
    return trap if trap is not None and trap.due() else None
