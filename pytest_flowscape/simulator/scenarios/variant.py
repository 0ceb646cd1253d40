"""Sites that differ from ``ready`` in what they are named for."""

from __future__ import annotations

from collections.abc import Callable

from pytest_flowscape.simulator.scenarios import Builder, Scenario, SiteFileChanges, ready

ROOMS = 4  # where no number is asked for


def variant(
    name: str,
    *conditions: str,
    site_file: SiteFileChanges | None = None,
    change: Callable[[Scenario], None] | None = None,
    min_rooms: int = 0,
) -> tuple[str, Builder]:
    """Return the name and builder of a site: ``ready`` with these conditions, site file lines, and ``change``."""

    def build(rooms: int | None, password: str) -> Scenario:
        scenario = ready.build(ROOMS if rooms is None else max(rooms, min_rooms), password)
        scenario.name = name
        scenario.conditions = conditions
        scenario.site_file = site_file or {}
        if change is not None:
            change(scenario)
        return scenario

    return name, build


def servers(*urls: str) -> SiteFileChanges:
    """Return the change of the site file that names these directory servers."""
    return {"directory": {"servers": "".join(f"\n    {url}" for url in urls)}}
