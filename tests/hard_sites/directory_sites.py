"""The hard sites of the directory, and the outcomes of each."""

from __future__ import annotations

from pytest_flowscape.simulator.scenarios.forests import ACCOUNTS
from pytest_flowscape.simulator.scenarios.hard_directory import (
    HIDDEN_ROOM,
    LATE_ROOM,
    ONLINE_ROOM,
    OTHER_DOMAIN,
    TAKEN_ROOM,
    UPN,
)
from tests.acceptance import left_by
from tests.hard_sites.expected import Expected, Pair, every

SITE = ("site",)
ROOMS = tuple(f"{name}@demo.test" for name in ("atlas", "aurora", "bergen", "zuerich"))
NOT_MEASURED, FAILED, ATTESTED = "not measured", "failed", "attested"
EXCEPTIONS = "ACCEPTED WITH EXCEPTIONS"
FOREST = f"the mailbox is linked: its account is in the forest of {ACCOUNTS.dns} (account {ACCOUNTS.sid}-3105)"
UNIQUE = "unique in the forest, according to a global catalog"
NO_SECTION = "the site file has no [directory] section"


def state(outcome: str) -> dict[Pair, str]:
    """The two requirements on the state of the account have this outcome."""
    return {("ACCOUNT-2", "site"): outcome, ("ACCOUNT-4", "site"): outcome}


def only_directory(outcome: str) -> dict[Pair, str]:
    """Return this outcome for everything that only the directory knows."""
    found: dict[Pair, str] = {}
    for id_ in left_by("directory-absent"):
        found.update(every(id_, ROOMS if id_.startswith("ROOM") else SITE, outcome))
    return found


PASSED = '"passed"'  # in the JSON of an outcome


def passed(*requirements: str, target: str = "site") -> dict[Pair, str]:
    """These requirements, which the site touches, passed."""
    return {(id_, target): PASSED for id_ in requirements}


ACCOUNT = passed("ACCOUNT-1", "ACCOUNT-2", "ACCOUNT-4", "ACCOUNT-6")
LINKED: dict[Pair, str] = {
    ("ACCOUNT-2", "site"): FOREST,
    ("ACCOUNT-4", "site"): FOREST,
    ("ACCOUNT-3", "site"): "Active Directory shows it as a linked mailbox; it works, so it passes.",
    ("ACCOUNT-5", "site"): "the account that signed in is in another forest",
    ("PERMISSION-1", ROOMS[2]): "Active Directory does not show the mailbox's permissions",  # granted to a group
}

SITES: tuple[Expected, ...] = (
    Expected("linked-mailbox", healthy=True, verdict="INCOMPLETE", outcomes=state(NOT_MEASURED), mentions=LINKED),
    Expected(
        "linked-mailbox-reader", healthy=True, verdict="INCOMPLETE", outcomes=state(NOT_MEASURED), mentions=LINKED
    ),
    Expected("linked-mailbox-attested", healthy=True, verdict=EXCEPTIONS, outcomes=state(ATTESTED), mentions=LINKED),
    Expected("child-domain", healthy=True, mentions={("ROOM-2", room): UNIQUE for room in ROOMS} | ACCOUNT),
    Expected("account-in-child-domain", healthy=True, mentions={("ROOM-2", ROOMS[0]): UNIQUE} | ACCOUNT),
    Expected(
        "child-domain-not-asked",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes={**every("ROOM-1", ROOMS[1:], NOT_MEASURED), **every("ROOM-2", ROOMS[1:], NOT_MEASURED)},
        mentions={
            ("ROOM-1", ROOMS[1]): "it may lie in another domain; name a global catalog (gc://SERVER)",
            ("ROOM-2", ROOMS[0]): "unique in demo.test; other domains of the forest were not queried",
        },
    ),
    Expected(
        "address-taken-in-child-domain",
        healthy=False,
        verdict="NOT ACCEPTED",
        outcomes={("ROOM-2", TAKEN_ROOM): FAILED},
        mentions={
            ("ROOM-2", TAKEN_ROOM): "2 objects have the address: CN=Former room,OU=Contacts,DC=emea,DC=demo,DC=test",
            ("ROOM-2", ROOMS[0]): UNIQUE,
        },
    ),
    Expected(
        "catalog-alone",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes={("ACCOUNT-2", "site"): NOT_MEASURED},
        mentions={
            ("ACCOUNT-2", "site"): "not readable in the global catalog: msDS-User-Account-Control-Computed",
            ("ROOM-2", ROOMS[0]): UNIQUE,
            **passed("ACCOUNT-1", "ACCOUNT-4", "ACCOUNT-6"),
        },
    ),
    Expected(
        "lagging-catalog",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes={("ROOM-1", LATE_ROOM): NOT_MEASURED, ("ROOM-2", LATE_ROOM): NOT_MEASURED},
        mentions={
            ("ROOM-1", LATE_ROOM): "waiting for replication: ldaps://localhost",
            ("ROOM-2", LATE_ROOM): "the global catalog does not yet",
        },
    ),
    Expected(
        "other-accepted-domain",
        healthy=True,
        mentions={
            ("ROOM-2", f"atlas@{OTHER_DOMAIN}"): "unique in demo.test",
            ("HANDOVER-1", "site"): f"email svc-flowscape@{OTHER_DOMAIN}",
            **passed("ACCOUNT-6"),
        },
    ),
    Expected("x500-and-sip", healthy=True, mentions={("ROOM-2", room): "unique in demo.test" for room in ROOMS}),
    Expected(
        "upn-unlike-mail",
        healthy=True,
        mentions={("HANDOVER-1", "site"): f"user name {UPN} (user@domain (UPN))", **passed("ACCOUNT-6")},
    ),
    Expected(
        "hidden-room",
        healthy=True,
        mentions={("ROOM-1", HIDDEN_ROOM): "hidden from address lists", **passed("PERMISSION-1", target=HIDDEN_ROOM)},
    ),
    Expected(
        "online-room",
        healthy=False,
        verdict="NOT ACCEPTED",
        outcomes={
            ("ROOM-1", ONLINE_ROOM): FAILED,
            ("PERMISSION-1", ONLINE_ROOM): NOT_MEASURED,
            ("IMPERSONATION-1", ONLINE_ROOM): NOT_MEASURED,
            ("CALENDAR-1", ONLINE_ROOM): NOT_MEASURED,
        },
        mentions={
            ("ROOM-1", ONLINE_ROOM): "the mailbox is in Exchange Online, which this integration cannot reach",
            ("PERMISSION-1", ONLINE_ROOM): '"because": "ROOM-1"',
        },
    ),
    Expected(
        "half-empty-types",
        healthy=True,
        mentions={
            **{("ROOM-1", room): PASSED for room in ROOMS},
            (
                "ROOM-1",
                ROOMS[3],
            ): "what counts is its type, which is a room",
        },
    ),
    Expected("pinned-controller", healthy=True, mentions=ACCOUNT | {("ROOM-2", ROOMS[0]): "unique in demo.test"}),
    Expected(
        "controller-not-pinned",
        healthy=False,
        verdict="INCOMPLETE",
        outcomes=only_directory(NOT_MEASURED),
        mentions={("ACCOUNT-2", "site"): "the directory server's certificate is not trusted: self-signed certificate"},
    ),
    Expected(
        "no-ldaps",
        healthy=True,
        verdict=EXCEPTIONS,
        outcomes=only_directory(ATTESTED),
        mentions={
            ("ACCOUNT-1", "site"): "According to ResolveNames, because Active Directory was not available.",
            ("ROOM-2", ROOMS[0]): "ResolveNames",
            ("ACCOUNT-6", "site"): NO_SECTION,
            ("ROOM-1", ROOMS[0]): "A. Admin",
        },
    ),
    Expected(
        "no-ldaps-not-attested",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes=only_directory(NOT_MEASURED),
        mentions={("ACCOUNT-6", "site"): NO_SECTION},
    ),
    Expected(
        "no-ldaps-hidden-room",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes={**only_directory(ATTESTED), ("ROOM-2", HIDDEN_ROOM): NOT_MEASURED},
        mentions={("ROOM-2", HIDDEN_ROOM): "it may be hidden from address lists"},
    ),
    Expected("hardened-directory", healthy=True, mentions=passed("ACCOUNT-2", "ACCOUNT-4")),
    Expected(
        "hardened-directory-reader",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes=state(NOT_MEASURED),
        mentions={
            ("ACCOUNT-2", "site"): "not readable by this account: userAccountControl",
            ("ACCOUNT-4", "site"): "not readable by this account: userAccountControl",
        },
    ),
    Expected(
        "hidden-exchange-attributes",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes={
            ("ACCOUNT-6", "site"): NOT_MEASURED,
            **every("ROOM-1", ROOMS, NOT_MEASURED),
            **every("ROOM-2", ROOMS, NOT_MEASURED),
        },
        mentions={
            ("ACCOUNT-6", "site"): "not readable by this account: proxyAddresses",
            ("ROOM-1", ROOMS[0]): "the directory hides the Exchange attributes: not readable by this account",
            ("ROOM-2", ROOMS[0]): "not readable by this account",
        },
    ),
)
