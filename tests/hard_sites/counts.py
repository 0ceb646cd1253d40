"""Compare the footprint of a run, and the plan before it, with what the simulated servers saw."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pytest_flowscape.session.plan_counts import Plan
from tests.acceptance import Finished
from tests.simulator.harness import Simulator

NOBODY = "without credentials"
WRITES = ("CreateItem", "UpdateItem", "DeleteItem")
BY_ITEM_ID = ("UpdateItem", "DeleteItem", "GetItem")  # name no mailbox
LDAP = {"ldap.bind": "bind", "ldap.search": "search", "ldap.starttls": "start TLS"}


def assert_counts(simulator: Simulator, finished: Finished, plan: Plan | None) -> None:
    """Assert that the footprint and, on a healthy site, the plan are what the servers saw.

    The simulator must have been reset before the run. ``plan`` None leaves the
    plan out; if Exchange asked to wait, the plan is the least that was asked.
    """
    log, footprint = ServerLog(simulator), finished.results["footprint"]
    assert_footprint(footprint, log)
    if plan is None:
        return
    if footprint["ews"]["retries"]:
        operations = log.operations()
        assert all(count <= operations[key] for key, count in plan.operations.items())
    else:
        assert_plan(plan, log)


class ServerLog:
    """One run in the log and the counters of the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.counters = simulator.counters()
        log = simulator.log()
        self.web = [entry for entry in log if "sent" in entry]
        self.directory = [entry for entry in log if str(entry["operation"]) in LDAP]
        self.own = own_address(simulator)

    def http(self) -> Counter[tuple[str, str, int]]:
        """Count every HTTP request by operation, identity and status, including the steps of sign-ins."""
        return Counter((entry["sent"]["operation"], identity(entry), entry["status"]) for entry in self.web)

    def operations(self) -> Counter[tuple[str, str]]:
        """Count what was answered after the sign-in, by operation and identity."""
        return Counter((entry["sent"]["operation"], identity(entry)) for entry in self.web if reached(entry))

    def mailboxes(self) -> dict[str, dict[str, int]]:
        """Count what was answered after the sign-in, by mailbox and identity; ResolveNames names no mailbox."""
        found: dict[str, Counter[str]] = {}
        for entry in self.web:
            operation, addresses = entry["sent"]["operation"], entry["sent"]["mailboxes"]
            if reached(entry) and operation != "ResolveNames":
                for address in addresses or ([] if operation in BY_ITEM_ID else [self.own]):
                    found.setdefault(address, Counter())[identity(entry)] += 1
        return {address: dict(counts) for address, counts in found.items()}

    def ldap(self) -> Counter[tuple[str, int]]:
        """Count every bind, search and StartTLS by its result."""
        return Counter((LDAP[entry["operation"]], entry["status"]) for entry in self.directory)


def reached(entry: dict[str, Any]) -> bool:
    """Whether a request was answered for someone who is signed in."""
    return bool(entry["sent"]["credentials"]) and entry["status"] not in (0, 401)


def may_be_obeyed(entry: dict[str, Any]) -> bool:
    """Whether a request may have been obeyed: sent by someone who is signed in, with or without an answer."""
    return bool(entry["sent"]["credentials"]) and entry["status"] != 401


def identity(entry: dict[str, Any]) -> str:
    """Return as whom a request was sent."""
    if not entry["sent"]["credentials"]:
        return NOBODY
    return "impersonated" if entry["sent"]["impersonated"] else "delegate"


def own_address(simulator: Simulator) -> str:
    """Return the service account's address in the site file."""
    lines = simulator.site.read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2].strip() for line in lines if line.startswith("email"))


def assert_footprint(footprint: dict[str, Any], log: ServerLog) -> None:
    """Assert that the footprint is exactly what the servers saw; status 0 is no answer in both."""
    ews, directory = footprint["ews"], footprint["directory"]
    assert Counter({(r["operation"], r["identity"], r["status"]): r["count"] for r in ews["http"]}) == log.http()
    assert Counter({(r["operation"], r["identity"]): r["count"] for r in ews["requests"]}) == log.operations()
    assert mailboxes(ews) == log.mailboxes()
    assert ews["connections"] == log.counters.get("ews.connections", 0)
    accepted, refused = (log.counters.get(f"ews.{name}", 0) for name in ("sign_ins", "refused"))
    assert ews["sign_ins"] == {"accepted": accepted, "refused": refused}
    assert Counter({(r["operation"], r["result"]): r["count"] for r in directory["requests"]}) == log.ldap()
    assert directory["connections"] == log.counters.get("ldap.connections", 0)
    assert footprint["writes"] == sum(entry["sent"]["operation"] in WRITES for entry in log.web if may_be_obeyed(entry))


def mailboxes(ews: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return the footprint's mailboxes in the form of ``ServerLog.mailboxes``."""
    return {
        one["address"]: {who: one[who] for who in ("delegate", "impersonated") if one[who]} for one in ews["mailboxes"]
    }


def assert_plan(plan: Plan, log: ServerLog) -> None:
    """Assert that the plan was right: operation by operation, mailbox by mailbox, directory included."""
    operations = log.operations()
    assert dict(plan.operations) == dict(operations)
    by_name: Counter[str] = Counter()
    for (operation, _), count in operations.items():
        by_name[operation] += count
    assert all(log.counters[f"ews.{operation}"] == count for operation, count in by_name.items())
    assert {address: dict(counts) for address, counts in plan.mailboxes.items()} == log.mailboxes()
    assert plan.without_credentials == sum(1 for entry in log.web if not entry["sent"]["credentials"])
    assert log.counters.get("ews.sign_ins", 0) <= plan.sign_ins
    ldap = log.ldap()
    binds = sum(count for (operation, _), count in ldap.items() if operation == "bind")
    assert plan.binds <= binds <= plan.binds_at_most
    searches = sum(count for (operation, _), count in ldap.items() if operation == "search")
    assert plan.searches <= searches <= plan.searches_at_most
    assert plan.writes == sum(count for (operation, _), count in operations.items() if operation in WRITES)
