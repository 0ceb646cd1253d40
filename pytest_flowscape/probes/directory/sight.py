"""What of an entry can be read: unreadable looks like absent in Active Directory.

A reader without the right to an attribute gets the object without it, and a
filter on it finds nothing, with success (MS-ADTS 3.1.1.4.3, 3.1.1.3.1.3.1). The
rules here tell the two apart; where they cannot, an attribute counts as
unreadable, because "not measured" is cheaper than a false verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_flowscape.facts import DirectoryEntry

# every user object has these, so their absence means: not readable
ALWAYS_ON_USERS = frozenset(
    (
        "useraccountcontrol",
        "accountexpires",
        "pwdlastset",
        "objectsid",
        "msds-user-account-control-computed",
        "msds-userpasswordexpirytimecomputed",
        "tokengroups",
    )
)
# absent on healthy accounts: each domain controller has its own count
STATE = frozenset(("badpwdcount", "lockouttime"))
ALWAYS = frozenset(("objectclass", "whenchanged"))  # the same, on every object
# the global catalog lacks these, or lacks what they are computed from ("In Global Catalog: False", AD Schema pages)
NOT_IN_CATALOG = frozenset(
    (
        "accountexpires",
        "pwdlastset",
        "badpwdcount",
        "lockouttime",
        "msds-user-account-control-computed",
        "msds-userpasswordexpirytimecomputed",
        "msds-resultantpso",
    )
)
NAMES = frozenset(("givenname", "sn", "mail"))  # one property set (Public-Information): readable together or not at all


def same_name(one: str, other: str) -> bool:
    """Compare distinguished names as a directory gives them, by case-insensitive text."""
    return one.casefold() == other.casefold()


@dataclass(frozen=True)
class Sight:
    """What the directory shows to us of other objects than the one we signed in as.

    Two groups of attributes have rights of their own: proxyAddresses belong to
    Public-Information; mailNickname and msExch attributes to
    Exchange-Information, which Exchange's setup opens to everybody signed in.
    An account reads its own object whole (measured), so that proves nothing:
    ``own_dn`` does not count, and where it is not known one object is not enough.
    """

    own_dn: str = ""
    with_proxies: frozenset[str] = frozenset()
    with_exchange: frozenset[str] = frozenset()

    def after(self, entries: Iterable[DirectoryEntry]) -> Sight:
        """Return what is known after these entries were seen."""
        others = [entry for entry in entries if not same_name(entry.dn, self.own_dn)]
        proxies = {entry.dn.casefold() for entry in others if "proxyaddresses" in entry.attributes}
        exchange = {entry.dn.casefold() for entry in others if any(map(_is_exchange, entry.attributes))}
        return Sight(self.own_dn, self.with_proxies | proxies, self.with_exchange | exchange)

    @property
    def proxies(self) -> bool:
        """Whether others' proxyAddresses can be read."""
        return self._enough(self.with_proxies)

    @property
    def exchange(self) -> bool:
        """Whether others' mailNickname and msExch attributes can be read."""
        return self._enough(self.with_exchange)

    def _enough(self, seen: frozenset[str]) -> bool:
        return len(seen) >= (1 if self.own_dn else 2)


def _is_exchange(key: str) -> bool:
    return key == "mailnickname" or key.startswith("msexch")


def unreadable(
    entry: DirectoryEntry, asked: Iterable[str], sight: Sight, *, itself: bool = False, catalog: bool = False
) -> frozenset[str]:
    """Name the attributes (lower case) of ``asked`` that this entry does not show although it may have them.

    ``itself``: the entry is the account we signed in as, which reads its own
    object. ``catalog``: a global catalog gave it. The rules:

    - what every object or every user has, and is absent, is unreadable; so are
      badPwdCount and lockoutTime where userAccountControl is;
    - what a global catalog lacks, or computes without what it needs, is unreadable there;
    - mailNickname and msExch attributes of an object that shows none of them
      are unreadable where its userAccountControl is, too (it is closed as a
      whole), and those of any object while nobody else's were seen; only the
      account that we signed in as proves by one of its own that it sees them all;
    - proxyAddresses that are absent are unreadable while nobody else's were seen;
    - givenName, sn and mail are unreadable where all three are absent, except
      on the object that we signed in as: there they are really empty.
    """
    keys = {name.lower() for name in asked}
    absent = keys - entry.attributes.keys()
    shows_exchange = any(map(_is_exchange, entry.attributes))
    hidden = absent & ALWAYS
    if _is_user(entry):
        hidden |= absent & ALWAYS_ON_USERS
    closed = "useraccountcontrol" in hidden
    if closed:
        hidden |= absent & STATE
    if catalog:
        hidden |= keys & NOT_IN_CATALOG
    sees_all = itself and shows_exchange
    if (closed and not shows_exchange) or not (sight.exchange or sees_all):
        hidden |= {key for key in absent if _is_exchange(key)}
    if not sight.proxies:
        hidden |= absent & {"proxyaddresses"}
    if not itself and absent >= NAMES:
        hidden |= NAMES
    return frozenset(hidden)


def _is_user(entry: DirectoryEntry) -> bool:
    classes = entry.attributes.get("objectclass")
    return classes is None or b"user" in {value.lower() for value in classes}
