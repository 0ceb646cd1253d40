"""Answers that are kept back from the n-th request of one operation on, until they are released."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Send = Callable[[], None]


@dataclass
class AnswerHold:
    """Keeps answers of one operation back after ``left`` requests; ``keep`` takes what would send one."""

    left: int
    keep: Callable[[Send], None]


def hold_for(holds: Mapping[str, AnswerHold], operation: str) -> AnswerHold | None:
    """Count one request of an operation, and return what keeps its answer back; None where it goes out."""
    hold = holds.get(operation.lower())
    if hold is None:
        return None
    hold.left -= 1
    return hold if hold.left <= 0 else None


class AnswerQueue:
    """The answers kept back at this moment, and who waits until there is one."""

    def __init__(self) -> None:
        self._answers: list[Send] = []
        self._waiting: list[Callable[[], None]] = []

    @property
    def count(self) -> int:
        """Return how many answers are kept back."""
        return len(self._answers)

    def keep(self, send: Send) -> None:
        """Keep an answer back, and call everybody who waits for one; ``send`` sends it."""
        self._answers.append(send)
        waiting, self._waiting = self._waiting, []
        for notify in waiting:
            notify()

    def notify_when_kept(self, notify: Callable[[], None]) -> None:
        """Call ``notify`` as soon as an answer is kept back: at once, where one is."""
        if self._answers:
            notify()
        else:
            self._waiting.append(notify)

    def release(self) -> int:
        """Send every answer kept back, and return how many there were."""
        answers, self._answers = self._answers, []
        for send in answers:
            send()
        return len(answers)

    def discard(self, send: Send) -> None:
        """Forget an answer whose client has gone."""
        if send in self._answers:
            self._answers.remove(send)

    def clear(self) -> None:
        """Forget every answer without sending it: the connections are dropped."""
        self._answers.clear()
