"""From outcomes to the verdict: the expected set, what is missing from it, and the exit code.

The expected set is requirements x targets from the site file. What has no
outcome was not run, and a run with such a pair is never accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pytest_flowscape.judging.outcomes import SITE_TARGET, Outcome, Word
from pytest_flowscape.requirement import Level, Per, Requirement
from pytest_flowscape.site.model import Site

EXIT_INCOMPLETE = 10


class Verdict(str, Enum):
    """The four words that a run can end with."""

    ACCEPTED = "ACCEPTED"
    ACCEPTED_WITH_EXCEPTIONS = "ACCEPTED WITH EXCEPTIONS"
    NOT_ACCEPTED = "NOT ACCEPTED"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True)
class Expected:
    """One pair that the site file makes us expect."""

    requirement: Requirement
    target: str


@dataclass(frozen=True)
class Result:
    """The run as a whole: one outcome for every expected pair, and what follows from them.

    ``exceptions`` are sentences about what was waived, attested or decided;
    ``notes`` are about the run itself. ``other_failed`` counts failing tests
    that are no requirement.
    """

    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    counts: Mapping[str, Mapping[Word, int]]
    not_run: int
    digest: str
    exceptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rooms_chosen: int = 0
    rooms_configured: int = 0
    users_chosen: int = 0
    other_failed: int = 0


def targets(requirement: Requirement, site: Site) -> tuple[str, ...]:
    """Return the targets of a requirement: ``site``, every room's address, or every user's."""
    if requirement.per is Per.ROOM:
        return tuple(room.email for room in site.rooms)
    if requirement.per is Per.USER:
        return site.users.addresses
    return (SITE_TARGET,)


def expected_pairs(requirements: Iterable[Requirement], site: Site) -> tuple[Expected, ...]:
    """Return every pair that the site file demands, in the order of the suites."""
    return tuple(Expected(requirement, target) for requirement in requirements for target in targets(requirement, site))


def digest(outcomes: Iterable[Outcome]) -> str:
    """Return the SHA-256 of the sorted lines ``id TAB target TAB outcome``, each ended by LF."""
    lines = sorted(f"{o.requirement}\t{o.target}\t{o.word.value}\n" for o in outcomes)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def complete(expected: Sequence[Expected], outcomes: Mapping[tuple[str, str], Outcome]) -> tuple[Outcome, ...]:
    """Return one outcome for every expected pair, *not run* where there is none."""
    found = []
    for pair in expected:
        outcome = outcomes.get((pair.requirement.id, pair.target))
        found.append(
            outcome
            or Outcome(
                requirement=pair.requirement.id,
                target=pair.target,
                word=Word.NOT_RUN,
                level=pair.requirement.level.value,
                found="no result in this run",
            )
        )
    return tuple(found)


def judge_run(
    expected: Sequence[Expected],
    outcomes: Mapping[tuple[str, str], Outcome],
    site: Site,
    *,
    rooms_chosen: int,
    other_failed: int = 0,
    notes: Sequence[str] = (),
) -> Result:
    """Make the result of a run out of the outcomes that came back."""
    everything = complete(expected, outcomes)
    counts: dict[str, dict[Word, int]] = {}
    for outcome in everything:
        row = counts.setdefault(outcome.requirement, {})
        row[outcome.word] = row.get(outcome.word, 0) + 1
    exceptions = _exceptions(everything, site)
    notes = [*notes]
    if rooms_chosen < len(site.rooms):
        notes.insert(0, f"{rooms_chosen} of {len(site.rooms)} rooms were chosen for this run.")
    return Result(
        verdict=_verdict(everything, bool(exceptions)),
        outcomes=everything,
        counts=counts,
        not_run=sum(outcome.word is Word.NOT_RUN for outcome in everything),
        digest=digest(everything),
        exceptions=exceptions,
        notes=tuple(notes),
        rooms_chosen=rooms_chosen,
        rooms_configured=len(site.rooms),
        users_chosen=len(site.users.addresses),
        other_failed=other_failed,
    )


def _verdict(outcomes: Sequence[Outcome], exceptions: bool) -> Verdict:
    required = [outcome for outcome in outcomes if outcome.level == Level.REQUIRED.value]
    if any(outcome.word is Word.FAILED for outcome in required):
        return Verdict.NOT_ACCEPTED
    if any(outcome.word is Word.NOT_RUN for outcome in outcomes):
        return Verdict.INCOMPLETE
    if any(outcome.word is Word.NOT_MEASURED for outcome in required):
        return Verdict.INCOMPLETE
    # a run that measured nothing can never be accepted
    if not any(outcome.word is Word.PASSED for outcome in required):
        return Verdict.INCOMPLETE
    return Verdict.ACCEPTED_WITH_EXCEPTIONS if exceptions else Verdict.ACCEPTED


def _exceptions(outcomes: Sequence[Outcome], site: Site) -> tuple[str, ...]:
    """Return what was let through by a person's word, one sentence for each group."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.word in (Word.WAIVED, Word.ATTESTED) and outcome.level == Level.REQUIRED.value:
            decision = outcome.notes[0] if outcome.notes else outcome.word.value  # "waived by ..."
            groups.setdefault(f"{outcome.requirement} {decision}", []).append(outcome)
    sentences = []
    for text, group in groups.items():
        names = ", ".join(outcome.target for outcome in group[:3])
        more = f" and {len(group) - 3} more" if len(group) > 3 else ""
        sentences.append(f"{text} ({names}{more})")
    users = site.users
    if not users.addresses:
        when = f" {users.none_on.isoformat()}" if users.none_on else ""
        sentences.append(f"No users are tested, by decision of {users.none_by}{when}: {users.none_reason}")
    return tuple(sentences)


def exit_code(result: Result) -> int:
    """Return the process's exit code: 0 accepted, 1 a failure, 10 incomplete."""
    if result.verdict is Verdict.NOT_ACCEPTED or result.other_failed:
        return 1
    if result.verdict is Verdict.INCOMPLETE:
        return EXIT_INCOMPLETE
    return 0
