"""One trust rule: all four clients accept an authority of the system's store, or of ca_file, and refuse a third."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import OpenSSL.crypto
import pytest
import trustme
from exchangelib.errors import TransportError

from pytest_flowscape.booking.client.account import AccountSettings, make_account
from pytest_flowscape.facts import Kind
from pytest_flowscape.probes import trust
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.endpoint import probe_endpoint, probe_host
from pytest_flowscape.site.model import DirectoryServer
from tests.probes.directory_sessions import login
from tests.probes.ews_sessions import Desk, desk_of
from tests.probes.tls_server import ca_file
from tests.simulator.harness import Simulator

# the variables that OpenSSL, and so Linux, reads for its store
pytestmark = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="only an administrator changes the system's store here"
)


@dataclass
class Vantage:
    """A simulated site, seen with one ca_file or none."""

    simulator: Simulator
    desk: Desk
    ca: Path | None = None

    def host(self) -> Kind | None:
        """The look at TLS, and the POST without credentials."""
        exchange = replace(self.desk.exchange, ca_file=self.ca)
        trouble = probe_host(exchange).certificate_trouble
        endpoint = probe_endpoint(exchange, str(uuid.uuid4()))
        assert (endpoint.trouble and endpoint.trouble.kind) == (trouble and trouble.kind)
        return trouble.kind if trouble else None

    def ews(self) -> Kind | None:
        """The sign-in that measures."""
        self.desk.exchange = replace(self.desk.exchange, ca_file=self.ca)
        sign_in, _ = self.desk.session(auth="basic").sign_in(self.desk.email, proven=False)
        return sign_in.trouble.kind if sign_in.trouble else None

    def ldap(self) -> Kind | None:
        """The bind to the directory."""
        server = DirectoryServer("localhost", int(self.simulator.ready["ldaps_port"]))
        session = DirectorySession(
            login(server, ca=self.ca, username=self.desk.username, password=self.desk.password, gate=self.desk.gate())
        )
        try:
            trouble = session.bind().trouble
        finally:
            session.close()
        return trouble.kind if trouble else None

    def exchangelib(self) -> Kind | None:
        """A customer's own client."""
        exchange = replace(self.desk.exchange, ca_file=self.ca)
        self.desk.exchange = exchange
        account = make_account(
            self.desk.session(way="Basic"),
            AccountSettings(exchange, self.desk.username, "Basic", "15.2.1748.10"),
            self.desk.email,
        )
        try:
            assert account.inbox.name
        except TransportError:
            trouble = account.answers[-1].trouble
            assert trouble is not None
            return trouble.kind
        return None


CLIENTS: dict[str, Callable[[Vantage], Kind | None]] = {
    "host": Vantage.host,
    "ews": Vantage.ews,
    "ldap": Vantage.ldap,
    "exchangelib": Vantage.exchangelib,
}


@pytest.fixture
def vantage(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vantage]:
    """The site, on a machine whose own store holds some authority that has nothing to do with it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file(trustme.CA(), tmp_path, "store.pem")))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    desk = desk_of(simulator, tmp_path)
    yield Vantage(simulator, desk)
    desk.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_an_authority_of_the_systems_store_alone(
    client: str, vantage: Vantage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(vantage.simulator.ca))
    assert CLIENTS[client](vantage) is None


@pytest.mark.parametrize("client", CLIENTS)
def test_an_authority_in_a_folder_of_the_systems_store_alone(
    client: str, vantage: Vantage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = vantage.simulator.ca.read_bytes()
    name = OpenSSL.crypto.load_certificate(OpenSSL.crypto.FILETYPE_PEM, pem).subject_name_hash()
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / f"{name:08x}.0").write_bytes(pem)
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    assert CLIENTS[client](vantage) is None


@pytest.mark.parametrize("client", CLIENTS)
def test_an_authority_of_ca_file_alone(client: str, vantage: Vantage) -> None:
    vantage.ca = vantage.simulator.ca
    assert CLIENTS[client](vantage) is None


@pytest.mark.parametrize("client", CLIENTS)
def test_an_authority_of_neither(
    client: str, vantage: Vantage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vantage.ca = ca_file(trustme.CA(), tmp_path, "third.pem")
    # what Python's HTTP libraries would trust beside the rule
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(vantage.simulator.ca))
    assert CLIENTS[client](vantage) is Kind.TLS_UNKNOWN_ISSUER
    counters = vantage.simulator.counters()
    assert not {name: count for name, count in counters.items() if count and name.startswith(("ews.req", "ldap.bind"))}


@pytest.mark.parametrize("client", CLIENTS)
def test_no_ca_file_and_an_authority_that_the_system_does_not_know(client: str, vantage: Vantage) -> None:
    assert CLIENTS[client](vantage) is Kind.TLS_UNKNOWN_ISSUER


def test_the_stores_are_read_once(vantage: Vantage) -> None:
    trust._loaded.cache_clear()
    for _ in range(2):
        trust.tls_context(vantage.simulator.ca)
        trust.tls_context(None)
    assert trust._loaded.cache_info().misses == 2
