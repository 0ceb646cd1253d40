"""Text for people: unseen characters made visible, plurals, lists of names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timezone

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """Return ``text`` on one line, every unseen character (controls, direction marks) replaced by U+FFFD."""
    return printable(" ".join(text.split()))


def name_list(targets: Sequence[str], limit: int) -> str:
    """Return the first ``limit`` targets by name and the number of the others."""
    if len(targets) <= limit:
        return ", ".join(targets)
    return f"{', '.join(targets[:limit])} and {len(targets) - limit} more"


def plural(number: int, what: str, ending: str = "s") -> str:
    """Return a count with its noun."""
    return f"{number} {what}{'' if number == 1 else ending}"


def printable(text: str) -> str:
    """Return ``text`` with every unseen character (controls, direction marks) replaced by U+FFFD."""
    if text.isprintable():  # most texts are
        return text
    return "".join("\ufffd" if unicodedata.category(c) in _UNSEEN else c for c in text)


def moment(value: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second: ``2026-11-20T14:03:00Z``."""
    return value.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def when(iso: str) -> str:
    """Return the same as people write it: ``2026-11-20 14:03:00 UTC``."""
    return iso.replace("T", " ").replace("Z", " UTC")
