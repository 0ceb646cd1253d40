"""Bring the answers of two directories into one form: what is named differently in each becomes what it means.

SIDs become the names of their objects, times become "a time", a security
descriptor becomes its entries. Everything else has to be the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_flowscape.facts import DirectoryEntry, DirectoryView, Holders
from pytest_flowscape.probes.directory.search import Query
from pytest_flowscape.probes.directory.security_descriptor import read_dacl, sid_text
from pytest_flowscape.site.model import Directory
from tests.real_ad import views

A_TIME, NO_TIME, NEVER = "a time", "0", 0x7FFFFFFFFFFFFFFF
GENERALIZED_TIME = re.compile(rb"\d{14}\.0Z")
SIDS = frozenset(("objectsid", "tokengroups", "msexchmasteraccountsid"))
MOMENTS = frozenset(("pwdlastset", "lockouttime", "accountexpires", "msds-userpasswordexpirytimecomputed"))
FIRST_OWN_RID = 1000  # below it every domain numbers alike

Plain = dict[str, object]


@dataclass
class Names:
    """The objects that the SIDs of one directory belong to."""

    by_sid: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, directory: Directory, username: str, password: str) -> Names:
        """Read every object's SID, as the product reads objects."""
        with views.servers(directory, username, password) as servers:
            found = servers.search(Query(directory.base_dn, "(objectSid=*)", ("objectSid",)), catalog=False)
        return cls({sid_text(entry.values("objectSid")[0]): entry.dn for entry in found})

    def name(self, sid: str) -> str:
        """Return the object's distinguished name; well-known SIDs, and numbers that every domain has, stay."""
        domain, _, rid = sid.rpartition("-")
        if not sid.startswith("S-1-5-21-"):
            return sid
        return f"DOMAIN-{rid}" if int(rid) < FIRST_OWN_RID else self.by_sid.get(sid, f"unknown to {domain}: {rid}")


def plain_entry(entry: DirectoryEntry, names: Names) -> Plain:
    """Return an object's attributes in the form that compares, and what of it cannot be read."""
    attributes = {key: _plain(key, values, names) for key, values in entry.attributes.items()}
    return {"dn": entry.dn, "unreadable": sorted(entry.unreadable), **attributes}


def _plain(key: str, values: tuple[bytes, ...], names: Names) -> object:
    if key in SIDS:
        return sorted(names.name(sid_text(value)) for value in values)
    if key == "msexchmailboxsecuritydescriptor":
        return [(e.kind, e.flags, e.mask, names.name(e.sid)) for e in read_dacl(values[0]) or ()]
    if key == "whenchanged":
        return A_TIME if GENERALIZED_TIME.fullmatch(values[0]) else values
    if key in MOMENTS:
        ticks = int(values[0])
        return NO_TIME if ticks == 0 else "never" if ticks == NEVER else A_TIME
    if key == "objectclass":
        return list(values)  # from the most general to the object's own
    return sorted(values)


def plain_holders(holders: Holders | None, names: Names) -> Plain:
    """Return who holds an address."""
    if holders is None:
        return {}
    return {
        "by proxyAddresses": sorted((plain_entry(e, names) for e in holders.by_proxy), key=lambda e: str(e["dn"])),
        "by mail": sorted((plain_entry(e, names) for e in holders.by_mail), key=lambda e: str(e["dn"])),
        "flags": (holders.forest_wide, holders.exchange_hidden, holders.waiting),
        "trouble": holders.trouble and (holders.trouble.kind, holders.trouble.ldap_result),
    }


def plain_view(view: DirectoryView, names: Names) -> Plain:
    """Return everything that a directory answered."""
    return {
        "account": view.account and plain_entry(view.account, names),
        "account_holders": plain_holders(view.account_holders, names),
        "token": sorted(map(names.name, view.token_sids)),
        "lockout_threshold": view.lockout_threshold,
        "rooms": {room: plain_holders(holders, names) for room, holders in view.rooms.items()},
        "users": {user: plain_holders(holders, names) for user, holders in view.users.items()},
        "rights": {room: (r.grant.name, names.name(r.who), r.changed is not None) for room, r in view.rights.items()},
        "searches": view.searches,
    }


def differences(one: object, other: object, at: str = "") -> list[str]:
    """Return every place where two answers differ, and how."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = [*one, *(key for key in other if key not in one)]
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{at}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for number, (a, b) in pairs for line in differences(a, b, f"{at}[{number}]")]
    return [] if one == other else [f"{at}: {one!r} != {other!r}"]


# where Samba is not like Windows, and the simulator is: it does not know msDS-PrincipalName (MS-ADTS 3.1.1.4.5.36), and
# of another domain's names it says "no such object" (32) instead of where to ask (10)
NOT_LIKE_WINDOWS = re.compile(r".*/msds-principalname: None != |/refused: 32 != 10$")


def disagreements(real: Plain, simulated: Plain) -> list[str]:
    """Return every place where the simulated directory answers otherwise than the real one."""
    return [line for line in differences(real, simulated) if not NOT_LIKE_WINDOWS.match(line)]
