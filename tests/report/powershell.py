"""Read PowerShell as its own tokenizer does, as far as quoting goes, and by tree-sitter for the whole grammar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import tree_sitter
import tree_sitter_powershell

SINGLE = "'\u2018\u2019\u201a\u201b"  # each begins and ends a literal, and escapes any other of them
DOUBLE = '"\u201c\u201d\u201e'
ENDS = "\r\n"


@dataclass(frozen=True)
class Token:
    """A ``literal`` (single-quoted, ``text`` its value), a ``comment``, an ``expandable`` string, or other ``code``."""

    kind: str
    text: str


class UnclosedError(Exception):
    """A string or comment that goes on to the end of the file."""


def tokens(source: str) -> Iterator[Token]:
    """Split a script. Raises UnclosedError."""
    at, code = 0, ""
    while at < len(source):
        letter = source[at]
        begins = at == 0 or source[at - 1].isspace() or source[at - 1] in "(){};,|=&"
        kind = _kind(source, at, begins=begins)
        if not kind:
            step = 2 if letter == "`" else 1  # a backtick takes the meaning from the next character
            code += source[at : at + step]
            at += step
            continue
        if code.strip():
            yield Token("code", " ".join(code.split()))
        code = ""
        text, at = _READ[kind](source, at)
        yield Token(kind, text)
    if code.strip():
        yield Token("code", " ".join(code.split()))


def _kind(source: str, at: int, *, begins: bool) -> str:
    letter = source[at]
    if letter in SINGLE:
        return "literal"
    if letter in DOUBLE:
        return "expandable"
    if letter == "@" and source[at + 1 : at + 2] and source[at + 1] in SINGLE + DOUBLE:
        return "here"
    if source.startswith("<#", at):
        return "block"
    return "comment" if letter == "#" and begins else ""


def _literal(source: str, at: int) -> tuple[str, int]:
    value, at = "", at + 1
    while at < len(source):
        if source[at] not in SINGLE:
            value += source[at]
            at += 1
        elif source[at + 1 : at + 2] and source[at + 1] in SINGLE:
            value += source[at + 1]  # of the two, the second counts
            at += 2
        else:
            return value, at + 1
    raise UnclosedError(value)


def _expandable(source: str, at: int) -> tuple[str, int]:
    start, at = at, at + 1
    while at < len(source):
        if source[at] == "`" or (source[at] in DOUBLE and source[at + 1 : at + 2] and source[at + 1] in DOUBLE):
            at += 2
        elif source[at] in DOUBLE:
            return source[start : at + 1], at + 1
        else:
            at += 1
    raise UnclosedError(source[start:])


def _here(source: str, at: int) -> tuple[str, int]:
    ends = [source.find(f"\n{quote}@", at) for quote in SINGLE + DOUBLE]
    end = min((place for place in ends if place >= 0), default=-1)
    if end < 0:
        raise UnclosedError(source[at:])
    return source[at : end + 3], end + 3


def _comment(source: str, at: int) -> tuple[str, int]:
    end = min((place for place in (source.find(one, at) for one in ENDS) if place >= 0), default=len(source))
    return source[at:end], end


def _block(source: str, at: int) -> tuple[str, int]:
    end = source.find("#>", at)
    if end < 0:
        raise UnclosedError(source[at:])
    return source[at : end + 2], end + 2


_READ = {"literal": _literal, "expandable": _expandable, "here": _here, "comment": _comment, "block": _block}


# --- the whole grammar ----------------------------------------------------------------------------


@cache
def _language() -> tree_sitter.Language:
    return tree_sitter.Language(tree_sitter_powershell.language())


@lru_cache(maxsize=4)
def tree(source: str) -> tree_sitter.Tree:
    """Return a script's tree."""
    return tree_sitter.Parser(_language()).parse(source.encode())


def nodes(source: str, kind: str) -> list[tree_sitter.Node]:
    """Return every node of a kind, in the order of the text."""
    found = tree_sitter.QueryCursor(tree_sitter.Query(_language(), f"({kind}) @found")).captures(tree(source).root_node)
    return sorted(found.get("found", []), key=lambda node: node.start_byte)


def text(node: tree_sitter.Node) -> str:
    """Return what a node stands for."""
    return (node.text or b"").decode()


def faults(source: str) -> list[str]:
    """Return what the grammar cannot read, or had to add."""
    if not tree(source).root_node.has_error:
        return []
    return [text(node)[:100] for node in nodes(source, "ERROR")] or ["something is missing"]


def verbatim(source: str) -> list[str]:
    """Return the value of every single-quoted literal by the grammar, which knows the apostrophe alone."""
    return [_literal(text(node), 0)[0] for node in nodes(source, "verbatim_string_characters")]


def commands(source: str) -> list[tuple[str, str]]:
    """Return (name, whole text) of every command."""
    found = []
    for node in nodes(source, "command"):
        name = node.child_by_field_name("command_name")
        if name is not None:
            found.append((text(name), text(node)))
    return found
