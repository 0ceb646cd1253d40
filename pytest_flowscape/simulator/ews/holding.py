"""Answers that are kept back: whoever waits for one is told, and they go out when they are released."""

from __future__ import annotations

from collections.abc import Callable


class Holding:
    """The answers kept back at this moment, and who waits until there is one."""

    def __init__(self) -> None:
        self._held: list[Callable[[], None]] = []
        self._waiting: list[Callable[[], None]] = []

    @property
    def count(self) -> int:
        """How many answers are kept back."""
        return len(self._held)

    def hold(self, send: Callable[[], None]) -> None:
        """Keep an answer back; ``send`` sends it. Everybody who waits is told."""
        self._held.append(send)
        waiting, self._waiting = self._waiting, []
        for tell in waiting:
            tell()

    def when_held(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` as soon as an answer is kept back: at once, where one is."""
        if self._held:
            tell()
        else:
            self._waiting.append(tell)

    def release(self) -> int:
        """Send every answer kept back, and tell how many there were."""
        held, self._held = self._held, []
        for send in held:
            send()
        return len(held)

    def discard(self, send: Callable[[], None]) -> None:
        """Forget an answer whose client has gone."""
        if send in self._held:
            self._held.remove(send)

    def clear(self) -> None:
        """Forget every answer without sending it: the connections are dropped."""
        self._held.clear()
