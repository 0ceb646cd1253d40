"""Hard sites as the network and Exchange show them: ways to sign in, front ends, certificates, scopes, caches."""

from __future__ import annotations

from pytest_flowscape.simulator.scenarios import Builder, Scenario, ready

FEW = 4  # rooms, where nobody says how many


def _site(name: str, rooms: int | None, password: str) -> Scenario:
    scenario = ready.build(FEW if rooms is None else rooms, password)
    scenario.name = name
    return scenario


def _with(*conditions: str) -> Builder:
    """Make a site that differs from ``ready`` by these conditions alone."""

    def build(rooms: int | None, password: str) -> Scenario:
        scenario = _site(conditions[0].partition(":")[0], rooms, password)
        scenario.conditions = conditions
        return scenario

    return build


SITES: dict[str, Builder] = {"negotiate-only": _with("negotiate-only")}
