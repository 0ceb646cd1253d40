"""A fix as the page shows it: what to read, what to copy, how to undo it, how long it takes to work.

A template is split once; what is copied for one target or for five thousand is
put together from the same pieces, here and in the page's script.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pytest_flowscape.judging import remedies
from pytest_flowscape.report.fixes.remedy_parts import remedy
from pytest_flowscape.report.powershell import is_command, render_fix
from pytest_flowscape.site.model import Site

TARGET = "{target}"
TRIAL = "$WhatIfPreference = $true   # rehearsal: only shows what it would do; $false makes the changes"
# a block of its own: one paste runs as one, an error ends it, and the preference holds in it alone
_OPEN, _CLOSE = "& {", "}"
# copied commands begin with the rehearsal themselves, so the text need not tell how
_SHELLS = {
    remedies.EXCHANGE: "In the Exchange Management Shell.",
    remedies.DIRECTORY: "With the Active Directory module, against one writable domain controller (add -Server NAME).",
}


@dataclass(frozen=True)
class Part:
    """A stretch of a fix: commands to copy together, or a paragraph to read.

    ``pieces`` are the texts between the places of the target, everything else
    filled in; a single piece names no target and is written once. ``trial``
    says that the commands change something.
    """

    command: bool
    pieces: tuple[str, ...]
    trial: bool = False

    def text(self, literals: Sequence[str], more: int = 0) -> str:
        """Return it for targets, each as the inside of a single-quoted literal; ``more`` are only counted."""
        if len(self.pieces) == 1:
            return self._frame(self.pieces[0])
        lines = [literal.join(self.pieces) for literal in literals]
        if more:
            lines.append(f"# ... and {more} more: Copy includes all of them" if self.command else f"... {more} more")
        return self._frame("\n".join(lines))

    def _frame(self, text: str) -> str:
        if not self.trial:
            return text
        return "\n".join([_OPEN, f"  {TRIAL}", textwrap.indent(text, "  "), _CLOSE])

    def as_json(self) -> list[Any]:
        """Return it as the page's script takes it."""
        return [int(self.command), int(self.trial), *self.pieces]


@dataclass(frozen=True)
class Fix:
    """A template split into parts; ``undo`` and ``wait`` are sentences, empty where it has none."""

    parts: tuple[Part, ...] = ()
    undo: str = ""
    wait: str = ""

    def as_json(self) -> list[Any]:
        """Return it as the page's script takes it."""
        return [self.undo, self.wait, *(part.as_json() for part in self.parts)]


def literal(target: str, site: Site) -> str:
    """Return a target as the inside of a PowerShell single-quoted literal."""
    return render_fix(TARGET, target=target, site=site)


def split_fix(template: str, site: Site) -> Fix:
    """Split a template into parts, with everything but the target filled in."""
    for long, short in _SHELLS.items():
        template = template.replace(long, short)
    whole = remedy(template.strip("\n"))
    parts: list[Part] = []
    for command, lines in groupby(whole.do.split("\n"), key=is_command):
        if command:
            parts.append(_part(textwrap.dedent("\n".join(lines)), site, command=True))
        else:
            parts += [_part(line.strip(), site, command=False) for line in lines if line.strip()]
    undo, wait = (render_fix(text, target="", site=site) for text in (whole.undo, whole.waiting))
    return Fix(tuple(parts), undo, wait)


def _part(text: str, site: Site, *, command: bool) -> Part:
    pieces = tuple(render_fix(piece, target="", site=site) for piece in text.split(TARGET))
    return Part(command, pieces, trial=command and "$WhatIfPreference" in text)
