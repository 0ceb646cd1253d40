"""rooms.csv as Excel, PowerShell and people write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pytest_flowscape.core.errors import Mistake
from pytest_flowscape.site.model import Room
from pytest_flowscape.site.rooms import read_rooms
from tests.site.config_samples import GOOD, load, mistakes, write

WITH_FILE = GOOD.replace("addresses =\n    atlas@customer.com\n    borneo@customer.com", "file = lists/rooms.csv")
ATLAS = Room("atlas@customer.com", "Atlas, the big one", "B\u00fcrohaus 1", 12)


def rooms_of(folder: Path, text: str | bytes) -> tuple[Room, ...]:
    (folder / "lists").mkdir(exist_ok=True)
    (folder / "lists" / "rooms.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(folder, WITH_FILE).rooms


def faults_of(folder: Path, text: str | bytes) -> tuple[Mistake, ...]:
    (folder / "lists").mkdir(exist_ok=True)
    (folder / "lists" / "rooms.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    found = mistakes(folder, WITH_FILE)
    assert {mistake.path for mistake in found} == {folder / "lists" / "rooms.csv"}
    return found


COMMA = (
    'email,name,building,capacity\nAtlas@customer.com,"Atlas, the big one",B\u00fcrohaus 1,12\nborneo@customer.com,,,\n'
)
SEMICOLON = (
    "Capacity;Building;Office;Name;EMAIL\n"
    "12;B\u00fcrohaus 1;x;Atlas, the big one;atlas@customer.com\n;;;;borneo@customer.com"
)


@pytest.mark.parametrize("text", [COMMA, SEMICOLON], ids=["comma", "semicolon"])
@pytest.mark.parametrize("lead", ["", "\ufeff", "sep=;\n", "#TYPE System.Object\n\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_same_list_in_every_spelling(tmp_path: Path, text: str, lead: str, end: str) -> None:
    rooms = rooms_of(tmp_path, (lead + text).replace("\n", end))
    assert rooms == (ATLAS, Room("borneo@customer.com"))


def test_blank_rows_short_rows_and_other_columns(tmp_path: Path) -> None:
    text = "email,office,name\n\n,,\natlas@customer.com\nborneo@customer.com,3rd,Borneo,,\n"
    assert rooms_of(tmp_path, text) == (Room("atlas@customer.com"), Room("borneo@customer.com", "Borneo"))


def test_cells_may_span_lines(tmp_path: Path) -> None:
    found = faults_of(tmp_path, 'email,name\natlas@customer.com,"At\nlas"\nborneo,x\n')
    assert [mistake.line for mistake in found] == [4]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "is empty"),
        ("\n\n", 1, "is empty"),
        ("email\n", 1, "has no room"),
        ("mail\natlas@customer.com\n", 1, "Unknown column 'mail'"),
        ("atlas@customer.com\n", 1, "no column email"),
        ("PrimarySmtpAddress,Name\natlas@customer.com,x\n", 1, "no column email"),
        ("email\tname\natlas@customer.com\tx\n", 1, "no column email"),
        ("email,email\na@b.cc,a@b.cc\n", 1, "appears twice"),
        ("email,capcity\na@b.cc,4\n", 1, "Unknown column 'capcity'"),
        ("email,name\natlas@customer.com,Atlas, big\n", 2, "3 cells, the header has 2"),
        ("email,name\n\n,Atlas\n", 3, "has no email"),
        ("email,name\natlas,Atlas\n", 2, "has no @"),
        ("email,capacity\na@b.cc,twelve\n", 2, "Capacity: 'twelve'"),
        ("email,capacity\na@b.cc,0\n", 2, "Capacity: '0'"),
        ('email,name\na@b.cc,x\nc@b.cc,"open\nd@b.cc,y\n', 3, "quotation mark"),
        ('email,name\na@b.cc,"x"y\n', 2, "quotation mark"),
        ("email\na@b.cc\n\nA@B.cc\n", 4, "a@b.cc appears twice, first in line 2"),
        ("email\nsvc-flowscape@customer.com\n", 2, "is the service account"),
        ("email,name\na@b.cc,\u00e4\n".encode("cp1252"), 2, "byte 0xE4"),
        ("email\na@b.cc\n".encode("utf-16"), 1, "UTF-16"),
    ],
)
def test_faulty_lists(tmp_path: Path, text: str | bytes, line: int, what: str) -> None:
    (mistake,) = faults_of(tmp_path, text)
    assert mistake.line == line
    assert what in mistake.what
    assert mistake.instead.endswith(".")


def test_every_faulty_row_is_reported(tmp_path: Path) -> None:
    found = faults_of(tmp_path, "email;name;capacity\nx;;y\na@b.cc;;z\na@b.cc;;\n;q;\n")
    assert [mistake.line for mistake in found] == [2, 3, 4, 5]


def test_addresses_and_file_exclude_each_other(tmp_path: Path) -> None:
    write(tmp_path, "email\natlas@customer.com\nc@customer.com\n", "rooms.csv")
    text = GOOD.replace("[rooms]\n", "[rooms]\nfile = rooms.csv\n")
    found = mistakes(tmp_path, text)
    assert [(m.path.name, m.line) for m in found] == [("site.ini", 10), ("rooms.csv", 2)]
    assert found[0].what == "[rooms] has both `addresses` and `file`."
    assert found[1].what.endswith("site.ini:12.")


def test_neither_addresses_nor_file(tmp_path: Path) -> None:
    (mistake,) = mistakes(
        tmp_path, GOOD.replace("addresses =\n    atlas@customer.com\n    borneo@customer.com", "expected = 2")
    )
    assert (mistake.line, mistake.what) == (9, "[rooms] has neither `addresses` nor `file`.")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(text=st.text(st.sampled_from('email,;"\n\r capity@b.c1\t\ufeff\u00e4'), max_size=80))
def test_any_text_gives_rooms_or_mistakes(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "email,name\n" + text, "rooms.csv")
    placed, found = read_rooms(path)
    assert placed or found
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 2
    assert all(1 <= place.line <= lines for place in (*placed, *found))
