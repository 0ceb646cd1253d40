"""The host as observed: DNS, TCP, TLS, the endpoint, the sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pytest_flowscape.facts.trouble import Trouble


@dataclass(frozen=True)
class Certificate:
    """A certificate as presented; ``sha256`` is its fingerprint in lower-case hexadecimal."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    sha256: str
    self_issued: bool = False


@dataclass(frozen=True)
class AddressTried:
    """One A or AAAA address of the host: reached (no trouble, a TLS version) or not."""

    address: str
    family: str
    trouble: Trouble | None = None
    tls_version: str = ""


@dataclass(frozen=True)
class Host:
    """What DNS, TCP and TLS said of the configured hostname.

    ``trouble``: the name does not resolve, or no address could be reached (the
    first address's trouble stands for all). ``certificate_trouble``: TLS works
    but the certificate is not accepted by the trust rule. ``chain`` is what the
    server sent, leaf first, where the platform lets us see it.
    ``trusted_by`` is ``operating system``, ``ca_file`` or empty.
    """

    hostname: str
    port: int
    addresses: tuple[AddressTried, ...] = ()
    trouble: Trouble | None = None
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] = ()
    certificate_trouble: Trouble | None = None
    trusted_by: str = ""
    source_address: str = ""


@dataclass(frozen=True)
class FrontEndLook:
    """One short connection without credentials, and which front end answered there.

    ``name`` is X-FEServer, empty where there was none. ``ways`` are the offered
    schemes. ``trouble`` is None when a 401 offers a way to sign in with a
    password. ``again``: it belongs to the second round, some seconds later.
    """

    name: str
    ways: tuple[str, ...] = ()
    trouble: Trouble | None = None
    again: bool = False


@dataclass(frozen=True)
class Endpoint:
    """The answer to one POST to /EWS/Exchange.asmx without credentials.

    ``ways`` are the offered authentication schemes as received, for instance
    ``("Negotiate", "NTLM", "Basic")``; where several front ends were seen,
    those that all of them offer. ``trouble`` is None when a 401 offers a way to
    sign in with a password. ``looks`` are all connections of this phase in
    their order, the first being the answer itself; empty where no further one
    was made.
    """

    url: str
    status: int | None = None
    ways: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None
    looks: tuple[FrontEndLook, ...] = ()


@dataclass(frozen=True)
class SignIn:
    """The run's one sign-in to EWS.

    ``tried`` is False where an earlier finding stopped it. ``way`` is the
    scheme that was used. ``server_version`` is ServerVersionInfo as
    ``15.2.1748.10``, empty if there was none. ``front_ends`` are X-FEServer values.
    """

    username: str
    tried: bool = False
    way: str = ""
    trouble: Trouble | None = None
    server_version: str = ""
    front_ends: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the service account was signed in."""
        return self.tried and self.trouble is None
