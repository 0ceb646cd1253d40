"""Waivers and attestations: known requirements, real dates, targets that this site has."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from pytest_flowscape.site.model import Attestation, Waiver
from tests.site.config_samples import GOOD, line_of, load, mistakes, only

WAIVERS = GOOD + "[waivers]\n"
ATTESTATIONS = GOOD + "[attestations]\n"
SIGNED = "A. Admin until 2027-01-31: ticket 4711"


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("PERMISSION-1 atlas@customer.com", "atlas@customer.com"),
        ("permission-1   Atlas@Customer.com", "atlas@customer.com"),
        ("IMPERSONATION-2 jane@customer.com", "jane@customer.com"),
        ("HOST-2", "site"),
        ("HOST-2 site", "site"),
        ("ADVICE-1", "site"),
    ],
)
def test_waiver_targets(tmp_path: Path, key: str, target: str) -> None:
    (waiver,) = load(tmp_path, f"{WAIVERS}{key} = {SIGNED}\n").waivers
    assert waiver == Waiver(
        key.split(maxsplit=1)[0].upper(), target, "A. Admin", date(2027, 1, 31), "ticket 4711", WAIVERS.count("\n") + 1
    )


def test_an_expired_waiver_is_not_a_mistake(tmp_path: Path) -> None:
    (waiver,) = load(tmp_path, f"{WAIVERS}HOST-2 = A until 1999-12-31 : long ago: really\n").waivers
    assert (waiver.until, waiver.reason) == (date(1999, 12, 31), "long ago: really")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"ROOM-9 atlas@customer.com = {SIGNED}", "no requirement 'ROOM-9'"),
        (f"NONSENSE = {SIGNED}", "no requirement 'NONSENSE'"),
        (f"ROOM-1 gone@customer.com = {SIGNED}", "gone@customer.com is not a room"),
        (f"ROOM-1 jane@customer.com = {SIGNED}", "jane@customer.com is not a room"),
        (f"IMPERSONATION-2 atlas@customer.com = {SIGNED}", "atlas@customer.com is not a user"),
        (f"ROOM-1 = {SIGNED}", "judged per room, and no address is given"),
        (f"HOST-1 atlas@customer.com = {SIGNED}", "judged once for the site"),
        (f"ROOM-1 atlas = {SIGNED}", "has no @"),
        (f"ROOM-1 atlas@customer.com borneo@customer.com = {SIGNED}", "more than one address"),
        ("HOST-1 = A. Admin until 2027-02-29: x", "2027-02-29 is not in the calendar"),
        ("HOST-1 = A. Admin until 31.01.2027: x", "'31.01.2027' is not a date"),
        ("HOST-1 = A. Admin until 20270131: x", "'20270131' is not a date"),
        ("HOST-1 = A. Admin until 2027-01-31", "a date or a reason is missing"),
        ("HOST-1 = A. Admin until 2027-01-31:", "a date or a reason is missing"),
        ("HOST-1 = A. Admin 2027-01-31: x", "a date or a reason is missing"),
        ("HOST-1 = until 2027-01-31: x", "a date or a reason is missing"),
        ("HOST-1 =", "a date or a reason is missing"),
    ],
)
def test_faulty_waivers(tmp_path: Path, line: str, what: str) -> None:
    text = f"{WAIVERS}HOST-3 = {SIGNED}\n{line}\n"
    mistake = only(tmp_path, text)
    assert mistake.line == text.count("\n")
    assert what in mistake.what
    assert mistake.what.startswith("Waiver: ")


def test_repeated_waivers_are_found_whatever_their_spelling(tmp_path: Path) -> None:
    text = f"{WAIVERS}ROOM-1 atlas@customer.com = {SIGNED}\nroom-1  ATLAS@customer.com = {SIGNED}\n"
    mistake = only(tmp_path, text)
    first = line_of(text, "ROOM-1")
    assert (mistake.line, f"already in line {first}" in mistake.what) == (first + 1, True)


def test_waivers_do_not_pile_up_on_a_missing_room_list(tmp_path: Path) -> None:
    text = f"{WAIVERS}ROOM-1 atlas@customer.com = {SIGNED}\n"
    text = text.replace("addresses =\n    atlas@customer.com\n    borneo@customer.com", "file = gone.csv")
    assert only(tmp_path, text).line == line_of(text, "file")


def test_a_user_waiver_without_users_is_a_mistake(tmp_path: Path) -> None:
    text = f"{WAIVERS}IMPERSONATION-2 jane@customer.com = {SIGNED}\n"
    text = text.replace("addresses = jane@customer.com", "none = A 2026-01-01: x")
    assert only(tmp_path, text).line == line_of(text, "IMPERSONATION-2")


def test_attestations(tmp_path: Path) -> None:
    lines = (
        "ACCOUNT-1 = A. Admin 2026-11-20: seen: twice",
        "ROOM-1 = B 2026-11-20: all",
        "ROOM-1 atlas@customer.com = C 2026-11-20: one",
    )
    text = ATTESTATIONS + "\n".join(lines)
    line = line_of(text, "ACCOUNT-1")
    assert load(tmp_path, text).attestations == (
        Attestation("ACCOUNT-1", "", "A. Admin", date(2026, 11, 20), "seen: twice", line),
        Attestation("ROOM-1", "", "B", date(2026, 11, 20), "all", line + 1),
        Attestation("ROOM-1", "atlas@customer.com", "C", date(2026, 11, 20), "one", line + 2),
    )


@pytest.mark.parametrize(
    "line",
    [
        "ACCOUNT-7 = A 2026-11-20: x",
        "ACCOUNT-1 = A. Admin: x",
        "ACCOUNT-1 = A 2026-11-31: x",
        "ROOM-1 gone@customer.com = A 2026-11-20: x",
        "HOST-1 atlas@customer.com = A 2026-11-20: x",
        "HOST-3 = A 2026-11-20: again",
    ],
)
def test_faulty_attestations(tmp_path: Path, line: str) -> None:
    text = f"{ATTESTATIONS}HOST-3 = A 2026-11-20: x\n{line}\n"
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.line == text.count("\n")
    assert re.match(r"Attestation: .*\.$", mistake.what)
