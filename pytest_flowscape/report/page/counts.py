"""The numbers of the page: by section for its first screen, by requirement for its tables; all from the outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_flowscape.judging.outcomes import SITE_TARGET, Outcome, Word
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report import groups
from pytest_flowscape.requirement import TOPICS, Level, Requirement

_MAX_REMARKS = 200


@dataclass(frozen=True)
class Section:
    """The results of one topic; ``word`` is the worst of them, ``decides`` whether they count for the verdict."""

    title: str
    counts: tuple[tuple[Word, int], ...]
    word: Word
    decides: bool

    @property
    def total(self) -> int:
        """Return the number of its results."""
        return sum(count for _, count in self.counts)


def sections(outcomes: Sequence[Outcome]) -> list[Section]:
    """Count by topic, in the order of the requirements; words without a result are left out."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.requirement.partition("-")[0], []).append(outcome)
    return [_section(prefix, group) for prefix, group in found.items()]


def _section(prefix: str, group: Sequence[Outcome]) -> Section:
    totals = groups.totals(group)
    worst = next(word for word in groups.WORST_FIRST if totals[word])
    decides = any(outcome.level == Level.REQUIRED.value for outcome in group)
    counts = tuple((word, count) for word, count in totals.items() if count)
    return Section(TOPICS.get(prefix, prefix.capitalize()), counts, worst, decides)


def by_requirement(result: Result, requirements: Mapping[str, Requirement]) -> dict[str, Any]:
    """Return the table of every requirement with the number of each word that occurs."""
    totals = groups.totals(result.outcomes)
    words = [word for word in Word if totals[word] or word in (Word.PASSED, Word.FAILED)]
    rows = []
    for id_, counts in result.counts.items():
        rows.append(
            {
                "id": id_,
                "title": requirements[id_].title,
                "recommended": requirements[id_].level is Level.RECOMMENDED,
                "cells": [(word, counts.get(word, 0)) for word in words],
            }
        )
    return {"words": words, "rows": rows, "totals": [(word, totals[word]) for word in words]}


def site_rows(outcomes: Sequence[Outcome], requirements: Mapping[str, Requirement]) -> list[dict[str, Any]]:
    """Return the rows of everything that is judged once for the site: host, account, handover."""
    return [
        {
            "outcome": outcome,
            "title": requirements[outcome.requirement].title,
            "text": outcome.found or "; ".join(outcome.notes),
            "recommended": outcome.level == Level.RECOMMENDED.value,
        }
        for outcome in outcomes
        if outcome.target == SITE_TARGET
    ]


def remarks(outcomes: Sequence[Outcome]) -> list[tuple[str, str, list[str]]]:
    """Return (requirement, note, targets) for the notes of passed and failed outcomes, at most 200 of them."""
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.word in (Word.PASSED, Word.FAILED):
            for note in outcome.notes:
                found.setdefault((outcome.requirement, note), []).append(outcome.target)
    return [(requirement, note, targets) for (requirement, note), targets in found.items()][:_MAX_REMARKS]
