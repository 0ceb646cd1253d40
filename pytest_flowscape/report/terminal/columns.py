"""Text in terminal columns: measured, cut and folded, so that no line is too wide."""

from __future__ import annotations

import re
import unicodedata

from pytest_flowscape.report.text import visible

_PARAMETER = re.compile(r"-[A-Za-z]+")


def text_width(text: str) -> int:
    """Return the number of terminal columns (East Asian wide letters take two, combining marks none)."""
    if text.isascii():
        return len(text)
    return sum(_width(letter) for letter in text)


def cut(text: str, width: int) -> str:
    """Return ``text`` on one line of at most ``width`` columns, ``...`` if something was left out."""
    flat = visible(text).replace("\ufffd", "?")
    if text_width(flat) <= width:
        return flat
    kept, used = "", 0
    for letter in flat:
        used += _width(letter)
        if used > width - 3:
            break
        kept += letter
    return kept.rstrip() + "..."[: max(width, 0)]


def pad(text: str, width: int) -> str:
    """Cut or fill ``text`` to exactly ``width`` columns."""
    short = cut(text, width)
    return short + " " * (width - text_width(short))


def fold(text: str, width: int, *, indent: str = "", limit: int = 2) -> list[str]:
    """Fold a sentence into at most ``limit`` lines of ``width`` columns, the last one cut; later lines indented."""
    words = visible(text).replace("\ufffd", "?").split(" ")
    lines: list[str] = []
    line = ""
    while words:
        start = indent if lines else ""
        longer = f"{line} {words[0]}" if line else start + words[0]
        if text_width(longer) <= width:
            line = longer
            words.pop(0)
        elif line and len(lines) + 1 < limit:
            lines.append(line)
            line = ""
        else:  # the last line, or a word that no line can hold
            rest = " ".join([line.removeprefix(start), *words] if line else words)
            return [*lines, start + cut(rest, width - len(start))]
    return [*lines, line]


def fold_command(command: str, width: int, *, indent: str = "", comments: int = 3) -> list[str]:
    r"""Fold a PowerShell line at spaces outside its literals, by the continuation mark, so that it can be copied.

    A comment becomes several comments, at most ``comments``, the last one cut.
    Return nothing for what cannot be folded: a piece that is wider than
    ``width``, or a command with a comment behind it, which would become one.
    """
    command = command.rstrip()
    if text_width(indent + command) <= width:
        return [indent + command]
    if command.lstrip().startswith("#"):
        text = command.lstrip("# ")
        return [f"{indent}# {line}" for line in fold(text, width - len(indent) - 2, limit=comments)]
    pieces = _pieces(command.strip())
    if any(piece.startswith("#") for piece in pieces):
        return []
    lines: list[str] = []
    line = ""
    for piece in pieces:
        longer = f"{line} {piece}" if line else indent + piece
        if text_width(longer) + 2 <= width:
            line = longer
        elif not line:
            return []
        else:
            lines.append(f"{line} `")
            line = f"{indent}  {piece}"
            if text_width(line) + 2 > width:
                return []
    return [*lines, line]


def _pieces(command: str) -> list[str]:
    """Split at spaces outside of quotes, a parameter kept with its value.

    A doubled quote closes and opens again, which comes to the same.
    """
    pieces = [""]
    quote = ""
    for letter in command:
        same = "'" if letter in "\u2018\u2019\u201a\u201b" else letter
        if quote:
            quote = "" if same == quote else quote
        elif same in {"'", '"'}:
            quote = same
        elif letter == " ":
            pieces.append("")
            continue
        pieces[-1] += letter
    joined: list[str] = []
    for piece in filter(None, pieces):
        if joined and _PARAMETER.fullmatch(joined[-1]) and not piece.startswith(("-", "|")):
            joined[-1] += f" {piece}"
        else:
            joined.append(piece)
    return joined


def _width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
