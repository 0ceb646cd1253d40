"""What careful customers take from ordinary accounts, taken by the directory's own permissions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tests.real_ad.administrator import CONTAINER_INHERIT, DENY_OBJECT, READ_PROPERTY, entry
from tests.real_ad.contents import AUTHENTICATED_USERS, BASE
from tests.real_ad.exchange_schema import EXCHANGE_INFORMATION
from tests.real_ad.real_directory import RealDirectory

READS_EVERYTHING = f"CN=Pre-Windows 2000 Compatible Access,CN=Builtin,{BASE}"
PROXY_ADDRESSES = uuid.UUID("bf967a06-0de6-11d0-a285-00aa003049e2")  # schemaIDGUID (Microsoft's AD schema pages)


def hide_state(ad: RealDirectory) -> None:
    """Take everybody out of the group that reads everything: of others, the account's state is no longer seen."""
    ad.administrator.take(READS_EVERYTHING, member=f"CN={AUTHENTICATED_USERS},CN=ForeignSecurityPrincipals,{BASE}")


def _deny(about: uuid.UUID, flags: int = 0) -> bytes:
    return entry(AUTHENTICATED_USERS, READ_PROPERTY, kind=DENY_OBJECT, flags=flags, about=about)


def close_exchange(ad: RealDirectory) -> None:
    """Deny Exchange-Information for the whole domain; what objects permit themselves goes before it."""
    ad.administrator.permit(BASE, _deny(EXCHANGE_INFORMATION, CONTAINER_INHERIT))


def hide_exchange(ad: RealDirectory) -> None:
    """Deny Exchange-Information and proxyAddresses on every object, so that nobody reads even their own."""
    for dn in ad.administrator.find(BASE, "(proxyAddresses=*)", "objectClass"):
        ad.administrator.permit(dn, _deny(EXCHANGE_INFORMATION), _deny(PROXY_ADDRESSES))


@dataclass(frozen=True)
class Hardening:
    """One way of hardening: in the real directory, and the simulator's name for it."""

    name: str
    real: Callable[[RealDirectory], None]
    simulated: str


STATE = Hardening("others' state hidden", hide_state, "hidden-directory")
CLOSED = Hardening("Exchange-Information closed", close_exchange, "closed-exchange-information")
HIDDEN = Hardening("Exchange attributes denied everywhere", hide_exchange, "hidden-exchange-attributes")
WAYS = (STATE, CLOSED, HIDDEN)
