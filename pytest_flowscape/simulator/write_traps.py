"""Traps for writes: what happens to the answer of the n-th CreateItem, UpdateItem or DeleteItem from now on.

A connection may be lost in place of an answer, the write having happened or
not; an answer may be held until somebody releases it; and the server may become
busy. Plain values and counting, no protocol.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

WRITES = ("CreateItem", "UpdateItem", "DeleteItem")


class Effect(Enum):
    """What a trap does."""

    BUSY = "busy"  # this request and those after it are asked to wait
    LOST = "lost"  # the write happens, and the connection is closed in place of its answer
    LOST_BEFORE = "lost-before"  # the connection is closed, and the write has not happened
    HELD = "held"  # the write happens, and its answer is kept back until it is released
    HELD_BEFORE = "held-before"  # nothing has happened, and the client waits


@dataclass
class WriteTrap:
    """One trap: ``left`` writes until it springs, of this mailbox (primary address) or, where that is empty, of any.

    ``count`` is, of a BUSY one, how many requests are asked to wait; None for ever.
    """

    effect: Effect
    left: int = 1
    mailbox: str = ""
    count: int | None = None

    @classmethod
    def read(cls, effect: Effect, text: str) -> WriteTrap:
        """Read ``N``, ``NxCOUNT``, and either with ``@MAILBOX`` behind it. Raises KeyError, its text for people."""
        when, _, mailbox = text.partition("@")
        nth, _, count = when.partition("x")
        try:
            left, limit = int(nth), int(count) if count else None
        except ValueError:
            raise KeyError(f"{text} is not N, NxCOUNT or N@MAILBOX") from None
        if left < 1:
            raise KeyError(f"{text}: the first write has the number 1")
        return cls(effect, left, mailbox, limit)


def next_trap(traps: list[WriteTrap], mailboxes: Collection[str]) -> WriteTrap | None:
    """Count one write in these mailboxes, and return the trap that springs; it is taken out of the list."""
    for trap in list(traps):
        if trap.mailbox and trap.mailbox not in mailboxes:
            continue
        trap.left -= 1
        if trap.left == 0:
            traps.remove(trap)
            return trap
    return None
