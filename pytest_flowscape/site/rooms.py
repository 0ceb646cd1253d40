"""rooms.csv: a room list as Excel, PowerShell or a person writes it."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_flowscape.core.errors import Mistake, SiteFileError
from pytest_flowscape.site.lines import Mistakes, read_text
from pytest_flowscape.site.model import Room
from pytest_flowscape.site.values import Wrong, address, plain, quote, whole_number

COLUMNS = ("email", "name", "building", "capacity")
MAX_CAPACITY = 100_000


@dataclass(frozen=True)
class RoomLine:
    """A room, and the file and line that it comes from."""

    room: Room
    path: Path
    line: int


def read_rooms(path: Path) -> tuple[tuple[RoomLine, ...], tuple[Mistake, ...]]:
    """Return the rooms of rooms.csv that can be used, and every mistake of the file.

    UTF-8 with or without byte order mark; comma or semicolon, whichever the
    header has (Excel writes semicolons in many countries). The column
    ``email`` is required; ``name``, ``building`` and ``capacity`` are optional,
    in any order and case; other columns are ignored. Blank rows, and the
    lines ``sep=;`` and ``#TYPE ...`` of Excel and PowerShell before the header,
    are ignored too. Finding duplicates is up to the caller.
    """
    mistakes = Mistakes(path)
    try:
        text = read_text(path, kind="room list")
    except SiteFileError as error:
        return (), error.mistakes
    rows = _rows(text, mistakes)
    header = next(rows, None)
    if header is None:
        if not mistakes.found:
            instead = "Write a header with the column email, then one row for each room."
            mistakes.add(1, "The room list is empty.", instead)
        return (), tuple(mistakes.found)
    columns = _columns(header[0], [cell.strip().lower() for cell in header[1]], mistakes)
    rooms: list[RoomLine] = []
    if columns:
        count = len(header[1])
        rooms.extend(room for line, cells in rows if (room := _room(line, cells, columns, count, mistakes)))
        if not rooms and not mistakes.found:
            mistakes.add(header[0], "The room list has no rooms.", "Write one row for each room below the header.")
    return tuple(rooms), tuple(mistakes.found)


def _rows(text: str, mistakes: Mistakes) -> Iterator[tuple[int, list[str]]]:
    """Return each row that is not blank with the line in which it begins."""
    lines = text.split("\n")
    start = 0
    while start < len(lines) and _is_preamble(lines[start]):
        start += 1
    header = lines[start] if start < len(lines) else ""
    delimiter = ";" if ";" in header else ","
    reader = csv.reader((line + "\n" for line in lines[start:]), delimiter=delimiter, strict=True)
    begin = start + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begin, cells
            begin = start + reader.line_num + 1
    except csv.Error:
        mistakes.add(
            begin,
            "In the row that begins here a quotation mark is not closed, or text follows a closing one.",
            "Put the whole cell in quotation marks, or none of it; the rows below were not read.",
        )


def _is_preamble(line: str) -> bool:
    return not line.strip() or line.lower().startswith(("sep=", "#type"))


def _columns(line: int, names: list[str], mistakes: Mistakes) -> dict[str, int]:
    """Return the known columns by name; empty if the header cannot be used."""
    for name in COLUMNS:
        if names.count(name) > 1:
            mistakes.add(line, f"The column {name} appears twice.", "Remove one of the two.")
    for name in names[:100]:
        near = difflib.get_close_matches(name[:40], [c for c in COLUMNS if c not in names], n=1, cutoff=0.75)
        if near and name not in COLUMNS:
            mistakes.add(line, f"Unknown column {quote(name)}.", f"Write {near[0]}.")
    if "email" in names:
        return {name: names.index(name) for name in COLUMNS if name in names}
    if not any(mistake.instead == "Write email." for mistake in mistakes.found):
        instead = "Name the column of primary SMTP addresses email; separate columns by commas or semicolons."
        mistakes.add(line, "The header has no column email.", instead)
    return {}


def _room(line: int, cells: list[str], columns: dict[str, int], count: int, mistakes: Mistakes) -> RoomLine | None:
    if len(cells) > count and any(cell.strip() for cell in cells[count:]):
        what = f"The row has {len(cells)} cells, the header has {count}."
        mistakes.add(line, what, "Put a cell that contains a separator in quotation marks.")
        return None
    texts = {name: plain(cells[index]) if index < len(cells) else "" for name, index in columns.items()}
    if not texts["email"]:
        mistakes.add(line, "The row has no email.", "Write the room's primary SMTP address, or remove the row.")
        return None
    try:
        email = address(texts["email"])
    except Wrong as wrong:
        mistakes.add(line, wrong.what, wrong.instead)
        return None
    try:
        capacity = whole_number(1, MAX_CAPACITY, "12")(texts["capacity"]) if texts.get("capacity") else None
    except Wrong as wrong:
        mistakes.add(line, f"Capacity: {wrong.what}", wrong.instead)
        capacity = None
    room = Room(email, texts.get("name", ""), texts.get("building", ""), capacity)
    return RoomLine(room, mistakes.path, line)
