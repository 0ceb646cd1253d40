"""Where the run measured from and what it reached: rows of the page and of results.json, whose keys the labels are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from pytest_flowscape.facts import DirectoryView, Host, SignIn, SiteFacts, Vantage
from pytest_flowscape.site.model import Site

_PROXY = {"": "none", "system": "the operating system's"}


def rows(site: Site, site_facts: SiteFacts | None) -> tuple[tuple[str, str], ...]:
    """Return (label, value) for everything that is known. Labels are unique."""
    return tuple((label, value) for label, value in _all(site, site_facts) if value)


def _all(site: Site, facts: SiteFacts | None) -> Iterator[tuple[str, str]]:
    if facts:
        yield from _machine(facts.vantage)
    yield "Exchange address", site.exchange.url
    # a proxy's URL may hold a user name: its kind is enough here
    yield "Proxy", _PROXY.get(site.exchange.proxy, "as configured in the site file")
    if facts is None:
        return
    yield from _host(facts.host)
    if facts.endpoint:
        yield "Sign-in ways offered", ", ".join(facts.endpoint.ways)
    looks = facts.endpoint.looks if facts.endpoint else ()
    names = {look.name for look in looks if look.name} | set(facts.sign_in.front_ends if facts.sign_in else ())
    yield "Front ends seen", ", ".join(sorted(names))
    if facts.sign_in:
        yield from _sign_in(facts.sign_in)
    if facts.directory:
        yield from _directory(facts.directory)


def _machine(vantage: Vantage) -> Iterator[tuple[str, str]]:
    yield "Machine", vantage.machine
    yield "User", vantage.user
    yield "Platform", vantage.platform
    yield "Python", vantage.python


def _host(host: Host) -> Iterator[tuple[str, str]]:
    yield "Local address", host.source_address
    reached = (f"{one.address} ({one.tls_version or 'TLS'})" for one in host.addresses if one.trouble is None)
    missed = (f"{one.address} ({one.trouble.kind.value})" for one in host.addresses if one.trouble)
    yield "Addresses reached", ", ".join(reached)
    yield "Addresses not reached", ", ".join(missed)
    yield "Trusted by", host.trusted_by
    if host.certificate:
        yield "Certificate issuer", host.certificate.issuer
        yield "Certificate SHA-256", host.certificate.sha256
        yield "Certificate valid until", _day(host.certificate.not_after)


def _sign_in(sign_in: SignIn) -> Iterator[tuple[str, str]]:
    yield "Signed in by", sign_in.way if sign_in.succeeded else ""
    yield "Exchange build", sign_in.server_version


def _directory(directory: DirectoryView) -> Iterator[tuple[str, str]]:
    yield "Directory server", directory.bind.server
    yield "Directory sign-in as", directory.bind.username if directory.bind.tried else ""


def _day(value: datetime) -> str:
    # a naive time is written as it is: its zone is not known
    return (value.astimezone(timezone.utc) if value.tzinfo else value).date().isoformat()
