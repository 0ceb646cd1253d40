"""The host probe through a proxy: where the site file asks for one, and only there."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pytest_flowscape.probes.endpoint import probe_host
from pytest_flowscape.site.model import Exchange
from tests.probes.tls_server import Server, server_context, until_closed


@pytest.fixture
def proxy() -> Iterator[tuple[Server, list[bytes]]]:
    """A proxy that tunnels to wherever it is asked, and notes what it was asked."""
    asked: list[bytes] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def tunnel(sock: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        asked.append(head)
        host, _, port = head.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as far:
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(far, sock), daemon=True)
            back.start()
            pump(sock, far)
            back.join(5)

    with Server(tunnel) as server:
        yield server, asked


def test_through_a_proxy(authority: trustme.CA, anchor: Path, proxy: tuple[Server, list[bytes]]) -> None:
    way, asked = proxy
    with Server(until_closed, server_context(authority)) as server:
        url = f"http://127.0.0.1:{way.port}"
        host = probe_host(Exchange("127.0.0.1", server.port, ca_file=anchor, timeout=5, proxy=url))
    assert host.trouble is None
    assert host.certificate_trouble is None
    assert host.trusted_by == "ca_file"
    assert asked[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
    assert b"authorization" not in asked[0].lower()


def test_environment_proxies_are_ignored(
    authority: trustme.CA, anchor: Path, proxy: tuple[Server, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    way, asked = proxy
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{way.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Server(until_closed, server_context(authority)) as server:
        host = probe_host(Exchange("localhost", server.port, ca_file=anchor, timeout=5))
        assert host.trouble is None
        assert asked == []
        through = probe_host(Exchange("127.0.0.1", server.port, ca_file=anchor, timeout=5, proxy="system"))
        assert through.trouble is None
        assert asked
