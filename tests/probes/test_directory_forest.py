"""The service account in a child domain: who is asked for it, and what happens where its own controller is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_flowscape.facts import DirectoryView
from pytest_flowscape.probes.directory.servers import Servers
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.site.model import DirectoryServer
from tests.probes.directory_sessions import login
from tests.probes.tls_server import closed_port
from tests.simulator.harness import Simulator

EMAIL = "svc-flowscape@demo.test"
ROOM = "atlas@demo.test"
CHILD = "DC=emea,DC=demo,DC=test"


@pytest.fixture(scope="module")
def forest_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(tmp_path_factory.mktemp("forest"), scenario="account-in-child-domain") as running:
        yield running


@pytest.fixture
def forest(forest_process: Simulator) -> Simulator:
    forest_process.reset()
    return forest_process


class Forest:
    """The servers of the simulated forest, and what a session on some of them tells."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.root = DirectoryServer("localhost", simulator.ready["ldaps_port"])
        self.child = DirectoryServer("localhost", simulator.ready["child_port"])
        self.catalog = DirectoryServer("localhost", simulator.ready["gc_port"], catalog=True)

    def view(
        self, *servers: DirectoryServer, username: str = "EMEA\\svc-flowscape", base: str = "DC=demo,DC=test"
    ) -> DirectoryView:
        session = DirectorySession(
            login(
                *servers,
                ca=self.simulator.ca,
                username="EMEA\\svc-flowscape",
                password=self.simulator.password,
                base=base,
            )
        )
        try:
            return session.gather(EMAIL, username, (ROOM,), (), reads=frozenset())
        finally:
            session.close()


@pytest.fixture
def servers(forest: Simulator) -> Forest:
    return Forest(forest)


@pytest.mark.parametrize(
    "username",
    [
        "EMEA\\svc-flowscape",
        "emea\\SVC-flowscape",
        "emea.demo.test\\svc-flowscape",
        "svc-flowscape@demo.test",
        "svc-flowscape@EMEA.demo.test",
    ],
)
def test_the_account_is_read_at_a_controller_of_its_own_domain(servers: Forest, username: str) -> None:
    view = servers.view(servers.root, servers.catalog, servers.child, username=username)
    assert view.account is not None
    assert view.account.dn.endswith(CHILD)
    assert (view.account.from_catalog, view.account.unreadable) == (False, frozenset())
    assert view.account.server == str(servers.child)
    assert view.lockout_threshold == 5
    assert servers.simulator.count("ldap.bind") == 3
    assert view.searches == servers.simulator.count("ldap.search")


def test_a_name_of_the_first_domain_is_not_the_childs(servers: Forest) -> None:
    view = servers.view(servers.root, servers.catalog, servers.child, username="DEMO\\svc-flowscape")
    assert view.account is not None
    assert view.account.dn.startswith("CN=Other svc-flowscape,")


@pytest.mark.parametrize("username", ["ELSEWHERE\\svc-flowscape", "elsewhere.test\\svc-flowscape", "svc@else.test"])
def test_a_namesake_is_not_taken_for_an_account_of_a_domain_that_is_not_here(servers: Forest, username: str) -> None:
    view = servers.view(servers.catalog, servers.child, base=CHILD, username=username)
    assert (view.account, view.trouble) == (None, None)


def test_a_site_file_that_starts_in_the_child_domain_needs_one_controller(servers: Forest) -> None:
    view = servers.view(servers.child, base=CHILD)
    assert view.account is not None
    assert view.account.unreadable == frozenset()
    assert servers.simulator.count("ldap.bind") == 1


def test_without_a_controller_of_its_domain_the_catalog_tells_what_it_has(servers: Forest) -> None:
    view = servers.view(servers.root, servers.catalog, username="svc-flowscape@demo.test")
    assert view.account is not None
    assert view.account.from_catalog
    assert {"accountexpires", "msds-user-account-control-computed"} <= view.account.unreadable
    assert "givenname" not in view.account.unreadable
    assert servers.simulator.count("ldap.bind") == 2


def test_a_domain_that_cannot_be_proven_is_not_assumed(servers: Forest) -> None:
    """A catalog does not tell NetBIOS names: of two accounts with one name neither is taken."""
    assert servers.view(servers.root, servers.catalog).account is None


def test_a_controller_that_cannot_be_reached_is_told(servers: Forest) -> None:
    dead = DirectoryServer("localhost", closed_port())
    view = servers.view(servers.root, servers.catalog, dead, username="svc-flowscape@demo.test")
    assert view.account is not None
    assert view.account.from_catalog
    assert [note for note in view.bind.notes if str(dead) in note]


def test_a_controller_of_one_domain_is_not_catalog_by_being_called_one(servers: Forest) -> None:
    """The answers of a server that is wrongly called gc:// are trouble, not absence."""
    view = servers.view(servers.root, DirectoryServer("localhost", servers.root.port, catalog=True))
    assert view.rooms[ROOM].trouble is not None
    assert not view.rooms[ROOM].forest_wide


def test_controllers_whose_name_lies_in_the_objects_domain_come_first() -> None:
    names = ("dc1.demo.test", "dc2.demo.test", "dc1.apac.demo.test", "DC1.EMEA.demo.test", "gc.emea.demo.test")
    made = tuple(DirectoryServer(name, 3269 if name.startswith("gc") else 636) for name in names)
    found: Any = Servers(login(*made, ca=None))
    found._channels[False] = SimpleNamespace(server=made[0])
    order = [server.host for server in found._nearest(f"CN=svc,OU=A\\,B,{CHILD}")]
    assert order == ["DC1.EMEA.demo.test", "dc2.demo.test", "dc1.apac.demo.test"]


def test_the_catalog_knows_rooms_of_every_domain(servers: Forest, tmp_path: Path) -> None:
    view = servers.view(servers.child, servers.catalog, base=CHILD)
    assert view.rooms[ROOM].forest_wide
    assert [entry.dn for entry in view.rooms[ROOM].by_proxy] == ["CN=Atlas,OU=Rooms,DC=demo,DC=test"]
    assert servers.view(servers.child, base=CHILD).rooms[ROOM].by_proxy == ()
