"""One acceptance in this process, as the plugin runs it and without pytest around it: every pair with its outcome."""

from __future__ import annotations

import contextlib
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from pytest_flowscape.core.errors import NotMeasured, NotRequested
from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.gathering.clients import Clients
from pytest_flowscape.gathering.facts import Facts
from pytest_flowscape.gathering.site import gather_site
from pytest_flowscape.judging.catalogue import attributes_judged, load_requirements
from pytest_flowscape.judging.judge import Decided, Judge
from pytest_flowscape.judging.verdict import targets
from pytest_flowscape.site.model import Site
from pytest_flowscape.site.one_run import Run

Pair = tuple[str, str]
PASSED, FAILED, NOT_MEASURED, NOT_REQUESTED = "passed", "failed", "not measured", "not requested"


@dataclass(frozen=True)
class Result:
    """The result of one run: the outcome word of every expected pair, and its reason."""

    outcomes: Mapping[Pair, str]
    reasons: Mapping[Pair, str]
    facts: SiteFacts
    seconds: float

    def of(self, *words: str) -> set[Pair]:
        return {pair for pair, word in self.outcomes.items() if word in words}

    def differences(self, other: Result) -> dict[Pair, str]:
        """Return the pairs whose outcome is another one, with it and its reason."""
        return {
            pair: f"{word}, not {other.outcomes[pair]}: {self.reasons[pair]}"
            for pair, word in self.outcomes.items()
            if word != other.outcomes[pair]
        }


def accept_here(
    site: Site,
    password: str,
    *,
    facts: SiteFacts | None = None,
    own_tests: Callable[[Facts], None] | None = None,
) -> Result:
    """Measure and judge everything that the site file expects; then let a customer's tests ask.

    ``facts`` are those of an earlier run, as a worker gets them from the controller: only rooms and users are asked.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        secret = Secret(password)
        run = Run(site, str(uuid.uuid4()), Path(folder), site.rooms, secret, secret, datetime.now(timezone.utc))
        judged = load_requirements()
        facts = facts or gather_site(run, reads=attributes_judged())
        own = Facts(run, facts)
        try:
            judge = Judge(judged, own)
            pairs = [(id_, target) for id_, one in judged.items() for target in targets(one.requirement, site)]
            own.prefetch((target, judge.wants(id_, target)) for id_, target in pairs)
            decided = {(id_, target): judge.decide(id_, target) for id_, target in pairs}
            if own_tests is not None:
                own_tests(own)
        finally:
            own.close()
    outcomes = {pair: _word(found) for pair, found in decided.items()}
    reasons = {pair: str(found or "") for pair, found in decided.items()}
    return Result(outcomes, reasons, facts, time.monotonic() - started)


def use_clients(facts: Facts) -> None:
    """Ask by exchangelib and by ldap3, as a customer's own tests may; their errors do not matter."""
    clients = Clients(facts.sessions)
    try:
        with contextlib.suppress(Exception):
            clients.exchange_account().calendar.refresh()
        with contextlib.suppress(Exception):
            room = facts.run.rooms[0].email
            clients.exchange_account(room).root.refresh()
        with contextlib.suppress(Exception):
            directory = facts.run.site.directory
            assert directory is not None
            clients.directory_connection().search(directory.base_dn, "(mail=*)", attributes=["mail"])
    finally:
        clients.close()


def _word(found: Decided) -> str:
    if found is None:
        return PASSED
    if isinstance(found, NotMeasured):
        return NOT_MEASURED
    return NOT_REQUESTED if isinstance(found, NotRequested) else FAILED


def through(site: Site, *, ews_port: int, ldap_port: int, timeout: float, auth: str = "auto") -> Site:
    """Return the site with other ports for its two servers, and another limit of seconds."""
    directory = site.directory
    assert directory is not None
    server = replace(directory.servers[0], host="127.0.0.1", port=ldap_port)
    exchange = replace(site.exchange, hostname="127.0.0.1", port=ews_port, timeout=timeout, auth=auth)
    return replace(site, exchange=exchange, directory=replace(directory, servers=(server,)))
