"""Named sites: what the organisation looks like, and what is in its site file.

``ready`` and ``typical`` are for people; the *hard sites* (``hard_directory``,
``hard_exchange``) are the ones that make tools go wrong.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from pytest_flowscape.simulator.model import Organisation

FOR_PEOPLE = ("ready", "typical")
HARD = ("hard_directory", "hard_exchange")
# section -> key -> value; None in place of a value or of a section leaves it out
SiteFileChanges = Mapping[str, Mapping[str, str | None] | None]


@dataclass
class Scenario:
    """An organisation and the values that its customer handed over in the site file.

    ``conditions`` are faults and conditions, ``NAME`` or ``NAME:TARGET``,
    planted at the start and after every reset. ``site_file`` changes what is
    written; its values may hold ``{ews_port}``, ``{ldaps_port}``,
    ``{ldap_port}``, ``{gc_port}``, ``{child_port}`` and ``{folder}``.
    """

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
    conditions: tuple[str, ...] = ()
    site_file: SiteFileChanges = field(default_factory=dict)

    @property
    def expected(self) -> int:
        """Return the number of rooms that the customer ordered."""
        return len(self.rooms)


Builder = Callable[[int | None, str], Scenario]


@cache
def builders() -> Mapping[str, Builder]:
    """Return what builds each scenario, from its number of rooms (None: its own) and the password, by name."""
    package = "pytest_flowscape.simulator.scenarios"
    found: dict[str, Builder] = {}
    for name in FOR_PEOPLE:
        found[name] = importlib.import_module(f"{package}.{name}").build
    for module in HARD:
        found.update(importlib.import_module(f"{package}.{module}").SITES)
    return found


def load(name: str, *, rooms: int | None = None, password: str) -> Scenario:
    """Build a scenario, with its own number of rooms or this one. Raises ValueError for a wrong number or name."""
    build = builders().get(name)
    if build is None:
        raise ValueError(f"there is no scenario {name}; there are {', '.join(builders())}")
    return build(rooms, password)
