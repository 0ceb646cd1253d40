"""Text for people: unseen characters made visible, plurals, lists of names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """Return ``text`` on one line, every unseen character (controls, direction marks) replaced by U+FFFD."""
    return printable(" ".join(text.split()))


def name_list(targets: Sequence[str], limit: int) -> str:
    """Return the first ``limit`` targets by name and the number of the others."""
    if len(targets) <= limit:
        return ", ".join(targets)
    return f"{', '.join(targets[:limit])} and {len(targets) - limit} more"


def plural(number: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Return ``text`` with every unseen character (controls, direction marks) replaced by U+FFFD."""
    if text.isprintable():  # most texts are
        return text
    return "".join("\ufffd" if unicodedata.category(c) in _UNSEEN else c for c in text)
