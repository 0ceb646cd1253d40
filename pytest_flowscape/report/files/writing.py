"""Where the report is and how its files are written: whole or not at all, and private to the user."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_flowscape.core.own_state import FOLDER_MODE, private_folder, write_private
from pytest_flowscape.site.model import Site

FILE_MODE = 0o600
# names that Windows reserves for devices, whatever their case (Microsoft: Naming Files, Paths, and Namespaces)
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in "0123456789¹²³")}
_MAX_LETTERS = 80


def report_folder(base: Path, site: Site) -> Path:
    """Create and return the site's own folder under ``base``, named by ``site.slug``.

    On POSIX it is private (0700), even if it was there before. Raises OSError.
    """
    name = site.slug[:_MAX_LETTERS].strip("-") or "site"
    if name in _DEVICES:
        name = f"{name}-site"
    folder = private_folder(base / name)
    with contextlib.suppress(OSError):  # another user's folder: the files in it are private all the same
        folder.chmod(FOLDER_MODE)
    return folder


_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def atomic_write(path: Path, text: str | Iterable[str]) -> Path:
    """Write ``text``, whole or piece by piece, as UTF-8 to ``path`` with mode 0600 and return the path.

    A reader sees the old file or the new one, never a part. Line ends stay as
    they are. What UTF-8 cannot hold (a lone surrogate) becomes its
    backslash escape, which is valid in JSON too. Raises OSError.
    """
    pieces = [text] if isinstance(text, str) else text
    return write_private(path, (piece.encode("utf-8", "backslashreplace") for piece in pieces))


def json_pieces(document: Mapping[str, Any]) -> Iterator[str]:
    """Return a document as JSON, piece by piece: a line for each value, and for each entry of a list or object in it.

    Thousands of rooms are written without holding them all as text.
    """
    begin = "{"
    for key, value in document.items():
        yield f"{begin}\n {json_text(key)}: "
        begin = ","
        if isinstance(value, Mapping) and value:
            yield from _entries("{}", (f"{json_text(name)}: {json_text(entry)}" for name, entry in value.items()))
        elif isinstance(value, (list, tuple)) and value:
            yield from _entries("[]", map(json_text, value))
        elif isinstance(value, Iterator):
            yield from _entries("{}", (f"{json_text(name)}: {json_text(entry)}" for name, entry in value))
        else:
            yield json_text(value)
    yield "\n}\n"


def _entries(brackets: str, entries: Iterable[str]) -> Iterator[str]:
    begin = brackets[0]
    for entry in entries:
        yield f"{begin}\n  {entry}"
        begin = ","
    yield f"\n {brackets[1]}" if begin == "," else brackets


def json_text(value: Any) -> str:
    """Return a value as JSON on one line. Raises ValueError for a number that JSON cannot hold."""
    return _JSON.encode(value)


def copy(source: Path, target: Path) -> Path:
    """Copy a file's bytes to ``target``, whole or not at all, with mode 0600. Raises OSError."""
    return write_private(target, [source.read_bytes()])


def make_private(path: Path) -> None:
    """Remove other users' rights to a file that another program wrote. Raises OSError."""
    path.chmod(FILE_MODE)
