"""What is measured: runs of the product, and beside them a plain exchangelib suite, each a row of the table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

PRODUCT, PLAIN = "flowscape", "plain"
MAX = 8  # connections; also the workers of the plain suite, which has one connection in each


@dataclass(frozen=True)
class Case:
    """One run: how many rooms, the server's latency in milliseconds, connections and worker processes (0: none)."""

    suite: str
    rooms: int
    latency: int
    connections: int
    workers: int

    @property
    def times(self) -> int:
        """How often it is run: the speed of a machine that others use changes from one minute to the next."""
        return 5 if (self.rooms, self.latency, self.connections) == (1000, 30, MAX) else 1

    @property
    def name(self) -> str:
        """What ``--only`` selects by."""
        return f"{self.suite}-{self.rooms}-{self.latency}ms-c{self.connections}-n{self.workers}"


@dataclass(frozen=True)
class Row:
    """What one run took. Memory in MiB, 0 where the system does not say; ``requests`` are those to EWS, signed in.

    Of several runs it is the fastest; ``walls`` are the seconds of them all, in their order.
    """

    case: Case
    wall: float
    cpu: float
    memory: float
    worker_memory: float
    requests: int
    per_room: float
    in_flight: int
    sessions: int
    throttled: int
    exit_code: int
    walls: tuple[float, ...] = ()

    @property
    def floor(self) -> float:
        """The least time in which so many requests can be answered, in seconds."""
        connections = self.case.connections if self.case.suite == PRODUCT else max(1, self.case.workers)
        return self.requests * self.case.latency / 1000 / connections

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Row:
        return Row(**{**data, "case": Case(**data["case"]), "walls": tuple(data.get("walls", ()))})


def all_cases() -> list[Case]:
    """Return every case, by number of rooms, so that each simulated site is built once."""
    sizes = [(100, 30), (1000, 0), (1000, 30), (1000, 100), (5000, 30)]
    ours = [
        Case(PRODUCT, rooms, latency, connections, workers)
        for rooms, latency in sizes
        for connections in (4, MAX)
        for workers in (0, 2)
    ]
    ours += [Case(PRODUCT, 10_000, 30, connections, 0) for connections in (4, MAX)]
    plain = [Case(PLAIN, 1000, 30, max(1, workers), workers) for workers in (MAX, 0)]
    return sorted([*ours, *plain], key=lambda case: case.rooms)
