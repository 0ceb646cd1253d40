"""The line scan under the site file: which key is in which line, and what no INI reader can make sense of.

The grammar is configparser's without its conveniences: ``=`` alone ends a key,
a line that begins with ``#`` or ``;`` is a comment, more indented lines continue
a value, and there are no inline comments, so that a reason may hold ``#42``.
After the scan configparser reads the same text; a file that means something
else to it is refused, so that other tools see the same site.
"""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass, field
from pathlib import Path

from pytest_flowscape.core.errors import Mistake, SiteFileError

COMMENT_MARKS = ("#", ";")
HEADER = re.compile(r"\[([^\[\]]+)\]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
MAX_FILE = 4 * 1024 * 1024  # thousands of rooms need less than a tenth
SAVE_AS_UTF8 = "Save it as UTF-8, with or without a byte order mark."


@dataclass
class Mistakes:
    """The mistakes of one file."""

    path: Path
    found: list[Mistake] = field(default_factory=list)

    def add(self, line: int, what: str, instead: str) -> None:
        """Note one mistake: its line, what it is, what to write instead (a sentence each)."""
        self.found.append(Mistake(self.path, line, what, instead))


@dataclass(frozen=True)
class Piece:
    """One line of a value: its number in the file and its text, trimmed and never empty."""

    line: int
    text: str


@dataclass
class Entry:
    """One key with its value, line by line.

    ``broken`` says that lines without ``=`` follow it, which were probably
    meant to be its list: that it is empty is then not a mistake of its own.
    """

    key: str
    line: int
    pieces: list[Piece] = field(default_factory=list)
    broken: bool = False


@dataclass
class Block:
    """One section: its name, the line of its header and its entries in their order."""

    name: str
    line: int
    entries: list[Entry] = field(default_factory=list)


def read_text(path: Path, *, kind: str) -> str:
    """Return a whole UTF-8 file; line ends become LF. ``kind`` names it in sentences ("site file").

    Raises SiteFileError with one mistake when it cannot be read or is not UTF-8.
    """

    def error(what: str, instead: str, line: int = 1) -> SiteFileError:
        return SiteFileError((Mistake(path, line, f"The {kind} {what}.", instead),))

    try:
        with path.open("rb") as handle:
            raw = handle.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise error("does not exist", "Check the path.") from None
    except (OSError, ValueError) as reason:
        said = getattr(reason, "strerror", None) or "the path is malformed"
        raise error(f"cannot be read: {said}", "Check the path and its permissions.") from None
    if len(raw) > MAX_FILE:
        raise error("is larger than 4 MiB", "Check that it is the right file.")
    if raw.startswith(UTF16_MARKS):
        raise error("is UTF-16, as the > of Windows PowerShell writes it", SAVE_AS_UTF8)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = raw.count(b"\n", 0, reason.start) + 1
        raise error(f"is not UTF-8 text: byte 0x{raw[reason.start]:02X}", SAVE_AS_UTF8, line) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if control := CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        what = f"contains the control character U+{ord(control[0]):04X}"
        raise error(what, "Save it as plain UTF-8 text.", line)
    return text


def scan(text: str, mistakes: Mistakes) -> tuple[Block, ...]:
    """Split the text of a site file into sections, keys and value lines.

    Sections and keys may repeat in the result: judging that is up to the caller.
    Lines that are nothing (text before the first section, lines without ``=``)
    are noted in ``mistakes``, one for each run of them. No message repeats
    the text of such a line: it may be a password.
    """
    scanner = _Scanner(mistakes)
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith(COMMENT_MARKS):
            scanner.take(number, len(line) - len(line.lstrip()), stripped)
    scanner.end_run()
    return tuple(scanner.blocks)


class _Scanner:
    """The state of one scan."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.blocks: list[Block] = []
        self.entry: Entry | None = None  # what an indented line continues
        self.indent = 0
        self.stray: list[int] = []  # the current run of lines that are nothing

    def take(self, number: int, indent: int, text: str) -> None:
        """Take one line that is neither blank nor a comment."""
        if self.entry and indent > self.indent and not self.stray:
            self.entry.pieces.append(Piece(number, text))
            return
        if self.stray and indent > self.indent:
            return  # continues a stray line
        self.indent = indent
        key, equals, value = text.partition("=")
        if text.startswith("["):
            self.end_run()
            self._header(number, text)
        elif not self.blocks or not equals or not key.strip():
            self.stray.append(number)
        else:
            self.end_run()
            self.entry = Entry(key.strip(), number)
            if value.strip():
                self.entry.pieces.append(Piece(number, value.strip()))
            self.blocks[-1].entries.append(self.entry)

    def _header(self, number: int, text: str) -> None:
        self.entry = None
        header = HEADER.fullmatch(text)
        if header is None:
            instead = "Write the name in one pair of brackets, e.g. [rooms], and comments on lines of their own."
            self.mistakes.add(number, "This section line is malformed.", instead)
        self.blocks.append(Block(header[1].strip() if header else "", number))

    def end_run(self) -> None:
        """Report the run of stray lines that ends here, if there is one."""
        if not self.stray:
            return
        first, last = self.stray[0], self.stray[-1]
        more = f" (and {len(self.stray) - 1} more, up to line {last})" if len(self.stray) > 1 else ""
        what, instead = f'Not a "key = value" line{more}.', "Use = (not :)."
        if not self.blocks:
            what = f"This line{more} is before the first section."
            instead = "Begin the file with a section, e.g. [site]."
        elif self.entry:
            self.entry.broken = True
            key = f"`{self.entry.key}`" if self.entry.key.isidentifier() else "the value"
            instead = f"Indent it if it belongs to {key} above, else use = (not :)."
        self.mistakes.add(first, what, instead)
        self.stray = []


def check_against_configparser(text: str, blocks: tuple[Block, ...], mistakes: Mistakes) -> None:
    """Note a mistake if configparser reads the text differently than the scan did.

    To be called when the scan found none: such a file must mean the same to every reader.
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=True, default_section="\n")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    instead = "Write it as the template does."
    try:
        parser.read_string(text)
    except configparser.Error as error:
        mistakes.add(_line_of(error), "Python's configparser cannot read this.", instead)
        return
    theirs = [
        (section.strip(), key, [line.strip() for line in value.split("\n") if line.strip()])
        for section in parser.sections()
        for key, value in parser.items(section)
    ]
    ours = [(block.name, entry) for block in blocks for entry in block.entries]
    for read, (name, entry) in zip(theirs, ours, strict=False):
        if read != (name, entry.key, [piece.text for piece in entry.pieces]):
            mistakes.add(entry.line, "Python's configparser reads this differently.", instead)
            return
    if len(theirs) != len(ours):
        mistakes.add(1, "Python's configparser reads this file differently.", instead)


def _line_of(error: configparser.Error) -> int:
    line = getattr(error, "lineno", None)
    if line is None and getattr(error, "errors", None):
        line = error.errors[0][0]  # type: ignore[attr-defined]
    return int(line or 1)
