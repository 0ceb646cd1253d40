"""The outcome of one (requirement, target) pair, in the project's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

SITE_TARGET = "site"
READ = "flowscape_read"
"""Where a report keeps what ``outcome_of`` read from it."""


class Word(str, Enum):
    """The seven outcomes; the same words in terminal, report, results.json and JUnit."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"
    NOT_REQUESTED = "not requested"
    WAIVED = "waived"
    ATTESTED = "attested"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one requirement on one target.

    ``found`` is the finding, the reason why it was not measured, or who waived
    or attested. ``because`` is the requirement whose failure stopped this one.
    ``cause`` groups. ``seconds`` is the duration of its test.
    """

    requirement: str
    target: str
    word: Word
    level: str = "required"
    expected: str = ""
    found: str = ""
    consequence: str = ""
    fix: str = ""
    owner: str = ""
    cause: str = ""
    because: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return a dictionary of plain JSON values, the same that ``from_json`` takes."""
        values = {name: getattr(self, name) for name in self.__slots__}
        named = {("outcome" if name == "word" else name): value for name, value in values.items()}
        return named | {"outcome": self.word.value, "notes": list(self.notes)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Outcome:
        """Return the outcome that ``as_json`` made this of. Raises KeyError or ValueError on anything else."""
        fields = dict(data)
        word = Word(fields.pop("outcome"))
        notes = tuple(fields.pop("notes", ()))
        return Outcome(word=word, notes=notes, **fields)


def carry(report: Any, outcome: Outcome) -> None:
    """Put an outcome into a test report that stays in this process, where ``outcome_of`` finds it."""
    report.flowscape = carried = outcome.as_json()
    setattr(report, READ, (carried, outcome))


def outcome_of(report: Any) -> Outcome | None:
    """Return the outcome that a test report carries in ``report.flowscape``, None where it carries none.

    It is read once: several hooks ask for it, of each of thousands of reports.
    """
    carried = getattr(report, "flowscape", None)
    if not isinstance(carried, Mapping):
        return None
    read = getattr(report, READ, None)
    if read is None or read[0] is not carried:
        try:
            read = (carried, Outcome.from_json(carried))
        except (KeyError, TypeError, ValueError):
            return None
        setattr(report, READ, read)
    return read[1]
