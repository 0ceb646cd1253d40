"""handover.csv: the five values without the secret, one row for each room, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.files import handover
from pytest_flowscape.report.text import visible
from pytest_flowscape.site.model import Exchange, PasswordSource, Room, ServiceAccount, Site
from tests.report import report_samples as samples
from tests.report.fix_cases import REQUIREMENTS

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
texts = st.text(st.one_of(st.sampled_from(list("=+-@\t\r\n ;,|\"'\uff1d")), st.characters()))


def rows(folder: Path, site: Site, changed: tuple[Outcome, ...] = (), **more: object) -> list[list[str]]:
    path = handover.write(folder, samples.result(site, changed), REQUIREMENTS, site, samples.run_info(), **more)  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def by_what(found: list[list[str]], what: str) -> list[str]:
    (row,) = [row for row in found if row[0] == what]
    return row


def test_the_five_values_stand_there_and_each_room_has_a_row(tmp_path: Path) -> None:
    site = samples.site(3, password_by="one-time link")
    found = rows(tmp_path, site)
    assert found[0] == list(handover.COLUMNS)
    assert by_what(found, "hostname")[1] == "mail.contoso.test"
    assert by_what(found, "user name")[1] == "CONTOSO\\svc-flowscape"
    assert by_what(found, "email")[1] == "svc-flowscape@contoso.test"
    assert by_what(found, "password")[1] == "handed over by: one-time link"
    assert by_what(found, "run")[3] == "ACCEPTED"
    assert [row[1] for row in found if row[0] == "room"] == [room.email for room in site.rooms]
    assert {row[3] for row in found if row[0] in {"room", "hostname", "user name", "email", "password"}} == {"passed"}


def test_requirements_name_values_that_have_a_row(tmp_path: Path) -> None:
    named = {value for known in REQUIREMENTS.values() for value in known.handover}
    assert named == {row[0] for row in rows(tmp_path, samples.site(1))} - {"what", "customer", "run", "room"}


def test_the_state_of_a_room_is_its_worst_and_says_what_is_open(tmp_path: Path) -> None:
    site = samples.site(4)
    rooms = [room.email for room in site.rooms]
    found = rows(
        tmp_path,
        site,
        (
            samples.failure("PERMISSION-1", rooms[0]),
            samples.outcome("ROOM-1", rooms[0], Word.NOT_MEASURED),
            samples.outcome("ROOM-1", rooms[1], Word.WAIVED),
            samples.outcome("CALENDAR-1", rooms[2], Word.NOT_REQUESTED),
        ),
    )
    states = [tuple(row[3:]) for row in found if row[0] == "room"]
    assert states == [
        ("failed", "ROOM-1 not measured; PERMISSION-1 failed"),
        ("waived", "ROOM-1 waived"),
        ("passed", "CALENDAR-1 not requested"),
        ("passed", ""),
    ]


def test_advice_decides_no_state(tmp_path: Path) -> None:
    found = rows(tmp_path, samples.site(1), (samples.failure("ADVICE-3"),))
    assert by_what(found, "user name")[3] == "passed"


def test_a_room_that_was_not_run_is_not_called_good(tmp_path: Path) -> None:
    site = samples.site(1)
    result = samples.result(site, leave_out=tuple(samples.REQUIREMENTS))
    path = handover.write(tmp_path, result, REQUIREMENTS, site, samples.run_info())
    assert path.read_text(encoding="utf-8-sig").splitlines()[-1].split(",")[3] == '"not run"'


def test_the_password_is_a_reference_and_its_place_is_not_told(tmp_path: Path) -> None:
    account = ServiceAccount("CONTOSO\\svc", "svc@contoso.test", PasswordSource("file", "/srv/keys/secret.txt"))
    site = samples.site(1, service_account=account, exchange=Exchange("mail.contoso.test", port=8443))
    found = rows(tmp_path, site)
    assert by_what(found, "password")[1] == f"handed over by: {handover.NO_WAY}"
    assert by_what(found, "hostname")[1] == "mail.contoso.test:8443"
    content = (tmp_path / handover.NAME).read_text(encoding="utf-8")
    for hidden in ("/srv/keys", "secret", "file:", "env:"):
        assert hidden not in content


def test_a_secret_that_somebody_wrote_into_a_text_is_taken_out(tmp_path: Path) -> None:
    site = samples.site(1, password_by="it is s3cret")
    found = rows(tmp_path, site, clean=lambda text: text.replace("s3cret", "***"))
    assert by_what(found, "password")[1] == "handed over by: it is ***"


@pytest.mark.parametrize(
    "value", [*samples.HOSTILE, "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", '"=1', "\uff1d1"]
)
def test_a_hostile_value_is_data_in_its_own_cell(value: str, tmp_path: Path) -> None:
    site = replace(samples.site(2), customer=value, name=value, password_by=value)
    site = replace(site, rooms=(Room(value, name=value), Room("plain@contoso.test")))
    found = rows(tmp_path, site)
    assert {len(row) for row in found} == {len(handover.COLUMNS)}
    assert len(found) == 1 + 6 + 2
    room = found[-2]
    assert room[1].replace("'", "") == visible(value).replace("'", "")
    assert not room[1].startswith(FORMULA)
    assert not room[2].startswith(FORMULA)


@given(texts)
@settings(max_examples=300, deadline=None)
@example("a;=b")
@example('a, "+b')
@example("a|-b")
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_splits(text: str) -> None:
    cell = handover.cell(text)
    assert len(cell.splitlines()) <= 1
    for separator in (";", ",", "|", "\t"):
        for part in cell.split(separator):
            assert not part.lstrip(' "').startswith(FORMULA), cell
    # nothing but apostrophes was added
    assert cell.replace("'", "") == visible(text).replace("'", "")


def test_it_is_utf_8_with_mark_and_windows_line_ends(tmp_path: Path) -> None:
    rows(tmp_path, samples.site(2, customer="Bj\u00f6rn & S\u00f6hne"))
    content = (tmp_path / handover.NAME).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "Bj\u00f6rn".encode() in content
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r") == 9


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_it_is_private_to_the_user(tmp_path: Path) -> None:
    rows(tmp_path / "site", samples.site(1))
    assert stat.S_IMODE((tmp_path / "site" / handover.NAME).stat().st_mode) == 0o600
