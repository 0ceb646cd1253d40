"""What a report says of the run as a whole, beside its outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from pytest_flowscape.facts.policy import SECOND_LOOKS
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.site.model import Site

INTERRUPTED = "The run was interrupted ({by}): what had no result by then was not run."
LOST_SIGN_IN = (
    "Exchange refused a connection that was signed in (HTTP 401), and one new one was tried. Look for a balancer that "
    "mixes up connections: the product will meet it too."
)


def waiver_notes(site: Site, today: date, outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Return a sentence for each waiver that has ended, and for each that was not needed."""
    for waiver in site.waivers:
        if waiver.until < today:
            ended = waiver.until.isoformat()
            yield f"The waiver of {waiver.requirement} for {waiver.target} ended on {ended}; it was not applied."
    used = {(outcome.requirement, outcome.target) for outcome in outcomes if outcome.word is Word.WAIVED}
    for waiver in site.waivers:
        if waiver.until >= today and (waiver.requirement, waiver.target) not in used:
            yield f"The waiver of {waiver.requirement} for {waiver.target} was not needed."


def measurement_notes(unconfirmed: int, *, lost_sign_in: bool, other_failed: int) -> Iterator[str]:
    """Return a sentence for failures measured once only, for a lost sign-in, and for tests that are not requirements.

    ``unconfirmed`` and ``other_failed`` are numbers of failures.
    """
    if unconfirmed:
        yield f"{unconfirmed} failures were not double-checked (limit {SECOND_LOOKS})."
    if lost_sign_in:
        yield LOST_SIGN_IN
    if other_failed:
        yield f"{other_failed} other tests failed."
