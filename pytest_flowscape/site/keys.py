"""The sections and keys that a site file may have, and the reader that takes them one by one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import TypeVar

from pytest_flowscape.site.lines import Block, Entry, Mistakes, Piece
from pytest_flowscape.site.values import PASSWORD_REMEDY, Wrong

T = TypeVar("T")

# Every section with its keys; None: the keys are requirement ids. docs/site-file.md lists the same, a test compares.
KEYS: dict[str, tuple[str, ...] | None] = {
    "site": ("customer", "name", "contact"),
    "exchange": ("hostname", "ca_file", "auth", "max_connections", "timeout", "user_agent", "proxy", "front_ends"),
    "service_account": ("username", "email", "password"),
    "directory": ("servers", "base_dn", "ca_file", "start_tls", "username", "password"),
    "rooms": ("addresses", "file", "expected"),
    "users": ("addresses", "none", "out_of_scope"),
    "booking": ("rooms", "window", "approved_by", "answer_timeout"),
    "handover": ("password_by",),
    "waivers": None,
    "attestations": None,
}
REQUIRED_SECTIONS = ("exchange", "service_account", "rooms", "users")
MAX_NAME = 40
COMMENT = re.compile(r"\s[#;]")  # what would begin an inline comment elsewhere


def find_sections(blocks: tuple[Block, ...], mistakes: Mistakes) -> dict[str, Block]:
    """Return the known sections by name; note unknown, repeated and missing ones."""
    found: dict[str, Block] = {}
    for block in blocks:
        first = found.get(block.name)
        if first:
            mistakes.add(block.line, f"[{block.name}] appears twice, first in line {first.line}.", "Merge the two.")
            known = {_fold(entry.key, block.name) for entry in first.entries}
            first.entries.extend(entry for entry in block.entries if _fold(entry.key, block.name) not in known)
        elif block.name in KEYS:
            found[block.name] = block
        elif block.name:
            what = f"Unknown section{_echo(block.name, ' [{}]')}."
            mistakes.add(block.line, what, _suggestion(block.name, tuple(KEYS), "[{}]"))
    for name in REQUIRED_SECTIONS:
        if name not in found:
            mistakes.add(1, f"The section [{name}] is missing.", "Add it as in the output of --flowscape-template.")
    return found


def _fold(key: str, section: str) -> str:
    """Return the form in which keys are compared: lower case, single spaces; waivers compare on their own."""
    return key if KEYS.get(section) is None else " ".join(key.lower().split())


def _echo(name: str, form: str) -> str:
    """Repeat a name in a message only if it looks like one: a stray password does not."""
    looks_like_name = len(name) <= MAX_NAME and name.isascii() and name.replace("_", "").isalpha()
    return form.format(name) if looks_like_name else ""


def _suggestion(name: str, known: tuple[str, ...], form: str) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=1) if len(name) <= MAX_NAME else []
    if near:
        return f"Write {form.format(near[0])}."
    return f"Write one of {', '.join(form.format(one) for one in known)}."


class Keys:
    """The entries of one section, taken key by key; every trouble becomes a mistake and the default.

    ``block`` None is a section that is not written: nothing is required of it.
    """

    def __init__(self, name: str, block: Block | None, mistakes: Mistakes) -> None:
        self._name = name
        self._line = block.line if block else 0
        self._mistakes = mistakes
        self._entries: dict[str, Entry] = {}
        known = KEYS[name] or ()
        for entry in block.entries if block else ():
            key = _fold(entry.key, name)
            first = self._entries.get(key)
            if first:
                self.wrong(entry.line, f"`{key}` appears twice, first in line {first.line}.", "Remove one of the two.")
            elif key in known:
                self._entries[key] = entry
            else:
                what = f"Unknown key{_echo(key, ' `{}`')} in [{name}]."
                self.wrong(entry.line, what, _suggestion(key, known, "`{}`"))

    def __bool__(self) -> bool:
        """Whether the section is written."""
        return self._line > 0

    def __contains__(self, key: str) -> bool:
        """Whether the key is written, whatever its value."""
        return key in self._entries

    def wrong(self, where: str | int, what: str, instead: str) -> None:
        """Note a mistake in a line, or in that of a key: the section's header if the key is not written."""
        if isinstance(where, str):
            where = self._entries[where].line if where in self._entries else self._line
        self._mistakes.add(where, what, instead)

    def check_one_of(self, first: str, second: str, remedy: str) -> None:
        """Note a mistake unless exactly one of two keys is written; ``remedy`` is for neither."""
        both = second in self
        if self and (first in self) == both:
            what = f"both `{first}` and `{second}`" if both else f"neither `{first}` nor `{second}`"
            self.wrong(second, f"[{self._name}] has {what}.", "Keep one of the two." if both else remedy)

    def one(self, key: str, parse: Callable[[str], T], *, required: bool = False, folds: bool = False) -> T | None:
        """Return the value of a key that takes one line, or None; with ``folds`` further lines are joined to it."""
        pieces = self._pieces(key, required=required)
        if len(pieces) > 1 and not folds:
            what = f"This line is indented, so it continues `{key}`, which takes one value."
            self.wrong(pieces[1].line, what, "Start each key at the left margin.")
            pieces = pieces[:1]
        return self._parse(key, Piece(pieces[0].line, " ".join(p.text for p in pieces)), parse) if pieces else None

    def many(
        self, key: str, parse: Callable[[str], T], *, required: bool = False, unique: bool = False
    ) -> tuple[tuple[int, T], ...]:
        """Return the values of a list, one per line, each with its line; with ``unique`` repeats are mistakes."""
        found: list[tuple[int, T]] = []
        first: dict[str, int] = {}
        for piece in self._pieces(key, required=required):
            value = self._parse(key, piece, parse)
            if value is None:
                continue
            earlier = first.setdefault(str(value), piece.line)
            if unique and earlier != piece.line:
                what = f"`{key}`: {value} appears twice, first in line {earlier}."
                self.wrong(piece.line, what, "Remove one of the two.")
            found.append((piece.line, value))
        return tuple(found)

    def _pieces(self, key: str, *, required: bool) -> list[Piece]:
        entry = self._entries.get(key)
        if entry is None and required and self:
            self.wrong(key, f"[{self._name}] has no `{key}`.", f"Add a line `{key} = ...`.")
        if entry and not entry.pieces and not entry.broken:
            remedy = "Write a value after the =" + ("." if required else ", or remove the line.")
            if key in ("addresses", "servers", "front_ends", "rooms"):
                remedy = "Write one entry per line below it, each line indented."
            self.wrong(key, f"`{key}` is empty.", PASSWORD_REMEDY if key == "password" else remedy)
        return entry.pieces if entry else []

    def _parse(self, key: str, piece: Piece, parse: Callable[[str], T]) -> T | None:
        if piece.text.startswith("<") and piece.text.endswith(">") and key != "password":
            what = f"`{key}` still has the template's placeholder."
            self.wrong(piece.line, what, "Replace it, including the angle brackets.")
            return None
        try:
            return parse(piece.text)
        except Wrong as wrong:
            hint = " A comment after a value is part of it." if COMMENT.search(piece.text) and key != "password" else ""
            self.wrong(piece.line, f"`{key}`: {wrong.what}{hint}", wrong.instead)
            return None
