"""The stated policy for whatever goes wrong: what is asked again, how often, how long; what it then means.

Plain values that the probes and the judging read; docs/faults.md shows them.
One rule for each kind of trouble. A kind without a cause at some place is *not
measured* there, and so is every kind at a room that is not JUDGED: an answer
that says nothing about the question blames nobody and proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pytest_flowscape.facts import Kind

# --- asking EWS again ---------------------------------------------------------------------------

MAX_RETRIES = 3
PAUSES = (0.2, 0.8, 2.0)
"""Seconds before the second, third and fourth try, where the server does not say how long to wait."""
FIRST_SHARE = 0.6
"""The share of the time left that one try may wait for its answer while another may follow."""
MAX_IN_A_ROW = 8
"""Requests of one session without any HTTP answer, one after another and all their tries included; then it gives up."""
MAX_IN_VAIN = 20.0
"""How many times the timeout one session may spend in all on requests that got no useful answer."""

# --- limits of one answer -----------------------------------------------------------------------

EWS_BYTES = 8 * 1024 * 1024
"""An EWS answer is broken off beyond this; the largest that is asked for has about 100 kB."""
HEAD_BYTES = 256 * 1024
"""Of these, the status line and the headers; front ends send about 1 kB."""
LDAP_BYTES = 32 * 1024 * 1024
"""What one LDAP request may bring in all its messages; a page of 500 entries has about 1 MB."""

# --- asking the directory again -----------------------------------------------------------------

LDAP_BUSY = frozenset((51, 52))
"""RFC 4511 A.1: busy, unavailable. A sign-in that is answered so was not judged, and is tried once more."""
REFERRAL = 10
LDAP_FINAL = frozenset((8, REFERRAL, 32, 34, 48, 49, 50))
"""RFC 4511 A.1: about who asks, or for what. Everything else, silence and broken connections too, is asked again once
in a session, after signing in again. A referral (10) is never followed; it is asked again once at the same place."""
LDAP_PAUSE = 0.5
"""Seconds before a second try."""


class AtRoom(str, Enum):
    """What a trouble that stays means for a room or a user."""

    JUDGED = "judged: an answer about the mailbox"
    JUDGED_USER = "judged for a user; for a room ROOM-1 and ROOM-2 decide"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Rule:
    """What is done about one kind of trouble with EWS.

    ``again`` is how many more times a request is sent that got it. ``host``,
    ``bare`` and ``sign_in`` are rows of the table of causes: where the host
    does not get as far as HTTP, where it is the answer to the request without
    credentials, where it is the answer to the sign-in; empty: not measured.
    """

    kind: Kind
    again: int = 0
    host: str = ""
    bare: str = ""
    sign_in: str = ""
    room: AtRoom = AtRoom.NOT_MEASURED


RULES: dict[Kind, Rule] = {
    rule.kind: rule
    for rule in (
        # no HTTP answer
        Rule(Kind.UNRESOLVABLE, MAX_RETRIES, host="host-unresolvable"),
        Rule(Kind.REFUSED, MAX_RETRIES, host="host-refused"),
        Rule(Kind.SILENT, MAX_RETRIES, host="host-silent"),
        Rule(Kind.RESET, MAX_RETRIES, host="host-no-tls"),
        Rule(Kind.TLS_OTHER, MAX_RETRIES, host="host-no-tls"),
        Rule(Kind.TLS_NAME, host="tls-name"),
        Rule(Kind.TLS_EXPIRED, host="tls-expired"),
        Rule(Kind.TLS_UNKNOWN_ISSUER, host="tls-unknown-issuer"),
        # the server says that it is not now
        Rule(Kind.THROTTLED, MAX_RETRIES, bare="ews-unavailable"),
        Rule(Kind.TRANSIENT, MAX_RETRIES),
        Rule(Kind.UNAVAILABLE, MAX_RETRIES, bare="ews-unavailable"),
        # something else than EWS answers, or it is not understood
        Rule(Kind.LOGIN_PAGE, 1, bare="page-before-sign-in", sign_in="page-after-sign-in"),
        Rule(Kind.FORBIDDEN, 1, bare="ews-forbidden", sign_in="forbidden-after-sign-in"),
        Rule(Kind.NOT_FOUND, 1, bare="ews-not-found"),
        Rule(Kind.HTTP, 1),
        Rule(Kind.MALFORMED, 1),
        Rule(Kind.OTHER, 1),
        Rule(Kind.NOT_ASKED, 1),
        # signing in
        Rule(Kind.NO_PASSWORD_WAY, bare="ews-no-password-way", sign_in="page-after-sign-in"),
        Rule(Kind.WAY_MISSING_HERE, sign_in="way-missing-here"),
        Rule(Kind.SIGN_IN_REFUSED, sign_in="ews-refused"),
        Rule(Kind.LOST_SIGN_IN),
        Rule(Kind.STOPPED),
        # answers about a mailbox
        Rule(Kind.NO_ACCESS, room=AtRoom.JUDGED),
        Rule(Kind.IMPERSONATION_REFUSED, room=AtRoom.JUDGED),
        Rule(Kind.NO_MAILBOX, room=AtRoom.JUDGED_USER),
        Rule(Kind.NOT_PRIMARY, room=AtRoom.JUDGED_USER),
        # the directory's
        Rule(Kind.BIND_REFUSED),
        Rule(Kind.SEARCH),
    )
}

THROTTLING = frozenset({Kind.THROTTLED})
BROKEN = frozenset({Kind.UNRESOLVABLE, Kind.REFUSED, Kind.SILENT, Kind.RESET, Kind.TLS_OTHER})
"""No HTTP answer came, or not a whole one."""
REPEATED = frozenset(kind for kind, rule in RULES.items() if rule.again == MAX_RETRIES)
"""What time may cure."""
ASKED_AGAIN = frozenset(kind for kind, rule in RULES.items() if rule.again)
LOST = BROKEN | {Kind.MALFORMED}
"""In answer to a password that nothing has proven: it may have been judged, so it is not shown again in this run."""
NOT_YET = frozenset({Kind.THROTTLED, Kind.TRANSIENT, Kind.UNAVAILABLE})
"""In answer to such a password: nobody has judged it, and the same sign-in may go on later."""
HOST_AGAIN = BROKEN
"""What the host probe looks at twice, each address for itself."""
BARE_AGAIN = BROKEN | {Kind.UNAVAILABLE, Kind.THROTTLED, Kind.MALFORMED}
"""What the request without credentials is sent again for; other answers are compared over several front ends."""
ROOM_FACTS = tuple(kind for kind, rule in RULES.items() if rule.room is AtRoom.JUDGED)
PERSON_FACTS = tuple(kind for kind, rule in RULES.items() if rule.room is not AtRoom.NOT_MEASURED)
MAY_BE_ONE_MAILBOX = frozenset(
    (
        Kind.NO_ACCESS,
        Kind.NO_MAILBOX,
        Kind.NOT_PRIMARY,
        Kind.TRANSIENT,
        Kind.NOT_ASKED,
        Kind.MALFORMED,
        Kind.OTHER,
    )
)
"""Troubles of a request about several mailboxes that one of them may have caused: each is then asked alone."""


# Store sessions: a server grants 16 to one user on one mailbox database, so no more than
# ten mailboxes are ever in flight by delegate requests over the whole run (measured; Exchange
# store limits page).
MAILBOXES_IN_FLIGHT = 10


# a failed room fact is measured once more, alone: so many in a run, then a sample
SECOND_LOOKS = 50


SECOND_LOOK_SAMPLE = 10
