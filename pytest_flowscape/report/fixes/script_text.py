"""The text of a fix script: values as literals, steps with their comments; the commands are files beside it.

The commands (``templates/*.ps1``) never hold a value: each step is a list of
assignments, written here, and then a file as it is. So a value can only ever
be one single-quoted literal, whatever it holds, and the commands can be
reviewed as PowerShell.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pytest_flowscape.report.finding_rows import CONSEQUENCE, FOUND, LINK, OWNER, UNDO, WAIT, rows
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.powershell import literal_body
from pytest_flowscape.report.text import plural, printable, visible
from pytest_flowscape.requirement import Level

COMMANDS = Path(__file__).parent / "templates"
EXCHANGE, DIRECTORY, NETWORK = "exchange.ps1", "active-directory.ps1", "network.txt"
# a text, yes or no, a list of texts, or a list of records
Value = str | bool | tuple[str, ...] | tuple[Mapping[str, str], ...]
_WIDTH = 110
_RULE = "# " + "-" * (_WIDTH - 2)
_LABELS = (CONSEQUENCE, OWNER, UNDO, WAIT, LINK)
_NAME = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Step:
    """What one script does about some findings: ``commands`` names its file of commands, without the suffix.

    ``file`` is the script that it belongs to, ``values`` are assigned before
    the commands run, ``remarks`` are written above them. Steps with the same ``key``
    (the commands' name, if empty) are one step, with the lists of both.
    """

    file: str
    commands: str
    values: Mapping[str, Value] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    key: str = ""

    @property
    def identity(self) -> str:
        """Return what equal steps have in common."""
        return self.key or self.commands

    def join(self, other: Step) -> Step:
        """Return one step for both: lists joined without duplicates, everything else as in this one."""
        values = dict(self.values)
        for name, value in other.values.items():
            mine = values.get(name, ())
            if isinstance(value, tuple) and isinstance(mine, tuple):
                values[name] = (*mine, *(one for one in value if one not in mine))
        return Step(self.file, self.commands, values, self.remarks, self.key)


def literal(text: str) -> str:
    """Return ``text`` as one single-quoted PowerShell literal on one line.

    PowerShell takes U+2018 to U+201B for the apostrophe (about_Quoting_Rules,
    and the language's own tokenizer), so all five are doubled. A character
    that cannot be seen becomes U+FFFD.
    """
    return f"'{literal_body(text)}'"


def assignment(name: str, value: Value) -> Iterator[str]:
    """Return the lines that assign a value. Raises ValueError for a name that is not a plain word."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a variable name: {name!r}")
    if isinstance(value, bool):
        yield f"${name} = ${str(value).lower()}"
    elif isinstance(value, str):
        yield f"${name} = {literal(value)}"
    elif not value:
        yield f"${name} = @()"
    else:
        yield f"${name} = @("
        yield from (f"    {_entry(one)}" for one in value)
        yield ")"


def comment(text: str, label: str = "") -> Iterator[str]:
    """Return our own sentence as folded comments; other texts only with a ``label``, and then on one line.

    What a server or a site file says never begins a comment: some beginnings
    have a meaning for PowerShell.
    """
    if label:
        yield f"# {label}: {visible(text)}"
    else:
        yield from (f"# {line}" for line in textwrap.wrap(visible(text), _WIDTH - 2, break_on_hyphens=False))


def step_lines(number: int, step: Step, findings: Sequence[Finding]) -> Iterator[str]:
    """Return one step: why, undo, waiting time, its values and its commands."""
    yield ""
    yield _RULE
    yield f"# Step {number}"
    yield from finding_comments(findings)
    for remark in step.remarks:
        yield from comment(remark)
    yield _RULE
    names = ", ".join(dict.fromkeys(finding.requirement for finding in findings))
    yield f"Invoke-Step {literal(f'Step {number}: {names}')} {{"
    body = [line for name, value in step.values.items() for line in assignment(name, value)]
    yield from (f"    {line}".rstrip() for line in (*body, *commands(step.commands)))
    yield "}"


def finding_comments(findings: Iterable[Finding]) -> Iterator[str]:
    """Return in comments what is wrong, the consequence, owner, undo, waiting time and link; each once."""
    every: dict[tuple[str, str], None] = {}
    for finding in findings:
        where = "" if finding.targets == ("site",) else f", {plural(len(finding.targets), 'target')}"
        yield from comment(f"{finding.requirement} ({level_of(finding)}{where}): {finding.title}")
        yield from comment(finding.found, FOUND)
        every |= dict.fromkeys(rows(finding, *_LABELS))
    for label, text in sorted(every, key=lambda row: _LABELS.index(row[0])):
        yield from comment(text, label)


def manual_steps(text: str) -> Iterator[str]:
    """Return a filled-in fix text as comments, line by line."""
    for line in text.split("\n"):
        yield f"#  | {printable(line)}".rstrip()


def level_of(finding: Finding) -> str:
    """Return whether a finding is required or recommended, as a word."""
    return Level.REQUIRED.value if finding.required else Level.RECOMMENDED.value


@cache
def commands(name: str) -> tuple[str, ...]:
    """Return the lines of a file of commands."""
    return tuple((COMMANDS / f"{name}.ps1").read_text(encoding="utf-8").splitlines())


def _entry(value: str | Mapping[str, str]) -> str:
    if isinstance(value, str):
        return literal(value)
    return f"@{{ {'; '.join(f'{name} = {literal(text)}' for name, text in value.items())} }}"
