"""The sections and keys that a site file may have, and the reader that takes them one by one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import TypeVar

from pytest_flowscape.site.lines import Block, Entry, Mistakes, Piece
from pytest_flowscape.site.values import Wrong

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
BEHIND = re.compile(r"\s[#;]")  # what would begin an inline comment elsewhere


def sections(blocks: tuple[Block, ...], mistakes: Mistakes) -> dict[str, Block]:
    """Return the known sections by name; note unknown, repeated and missing ones."""
    found: dict[str, Block] = {}
    for block in blocks:
        first = found.get(block.name)
        if first:
            mistakes.add(
                block.line, f"The section [{block.name}] stands twice, first in line {first.line}.", "Join the two."
            )
            taken = {_folded(entry.key, block.name) for entry in first.entries}
            first.entries.extend(entry for entry in block.entries if _folded(entry.key, block.name) not in taken)
        elif block.name in KEYS:
            found[block.name] = block
        elif block.name:
            mistakes.add(
                block.line,
                f"There is no section {_named(block.name, '[{}]')}".rstrip() + ".",
                _suggestion(block.name, tuple(KEYS), "[{}]"),
            )
    for name in REQUIRED_SECTIONS:
        if name not in found:
            mistakes.add(1, f"The section [{name}] is missing.", "Add it as in the output of --flowscape-template.")
    return found


def _folded(key: str, section: str) -> str:
    """Return the form in which keys are compared: lower case, single spaces; waivers compare on their own."""
    return key if KEYS.get(section) is None else " ".join(key.lower().split())


def _named(name: str, form: str) -> str:
    """Repeat a name in a message only if it looks like one: a stray password does not."""
    looks_like_name = len(name) <= MAX_NAME and name.isascii() and name.replace("_", "").isalpha()
    return form.format(name) if looks_like_name else "of this name"


def _suggestion(name: str, known: tuple[str, ...], form: str) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=1) if len(name) <= MAX_NAME else []
    if near:
        return f"Write {form.format(near[0])}."
    return f"Write one of {', '.join(form.format(one) for one in known)}."


class Keys:
    """The entries of one section, taken key by key; every trouble becomes a mistake and the default."""

    def __init__(self, block: Block, mistakes: Mistakes) -> None:
        self.name = block.name
        self.line = block.line
        self._mistakes = mistakes
        self._entries: dict[str, Entry] = {}
        known = KEYS[block.name]
        for entry in block.entries if known else ():  # decisions are read by config_decisions
            key = _folded(entry.key, block.name)
            first = self._entries.get(key)
            if first:
                mistakes.add(entry.line, f"`{key}` stands twice, first in line {first.line}.", "Remove one of the two.")
            elif known and key in known:
                self._entries[key] = entry
            else:
                mistakes.add(
                    entry.line,
                    f"[{self.name}] has no key {_named(key, '`{}`')}.",
                    _suggestion(key, known or (), "`{}`"),
                )

    def wrong(self, key: str, what: str, instead: str) -> None:
        """Note a mistake in the line of ``key``, or of the section's header where the key is absent."""
        self._mistakes.add(self.line_of(key), what, instead)

    def wrong_at(self, line: int, what: str, instead: str) -> None:
        """Note a mistake in a line of a list."""
        self._mistakes.add(line, what, instead)

    def line_of(self, key: str) -> int:
        """Return the line of a key, else of the section's header."""
        entry = self._entries.get(key)
        return entry.line if entry else self.line

    def __contains__(self, key: str) -> bool:
        """Whether the key is written, whatever its value."""
        return key in self._entries

    def one(self, key: str, parse: Callable[[str], T], *, required: bool = False, folds: bool = False) -> T | None:
        """Return the value of a key that takes one line, or None; with ``folds`` further lines are joined to it."""
        entry = self._present(key, required=required)
        if entry is None:
            return None
        if len(entry.pieces) > 1 and not folds:
            self._mistakes.add(
                entry.pieces[1].line,
                f"This line is indented and so continues `{key}`, which takes one value.",
                "Begin each key at the left margin.",
            )
        pieces = entry.pieces if folds else entry.pieces[:1]
        return self._parsed(key, Piece(pieces[0].line, " ".join(piece.text for piece in pieces)), parse)

    def many(self, key: str, parse: Callable[[str], T], *, required: bool = False) -> tuple[tuple[int, T], ...]:
        """Return the values of a list, one per line, each with its line."""
        entry = self._present(key, required=required)
        parsed = ((piece.line, self._parsed(key, piece, parse)) for piece in (entry.pieces if entry else ()))
        return tuple((line, value) for line, value in parsed if value is not None)

    def _present(self, key: str, *, required: bool) -> Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            if required:
                self._mistakes.add(self.line, f"[{self.name}] has no `{key}`.", f"Add a line `{key} = ...`.")
            return None
        if not entry.pieces:
            if not entry.broken:
                self._empty(key, entry.line, required=required)
            return None
        return entry

    def _empty(self, key: str, line: int, *, required: bool) -> None:
        remedy = "Write a value behind the =." if required else "Write a value behind the =, or remove the line."
        if key in ("addresses", "servers", "front_ends") or (self.name, key) == ("booking", "rooms"):
            remedy = "Write one entry per line below it, each line indented."
        if key == "password":
            remedy = "Write env:NAME, file:PATH, keyring:SERVICE or prompt."
        self._mistakes.add(line, f"`{key}` is empty.", remedy)

    def _parsed(self, key: str, piece: Piece, parse: Callable[[str], T]) -> T | None:
        if piece.text.startswith("<") and piece.text.endswith(">") and key != "password":
            self._mistakes.add(
                piece.line, f"`{key}` still holds the template's placeholder.", "Replace it, angle brackets included."
            )
            return None
        try:
            return parse(piece.text)
        except Wrong as wrong:
            hint = " A comment behind a value is part of it." if BEHIND.search(piece.text) and key != "password" else ""
            self._mistakes.add(piece.line, f"`{key}`: {wrong.what}{hint}", wrong.instead)
            return None
