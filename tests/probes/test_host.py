"""The host probe against real sockets: every way in which DNS, TCP and TLS go wrong, and that it ends in time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from pytest_flowscape.facts import Host, Kind
from pytest_flowscape.probes.endpoint import probe_host
from pytest_flowscape.site.model import Exchange
from tests.probes.tls_server import Server, ca_file, closed_port, server_context, until_closed

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="other systems' stores cannot be set by a variable")


def probe(server: Server, anchor: Path | None, *, hostname: str = "localhost", timeout: float = 5.0) -> Host:
    return probe_host(Exchange(hostname, server.port, ca_file=anchor, timeout=timeout))


def name_service(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], list[Any]]) -> None:
    monkeypatch.setattr("pytest_flowscape.probes.network.socket.getaddrinfo", lambda *_, **__: answer())


def ipv4(address: str, port: int) -> tuple[Any, ...]:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


def test_trusted_by_ca_file(authority: trustme.CA, anchor: Path) -> None:
    with Server(until_closed, server_context(authority)) as server:
        host = probe(server, anchor)
    assert host.trouble is None
    assert host.certificate_trouble is None
    assert host.trusted_by == "ca_file"
    assert host.source_address == "127.0.0.1"
    assert [(one.family, one.trouble, one.tls_version) for one in host.addresses if one.family == "IPv4"] == [
        ("IPv4", None, "TLSv1.3")
    ]
    assert host.certificate is not None
    assert set(host.certificate.names) == {"localhost", "127.0.0.1"}
    assert host.certificate == host.chain[0]
    assert not host.certificate.self_issued
    assert len(host.certificate.sha256) == 64


@linux_only
def test_trusted_by_the_operating_system(
    authority: trustme.CA, anchor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(anchor))
    other = ca_file(trustme.CA(), tmp_path, "other.pem")
    with Server(until_closed, server_context(authority)) as server:
        assert probe(server, None).trusted_by == "operating system"
        assert (
            probe(server, other).trusted_by == "operating system"
        )  # ca_file adds to the store, it does not replace it
        assert probe(server, anchor).trusted_by == "operating system"


NOT_ACCEPTED: dict[str, tuple[Callable[[trustme.CA], ssl.SSLContext], Kind]] = {
    "name": (lambda authority: server_context(authority, "mail.example.test"), Kind.TLS_NAME),
    "expired": (lambda authority: server_context(authority, expired=True), Kind.TLS_EXPIRED),
    "not-yet-valid": (lambda authority: server_context(authority, early=True), Kind.TLS_EXPIRED),
}


@pytest.mark.parametrize(("make", "kind"), NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
def test_certificate_not_accepted(
    authority: trustme.CA, anchor: Path, make: Callable[[trustme.CA], ssl.SSLContext], kind: Kind
) -> None:
    with Server(until_closed, make(authority)) as server:
        host = probe(server, anchor)
    assert host.trouble is None
    assert host.certificate_trouble is not None
    assert host.certificate_trouble.kind is kind
    assert host.certificate is not None  # shown although it is not accepted
    assert host.trusted_by == ""
    assert host.addresses[-1].tls_version


def test_name_of_an_address(authority: trustme.CA, anchor: Path) -> None:
    with Server(until_closed, server_context(authority, "localhost")) as server:
        host = probe(server, anchor, hostname="127.0.0.1")
    assert host.certificate_trouble is not None
    assert host.certificate_trouble.kind is Kind.TLS_NAME


def test_unknown_issuer_sends_nothing(authority: trustme.CA, tmp_path: Path) -> None:
    heard: list[bytes] = []

    def listen(sock: socket.socket) -> None:
        while data := sock.recv(4096):
            heard.append(data)

    with Server(listen, server_context(authority)) as server:
        host = probe(server, ca_file(trustme.CA(), tmp_path))
    assert host.certificate_trouble is not None
    assert host.certificate_trouble.kind is Kind.TLS_UNKNOWN_ISSUER
    assert host.certificate is not None
    assert heard == []


def test_intermediate_sent_and_missing(authority: trustme.CA, anchor: Path) -> None:
    certificate = authority.create_child_ca().issue_cert("localhost")
    whole = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(whole)
    with Server(until_closed, whole) as server:
        host = probe(server, anchor)
    assert host.certificate_trouble is None
    assert len(host.chain) == 2
    assert host.chain[0].issuer == host.chain[1].subject

    leaf_only = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with (
        certificate.cert_chain_pems[0].tempfile() as leaf,
        certificate.private_key_pem.tempfile() as key,
    ):
        leaf_only.load_cert_chain(leaf, key)
    with Server(until_closed, leaf_only) as server:
        host = probe(server, anchor)
    assert host.certificate_trouble is not None
    assert host.certificate_trouble.kind is Kind.TLS_UNKNOWN_ISSUER
    assert len(host.chain) == 1


def test_refused(anchor: Path) -> None:
    started = time.monotonic()
    host = probe_host(Exchange("127.0.0.1", closed_port(), ca_file=anchor, timeout=3))
    assert host.trouble is not None
    assert host.trouble.kind is Kind.REFUSED
    assert host.addresses[0].trouble is not None
    assert time.monotonic() - started < 6


def test_unresolvable_is_asked_twice(monkeypatch: pytest.MonkeyPatch, anchor: Path) -> None:
    asked: list[int] = []

    def no_name() -> list[Any]:
        asked.append(1)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    name_service(monkeypatch, no_name)
    host = probe_host(Exchange("mail.example.test", ca_file=anchor, timeout=1))
    assert host.trouble is not None
    assert host.trouble.kind is Kind.UNRESOLVABLE
    assert host.addresses == ()
    assert len(asked) == 2


def test_name_service_that_hangs(monkeypatch: pytest.MonkeyPatch, anchor: Path) -> None:
    end = threading.Event()

    def hang() -> list[Any]:
        end.wait(20)
        return []

    name_service(monkeypatch, hang)
    started = time.monotonic()
    host = probe_host(Exchange("mail.example.test", ca_file=anchor, timeout=0.6))
    end.set()
    assert host.trouble is not None
    assert host.trouble.kind is Kind.UNRESOLVABLE
    assert time.monotonic() - started < 5


def test_silent_ends_in_time(anchor: Path) -> None:
    with Server(until_closed) as server:  # accepts, and says nothing to a TLS greeting
        started = time.monotonic()
        host = probe(server, anchor, hostname="127.0.0.1", timeout=0.8)
        took = time.monotonic() - started
        assert server.connections == 2
    assert host.trouble is not None
    assert host.trouble.kind is Kind.SILENT
    assert took < 5


def test_silent_once_is_not_trouble(authority: trustme.CA, anchor: Path) -> None:
    context = server_context(authority)
    first = threading.Lock()

    def silent_at_first(sock: socket.socket) -> None:
        if first.acquire(blocking=False):
            until_closed(sock)
        else:
            with contextlib.suppress(OSError), context.wrap_socket(sock, server_side=True) as secure:
                until_closed(secure)

    with Server(silent_at_first) as server:
        host = probe(server, anchor, hostname="127.0.0.1", timeout=3)
    assert host.trouble is None
    assert host.certificate_trouble is None


def plain_http(sock: socket.socket) -> None:
    sock.recv(4096)
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def closes_at_once(sock: socket.socket) -> None:
    sock.recv(4096)


@pytest.mark.parametrize("talk", [plain_http, closes_at_once])
def test_no_tls(anchor: Path, talk: Callable[[socket.socket], None]) -> None:
    with Server(talk) as server:
        host = probe(server, anchor, hostname="127.0.0.1")
    assert host.trouble is not None
    assert host.trouble.kind is Kind.TLS_OTHER


def test_only_old_tls(authority: trustme.CA, anchor: Path) -> None:
    context = server_context(authority)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL 3 itself would not speak it otherwise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Server(until_closed, context) as server:
        host = probe(server, anchor, hostname="127.0.0.1")
    assert host.trouble is not None
    assert host.trouble.kind is Kind.TLS_OTHER
    assert "TLS 1.2" in host.trouble.said


def test_dead_address_beside_a_living_one(authority: trustme.CA, anchor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(until_closed, server_context(authority)) as server:
        dead = closed_port()
        name_service(monkeypatch, lambda: [ipv4("127.0.0.1", dead), ipv4("127.0.0.1", server.port)])
        host = probe(server, anchor, timeout=2)
    assert host.trouble is None
    assert [one.trouble.kind if one.trouble else None for one in host.addresses] == [Kind.REFUSED, None]
    assert host.certificate is not None


def test_one_bad_certificate_among_addresses(
    authority: trustme.CA, anchor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = server_context(authority), server_context(authority, expired=True)
    with Server(until_closed, good) as first, Server(until_closed, bad) as second:
        name_service(monkeypatch, lambda: [ipv4("127.0.0.1", first.port), ipv4("127.0.0.1", second.port)])
        host = probe(first, anchor)
    assert host.trouble is None
    assert host.certificate_trouble is not None
    assert host.certificate_trouble.kind is Kind.TLS_EXPIRED
    assert "127.0.0.1" in host.certificate_trouble.said
