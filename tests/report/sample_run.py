"""A plugin for the run of the committed sample: names, addresses, clock and machine of nobody, and always the same.

The servers are the simulator; ``FLOWSCAPE_SAMPLE`` names its ready line. The
site file says ``mail.demo.test`` and the standard ports, and connections to
them are led to the simulator's: what the report says of names and addresses
is then what was really resolved, connected to and verified.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pytest_flowscape.facts import Certificate, DirectoryView, SiteFacts, Vantage
from pytest_flowscape.gathering import site
from pytest_flowscape.hooks import run_end
from pytest_flowscape.session import controller, measurement
from pytest_flowscape.site.one_run import Run

VARIABLE = "FLOWSCAPE_SAMPLE"
BEGUN = "FLOWSCAPE_SAMPLE_BEGUN"
HOST, ADDRESS, SOURCE = "mail.demo.test", "192.0.2.10", "192.0.2.99"
STARTED = datetime(2026, 11, 20, 20, 30, tzinfo=timezone.utc)
LASTED = timedelta(seconds=84)
SECONDS = 0.25
FINGERPRINT = "3f" * 32
EXPIRY = "msds-userpasswordexpirytimecomputed"


def lead(ready: dict[str, Any]) -> None:
    """Lead the name and its standard ports to the simulator."""
    ports = {443: int(ready["ews_port"]), 636: int(ready["ldaps_port"])}
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        known = host if isinstance(host, str) else (host or b"").decode()
        if known.lower() != HOST:
            return resolve(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (ADDRESS, int(port)))]

    def to(self: socket.socket, address: Any) -> None:
        here = isinstance(address, tuple) and address[0] == ADDRESS
        connect(self, ("127.0.0.1", ports[address[1]]) if here else address)

    socket.getaddrinfo = getaddrinfo
    socket.socket.connect = to  # type: ignore[method-assign]


def stand_in_facts(facts: SiteFacts, run: Run) -> SiteFacts:
    """Put the machine of nobody, and a certificate that does not change, in place of what this machine has."""
    vantage = Vantage("panel-01", "installer", "Linux", "3.12.8", facts.vantage.tool, run.run_id, run.started)
    certificate = facts.host.certificate
    kept = _always(certificate) if certificate else None
    host = replace(facts.host, source_address=SOURCE, certificate=kept, chain=(kept,) if kept else ())
    return replace(facts, vantage=vantage, host=host, directory=_expiring(facts.directory))


def _expiring(view: DirectoryView | None) -> DirectoryView | None:
    """Have the password expire on a day of the sample's own calendar; the simulator counts from today."""
    assert view is not None
    assert view.account is not None
    [name] = [name for name in view.account.attributes if name.lower() == EXPIRY]
    ticks = int(((STARTED + timedelta(days=41)).timestamp() + 11_644_473_600) * 10_000_000)  # since 1601
    attributes = {**view.account.attributes, name: (str(ticks).encode(),)}
    return replace(view, account=replace(view.account, attributes=attributes))


def _always(certificate: Certificate) -> Certificate:
    dates = {"not_before": STARTED - timedelta(days=90), "not_after": STARTED + timedelta(days=275)}
    return replace(certificate, subject=f"CN={HOST}", sha256=FINGERPRINT, **dates)


class Steady:
    """Durations that are the same in every run."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        report.duration = SECONDS
        carried = getattr(report, "flowscape", None)
        if carried:
            report.flowscape = {**carried, "seconds": SECONDS}  # type: ignore[attr-defined]
        return report


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Put everything in its place, before the product looks at its options."""
    if VARIABLE not in os.environ:
        return
    lead(json.loads(os.environ[VARIABLE]))
    begun = datetime.fromisoformat(os.environ[BEGUN])
    real = site.gather_site
    controller.utc_now = lambda: begun
    run_end.utc_now = lambda: begun + LASTED
    measurement.gather_site = lambda run, **more: stand_in_facts(real(run, **more), run)
    early_config.pluginmanager.register(Steady())
