"""The attributes this directory knows: how they compare, how their values are written, what is special about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum

Values = list[bytes]


class Syntax(Enum):
    """How the values of an attribute compare (MS-ADTS 3.1.1.2.2.4)."""

    TEXT = "text, case ignored"
    NUMBER = "integer"
    NAME = "distinguished name"
    SID = "SID, as bytes or S-1-..."
    BYTES = "bytes"
    CATEGORY = "objectCategory: a distinguished name or its class"


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    ``constructed``: comes only when named and cannot be filtered on (MS-ADTS 3.1.1.4.5, 3.1.1.3.1.3.1);
    ``base_only``: only to a base search; ``in_catalog``: the global catalog holds it.
    """

    name: str
    syntax: Syntax = Syntax.TEXT
    constructed: bool = False
    base_only: bool = False
    in_catalog: bool = True


def _attributes() -> Iterator[Attribute]:
    for name in (
        "objectClass", "cn", "ou", "dc", "name", "description", "sAMAccountName", "userPrincipalName", "givenName",
        "sn", "displayName", "mail", "proxyAddresses", "mailNickname", "targetAddress", "whenChanged",
        "msExchResourceMetaData", "msExchHideFromAddressLists", "userWorkstations", "legacyExchangeDN",
        "trustPartner", "flatName", "msExchGenericForwardingAddress", "msExchEnableModeration", "deliverAndRedirect",
    ):  # fmt: skip
        yield Attribute(name)
    for name in (
        "userAccountControl", "sAMAccountType", "primaryGroupID", "groupType", "msExchRecipientTypeDetails",
        "msExchRecipientDisplayType",
    ):  # fmt: skip
        yield Attribute(name, Syntax.NUMBER)
    # "In Global Catalog: False" in Microsoft's schema reference
    for name in (
        "accountExpires", "pwdLastSet", "lockoutTime", "badPwdCount", "lockoutThreshold", "lockoutDuration",
        "lockOutObservationWindow", "maxPwdAge",
    ):  # fmt: skip
        yield Attribute(name, Syntax.NUMBER, in_catalog=False)
    for name in (
        "distinguishedName",
        "memberOf",
        "member",
        "publicDelegates",
        "altRecipient",
        "authOrig",
        "msExchModeratedByLink",
    ):
        yield Attribute(name, Syntax.NAME)
    for name in ("objectSid", "msExchMasterAccountSid", "securityIdentifier"):
        yield Attribute(name, Syntax.SID)
    for name in ("objectGUID", "msExchMailboxGuid", "msExchMailboxSecurityDescriptor"):
        yield Attribute(name, Syntax.BYTES)
    yield Attribute("objectCategory", Syntax.CATEGORY)
    for name in ("msDS-User-Account-Control-Computed", "msDS-UserPasswordExpiryTimeComputed"):
        yield Attribute(name, Syntax.NUMBER, constructed=True, in_catalog=False)
    yield Attribute("msDS-ResultantPSO", Syntax.NAME, constructed=True, in_catalog=False)
    # computed from the domain's own knowledge of names: only a domain controller of the object's domain has it
    yield Attribute("msDS-PrincipalName", constructed=True, in_catalog=False)
    yield Attribute("tokenGroups", Syntax.SID, constructed=True, base_only=True)


SCHEMA = {attribute.name.lower(): attribute for attribute in _attributes()}


def attribute(name: str) -> Attribute:
    """Return the attribute of this name, in any case; an unknown one compares as text."""
    return SCHEMA.get(name.lower()) or Attribute(name)


@dataclass(frozen=True)
class Selection:
    """Which attributes a search asks for (RFC 4511 4.5.1.8)."""

    everything: bool
    named: frozenset[str]  # lower case

    @classmethod
    def of(cls, names: Iterable[str]) -> Selection:
        """Read a request's list: none at all and ``*`` are all that is not constructed, ``1.1`` is nothing."""
        keys = [name.partition(";")[0].lower() for name in names]
        return cls("*" in keys or not keys, frozenset(keys) - {"*", "1.1"})

    def takes(self, key: str, *, base_search: bool) -> bool:
        """Whether the attribute with this lower-case name is part of the answer."""
        known = SCHEMA.get(key)
        if known is not None and known.constructed:
            return key in self.named and (base_search or not known.base_only)
        return self.everything or key in self.named


def text(*values: str) -> Values:
    """Return the texts that are not empty."""
    return [value.encode() for value in values if value]


def number(value: int | None) -> Values:
    """Return an integer; None is an absent attribute."""
    return [] if value is None else [b"%d" % value]


def generalized_time(moment: datetime) -> Values:
    """Return an aware time as a domain controller writes it."""
    return [moment.astimezone(timezone.utc).strftime("%Y%m%d%H%M%S.0Z").encode()]
