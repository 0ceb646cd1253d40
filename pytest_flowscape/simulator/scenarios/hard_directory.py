"""Hard sites as the directory shows them: forests, addresses, attributes that are hidden or half empty."""

from __future__ import annotations

from pytest_flowscape.simulator.scenarios import Builder, Scenario, ready

FEW = 4  # rooms, where nobody says how many


def _site(name: str, rooms: int | None, password: str) -> Scenario:
    scenario = ready.build(FEW if rooms is None else rooms, password)
    scenario.name = name
    return scenario


def _x500_and_sip(rooms: int | None, password: str) -> Scenario:
    """Rooms whose proxyAddresses hold much that is no SMTP address."""
    scenario = _site("x500-and-sip", rooms, password)
    for number, address in enumerate(scenario.rooms):
        owner = scenario.organisation.accounts[scenario.organisation.mailboxes[address].owner_sid]
        owner.proxy_addresses += [f"SIP:{address}", f"x400:C=SE;A= ;P=Demo;O=Exchange;S=Room{number};"]
    return scenario


SITES: dict[str, Builder] = {"x500-and-sip": _x500_and_sip}
