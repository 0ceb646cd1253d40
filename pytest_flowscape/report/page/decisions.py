"""What people decided in the site file, and whether the run used it: rows of the page's exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.site.model import Site

EXPIRED, UNUSED, USED = "expired", "not needed", "applied"


@dataclass(frozen=True)
class Decision:
    """One decision: what it accepts, who decided it, why, and its date.

    ``day`` reads "until ..." or "on ..."; ``state`` is applied, not needed or
    expired; ``count`` how many results it decided; ``soon`` says that it ends
    within 30 days.
    """

    kind: str
    requirement: str
    target: str
    who: str
    why: str
    day: str
    state: str
    count: int = 0
    soon: bool = False


def decisions(site: Site, outcomes: Sequence[Outcome], today: date) -> tuple[Decision, ...]:
    """Return every waiver, attestation and other decision of the site file, those that need action first."""
    order = {EXPIRED: 0, UNUSED: 1, USED: 2}
    found = [*_waivers(site, outcomes, today), *_attestations(site, outcomes), *_users(site)]
    return tuple(sorted(found, key=lambda one: order[one.state]))


def _waivers(site: Site, outcomes: Sequence[Outcome], today: date) -> Iterator[Decision]:
    waived = [outcome for outcome in outcomes if outcome.word is Word.WAIVED]
    # a waiver covers the pair itself, and what could not be measured on the same target because of it
    counts = Counter((outcome.because or outcome.requirement, outcome.target) for outcome in waived)
    for waiver in site.waivers:
        pair = (waiver.requirement, waiver.target)
        count = counts[pair]
        left = (waiver.until - today).days
        state = EXPIRED if left < 0 else USED if count else UNUSED
        day = f"until {waiver.until.isoformat()}"
        yield Decision("waived", *pair, waiver.owner, waiver.reason, day, state, count, soon=0 <= left <= 30)


def _attestations(site: Site, outcomes: Sequence[Outcome]) -> Iterator[Decision]:
    for one in site.attestations:
        count = sum(
            outcome.word is Word.ATTESTED
            and outcome.requirement == one.requirement
            and one.target in ("", outcome.target)
            for outcome in outcomes
        )
        day = f"on {one.on.isoformat()}"
        yield Decision(
            "attested",
            one.requirement,
            one.target or "every target",
            one.who,
            one.how,
            day,
            USED if count else UNUSED,
            count,
        )


def _users(site: Site) -> Iterator[Decision]:
    users = site.users
    if not users.addresses and users.none_by:
        day = f"on {users.none_on.isoformat()}" if users.none_on else ""
        yield Decision("decided", "IMPERSONATION-2", "no users", users.none_by, users.none_reason, day, USED)
