"""The line scan: structure of the file, duplicates, unknown names, and agreement with configparser."""

from __future__ import annotations

import configparser
import io
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pytest_flowscape.core.errors import SiteFileError
from pytest_flowscape.site.keys import KEYS
from pytest_flowscape.site.lines import Mistakes, check_against_configparser, scan
from pytest_flowscape.site.model import Site
from tests.acceptance import read_site
from tests.site.config_samples import GOOD, line_of, load, mistakes, only, with_line, write

BOUNDED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def test_comments_and_blank_lines_are_allowed_in_lists(tmp_path: Path) -> None:
    text = GOOD.replace("    borneo", "\n# one\n  ; two\n\t\n\tborneo")
    assert [room.email for room in load(tmp_path, text).rooms] == ["atlas@customer.com", "borneo@customer.com"]


def test_indented_file_works(tmp_path: Path) -> None:
    text = "\n".join(f"  {line}" for line in GOOD.splitlines())
    assert load(tmp_path, text) == load(tmp_path, GOOD)


def test_unknown_section_with_suggestion(tmp_path: Path) -> None:
    text = GOOD + "[waiver]\nROOM-1 x = y\n"
    mistake = only(tmp_path, text)
    assert (
        str(mistake)
        == f"{tmp_path / 'site.ini'}:{line_of(text, '[waiver]')}: Unknown section [waiver]. Write [waivers]."
    )
    assert only(tmp_path, GOOD + "[Site]\n").instead == "Write [site]."
    assert only(tmp_path, GOOD + "[DEFAULT]\n").instead.startswith("Write one of [site], [exchange], ")


def test_duplicate_section_names_both_lines(tmp_path: Path) -> None:
    text = GOOD + "[site]\nname = Head Office\ncustomer = again\n"
    mistake = only(tmp_path, text)
    assert (mistake.line, mistake.what) == (
        line_of(text, "addresses = jane") + 1,
        "[site] appears twice, first in line 1.",
    )


def test_keys_of_a_repeated_section_are_checked(tmp_path: Path) -> None:
    found = mistakes(tmp_path, GOOD + "[exchange]\ntimeout = never\n")
    assert [mistake.line for mistake in found] == [15, 16]


def test_duplicate_key_in_any_case_names_both_lines(tmp_path: Path) -> None:
    mistake = only(tmp_path, with_line("exchange", "HostName = other.customer.com"))
    assert (mistake.line, mistake.what) == (5, "`hostname` appears twice, first in line 4.")


def test_unknown_key_without_anything_near_lists_all(tmp_path: Path) -> None:
    mistake = only(tmp_path, with_line("handover", "zzz = 1", GOOD + "[handover]\n"))
    assert (mistake.what, mistake.instead) == ("Unknown key `zzz` in [handover].", "Write one of `password_by`.")


def test_text_before_the_first_section_is_one_mistake(tmp_path: Path) -> None:
    mistake = only(tmp_path, "\ncustomer = x\nname = y\n  z\n" + GOOD)
    assert (mistake.line, mistake.what) == (2, "This line (and 1 more, up to line 3) is before the first section.")


def test_list_that_is_not_indented_is_one_mistake(tmp_path: Path) -> None:
    text = GOOD.replace("    atlas", "atlas").replace("    borneo", "borneo")
    mistake = only(tmp_path, text)
    assert mistake.line == line_of(text, "atlas")
    assert mistake.what == f'Not a "key = value" line (and 1 more, up to line {mistake.line + 1}).'
    assert mistake.instead == "Indent it if it belongs to `addresses` above, else use = (not :)."


def test_colon_is_not_a_delimiter(tmp_path: Path) -> None:
    found = mistakes(tmp_path, GOOD.replace("hostname = mail", "hostname: mail"))
    assert [(m.line, m.instead) for m in found] == [(3, "Add a line `hostname = ...`."), (4, "Use = (not :).")]


def test_indented_key_is_reported_to_continue_the_one_above(tmp_path: Path) -> None:
    mistake = only(tmp_path, GOOD.replace("customer = Customer Ltd.", "customer = x\n  name = y"))
    assert (mistake.line, mistake.instead) == (3, "Start each key at the left margin.")


@pytest.mark.parametrize("header", ["[site] # x", "[site", "[]", "[si[te]", "[site]]"])
def test_malformed_header(tmp_path: Path, header: str) -> None:
    mistake = only(tmp_path, GOOD.replace("[site]", header))
    assert (mistake.line, mistake.what) == (1, "This section line is malformed.")


def test_empty_file_misses_the_four_sections(tmp_path: Path) -> None:
    assert [mistake.line for mistake in mistakes(tmp_path, "")] == [1] * 4


def test_configparser_reads_what_the_scan_read() -> None:
    notes = Mistakes(Path("site.ini"))
    blocks = scan(GOOD, notes)
    check_against_configparser(GOOD, blocks, notes)
    assert not notes.found
    blocks[1].entries[0].pieces.clear()
    check_against_configparser(GOOD, blocks, notes)
    assert [(m.line, m.what) for m in notes.found] == [(4, "Python's configparser reads this differently.")]


LINES = st.sampled_from(
    [
        "[site]",
        "[ rooms ]",
        "[waivers]",
        "  [users]",
        "a = 1",
        "a=",
        "b == c",
        "ROOM-1 x@y.zz = A: B",
        "  = 2",
        "  more",
        "\tmore = yes",
        "    deep",
        "# comment",
        "  ; comment",
        "",
        "   ",
        "a\u00a0= 3",
        "% = %(a)s",
        "rem = x",
    ]
)


@BOUNDED
@given(st.lists(LINES, max_size=25))
def test_scan_agrees_with_configparser(lines: list[str]) -> None:
    """A file without structural mistakes means to configparser what it means to us."""
    text = "\n".join(lines)
    notes = Mistakes(Path("site.ini"))
    blocks = scan(text, notes)
    names = [block.name for block in blocks]
    repeated = len(set(names)) < len(names) or any(
        len({entry.key for entry in block.entries}) < len(block.entries) for block in blocks
    )
    if notes.found or repeated:
        return
    check_against_configparser(text, blocks, notes)
    assert not notes.found, notes.found[0]


@BOUNDED
@given(st.lists(LINES, max_size=25))
def test_what_configparser_refuses_the_scan_refuses(lines: list[str]) -> None:
    text = "\n".join(lines)
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    try:
        parser.read_file(io.StringIO(text))
    except configparser.Error:
        notes = Mistakes(Path("site.ini"))
        scan(text, notes)
        assert notes.found


KEY_LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "  "]),
    st.sampled_from([key for keys in KEYS.values() for key in keys or ("ROOM-1", "HOST-1 a@b.cc")]),
    st.sampled_from([" = ", "=", ": ", ""]),
    st.one_of(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
        st.sampled_from(
            [
                "a@b.cc",
                "mail.b.cc:443",
                "C\\svc",
                "env:X",
                "ldaps://dc",
                "DC=b",
                "A 2026-01-01: x",
                "A until 2026-01-01: x",
                "4",
            ]
        ),
    ),
)
FILES = st.lists(
    st.one_of(
        st.sampled_from([f"[{name}]" for name in KEYS]), KEY_LINES, LINES, st.sampled_from(["  a@b.cc", "  z@b.cc"])
    ),
    max_size=40,
).map("\n".join)


def _judged(path: Path) -> Site | SiteFileError:
    """Load a file, whatever it holds: a Site, or mistakes that stand in it, within two seconds of work."""
    begin = time.process_time()
    result: Site | SiteFileError
    try:
        result = read_site(path)
    except SiteFileError as error:
        result = error
    assert time.process_time() - begin < 2
    if isinstance(result, Site):
        return result
    assert result.mistakes
    lines = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    for mistake in result.mistakes:
        assert 1 <= mistake.line <= lines
        assert mistake.what.endswith(".")
        assert mistake.instead.endswith(".")
        assert "\n" not in str(mistake)
    return result


@BOUNDED
@given(text=FILES)
def test_near_site_files_give_a_site_or_mistakes(tmp_path: Path, text: str) -> None:
    _judged(write(tmp_path, text))


@BOUNDED
@given(raw=st.binary(max_size=300))
def test_any_bytes_give_a_site_or_mistakes(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "site.ini"
    path.write_bytes(raw)
    assert isinstance(_judged(path), SiteFileError)


@BOUNDED
@given(
    line=st.integers(0, len(GOOD.splitlines()) - 1),
    at=st.integers(0, 60),
    text=st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
)
def test_a_good_file_with_one_change_gives_a_site_or_mistakes(tmp_path: Path, line: int, at: int, text: str) -> None:
    lines = GOOD.splitlines()
    lines[line] = lines[line][:at] + text + lines[line][at + len(text) // 2 :]
    _judged(write(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize("line", ["a = b", "  x", "no key", "[site]", "[" * 30, "=" * 30, " " * 30 + "x"])
def test_large_files_are_judged_quickly(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, GOOD + f"{line}\n" * (60_000 // len(line)))
    begin = time.process_time()
    with pytest.raises(SiteFileError):
        read_site(path)
    assert time.process_time() - begin < 10


def test_long_lines_are_judged_quickly(tmp_path: Path) -> None:
    waiver = "ROOM-1 atlas@customer.com = " + "a " * 100_000
    found = mistakes(tmp_path, GOOD + f"[{'x' * 100_000}]\n[waivers]\n{waiver}\n" + f"{'ROOM ' * 20_000} = 1\n")
    assert len(found) == 3
    assert max(len(str(mistake)) for mistake in found) < 1000


def test_5000_rooms_load_quickly(tmp_path: Path) -> None:
    rooms = "\n".join(f"  room{n}@customer.com" for n in range(5000))
    begin = time.process_time()
    assert len(load(tmp_path, GOOD.replace("    borneo@customer.com", rooms)).rooms) == 5001
    assert time.process_time() - begin < 5
