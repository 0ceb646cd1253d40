"""Named sites: what the organisation looks like, and what the site file says about it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from pytest_flowscape.simulator.model import Organisation

NAMES = ("ready", "typical")


@dataclass
class Scenario:
    """An organisation and the values that its customer handed over in the site file."""

    name: str
    customer: str
    organisation: Organisation
    username: str
    email: str
    rooms: tuple[str, ...]
    users: tuple[str, ...]
    out_of_scope: str
    password: str
    password_by: str = "one-time link"
    room_details: tuple[tuple[str, str, int], ...] = ()  # name, building, capacity of each room

    @property
    def expected(self) -> int:
        """Give the number of rooms that the customer ordered."""
        return len(self.rooms)


def load(name: str, *, rooms: int | None = None, password: str) -> Scenario:
    """Build a scenario anew, with its own number of rooms or the one given. Raises ValueError for a wrong one."""
    if name not in NAMES:
        raise ValueError(f"there is no scenario {name}; there are {', '.join(NAMES)}")
    module = importlib.import_module(f"pytest_flowscape.simulator.scenarios.{name}")
    scenario: Scenario = module.build(rooms, password)
    return scenario
