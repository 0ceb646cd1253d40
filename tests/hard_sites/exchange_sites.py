"""The hard sites of Exchange and the network, and the outcomes of each."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_flowscape.simulator.scenarios.hard_exchange import (
    EXCLUSIVE_USER,
    MOVING_ROOM,
    MOVING_USER,
    OFF_DUTY,
    WAITING_ROOM,
)
from tests.acceptance import left_by
from tests.hard_sites.expected import Expected, Pair, every

SITE = ("site",)
ROOMS = tuple(f"{name}@demo.test" for name in ("atlas", "aurora", "bergen", "zuerich"))
USERS = tuple(f"{name}@demo.test" for name in ("anna.lind", "joerg.maeder", "maeve.obrien"))
PER = {"PERMISSION-1": ROOMS, "IMPERSONATION-1": ROOMS, "CALENDAR-1": ROOMS, "IMPERSONATION-2": USERS}
NOT_MEASURED = "not measured"
PASSED = '"passed"'  # in the JSON of an outcome


def left(requirements: Iterable[str], failed: str = "") -> dict[Pair, str]:
    """Every pair of these requirements is not measured, and that of the failed one failed."""
    found: dict[Pair, str] = {}
    for id_ in requirements:
        if id_ in ("CALENDAR-2", "CALENDAR-3"):  # not requested here, whatever else is wrong
            continue
        found.update(every(id_, PER.get(id_, SITE), NOT_MEASURED))
    return {**found, (failed, "site"): "failed"} if failed else found


SITES: tuple[Expected, ...] = (
    Expected(
        "moving-mailbox",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes={
            ("PERMISSION-1", MOVING_ROOM): NOT_MEASURED,
            ("IMPERSONATION-1", MOVING_ROOM): NOT_MEASURED,
            ("CALENDAR-1", MOVING_ROOM): NOT_MEASURED,
            ("IMPERSONATION-2", MOVING_USER): NOT_MEASURED,
        },
        mentions={
            ("PERMISSION-1", MOVING_ROOM): "ErrorMailboxMoveInProgress",
            ("IMPERSONATION-2", MOVING_USER): "ErrorMailboxMoveInProgress",
        },
    ),
    Expected(
        "never-opened",
        healthy=True,
        mentions={(id_, room): PASSED for id_ in ("IMPERSONATION-1", "PERMISSION-1", "CALENDAR-1") for room in ROOMS},
    ),
    Expected("negotiate-only", healthy=True, mentions={("ACCOUNT-5", "site"): "Signed in by Negotiate"}),
    Expected(
        "extended-protection",
        healthy=True,
        mentions={("ACCOUNT-5", "site"): "Not every sign-in method works, although the password is correct: Negotiate"},
    ),
    Expected("ntlm-blocked", healthy=True, mentions={("ACCOUNT-5", "site"): "Signed in by Basic"}),
    Expected(
        "ntlm-blocked-alone",
        healthy=False,
        verdict="NOT ACCEPTED",
        outcomes=left(left_by("way-refused"), failed="ACCOUNT-5"),
        mentions={("ACCOUNT-5", "site"): "the password is correct, but EWS refuses this sign-in method"},
    ),
    Expected(
        "balancer-mixes",
        healthy=False,
        verdict="INCOMPLETE",
        outcomes=left(left_by("connections-mixed")),
        mentions={("PERMISSION-1", ROOMS[0]): "a load balancer mixes them up", ("ACCOUNT-5", "site"): PASSED},
    ),
    # sound to look at, but its sign-ins cannot be planned
    Expected(
        "balancer-mixes-once",
        healthy=False,
        mentions={("ACCOUNT-5", "site"): PASSED, ("IMPERSONATION-3", "site"): "Proven: "},
    ),
    Expected(
        "bad-front-end",
        healthy=False,
        verdict="NOT ACCEPTED",
        outcomes=left(left_by("front-end-bad"), failed="HOST-3"),
        mentions={("HOST-3", "site"): "EX03: the service is unavailable (HTTP 503). Correct answers: EX01, EX02, EX04"},
    ),
    # a second round of looks, which no plan counts
    Expected(
        "front-end-restarts",
        healthy=False,
        mentions={("HOST-3", "site"): "EX03: the service is unavailable (HTTP 503) (once; another answer was correct)"},
    ),
    Expected(
        "many-front-ends",
        healthy=True,
        mentions={("HOST-3", "site"): f"Not seen on 10 connections, so not tested: {OFF_DUTY}"},
    ),
    Expected(
        "dead-ipv6",
        healthy=True,
        mentions={("HOST-1", "site"): "::1 does not work"},
        arguments=("-p", "tests.hard_sites.two_addresses"),
    ),
    Expected(
        "no-intermediate",
        healthy=False,
        verdict="NOT ACCEPTED",
        outcomes=left(left_by("tls-name"), failed="HOST-2"),
        mentions={("HOST-2", "site"): "an intermediate certificate is missing"},
    ),
    Expected(
        "exclusive-scope",
        healthy=False,
        verdict="NOT ACCEPTED",
        outcomes={("IMPERSONATION-2", EXCLUSIVE_USER): "failed"},
        mentions={("IMPERSONATION-2", EXCLUSIVE_USER): "another administrator's exclusive scope covers it"},
    ),
    Expected(
        "role-without-account",
        healthy=False,
        verdict="NOT ACCEPTED",
        outcomes={("IMPERSONATION-3", "site"): "failed"},
        mentions={("IMPERSONATION-3", "site"): "the role's scope does not include the account itself"},
    ),
    Expected(
        "unscoped-role",
        healthy=True,
        outcomes={("ADVICE-3", "site"): "failed"},
        mentions={("IMPERSONATION-3", "site"): "Not limited: the out-of-scope mailbox opens as well"},
    ),
    Expected("canary-refused", healthy=True, mentions={("IMPERSONATION-3", "site"): "Proven: "}),
    Expected(
        "canary-missing",
        healthy=True,
        outcomes={("ADVICE-3", "site"): NOT_MEASURED},
        mentions={("IMPERSONATION-3", "site"): "Not proven"},
    ),
    Expected(
        "fresh-grant",
        healthy=True,
        verdict="INCOMPLETE",
        outcomes={("PERMISSION-1", WAITING_ROOM): NOT_MEASURED},
        mentions={("PERMISSION-1", WAITING_ROOM): "waiting for replication or a cache"},
    ),
)
