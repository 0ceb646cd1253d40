"""What a run has asked of the servers: every HTTP exchange and LDAP operation, counted where it was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

# as whom EWS is asked: the service account itself, or a mailbox that it acts as
DELEGATE, IMPERSONATED = "delegate", "impersonated"
NOBODY = "without credentials"  # on a connection that never carried any
OWN_MAILBOX = ""  # the service account's, where a request names no address

BIND, SEARCH, STARTTLS = "bind", "search", "start TLS"
NO_ANSWER = 0  # in place of an HTTP status
NO_RESULT = -1  # in place of an LDAP result code (RFC 4511 A.1)
UNAUTHORIZED = 401
INVALID_CREDENTIALS = 49
# how the names of EWS operations begin that only read; everything else counts as a write
EWS_READS = ("Get", "Find", "Sync", "ResolveNames", "ConvertId", "ExpandDL")
LDAP_READS = frozenset((BIND, SEARCH, STARTTLS))


@dataclass(frozen=True)
class Footprint:
    """What the controller and all workers of one run sent, and how it was answered.

    ``http`` counts every POST to the EWS address by (operation, identity,
    status), the legs of a sign-in included; status 0 is no answer. ``mailboxes``
    counts EWS requests by address and identity; address "" is the service
    account's own mailbox. ``ldap`` counts by (operation, result code), code -1
    is no answer. ``ews_refused`` are sign-ins that showed the password, or a
    proof of it, and were refused (status 401); ``ews_sign_ins`` are those that
    got any other answer, an error page included.
    """

    http: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    mailboxes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    ews_connections: int = 0
    ews_sign_ins: int = 0
    ews_refused: int = 0
    throttled: int = 0
    retries: int = 0
    ldap: Mapping[tuple[str, int], int] = field(default_factory=dict)
    ldap_connections: int = 0

    @property
    def operations(self) -> dict[tuple[str, str], int]:
        """Return the EWS requests by (operation, identity): whatever was answered once the sign-in was accepted."""
        found: Counter[tuple[str, str]] = Counter()
        for (operation, identity, status), count in self.http.items():
            if reached_ews(identity, status):
                found[operation, identity] += count
        return dict(found)

    @property
    def requests(self) -> int:
        """Return the number of EWS requests, of whatever operation and identity."""
        return sum(self.operations.values())

    @property
    def http_requests(self) -> int:
        """Return the number of HTTP requests, each a line in the log of the web server."""
        return sum(self.http.values())

    @property
    def without_credentials(self) -> int:
        """Return the number of HTTP requests on connections that carried no credentials."""
        return sum(count for (_, identity, _), count in self.http.items() if identity == NOBODY)

    @property
    def unanswered(self) -> int:
        """Return the number of HTTP requests that got no answer."""
        return sum(count for (_, _, status), count in self.http.items() if status == NO_ANSWER)

    @property
    def binds(self) -> int:
        """Return the number of LDAP binds, refused ones included."""
        return self._ldap(BIND)

    @property
    def refused_binds(self) -> int:
        """Return the number of binds that the directory refused for the name, the password or the account's state."""
        return self.ldap.get((BIND, INVALID_CREDENTIALS), 0)

    @property
    def searches(self) -> int:
        """Return the number of LDAP searches, each page as one."""
        return self._ldap(SEARCH)

    @property
    def writes(self) -> int:
        """Return the number of requests, on either side, that are not known to only read, answered or not."""
        ews = sum(
            count
            for (operation, identity, status), count in self.http.items()
            if identity != NOBODY and status != UNAUTHORIZED and not operation.startswith(EWS_READS)
        )
        return ews + sum(count for (operation, _), count in self.ldap.items() if operation not in LDAP_READS)

    @property
    def by_name(self) -> dict[str, int]:
        """Return the main numbers by name, EWS operations first; what did not happen has no name."""
        found: Counter[str] = Counter()
        for (operation, _), count in self.operations.items():
            found[operation] += count
        found["handshakes"] = self.ews_sign_ins + self.ews_refused
        found["throttled"] = self.throttled
        found["directory searches"] = self.searches
        return {name: count for name, count in found.items() if count}

    def _ldap(self, wanted: str) -> int:
        return sum(count for (operation, _), count in self.ldap.items() if operation == wanted)


def reached_ews(identity: str, status: int) -> bool:
    """Whether an HTTP exchange was an EWS request, not a leg of a sign-in and not the look at the endpoint."""
    return identity != NOBODY and status not in (NO_ANSWER, UNAUTHORIZED)
