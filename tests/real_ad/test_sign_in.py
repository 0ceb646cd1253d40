"""Signing in to a real directory: TLS first, one attempt, and every sub-code is understood."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pytest_flowscape.facts import Kind
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.site.model import DirectoryServer
from tests.acceptance import accept
from tests.real_ad.account_defects import STATES, Plant, attributes
from tests.real_ad.administrator import Administrator
from tests.real_ad.both import directory_section, password_file, site_file
from tests.real_ad.contents import SERVICE
from tests.real_ad.real_directory import EMAIL, RealDirectory
from tests.simulator.harness import Simulator

STARTED, CLOSED = 389, 636
FORMS = (EMAIL, "DEMO\\svc-flowscape", "demo\\SVC-Flowscape")
SUB_CODES: dict[str, Plant] = {state.row.partition("-")[2]: state.plant for state in STATES} | {
    "530": attributes(logonHours=b"\0" * 21),
    "531": attributes(userWorkstations="PC1"),
}


@pytest.mark.parametrize("port", [CLOSED, STARTED], ids=["LDAPS", "StartTLS"])
@pytest.mark.parametrize("name", FORMS)
def test_a_private_authority_is_trusted_by_ca_file(port: int, name: str, real_ad: RealDirectory) -> None:
    session = real_ad.session(real_ad.server(port), username=name)
    bind = session.bind()
    assert bind.trouble is None
    assert bind.certificate is not None
    assert {"dc1.demo.test", "demo.test"} <= set(bind.certificate.names)
    view = session.gather(EMAIL, name, (), (), reads=frozenset())
    assert view.account is not None
    assert view.account.dn == SERVICE
    assert real_ad.door.sign_ins == 1


class Relay:
    """Passes connections to localhost on to the directory, and keeps what the client sent on each."""

    def __init__(self, address: str, port: int) -> None:
        self._target = (address, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.received: list[bytearray] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            received = bytearray()
            self.received.append(received)
            for source, sink, kept in ((near, far, received), (far, near, None)):
                thread = threading.Thread(target=self._pass, args=(source, sink, kept), daemon=True)
                self._threads.append(thread)
                thread.start()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
        with source, sink:
            try:
                while data := source.recv(65536):
                    if kept is not None:
                        kept += data
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                return

    def close(self) -> None:
        # a thread that waits in accept keeps the socket open: wake it
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in list(self._threads):
            thread.join(5)


@pytest.fixture
def relay(real_ad: RealDirectory) -> Iterator[Relay]:
    running = Relay(real_ad.address, STARTED)
    yield running
    running.close()


@pytest.mark.parametrize("port", [CLOSED, STARTED], ids=["LDAPS", "StartTLS"])
def test_no_password_to_an_unknown_authority(port: int, real_ad: RealDirectory, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    bind = real_ad.session(real_ad.server(port), ca=other, password="wrong").bind()
    assert bind.trouble is not None
    assert bind.trouble.kind is Kind.TLS_UNKNOWN_ISSUER
    assert real_ad.door.sign_ins == 0
    assert wrong_passwords(real_ad.administrator) == 0


def test_no_password_to_another_name(relay: Relay, real_ad: RealDirectory) -> None:
    bind = real_ad.session(DirectoryServer("localhost", relay.port, tls=False), password="wrong").bind()
    assert bind.trouble is not None
    assert bind.trouble.kind is Kind.TLS_NAME
    assert real_ad.door.sign_ins == 0
    assert wrong_passwords(real_ad.administrator) == 0
    assert len(relay.received) == 1
    assert b"1.3.6.1.4.1.1466.20037" in relay.received[0]  # StartTLS was asked for, and its handshake was not ended


def test_no_password_without_tls(relay: Relay, real_ad: RealDirectory) -> None:
    plain = DirectoryServer("localhost", relay.port, tls=False)
    bind = real_ad.session(plain, start_tls=False).bind()
    assert bind.trouble is not None
    assert bind.trouble.kind is Kind.TLS_OTHER
    assert "no password goes without TLS" in bind.trouble.said
    assert (relay.received, real_ad.door.sign_ins) == ([], 0)


@pytest.mark.parametrize("sub_code", sorted(SUB_CODES))
def test_every_sub_code_becomes_its_sentence(sub_code: str, changing_ad: RealDirectory) -> None:
    SUB_CODES[sub_code](changing_ad)
    before = changing_ad.door.sign_ins
    bind = changing_ad.session().bind()
    assert bind.trouble is not None
    assert (bind.trouble.kind, bind.trouble.ldap_result, bind.trouble.sub_code) == (Kind.BIND_REFUSED, 49, sub_code)
    assert f"(AD code {sub_code})" in CAUSES[f"bind-{sub_code}"].sentence
    # hours and workstations hold for this domain controller alone
    assert bool(changing_ad.door.stopped) is (sub_code not in ("530", "531"))
    assert changing_ad.door.sign_ins == before + 1


@pytest.mark.parametrize("name", ["nobody@demo.test", "svc-flowscape", "OTHER\\svc-flowscape"])
def test_a_name_that_nobody_has_is_refused_like_a_wrong_password(name: str, real_ad: RealDirectory) -> None:
    """Windows says 525, this directory 52e: the sentence of either is HANDOVER-1's."""
    trouble = real_ad.session(username=name).bind().trouble
    assert trouble is not None
    assert trouble.sub_code in ("525", "52e")
    assert {CAUSES[f"bind-{code}"].failed for code in ("525", "52e")} == {"HANDOVER-1"}
    assert wrong_passwords(real_ad.administrator) == 0


def wrong_passwords(administrator: Administrator) -> int:
    """Return how many wrong passwords the directory itself has counted."""
    return administrator.number(SERVICE, "badPwdCount")


@pytest.mark.parametrize(
    ("workers", "reader"), [("0", False), ("4", False), ("0", True)], ids=["itself", "itself, four workers", "reader"]
)
def test_a_wrong_password_is_counted_once_in_a_run(
    workers: str, reader: bool, changing_ad: RealDirectory, simulator: Simulator, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("not-the-password", encoding="utf-8")
    section = directory_section(changing_ad, reader=password_file(simulator) if reader else None)
    site = site_file(tmp_path, simulator, section)
    text = site.read_text(encoding="utf-8").replace(f"file:{password_file(simulator)}", f"file:{wrong}", 1)
    site.write_text(text, encoding="utf-8")
    done = accept(site, "-n", workers, cwd=tmp_path)
    assert done.outcomes("failed") == {("HANDOVER-1", "site")}, done.output
    # where another user reads the directory, the one attempt is Exchange's
    assert (wrong_passwords(changing_ad.administrator), simulator.count("ews.refused")) == (
        (0, 1) if reader else (1, 0)
    )
    assert simulator.count("ldap.bind") == 0
