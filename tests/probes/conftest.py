"""Fixtures of the tests on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pytest_flowscape.site.model import Exchange
from tests.probes.directory_sessions import directory, directory_process, session
from tests.probes.ews_lines import PASSWORD, ROOMS, USER, Answer, Opens
from tests.probes.ews_sessions import Desk, desk_of
from tests.probes.tls_server import Http, Server, ca_file, server_context
from tests.simulator.harness import Simulator

__all__ = ["directory", "directory_process", "session"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def anchor(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority's certificate, as a file."""
    return ca_file(authority, tmp_path)


@pytest.fixture
def desk(simulator: Simulator, tmp_path: Path) -> Iterator[Desk]:
    """The site of the simulator."""
    desk = desk_of(simulator, tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def opens(authority: trustme.CA, tmp_path: Path) -> Iterator[Opens]:
    servers: list[Server] = []
    desks: list[Desk] = []

    def start(answer: Answer) -> tuple[Desk, Http]:
        talk = Http(answer)
        server = Server(talk, server_context(authority))
        server.__enter__()
        servers.append(server)
        exchange = Exchange("127.0.0.1", server.port, ca_file=ca_file(authority, tmp_path), timeout=3)
        desk = Desk(exchange, USER, "svc@demo.test", PASSWORD, ROOMS, tmp_path)
        desks.append(desk)
        return desk, talk

    yield start
    for desk in desks:
        desk.close()
    for server in servers:
        server.__exit__(None, None, None)
