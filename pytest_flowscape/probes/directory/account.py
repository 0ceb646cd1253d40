"""Find the service account's object, in whichever domain of the forest it lies, and the forest behind a linked one.

Its state is read on a domain controller of its own domain, as the global
catalog lacks its expiry. A linked mailbox is used by an account of another
forest: its object here is disabled by design and says nothing of that
account's state (Microsoft, "Manage linked mailboxes").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_flowscape.facts import DirectoryEntry, Holders
from pytest_flowscape.facts.directory import is_linked, master_sid
from pytest_flowscape.probes.directory.search import Query, SearchFailed
from pytest_flowscape.probes.directory.security_descriptor import sid_text
from pytest_flowscape.probes.directory.servers import ELSEWHERE, Servers
from pytest_flowscape.probes.directory.view import (
    domain_of,
    identity_filters,
    is_another,
    is_proven,
    namesakes_filter,
    octets,
)

ANYTHING = "(objectClass=*)"
MAX_NAMESAKES = 5  # objects of other domains to look at where several have the user name
UNKNOWN_FOREST = "another forest"
# how many wrong passwords lock an account, by its own policy and by the domain's
POLICY_ATTRIBUTES = OWN_THRESHOLD, DOMAIN_THRESHOLD = ("msDS-LockoutThreshold", "lockoutThreshold")


@dataclass(frozen=True)
class Found:
    """The account's object, None where there is no such object or several; ``catalog``: from a global catalog."""

    entry: DirectoryEntry | None = None
    catalog: bool = False


class Accounts:
    """Looks for accounts through the signed-in servers; ``domain`` is where the site file's searches start."""

    def __init__(self, servers: Servers, domain: str) -> None:
        self._servers = servers
        self._domain = domain

    def by_user_name(self, username: str, attributes: tuple[str, ...]) -> Found:
        """Find the one object with this user name and read it whole.

        Raises SearchFailed. The site file's domain comes first; a global catalog then shows the
        other domains of the forest.
        """
        for identity in identity_filters(username, self._domain):
            found = self._search(self._domain, identity, catalog=False)
            if "userPrincipalName" not in identity:  # a global catalog also shows the domains below
                found = [entry for entry in found if domain_of(entry.dn).casefold() == self._domain.casefold()]
            elif not found and self._servers.reaches(catalog=True):  # a user principal name is the forest's
                found = self._search("", identity, catalog=True)
            if len(found) > 1:
                return Found()
            whole = self._read_whole(found[0].dn, attributes) if found else Found()
            entry = whole.entry
            if entry is not None and not is_another(entry, username) and self._is_alone(entry, username):
                return whole
        return self._find_elsewhere(username, attributes)

    def linked_mailbox(self, holders: Holders, attributes: tuple[str, ...]) -> Found:
        """Return the linked mailbox that has the account's email, whose user name is another forest's; whole."""
        found = holders.by_proxy
        if len(found) != 1 or not is_linked(found[0]):
            return Found()
        try:
            return self._read_whole(found[0].dn, attributes)
        except SearchFailed:
            return Found()

    def forest_of(self, entry: DirectoryEntry) -> str:
        """Name the forest of a linked mailbox's account, for people: by the trust that has its SID."""
        master = master_sid(entry)
        if not master:
            return UNKNOWN_FOREST
        named = self._forest_of_trust(domain_sid(master)) or UNKNOWN_FOREST
        try:
            return f"{named} (account {sid_text(master)})"
        except ValueError:
            return named

    def lockout_threshold(self, account: DirectoryEntry) -> int | None:
        """Return how many wrong passwords lock the account: its own policy's number, else the domain's; 0 is never.

        None where it is not readable.
        """
        policy = account.text("msDS-ResultantPSO")
        name = OWN_THRESHOLD if policy else DOMAIN_THRESHOLD
        query = Query(policy or domain_of(account.dn), ANYTHING, (name,), whole=False)
        try:
            found = self._servers.search_own(query)
        except SearchFailed:
            return None
        return found[0].number(name) if found else None

    def _is_alone(self, entry: DirectoryEntry, username: str) -> bool:
        """Whether it is surely this user: its domain is proven, or no other domain that is seen has the name."""
        if "\\" not in username or is_proven(entry, username) or not self._servers.reaches(catalog=True):
            return True
        return len(self._search("", namesakes_filter(username), catalog=True)) < 2

    def _find_elsewhere(self, username: str, attributes: tuple[str, ...]) -> Found:
        """Look in the other domains of the forest: of all with this sAMAccountName the one whose domain is proven."""
        namesakes = namesakes_filter(username)
        if not namesakes or not self._servers.reaches(catalog=True):
            return Found()
        found = self._search("", namesakes, catalog=True)[:MAX_NAMESAKES]
        wholes = [self._read_whole(entry.dn, attributes) for entry in found]
        proven = [one for one in wholes if one.entry and is_proven(one.entry, username)]
        return proven[0] if len(proven) == 1 else Found()

    def _read_whole(self, dn: str, attributes: tuple[str, ...]) -> Found:
        """Read one object on a controller of its own domain, else in the global catalog. Raises SearchFailed."""
        query = Query(dn, ANYTHING, attributes, whole=False)
        catalog = not self._servers.reaches(catalog=False)
        try:
            found = self._servers.search_own(query)
        except SearchFailed as failed:
            elsewhere = failed.trouble.ldap_result in ELSEWHERE
            if not elsewhere or catalog or not self._servers.reaches(catalog=True):
                raise
            catalog = True
            found = self._servers.search(query, catalog=True)
        return Found(found[0], catalog) if found else Found()

    def _forest_of_trust(self, sid: bytes) -> str:
        query = Query(
            f"CN=System,{self._domain}",
            f"(&(objectClass=trustedDomain)(securityIdentifier={octets(sid)}))",
            ("trustPartner", "flatName"),
        )
        try:
            found = self._servers.search(query, catalog=False)
        except SearchFailed:
            return ""
        return f"the forest of {found[0].text('trustPartner')}" if found and found[0].text("trustPartner") else ""

    def _search(self, base: str, wanted: str, *, catalog: bool) -> Sequence[DirectoryEntry]:
        return list(self._servers.search(Query(base, wanted, ("objectSid",)), catalog=catalog))


def domain_sid(sid: bytes) -> bytes:
    """Return the SID of the domain of an account: its own without the last part (MS-DTYP 2.4.2)."""
    return bytes((sid[0], sid[1] - 1)) + sid[2:-4] if len(sid) > 12 else sid
