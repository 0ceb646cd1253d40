"""One simulated site with a mistake of every sort in it, and the proxies before it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pytest

from pytest_flowscape.facts import SiteFacts, front_ends, policy
from pytest_flowscape.probes import balancer
from pytest_flowscape.probes.directory import servers
from pytest_flowscape.probes.ews import retry
from pytest_flowscape.site.model import Site
from tests.acceptance import read_site
from tests.faults.ews_proxy import EwsProxy
from tests.faults.in_process import Result, accept_here, through
from tests.faults.ldap_proxy import LdapProxy
from tests.simulator.harness import Simulator

TIMEOUT = 3.0
"""Seconds of [exchange] timeout in these runs, at least: on a machine that is busy they are as many as a whole run."""
SCALE = TIMEOUT / 30.0
"""By this the pauses are shorter than on a site."""


@dataclass
class Stage:
    """The simulator, the proxies before its two servers, and the site as the product gets it."""

    simulator: Simulator
    ews: EwsProxy
    ldap: LdapProxy
    site: Site
    mistakes: tuple[str, ...]
    baselines: dict[str, Result] = field(default_factory=dict)
    changed: bool = False

    @cached_property
    def password(self) -> str:
        return self.simulator.password

    def accept(self, auth: str = "auto", facts: SiteFacts | None = None) -> Result:
        """Run an acceptance; with the facts of an earlier one it asks for rooms and users only, as a worker does."""
        site = replace(self.site, exchange=replace(self.site.exchange, auth=auth))
        return accept_here(site, self.password, facts=facts)

    def baseline(self, auth: str = "auto") -> Result:
        """Return the outcomes without a fault."""
        if auth not in self.baselines:
            self.plan_nothing()
            self.baselines[auth] = self.accept(auth)
        return self.baselines[auth]

    def renew(self) -> None:
        """Bring the simulator back to its mistakes, and forget what it counted."""
        self.simulator.reset()
        self.simulator.plant(*self.mistakes)
        self.changed = False

    def plant(self, *names: str) -> None:
        """Plant more, until the test is over."""
        self.changed = True
        self.simulator.plant(*names)

    def plan_nothing(self) -> None:
        self.ews.plan()
        self.ldap.plan()

    @property
    def refusals(self) -> int:
        counters = self.simulator.counters()
        return int(counters.get("ews.refused", 0)) + int(counters.get("ldap.refused", 0))


def with_patience(stage: Stage) -> Site:
    """Return the site with a timeout that this machine keeps at this hour."""
    exchange = replace(stage.site.exchange, timeout=60.0)
    took = accept_here(replace(stage.site, exchange=exchange), stage.password).seconds
    return replace(stage.site, exchange=replace(exchange, timeout=max(TIMEOUT, min(took, 3 * TIMEOUT))))


def certificate(folder: Path) -> ssl.SSLContext:
    """Return a context with the simulator's own certificate: a sign-in is then bound to the right channel."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem")
    return context


@pytest.fixture(scope="session")
def stage_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Four rooms: one right, the others each wrong in one thing; the account's password expires."""
    with Simulator(tmp_path_factory.mktemp("faults"), rooms=4) as simulator:
        site = read_site(simulator.site)
        rooms = [room.email for room in site.rooms]
        mistakes = (
            *(
                f"{id_}:{room}"
                for id_, room in zip(("PERMISSION-1", "IMPERSONATION-1", "CALENDAR-1"), rooms[1:], strict=True)
            ),
            f"ROOM-2:{rooms[1]}",
            "ACCOUNT-4:site",
            "extended-protection",
        )
        ews = EwsProxy(simulator.ews_port, certificate(simulator.folder))
        ews.mailboxes = tuple(rooms)
        ldap = LdapProxy(int(simulator.ready["ldaps_port"]), certificate(simulator.folder))
        try:
            behind = through(site, ews_port=ews.port, ldap_port=ldap.port, timeout=TIMEOUT)
            behind = replace(behind, exchange=replace(behind.exchange, max_connections=2))
            stage = Stage(simulator, ews, ldap, behind, mistakes)
            stage.renew()
            stage.site = with_patience(stage)
            yield stage
        finally:
            ews.close()
            ldap.close()
        simulator.forget_schema_problems()


@pytest.fixture
def scaled_pauses(monkeypatch: pytest.MonkeyPatch, stage_process: Stage) -> None:
    """Let time run faster than on a site: the pauses and the looks at front ends, in proportion to the timeout."""
    monkeypatch.setattr(retry, "PAUSES", tuple(pause * SCALE for pause in policy.PAUSES))
    monkeypatch.setattr(servers, "LDAP_PAUSE", policy.LDAP_PAUSE * SCALE)
    monkeypatch.setattr(balancer, "PAUSE", front_ends.PAUSE * SCALE)
    monkeypatch.setattr(balancer, "FRONT_END_CONNECTIONS", 3)
    # the store of this machine takes 40 ms to load, for every connection again, and is another test's matter
    monkeypatch.setenv("SSL_CERT_FILE", str(stage_process.simulator.ca))
    monkeypatch.setenv("SSL_CERT_DIR", str(stage_process.simulator.folder / "none"))


@pytest.fixture
def stage(stage_process: Stage, scaled_pauses: None) -> Iterator[Stage]:
    """The running stage without a fault; afterwards the EWS schema must have nothing against what was asked."""
    stage_process.plan_nothing()
    yield stage_process
    stage_process.plan_nothing()
    problems = stage_process.simulator.forget_schema_problems()
    if stage_process.refusals or stage_process.changed:
        stage_process.renew()
    assert not problems, "\n".join(problems)
