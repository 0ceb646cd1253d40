"""The site as configured: frozen values, no I/O; ``reading`` makes them from site.ini."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path


@dataclass(frozen=True)
class PasswordSource:
    """Where a password comes from: kind is ``env``, ``file``, ``keyring`` or ``prompt``; name its argument."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        """Return the reference as it is in the site file, for reports and handover."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


@dataclass(frozen=True)
class Exchange:
    """Section ``[exchange]``: hostname and port of the endpoint, and how to talk to it.

    ``timeout`` in seconds is the limit of each phase, its second try included.
    ``auth`` is auto, negotiate, ntlm or basic. ``proxy`` is empty (none),
    ``system`` or a URL. ``front_ends`` are the servers behind the hostname, as
    far as the customer names them.
    """

    hostname: str
    port: int = 443
    ca_file: Path | None = None
    auth: str = "auto"
    max_connections: int = 4
    timeout: float = 30.0
    user_agent: str = "Flowscape"
    proxy: str = ""
    front_ends: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Return the EWS address, /EWS/Exchange.asmx on the configured host."""
        port = "" if self.port == 443 else f":{self.port}"
        return f"https://{self.hostname}{port}/EWS/Exchange.asmx"


@dataclass(frozen=True)
class ServiceAccount:
    r"""Section ``[service_account]``: ``username`` is DOMAIN\user or a UPN."""

    username: str
    email: str
    password: PasswordSource


@dataclass(frozen=True)
class DirectoryServer:
    """One LDAP server; ``tls`` is False only where the site file says ldap:// (then StartTLS is required).

    ``catalog`` is True where the site file says gc://: a global catalog on a
    port of its own, behind a balancer or a port forwarding.
    """

    host: str
    port: int = 636
    tls: bool = True
    catalog: bool = False

    @property
    def is_global_catalog(self) -> bool:
        """Whether it is a global catalog: the site file says so, or the port is one of its two (3268, 3269)."""
        return self.catalog or self.port in (3268, 3269)

    def __str__(self) -> str:
        """Return the URL as an administrator writes it."""
        scheme = "gc" if self.catalog else "ldaps" if self.tls else "ldap"
        return f"{scheme}://{self.host}:{self.port}"


@dataclass(frozen=True)
class Directory:
    """Section ``[directory]``; ``username`` None means: bind as the service account."""

    servers: tuple[DirectoryServer, ...]
    base_dn: str
    ca_file: Path | None = None
    start_tls: bool = False
    username: str | None = None
    password: PasswordSource | None = None


@dataclass(frozen=True)
class Room:
    """A configured room: its address, and what rooms.csv says about it."""

    email: str
    name: str = ""
    building: str = ""
    capacity: int | None = None


@dataclass(frozen=True)
class Users:
    """Section ``[users]``: addresses, or the decision to test none (who, when, why)."""

    addresses: tuple[str, ...] = ()
    none_by: str = ""
    none_on: date | None = None
    none_reason: str = ""
    out_of_scope: str = ""


@dataclass(frozen=True)
class Booking:
    """Section ``[booking]``: rooms that may be invited to meetings; ``answer_timeout`` in seconds."""

    rooms: tuple[str, ...] = ()
    window: tuple[time, time] | None = None
    approved_by: str = ""
    answer_timeout: float = 120.0


@dataclass(frozen=True)
class Waiver:
    """One line of ``[waivers]``; ``target`` is an address or ``site``. Valid through ``until``, inclusive."""

    requirement: str
    target: str
    owner: str
    until: date
    reason: str
    line: int = 0


@dataclass(frozen=True)
class Attestation:
    """One line of ``[attestations]``: who vouches, when, how; an empty ``target`` means every target."""

    requirement: str
    target: str
    who: str
    on: date
    how: str
    line: int = 0


def account_name(username: str) -> str:
    r"""Return the account's bare name, in lower case, of ``DOMAIN\name`` or ``name@domain``."""
    return username.rpartition("\\")[2].partition("@")[0].strip().lower()


@dataclass(frozen=True)
class Site:
    """A whole site file, checked. Addresses are lower-case, trimmed and IDNA-normalised."""

    path: Path
    customer: str
    name: str
    contact: str
    exchange: Exchange
    service_account: ServiceAccount
    rooms: tuple[Room, ...]
    users: Users = field(default_factory=Users)
    directory: Directory | None = None
    expected_rooms: int | None = None
    booking: Booking = field(default_factory=Booking)
    password_by: str = ""
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()

    @property
    def binds_as_service_account(self) -> bool:
        """Whether LDAP binds as the service account: no user is named, or the same one in any form of its name.

        Then its one refused attempt in a run is the bind's, and EWS is not tried after it.
        """
        if self.directory is None or self.directory.username is None:
            return True
        account, other = self.service_account, self.directory.username.lower()
        if other in (account.username.lower(), account.email.lower()):
            return True
        return account_name(other) == account_name(account.username)

    @property
    def slug(self) -> str:
        """Return the report folder's name: letters, digits and dashes of the site's name, else of its file."""
        words = "".join(c if c.isalnum() else " " for c in (self.name or self.path.stem).lower()).split()
        return "-".join(words) or "site"
