"""What to fix now: one card for each cause, by the person responsible; and what has no result, with what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.finding_rows import CONSEQUENCE, EXPECTED, rows
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.page import fix as page_fix
from pytest_flowscape.report.page.matrix import Matrix
from pytest_flowscape.report.page.next_steps import next_step
from pytest_flowscape.site.model import Site

# with more targets than this a card shows the commands of the first ones, and its button copies all
MAX_SHOWN = 5
SHOWN_OF_MANY = 2
MAX_NAMED = 20


@dataclass(frozen=True)
class Block:
    """A stretch of a fix on a card; ``copies`` are the places of fix and part in the page's data, for the button."""

    command: bool
    text: str
    copies: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Card:
    """One finding; ``number`` is its place among all of them, ``remedies`` are (blocks, undo, waiting time)."""

    number: int
    finding: Finding
    remedies: tuple[tuple[tuple[Block, ...], str, str], ...]
    targets: tuple[str, ...]
    more: int

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return (label, text) for what is shown under the remedies, without the link."""
        return rows(self.finding, EXPECTED, CONSEQUENCE)

    @property
    def copies(self) -> tuple[int, ...]:
        """Return the places of its fixes with commands: each has a button that copies all of it, text included."""
        return tuple(at for at, (blocks, _, _) in enumerate(self.remedies) if any(block.command for block in blocks))


@dataclass(frozen=True)
class Gap:
    """What one reason left without a result: requirements, targets, why, what to do and who does it."""

    word: Word
    requirements: tuple[str, ...]
    targets: tuple[str, ...]
    count: int
    why: str
    todo: str
    owner: str
    similar: int = 0
    decides: bool = True


def by_owner(findings: Sequence[Finding], site: Site, matrix: Matrix, fixes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Group the failed findings by owner, in the order of the first of each.

    ``fixes`` holds, by owner, the path of the script that has all of them.
    """
    owners: dict[str, list[Card]] = {}
    for number, finding in enumerate(findings):
        if finding.word is Word.FAILED:
            owners.setdefault(finding.owner, []).append(_card(number, finding, site, matrix))
    return [{"owner": owner, "file": fixes.get(owner, ""), "cards": cards} for owner, cards in owners.items()]


def _card(number: int, finding: Finding, site: Site, matrix: Matrix) -> Card:
    remedies = []
    for at, (template, targets) in enumerate(finding.fixes):
        fix = matrix.fix(template)
        shown = targets if len(targets) <= MAX_SHOWN else targets[:SHOWN_OF_MANY]
        literals = [page_fix.literal(target, site) for target in shown]
        blocks = tuple(
            Block(part.command, part.text(literals, len(targets) - len(shown)), (at, place))
            for place, part in enumerate(fix.parts)
        )
        remedies.append((blocks, fix.undo, fix.wait))
    targets = finding.targets[:MAX_NAMED]
    return Card(number, finding, tuple(remedies), targets, len(finding.targets) - len(targets))


def gaps(findings: Sequence[Finding], outcomes: Sequence[Outcome]) -> list[Gap]:
    """Return what has no result: not measured, not run, not requested; what decides the verdict first."""
    found = [_gap_of_finding(one) for one in findings if one.word is Word.NOT_MEASURED]
    for word in (Word.NOT_RUN, Word.NOT_REQUESTED):
        by_reason: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            if outcome.word is word:
                # what was not run has one reason, whatever the requirement
                key = "" if word is Word.NOT_RUN else f"{outcome.requirement} {outcome.found}"
                by_reason.setdefault(key, []).append(outcome)
        found += [_gap_of_outcomes(word, group) for group in by_reason.values()]
    return sorted(found, key=lambda one: not one.decides)


def _gap_of_finding(finding: Finding) -> Gap:
    step = next_step(Word.NOT_MEASURED, cause=finding.cause, because=finding.because, found=finding.found)
    because = f"because of {finding.because}: " if finding.because else ""
    return Gap(
        Word.NOT_MEASURED,
        finding.requirements,
        finding.targets,
        len(finding.pairs),
        because + finding.found,
        step.text,
        step.owner,
        similar=len(finding.others),
        decides=finding.required,
    )


def _gap_of_outcomes(word: Word, group: Sequence[Outcome]) -> Gap:
    step = next_step(word)
    return Gap(
        word,
        tuple(dict.fromkeys(outcome.requirement for outcome in group)),
        tuple(dict.fromkeys(outcome.target for outcome in group)),
        len(group),
        group[0].found,
        step.text,
        step.owner,
        decides=word is Word.NOT_RUN,
    )
