"""The matrix of targets and requirements as compact data, from which the page's script draws what is shown.

Every text is held once, every kind of cell once; a target adds its address and
one small number for each requirement. So the page of 5,000 rooms stays small.
All texts are made visible here; the script shows them as text only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.finding_rows import BECAUSE, CONSEQUENCE, EVIDENCE, EXPECTED, FOUND, OWNER, TO_DO
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.page import fix as page_fix
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.next_steps import next_step
from pytest_flowscape.report.text import printable, visible
from pytest_flowscape.requirement import Per, Requirement
from pytest_flowscape.site.model import Site

# what would end a script, or start a comment or an entity in markup, as its JSON escape
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


# what a cell has a text for, in the order of its numbers
LABELS = (EXPECTED, FOUND, BECAUSE, EVIDENCE, CONSEQUENCE, OWNER, TO_DO)


class Matrix:
    """Builds the data; ``as_json`` is what the page embeds."""

    def __init__(
        self, site: Site, requirements: Mapping[str, Requirement], outcomes: Sequence[Outcome], evidence: Evidence
    ) -> None:
        self._site = site
        self._requirements = requirements
        self._evidence = evidence
        self._texts: dict[str, int] = {"": 0}
        self._places_of_texts: dict[str, int] = {}  # before they were made visible
        self._fixes: dict[str, int] = {}
        self._apart: list[page_fix.Fix] = []
        self._cells: dict[tuple[Any, ...], int] = {}
        self._rows: dict[str, dict[str, dict[str, int]]]
        self._words = {word: place for place, word in enumerate(Word)}
        rooms = {room.email: " · ".join(filter(None, (room.name, room.building))) for room in site.rooms}
        by_kind = self._rows = {Per.ROOM.value: {}, Per.USER.value: {}, Per.SITE.value: {}}
        for outcome in outcomes:
            row = by_kind[requirements[outcome.requirement].per.value].setdefault(outcome.target, {})
            row[outcome.requirement] = self._cell(outcome)
        self._places = {kind: {target: at for at, target in enumerate(rows)} for kind, rows in by_kind.items()}
        self._tables = [self._table(kind, rows, rooms) for kind, rows in by_kind.items() if rows]

    def fix(self, template: str) -> page_fix.Fix:
        """Return a template split into parts; each is split only once."""
        return self._apart[self._fix(template)]

    def as_json(self, findings: Sequence[Finding]) -> str:
        """Return the data as JSON that is safe in a script element; ``findings`` in the order of the page."""
        data = {
            "words": [word.value for word in Word],
            "requirements": {
                id_: [visible(known.title), visible(known.text), self._link(known), known.level.value]
                for id_, known in self._requirements.items()
            },
            "tables": self._tables,
            "findings": [self._finding(one) for one in findings],
            "cells": [list(cell) for cell in self._cells],
            "fixes": [fix.as_json() for fix in self._apart],
            # last: the others add to them
            "texts": list(self._texts),
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return text.translate(_ESCAPES).encode("utf-8", "backslashreplace").decode("utf-8")

    # --- texts, fixes, cells ---

    def _text(self, text: str) -> int:
        place = self._places_of_texts.get(text)
        if place is None:
            # lines stay lines in evidence and notes; the script shows them so
            shown = "\n".join([visible(line) for line in text.split("\n")])
            place = self._places_of_texts[text] = self._texts.setdefault(shown, len(self._texts))
        return place

    def _fix(self, template: str) -> int:
        place = self._fixes.get(template)
        if place is None:
            place = self._fixes[template] = len(self._apart)
            self._apart.append(page_fix.split_fix(template, self._site))
        return place

    def _cell(self, outcome: Outcome) -> int:
        """Return the number of a cell: word, the numbers of its texts by LABELS, the fix (-1 for none), the notes."""
        decided = outcome.word in (Word.FAILED, Word.WAIVED)
        step = next_step(outcome.word, cause=outcome.cause, because=outcome.because, found=outcome.found)
        cell = (
            self._words[outcome.word],
            self._text(outcome.expected),
            self._text(outcome.found),
            self._text(outcome.because),
            self._text(self._evidence.of(self._requirements[outcome.requirement], outcome.target)),
            self._text(outcome.consequence),
            self._text(outcome.owner if decided else step.owner),
            self._text(step.text),
            self._fix(outcome.fix.strip("\n")) if outcome.fix else -1,
            *(self._text(note) for note in outcome.notes),
        )
        return self._cells.setdefault(cell, len(self._cells))

    @staticmethod
    def _link(known: Requirement) -> str:
        return printable(known.link) if known.link.startswith("https://") else ""

    # --- tables and findings ---

    def _table(self, kind: str, rows: Mapping[str, Mapping[str, int]], rooms: Mapping[str, str]) -> dict[str, Any]:
        ids = list(dict.fromkeys(id_ for row in rows.values() for id_ in row))
        ids.sort(key=list(self._requirements).index)
        return {
            "kind": kind,
            "ids": ids,
            # a target, its name, and the target inside a literal if that differs
            "targets": [self._target(target, rooms.get(target, "") if kind == "room" else "") for target in rows],
            "cells": [[row.get(id_, -1) for id_ in ids] for row in rows.values()],
        }

    def _target(self, target: str, name: str) -> list[str]:
        shown, inside = visible(target), page_fix.literal(target, self._site)
        fields = [shown, visible(name), inside if inside != shown else ""]
        while not fields[-1] and len(fields) > 1:
            fields.pop()
        return fields

    def _finding(self, finding: Finding) -> dict[str, Any]:
        """Return the places of its pairs by kind and requirement, and the targets of each fix by kind."""
        pairs: dict[str, dict[str, list[int]]] = {}
        for id_, target in finding.pairs:
            for kind in self._kinds(id_, target):
                pairs.setdefault(kind, {}).setdefault(id_, []).append(self._places[kind][target])
        fixes = [
            [self._fix(template), kind, [self._places[kind][target] for target in targets]]
            for template, targets in finding.fixes
            for kind in self._kinds(finding.requirement, targets[0])
        ]
        return {"pairs": pairs, "fixes": fixes}

    def _kinds(self, id_: str, target: str) -> list[str]:
        return [kind for kind, rows in self._rows.items() if id_ in rows.get(target, {})]
