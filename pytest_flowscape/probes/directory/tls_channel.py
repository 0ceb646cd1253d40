"""Open an LDAP connection that is over TLS before anything is said on it: LDAPS, or StartTLS (RFC 4511 4.14)."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from pytest_flowscape.facts.footprint import STARTTLS
from pytest_flowscape.facts.policy import LDAP_BYTES
from pytest_flowscape.probes.bounded_socket import BoundedSocket
from pytest_flowscape.probes.certificates import describe
from pytest_flowscape.probes.directory.ldap3_connection import connection_on
from pytest_flowscape.probes.directory.ldap_results import words
from pytest_flowscape.probes.directory.search import Channel
from pytest_flowscape.probes.ledger import LDAP, LEDGER
from pytest_flowscape.probes.network import (
    Address,
    Deadline,
    HandshakeFailed,
    bare_host,
    connect,
    resolve,
    start_tls,
)
from pytest_flowscape.probes.trust import tls_context
from pytest_flowscape.site.model import DirectoryServer

START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511 4.14.1


def open_channel(server: DirectoryServer, ca_file: Path | None, deadline: Deadline) -> Channel:
    """Connect and agree on TLS, at once (LDAPS) or by StartTLS, with the first address that can be reached.

    Sends no credentials. Raises OSError as ``network.trouble_of`` reads it.
    """
    host = bare_host(server.host)
    addresses = resolve(host, server.port, deadline)
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for at, address in enumerate(addresses):
        try:
            return _open(server, host, address, ca_file, deadline.part(1 / (len(addresses) - at)))
        except OSError as error:  # noqa: PERF203  few, and each is a connection
            # the first address counts for all, but a certificate says more than a closed port
            if at == 0 or isinstance(error, ssl.SSLCertVerificationError):
                failure = error
    raise failure


def _open(server: DirectoryServer, host: str, address: Address, ca_file: Path | None, deadline: Deadline) -> Channel:
    context = _context(ca_file)
    sock = connect(address, deadline)
    LEDGER.note_connection(LDAP)
    try:
        secured = start_tls(sock if server.tls else _start_tls(server, sock, deadline), context, host, deadline)
    except BaseException:
        sock.close()
        raise
    der = secured.getpeercert(binary_form=True)
    return Channel(
        server, connection_on(BoundedSocket(secured, deadline, LDAP_BYTES), server), describe(der) if der else None
    )


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return tls_context(ca_file)
    except OSError:
        problem = f"the file of trusted certificates cannot be used: {ca_file}"
    raise HandshakeFailed(problem)


def _start_tls(server: DirectoryServer, sock: socket.socket, deadline: Deadline) -> socket.socket:
    """Ask on a clear connection for TLS (StartTLS); the socket is then ready for the handshake."""
    bounded = BoundedSocket(sock, deadline, LDAP_BYTES)
    connection = connection_on(bounded, server)
    try:
        number = LEDGER.note_operation(STARTTLS)
        result = connection.extended(START_TLS)[1]
        LEDGER.note_result(number, int(result["result"]))
    except Exception:  # noqa: BLE001  see the module's docstring
        result = None if bounded.late else {"result": "none", "description": "no answer understood"}
    if result is None:
        raise TimeoutError("no answer in time")
    if result["result"]:
        raise HandshakeFailed(f"the server does not start TLS: {words(result)}")
    return sock
