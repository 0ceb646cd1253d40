"""One cause, one message: outcomes grouped into findings, and fix texts filled in for their targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.powershell import render_fixes
from pytest_flowscape.requirement import Level, Requirement
from pytest_flowscape.site.model import Site

SHOWN_TARGETS = 3
# what several outcomes together are shown as: the first of these that occurs
WORST_FIRST = (
    Word.FAILED,
    Word.NOT_MEASURED,
    Word.NOT_RUN,
    Word.WAIVED,
    Word.ATTESTED,
    Word.PASSED,
    Word.NOT_REQUESTED,
)


@dataclass(frozen=True)
class Finding:
    """Failures of one (requirement, cause, owner), or what one reason left unmeasured.

    ``word`` is Word.FAILED or Word.NOT_MEASURED. ``pairs`` are the (requirement
    id, target) in it; a failed finding has one requirement. ``expected`` and
    ``found`` are those of the first pair; ``others`` holds (target, found) where
    another pair found something else. ``fixes`` are (template, targets); ``step``
    names the step of a fix script that repairs it, empty for none.
    """

    word: Word
    level: str
    requirement: str
    title: str
    pairs: tuple[tuple[str, str], ...]
    expected: str = ""
    found: str = ""
    others: tuple[tuple[str, str], ...] = ()
    consequence: str = ""
    owner: str = ""
    cause: str = ""
    because: str = ""
    link: str = ""
    fixes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    step: str = ""

    @property
    def required(self) -> bool:
        """Whether it decides the verdict."""
        return self.level == Level.REQUIRED.value

    @property
    def requirements(self) -> tuple[str, ...]:
        """Return every requirement id in it, once, in their order."""
        return tuple(dict.fromkeys(requirement for requirement, _ in self.pairs))

    @property
    def targets(self) -> tuple[str, ...]:
        """Return every target in it, once, in their order."""
        return tuple(dict.fromkeys(target for _, target in self.pairs))

    def fix_text(self, site: Site, limit: int | None = None) -> str:
        """Return the fix with the commands for every target, or for the first ``limit`` and how many more."""
        texts = []
        for template, targets in self.fixes:
            shown = targets if limit is None else targets[:limit]
            text = render_fixes(template, targets=shown, site=site)
            if len(shown) < len(targets) and "{target}" in template:
                text += f"\nDo the same for {len(targets) - len(shown)} more."
            texts.append(text)
        return "\n".join(texts)


def findings(outcomes: Sequence[Outcome], requirements: Mapping[str, Requirement]) -> tuple[Finding, ...]:
    """Group outcomes: required failures first, then recommended ones, then what was not measured.

    Failures are grouped by (requirement, cause, owner); what was not measured
    by the requirement that stopped it, else by its cause (one that is not in
    the table of causes: by requirement too), else by its reason.
    Within each the order is that of ``requirements``.
    """
    order = {id_: place for place, id_ in enumerate(requirements)}
    ranked = sorted(outcomes, key=lambda outcome: order[outcome.requirement])
    failed: dict[tuple[str, ...], list[Outcome]] = {}
    unmeasured: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in ranked:
        if outcome.word is Word.FAILED:
            failed.setdefault((outcome.requirement, outcome.cause, outcome.owner), []).append(outcome)
        elif outcome.word is Word.NOT_MEASURED:
            unmeasured.setdefault(_reason(outcome), []).append(outcome)
    found = [finding_of(group, requirements) for group in (*failed.values(), *unmeasured.values())]
    return tuple(sorted(found, key=lambda one: (one.word is not Word.FAILED, not one.required)))


def not_run(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Count the pairs without a result, by requirement id."""
    return Counter(outcome.requirement for outcome in outcomes if outcome.word is Word.NOT_RUN)


def totals(outcomes: Iterable[Outcome]) -> dict[Word, int]:
    """Count the outcomes by word; every word is there, also with 0."""
    counts = Counter(outcome.word for outcome in outcomes)
    return {word: counts[word] for word in Word}


def count_measured(outcomes: Iterable[Outcome], targets: Iterable[str]) -> int:
    """Count those of ``targets`` (rooms or users) for which at least one requirement was measured."""
    words = (Word.PASSED, Word.FAILED, Word.WAIVED)
    return len({outcome.target for outcome in outcomes if outcome.word in words} & set(targets))


def booking_exercised(outcomes: Iterable[Outcome], *, written: bool = False) -> bool:
    """Whether any booking (CALENDAR-2, CALENDAR-3) was tried in this run, as it was if anything was ``written``."""
    words = (Word.PASSED, Word.FAILED, Word.WAIVED)
    return written or any(o.requirement in ("CALENDAR-2", "CALENDAR-3") and o.word in words for o in outcomes)


def finding_of(group: Sequence[Outcome], requirements: Mapping[str, Requirement]) -> Finding:
    """Return outcomes that belong together as one finding; the first of them speaks for all."""
    first = group[0]
    known = requirements.get(first.requirement)
    # a group of unmeasured pairs is as important as its most important member
    required = any(outcome.level == Level.REQUIRED.value for outcome in group)
    return Finding(
        word=first.word,
        level=(Level.REQUIRED if required else Level.RECOMMENDED).value,
        requirement=first.requirement,
        title=known.title if known else first.requirement,
        pairs=tuple((outcome.requirement, outcome.target) for outcome in group),
        expected=first.expected,
        found=first.found,
        others=tuple((outcome.target, outcome.found) for outcome in group if outcome.found != first.found),
        consequence=first.consequence,
        owner=first.owner,
        cause=first.cause,
        because=first.because,
        link=known.link if known else "",
        fixes=_fixes(group),
        step=known.step(first.cause) if known and first.word is Word.FAILED else "",
    )


def _fixes(group: Iterable[Outcome]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_template: dict[str, list[str]] = {}
    for outcome in group:
        if outcome.fix:
            by_template.setdefault(outcome.fix.strip("\n"), []).append(outcome.target)
    return tuple((template, tuple(targets)) for template, targets in by_template.items())


def _reason(outcome: Outcome) -> tuple[str, ...]:
    if outcome.because:
        return ("because", outcome.because)
    if outcome.cause in CAUSES:  # one condition for the whole side
        return ("cause", outcome.cause)
    if outcome.cause:  # a kind of trouble, which need not be the same trouble for another requirement
        return ("kind", outcome.cause, outcome.requirement)
    return ("reason", outcome.found)
