"""The registry of facts: one row for each, and everything that the tool knows about a fact by its name.

Fixtures, fetching ahead, second looks, unreadable attributes and the evidence
on the page come from these rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from pytest_flowscape.facts.bookings import RoundTrip
from pytest_flowscape.facts.mailboxes import MailboxAnswer, ResolvedName, SyncAnswer

SITE, ROOM, USER = "site", "room", "user"  # the values of requirement.Per

# kinds of request
OWNER, DELEGATE, SYNC, USERS, NAMES = "owner", "delegate", "sync", "users", "names"

FIVE_FOLDERS = ("msgfolderroot", "inbox", "calendar", "sentitems", "deleteditems")


class Side(str, Enum):
    """What must be open to the run for a fact to be measured.

    Exchange has three, one after the other: what answers before any password
    (``ENDPOINT``), the answer to the sign-in itself (``SIGN_IN``), everything
    later (``EWS``). ``EITHER`` is the directory, or ResolveNames where the
    directory is closed. ``NONE``: the fact is always there.
    """

    NONE = "none"
    ENDPOINT = "endpoint"
    SIGN_IN = "sign-in"
    EWS = "ews"
    DIRECTORY = "directory"
    EITHER = "either"


@dataclass(frozen=True)
class Request:
    """One kind of request to Exchange about a room or a user, and the type of its answer.

    ``gathering/rooms.py`` makes it; evidence.json keeps the answer under its
    kind. ``together``: an answer is judged once those of the whole chunk are
    there, since the folder ids seen decide about each mailbox.
    """

    kind: str
    operation: str
    answer: type
    impersonated: bool = False
    together: bool = False


REQUESTS = (
    Request(OWNER, "GetFolder", MailboxAnswer, impersonated=True, together=True),
    Request(DELEGATE, "GetFolder", MailboxAnswer, together=True),
    Request(SYNC, "SyncFolderItems", SyncAnswer, impersonated=True),
    Request(USERS, "GetFolder", MailboxAnswer, impersonated=True, together=True),
    Request(NAMES, "ResolveNames", ResolvedName),
)


@dataclass(frozen=True)
class Fact:
    """One fact that a requirement's function may take by its name.

    ``per`` is ``site``, ``room`` or ``user``. ``text`` is its fixture's
    docstring. ``requests`` are the kinds of request made for it, its own the
    last. ``entry`` is the fact that holds the directory entries from which it
    is read (``reads`` of a requirement). ``writes``: measuring it changes
    something, so that no second look repeats it. ``kept`` is where it is kept,
    if not by its name or its last request (``key``).
    """

    name: str
    per: str
    side: Side
    text: str
    requests: tuple[str, ...] = ()
    entry: str = ""
    writes: bool = False
    kept: str = ""

    @property
    def key(self) -> str:
        """Return the field of ``SiteFacts``, or the key in a room's or user's facts; empty where it is not kept.

        evidence.json has the same keys.
        """
        return self.kept or (self.requests[-1] if self.requests else self.name if self.per == SITE else "")

    @property
    def measured_again(self) -> bool:
        """Whether a second look measures the fact again."""
        return self.per != SITE and not self.writes and bool(self.requests or self.entry)


_ROWS = (
    Fact("site", SITE, Side.NONE, "The site file, checked and frozen."),
    Fact(
        "site_facts",
        SITE,
        Side.NONE,
        "Everything measured before any room, for requirements that judge what is absent.",
        kept="directory",  # the refused bind: nothing else explains as much
    ),
    Fact("host", SITE, Side.NONE, "What DNS, TCP and TLS said of the configured hostname."),
    Fact("endpoint", SITE, Side.ENDPOINT, "The answer to one POST without credentials."),
    Fact("sign_in", SITE, Side.SIGN_IN, "The run's one sign-in to EWS."),
    Fact(
        "sign_in_attempt",
        SITE,
        Side.SIGN_IN,
        "How that sign-in ended, also where it was refused or not tried.",
        kept="sign_in",
    ),
    Fact(
        "own_mailbox",
        SITE,
        Side.SIGN_IN,
        "The account's own inbox, bare and by its configured address, and its other folders.",
    ),
    Fact("own_folder_ids", SITE, Side.NONE, "The FolderIds of the account's own mailbox, empty where none were seen."),
    Fact("self_as_owner", SITE, Side.EWS, "The account's calendar, asked impersonating itself."),
    Fact(
        "out_of_scope",
        SITE,
        Side.EWS,
        "The mailbox that must not be impersonable, asked impersonating it; None where none is configured.",
    ),
    Fact("directory", SITE, Side.DIRECTORY, "Everything that the directory showed."),
    Fact(
        "account_entry",
        SITE,
        Side.DIRECTORY,
        "The service account's object in the directory.",
        entry="account_entry",
        kept="directory",
    ),
    Fact(
        "account_state",
        SITE,
        Side.DIRECTORY,
        "What refused the account's sign-in, and its object where readable.",
        kept="directory",
    ),
    Fact(
        "account_names",
        SITE,
        Side.EITHER,
        "First and last name of the service account.",
        entry="account_entry",
        kept="directory",
    ),
    Fact("room", ROOM, Side.NONE, "One configured room; the test runs once for each."),
    Fact(
        "room_as_owner",
        ROOM,
        Side.EWS,
        "Five folders of the room, asked impersonating it, with rights and PermissionSet.",
        requests=(OWNER,),
    ),
    Fact(
        "room_as_delegate",
        ROOM,
        Side.EWS,
        "The same five folders, asked without impersonation.",
        requests=(OWNER, DELEGATE),
    ),
    Fact("room_sync", ROOM, Side.EWS, "The answer to SyncFolderItems on the room's calendar.", requests=(SYNC,)),
    Fact("room_entry", ROOM, Side.DIRECTORY, "Who holds the room's address in the directory.", entry="room_entry"),
    Fact(
        "room_addresses",
        ROOM,
        Side.EITHER,
        "The primary SMTP address behind the room's configured address, and its holders.",
        entry="room_entry",
        kept=NAMES,
    ),
    Fact(
        "room_rights",
        ROOM,
        Side.NONE,
        "What the directory's copy of the mailbox permissions says: it explains, it never judges.",
    ),
    Fact("user", USER, Side.NONE, "One configured user's primary SMTP address; the test runs once for each."),
    Fact(
        "user_as_owner",
        USER,
        Side.EWS,
        "A user's calendar folder, asked impersonating the user: IdOnly, no content.",
        requests=(USERS,),
    ),
    Fact(
        "room_booking",
        ROOM,
        Side.EWS,
        "One booking in the room's calendar, made, extended, ended early and removed; only where it was asked for.",
        requests=(OWNER, DELEGATE),
        writes=True,
        kept="bookings",
    ),
    Fact(
        "room_meeting",
        ROOM,
        Side.EWS,
        "One meeting with the room, answered, extended, ended early and cancelled; only where it was asked for.",
        requests=(OWNER, DELEGATE),
        writes=True,
        kept="meetings",
    ),
)

FACTS: Mapping[str, Fact] = {row.name: row for row in _ROWS}
"""Every fact by its name."""

KEPT: Mapping[str, type] = {
    **{request.kind: request.answer for request in REQUESTS},
    **{row.key: RoundTrip for row in _ROWS if row.writes},
}
"""What is kept of rooms and users, in evidence.json too: types by key."""


def per_of(kind: str) -> str:
    """Return whether a kind of request is about a ``room`` or a ``user``; ResolveNames, which no row names, a room."""
    return next((row.per for row in _ROWS if kind in row.requests), ROOM)


def requests_for(names: Iterable[str], *, directory_closed: bool) -> frozenset[str]:
    """Return the kinds of request that Exchange gets for these facts of a room or user; other names need none."""
    rows = [FACTS[name] for name in names if name in FACTS]
    found = {kind for row in rows for kind in row.requests}
    if directory_closed and any(row.side is Side.EITHER and row.per != SITE for row in rows):
        found.add(NAMES)
    return frozenset(found)
