"""A fix text in its parts: what to do, how to undo it, how long to wait.

The texts are whole where they are declared (``Requirement.fix``, ``Outcome.fix``),
so that every reader of results.json has everything. By the convention of
``pytest_flowscape.judging.remedies`` they end with the undo and the waiting time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARTS = re.compile(
    r"(?P<do>.*?)"
    r"(?:(?:^|(?<=[\s]))(?P<undo>(?:To undo|Nothing to undo).*?))?"
    r"(?:(?:^|(?<=[\s]))Waiting time: (?P<waiting>.*))?",
    re.DOTALL,
)
_LABEL = re.compile(r"^To undo[:,]? ")


@dataclass(frozen=True)
class Remedy:
    """A fix in three parts.

    ``do`` is prose and commands as in the whole text. ``undo`` ("Disable-ADAccount.",
    "Nothing to undo.") and ``waiting`` ("About 15 minutes.") are sentences to
    follow a label; both are empty if only the site file changes.
    """

    do: str
    undo: str = ""
    waiting: str = ""


def remedy(text: str) -> Remedy:
    """Split a fix text, a template or one that is filled in; only the labels are left out."""
    found = _PARTS.fullmatch(text)
    assert found is not None  # the first part takes anything
    undo, waiting = (" ".join((found[name] or "").split()) for name in ("undo", "waiting"))
    return Remedy(found["do"].rstrip(), _sentence(_LABEL.sub("", undo)), _sentence(waiting))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
