"""Hard sites as the network and Exchange show them: ways to sign in, front ends, certificates, scopes, caches."""

from __future__ import annotations

from pytest_flowscape.simulator.scenarios import Builder, Scenario
from pytest_flowscape.simulator.scenarios.variant import variant

MOVING_ROOM, MOVING_USER = "atlas@demo.test", "anna.lind@demo.test"
EXCLUSIVE_USER = "joerg.maeder@demo.test"
WAITING_ROOM = "bergen@demo.test"
OFF_DUTY = "EX09"  # a front end that the customer names and no balancer chooses


def _create_this_morning(scenario: Scenario) -> None:
    """Leave every room's mailbox without folders until its owner opens it."""
    scenario.conditions = tuple(f"never-opened:{room}" for room in scenario.rooms)


SITES: dict[str, Builder] = dict(
    (
        variant("moving-mailbox", f"moving:{MOVING_ROOM}", f"moving:{MOVING_USER}"),
        variant("never-opened", change=_create_this_morning),
        variant("negotiate-only", "negotiate-only"),
        variant("extended-protection", "tls-bridged"),
        variant("ntlm-blocked", "ntlm-refused"),
        variant("ntlm-blocked-alone", "ntlm-refused", "no-basic"),
        variant("balancer-mixes", "balancer"),
        variant("balancer-mixes-once", "balancer-once"),
        variant("bad-front-end", "bad-front-end"),
        variant("front-end-restarts", "front-end-restarts"),
        variant(
            "many-front-ends", "many-front-ends", site_file={"exchange": {"front_ends": f"\n    EX01\n    {OFF_DUTY}"}}
        ),
        variant("dead-ipv6", "ipv4-only"),
        variant("no-intermediate", "tls-no-intermediate"),
        variant("exclusive-scope", f"exclusive-scope:{EXCLUSIVE_USER}"),
        variant("role-without-account", "IMPERSONATION-3"),
        variant("unscoped-role", "unscoped"),
        variant("canary-refused"),
        variant("canary-missing", "out-of-scope-missing"),
        variant("fresh-grant", f"fresh-grant:{WAITING_ROOM}"),
    )
)
