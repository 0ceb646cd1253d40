"""Between two tests the processor goes to whoever waits for it, for a small part of the time."""

from __future__ import annotations

import pytest

from pytest_flowscape.hooks import short_path
from pytest_flowscape.hooks.short_path import Courtesy


class Clock:
    """The time, and somebody who takes the processor for so many seconds whenever it is given away."""

    def __init__(self, takes: float) -> None:
        self.now = 0.0
        self.takes = takes
        self.given = 0

    def perf_counter(self) -> float:
        return self.now

    def take(self) -> None:
        self.now += self.takes
        self.given += 1


@pytest.mark.parametrize(
    ("takes", "often"),
    [(0.0, 1000), (0.0001, 1000), (0.003, range(60, 80)), (1.0, range(1, 3))],
    ids=["nobody waits", "a short while", "a time slice each", "for ever"],
)
def test_it_costs_a_tenth_of_the_time_at_most(
    monkeypatch: pytest.MonkeyPatch, takes: float, often: int | range
) -> None:
    clock = Clock(takes)
    monkeypatch.setattr(short_path, "time", clock)
    give_way = Courtesy(clock.take)
    for _ in range(1000):
        clock.now += 0.002
        give_way()
    assert clock.given in ([often] if isinstance(often, int) else often)


def test_this_system_has_a_way() -> None:
    Courtesy()()
