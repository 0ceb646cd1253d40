"""What a directory holds beside users: groups, the domain itself, the containers between, and trusts."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from pytest_flowscape.simulator.directory.names import common_name, sid_bytes
from pytest_flowscape.simulator.directory.schema import Values, number, text
from pytest_flowscape.simulator.directory.users import MAX_PASSWORD_AGE
from pytest_flowscape.simulator.directory.view import View
from pytest_flowscape.simulator.model import Group, Organisation

LOCKOUT_TIME = 30 * 60 * 10_000_000  # Windows' default, in ticks


@dataclass(frozen=True)
class DomainHead:
    """The domain's own object."""

    dn: str
    sid: str


@dataclass(frozen=True)
class Container:
    """An organizational unit or container that exists because something lies in it."""

    dn: str
    sid: str = ""


@dataclass(frozen=True)
class Trust:
    """What the first domain knows of a domain of another forest that it trusts (MS-ADTS 6.1.6.7)."""

    dn: str
    dns: str
    netbios: str
    trusted: str  # the other domain's SID
    sid: str = ""


def trusts(organisation: Organisation) -> list[Trust]:
    """Return the trusted domain objects."""
    system = f"CN=System,{organisation.base_dn}"
    others = (one for one in organisation.more_domains if one.trusted)
    return [Trust(f"CN={one.dns},{system}", one.dns, one.netbios, one.sid) for one in others]


GroupAttribute = Callable[[Group, View], Values]
DomainAttribute = Callable[[DomainHead, View], Values]
ContainerAttribute = Callable[[Container, View], Values]
TrustAttribute = Callable[[Trust, View], Values]


def _guid(name: str) -> Values:
    return [uuid.uuid5(uuid.NAMESPACE_X500, name.casefold()).bytes_le]


GROUP: dict[str, GroupAttribute] = {
    "objectClass": lambda _g, _v: text("top", "group"),
    "objectCategory": lambda _g, v: text(f"CN=Group,CN=Schema,CN=Configuration,{v.organisation.base_dn}"),
    "cn": lambda g, _v: text(common_name(g.dn)),
    "name": lambda g, _v: text(common_name(g.dn)),
    "distinguishedName": lambda g, _v: text(g.dn),
    "objectSid": lambda g, _v: [sid_bytes(g.sid)],
    "objectGUID": lambda g, _v: _guid(g.dn),
    "sAMAccountName": lambda g, _v: text(g.name),
    "sAMAccountType": lambda _g, _v: number(268435456),
    "groupType": lambda _g, _v: number(-2147483640),  # a universal security group
    "member": lambda g, _v: text(*g.members),
    "memberOf": lambda g, v: text(*v.groups_of(g.dn, [])),
}
DOMAIN: dict[str, DomainAttribute] = {
    "objectClass": lambda _d, _v: text("top", "domain", "domainDNS"),
    "objectCategory": lambda _d, v: text(f"CN=Domain-DNS,CN=Schema,CN=Configuration,{v.organisation.base_dn}"),
    "dc": lambda d, _v: text(common_name(d.dn)),
    "name": lambda d, _v: text(common_name(d.dn)),
    "distinguishedName": lambda d, _v: text(d.dn),
    "objectSid": lambda d, _v: [sid_bytes(d.sid)],
    "objectGUID": lambda d, _v: _guid(d.dn),
    "lockoutThreshold": lambda _d, v: number(v.organisation.policy.lockout_threshold),
    "lockoutDuration": lambda _d, _v: number(-LOCKOUT_TIME),
    "lockOutObservationWindow": lambda _d, _v: number(-LOCKOUT_TIME),
    "maxPwdAge": lambda _d, _v: number(-MAX_PASSWORD_AGE),
}
CONTAINER: dict[str, ContainerAttribute] = {
    "objectClass": lambda c, _v: text("top", "organizationalUnit" if _is_unit(c) else "container"),
    "ou": lambda c, _v: text(common_name(c.dn) if _is_unit(c) else ""),
    "cn": lambda c, _v: text("" if _is_unit(c) else common_name(c.dn)),
    "name": lambda c, _v: text(common_name(c.dn)),
    "distinguishedName": lambda c, _v: text(c.dn),
    "objectGUID": lambda c, _v: _guid(c.dn),
}


TRUST: dict[str, TrustAttribute] = {
    "objectClass": lambda _t, _v: text("top", "leaf", "trustedDomain"),
    "cn": lambda t, _v: text(t.dns),
    "name": lambda t, _v: text(t.dns),
    "distinguishedName": lambda t, _v: text(t.dn),
    "objectGUID": lambda t, _v: _guid(t.dn),
    "trustPartner": lambda t, _v: text(t.dns),
    "flatName": lambda t, _v: text(t.netbios),
    "securityIdentifier": lambda t, _v: [sid_bytes(t.trusted)],
}


def _is_unit(container: Container) -> bool:
    return container.dn.lstrip().lower().startswith("ou=")
