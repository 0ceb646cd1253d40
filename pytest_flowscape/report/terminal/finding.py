"""A finding in full among pytest's FAILURES: folded to the terminal's width, its commands still to be copied.

The text has labels and values. Prose is folded at spaces, beside its label. A
command is folded by PowerShell's continuation mark if every piece fits;
otherwise it stays one line, and the terminal wraps it: what is copied is then
still all of it.
"""

from __future__ import annotations

import re

from pytest_flowscape.judging.outcomes import Outcome
from pytest_flowscape.report.finding_rows import with_fix
from pytest_flowscape.report.groups import finding_of
from pytest_flowscape.report.powershell import is_command
from pytest_flowscape.report.terminal.columns import fold, fold_command, text_width
from pytest_flowscape.report.text import printable
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site.model import Site

NARROWEST = 60
_LABEL = re.compile(r"[A-Za-z][\w-]*(?: [a-z]+)?  +(?=\S)")
_UNLIMITED = 10_000


def describe(record: Requirement, outcome: Outcome, site: Site) -> str:
    """Return a finding in full as labels and values: target, expected, found, consequence, owner, fix, notes."""
    rows = [(label.lower(), text) for label, text in with_fix(finding_of([outcome], {record.id: record}), site)]
    rows = [(record.id, f"{record.title} ({outcome.target})"), *rows, *(("note", note) for note in outcome.notes)]
    width = max(len(label) for label, _ in rows)
    text = "\n".join(f"{label:<{width}}  " + text.replace("\n", "\n" + " " * (width + 2)) for label, text in rows)
    return "\n".join(printable(line) for line in text.split("\n"))  # a server's words may hold terminal controls


def fold_finding(text: str, width: int) -> str:
    """Fold what ``describe`` returned so that no line of prose is wider than ``width`` (at least 60) columns.

    A single word that no line can hold is cut; a command never is.
    """
    width = max(width, NARROWEST)
    lines = text.split("\n")
    first = _LABEL.match(lines[0])
    column = len(first[0]) if first else 0
    return "\n".join(part for line in lines for part in _line(line, column, width))


def _line(line: str, column: int, width: int) -> list[str]:
    """Fold one line: its first ``column`` letters are the label, or blank."""
    label, value = line[:column], line[column:]
    if label.strip() and not label.endswith(" "):
        return [line]  # not ours: a traceback of a check that failed itself
    if text_width(line) <= width:
        return [line.rstrip()]
    if is_command(value):
        indent = " " * (column + len(value) - len(value.lstrip(" ")))
        return fold_command(value.strip(), width, indent=indent, comments=_UNLIMITED) or [line]
    parts = fold(value, width - column, limit=_UNLIMITED)
    return [f"{label if place == 0 else ' ' * column}{part}" for place, part in enumerate(parts)]
