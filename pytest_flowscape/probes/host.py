"""Ask DNS, TCP and TLS about the configured hostname; no password is anywhere near.

Every A and AAAA address is tried at once, and a second time if it refused or
was silent. The whole phase ends within the configured timeout.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_flowscape.core.interruption import in_parallel
from pytest_flowscape.facts import AddressTried, Host, Kind, Trouble
from pytest_flowscape.facts.policy import HOST_AGAIN
from pytest_flowscape.probes import network
from pytest_flowscape.probes.certificates import describe, presented_chain
from pytest_flowscape.probes.ledger import EWS, LEDGER
from pytest_flowscape.probes.network import Address, Deadline, Proxy
from pytest_flowscape.probes.trust import blind_context, tls_context
from pytest_flowscape.site.model import Exchange

_PAUSE = 0.5  # seconds before a second try, at most; a tenth of the time left if that is less
_ADDRESSES = 16  # tried at most; a host with more is a content network, not an Exchange server


@dataclass(frozen=True)
class _Reached:
    """What one address showed."""

    tried: AddressTried
    chain: tuple[bytes, ...] = ()
    source: str = ""
    certificate_trouble: Trouble | None = None


@dataclass(frozen=True)
class _Look:
    """The host as a connection needs it; ``port`` is its own, also behind a proxy."""

    host: str
    port: int
    ca_file: Path | None
    proxy: Proxy | None

    def secure(self, address: Address, context: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
        """Connect to the address and do the TLS handshake with the host (through the proxy if there is one)."""
        sock = network.connect(address, deadline)
        LEDGER.note_connection(EWS)
        return network.secure(sock, self.proxy, (self.host, self.port), context, deadline)


def probe_host(exchange: Exchange) -> Host:
    """Resolve the hostname, reach every address, and read the certificate.

    Ends within ``exchange.timeout`` seconds, second tries included. Raises
    nothing for what the network does; OSError if ``ca_file`` cannot be read.
    """
    tls_context(exchange.ca_file)  # an unreadable ca_file is not a finding about the host
    host = network.bare_host(exchange.hostname)
    deadline = Deadline(exchange.timeout)
    found = Host(exchange.hostname, exchange.port)
    try:
        proxy = network.proxy_for(exchange.proxy, host)
    except network.ProxyFailed as error:
        return replace(found, trouble=network.trouble_of(error))
    look = _Look(host, exchange.port, exchange.ca_file, proxy)
    addresses = _resolve_twice(proxy.host if proxy else host, proxy.port if proxy else exchange.port, deadline)
    if isinstance(addresses, Trouble):
        return replace(found, trouble=addresses)
    return _summary(found, look, _reach_all(look, addresses[:_ADDRESSES], deadline), deadline)


def _resolve_twice(host: str, port: int, deadline: Deadline) -> tuple[Address, ...] | Trouble:
    started = time.monotonic()
    trouble: Trouble | None = None
    for limit in (deadline.part(0.4), deadline.part(0.7)):
        try:
            addresses = network.resolve(host, port, limit)
        except OSError as error:
            trouble = network.trouble_of(error, time.monotonic() - started)
            if trouble.kind is Kind.SILENT:
                trouble = replace(trouble, kind=Kind.UNRESOLVABLE, said="the name service does not answer")
        else:
            if addresses:
                return addresses
            trouble = Trouble(Kind.UNRESOLVABLE, "the name has no address")
        _pause(deadline)
    assert trouble is not None
    return trouble


def _pause(deadline: Deadline) -> None:
    time.sleep(min(_PAUSE, deadline.left() * 0.1))


def _reach_all(look: _Look, addresses: tuple[Address, ...], deadline: Deadline) -> list[_Reached]:
    return in_parallel(lambda address: _reach_twice(look, address, deadline), addresses, len(addresses), "host")


def _reach_twice(look: _Look, address: Address, deadline: Deadline) -> _Reached:
    reached = _reach(look, address, deadline.part(0.5))
    if reached.tried.trouble is not None and reached.tried.trouble.kind in HOST_AGAIN:
        _pause(deadline)
        reached = _reach(look, address, deadline.part(0.95))
    return reached


def _reach(look: _Look, address: Address, deadline: Deadline) -> _Reached:
    started = time.monotonic()
    tried = AddressTried(address.text, address.version)
    try:
        with look.secure(address, tls_context(look.ca_file), deadline) as secure:
            return _read_certificate(tried, secure)
    except ssl.SSLCertVerificationError as error:
        return _look_blindly(look, address, tried, network.trouble_of(error, time.monotonic() - started), deadline)
    except OSError as error:
        return _Reached(replace(tried, trouble=network.trouble_of(error, time.monotonic() - started)))


def _look_blindly(look: _Look, address: Address, tried: AddressTried, refused: Trouble, deadline: Deadline) -> _Reached:
    """Read the certificate that was not accepted, in a second handshake over which nothing is sent."""
    try:
        with look.secure(address, blind_context(), deadline) as secure:
            return replace(_read_certificate(tried, secure), certificate_trouble=refused)
    except OSError:
        return _Reached(tried, certificate_trouble=refused)


def _read_certificate(tried: AddressTried, secure: ssl.SSLSocket) -> _Reached:
    return _Reached(
        replace(tried, tls_version=secure.version() or ""),
        chain=presented_chain(secure),
        source=str(secure.getsockname()[0]),
    )


def _summary(found: Host, look: _Look, all_reached: list[_Reached], deadline: Deadline) -> Host:
    found = replace(found, addresses=tuple(one.tried for one in all_reached))
    reached = [one for one in all_reached if one.tried.trouble is None]
    if not reached:
        return replace(found, trouble=all_reached[0].tried.trouble)
    # where addresses show different certificates, the one that is not accepted is the finding
    shown = next((one for one in reached if one.certificate_trouble is not None), reached[0])
    chain = tuple(describe(der) for der in shown.chain)
    trouble = shown.certificate_trouble
    if trouble is not None and len(reached) > 1:
        trouble = replace(trouble, said=f"{trouble.said} (at {shown.tried.address})")
    return replace(
        found,
        certificate=chain[0] if chain else None,
        chain=chain,
        certificate_trouble=trouble,
        trusted_by="" if trouble is not None else _trusted_by(look, reached, deadline),
        source_address=reached[0].source,
    )


def _trusted_by(look: _Look, reached: Iterable[_Reached], deadline: Deadline) -> str:
    """Return which store made the certificate trusted: ask again without ``ca_file``."""
    if look.ca_file is None:
        return "operating system"
    texts = {one.tried.address for one in reached}
    target = (look.proxy.host, look.proxy.port) if look.proxy else (look.host, look.port)
    with contextlib.suppress(OSError):
        for address in network.resolve(*target, deadline):
            if address.text in texts:
                return _store_that_trusts(look, address, deadline)
    return "ca_file"


def _store_that_trusts(look: _Look, address: Address, deadline: Deadline) -> str:
    try:
        with look.secure(address, tls_context(None), deadline):
            return "operating system"
    except OSError:
        return "ca_file"
