"""Hard sites as the network and Exchange show them: ways to sign in, front ends, certificates, scopes, caches."""

from __future__ import annotations

from pytest_flowscape.simulator.scenarios import Builder, Scenario, SiteFileChanges, ready

FEW = 4  # rooms, where no number is asked for
MOVING_ROOM, MOVING_USER = "atlas@demo.test", "anna.lind@demo.test"
EXCLUSIVE_USER = "joerg.maeder@demo.test"
WAITING_ROOM = "bergen@demo.test"
OFF_DUTY = "EX09"  # a front end that the customer names and no balancer chooses


def _site(name: str, rooms: int | None, password: str) -> Scenario:
    scenario = ready.build(FEW if rooms is None else rooms, password)
    scenario.name = name
    return scenario


def _with(name: str, *conditions: str, **exchange: str) -> Builder:
    """Return a site that differs from ``ready`` by these conditions, and by these keys of ``[exchange]``, alone."""

    def build(rooms: int | None, password: str) -> Scenario:
        scenario = _site(name, rooms, password)
        scenario.conditions = conditions
        changes: SiteFileChanges = {"exchange": exchange} if exchange else {}
        scenario.site_file = changes
        return scenario

    return build


def _nobody_has_opened_yet(rooms: int | None, password: str) -> Scenario:
    """Create the rooms this morning: no mailbox of theirs has folders before its owner opens it."""
    scenario = _site("never-opened", rooms, password)
    scenario.conditions = tuple(f"never-opened:{room}" for room in scenario.rooms)
    return scenario


_BUILDERS: tuple[tuple[str, Builder], ...] = (
    ("moving-mailbox", _with("moving-mailbox", f"moving:{MOVING_ROOM}", f"moving:{MOVING_USER}")),
    ("never-opened", _nobody_has_opened_yet),
    ("negotiate-only", _with("negotiate-only", "negotiate-only")),
    ("extended-protection", _with("extended-protection", "tls-bridged")),
    ("ntlm-blocked", _with("ntlm-blocked", "ntlm-refused")),
    ("ntlm-blocked-alone", _with("ntlm-blocked-alone", "ntlm-refused", "no-basic")),
    ("balancer-mixes", _with("balancer-mixes", "balancer")),
    ("balancer-mixes-once", _with("balancer-mixes-once", "balancer-once")),
    ("bad-front-end", _with("bad-front-end", "bad-front-end")),
    ("front-end-restarts", _with("front-end-restarts", "front-end-restarts")),
    ("many-front-ends", _with("many-front-ends", "many-front-ends", front_ends=f"\n    EX01\n    {OFF_DUTY}")),
    ("dead-ipv6", _with("dead-ipv6", "ipv4-only")),
    ("no-intermediate", _with("no-intermediate", "tls-no-intermediate")),
    ("exclusive-scope", _with("exclusive-scope", f"exclusive-scope:{EXCLUSIVE_USER}")),
    ("role-without-account", _with("role-without-account", "IMPERSONATION-3")),
    ("unscoped-role", _with("unscoped-role", "unscoped")),
    ("canary-refused", _with("canary-refused")),
    ("canary-missing", _with("canary-missing", "out-of-scope-missing")),
    ("fresh-grant", _with("fresh-grant", f"fresh-grant:{WAITING_ROOM}")),
)
SITES: dict[str, Builder] = dict(_BUILDERS)
