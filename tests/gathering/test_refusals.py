"""A refusal is remembered for sixty minutes, for that account, in two places, without a secret."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pytest_flowscape.gathering import refusals
from pytest_flowscape.gathering.refusals import NAME, Refusals

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=timezone.utc)


def made(
    folder: Path, account: str = "D\\svc", server: str = "mail", report: str = "report", own: str | None = "own"
) -> Refusals:
    return Refusals(folder / report, account, server, personal=folder / own if own else None)


@pytest.mark.parametrize(("minutes", "stops"), [(0, True), (59, True), (60, False), (600, False), (-30, True)])
def test_the_window(tmp_path: Path, minutes: int, stops: bool) -> None:
    made(tmp_path).remember(NOW - timedelta(minutes=minutes))
    assert (made(tmp_path, "d\\SVC").since(NOW) is not None) is stops


def test_another_account_is_not_stopped(tmp_path: Path) -> None:
    made(tmp_path).remember(NOW)
    assert made(tmp_path, "D\\other").since(NOW) is None


def test_another_report_folder_is_stopped_by_the_note_among_the_users_own_state(tmp_path: Path) -> None:
    made(tmp_path).remember(NOW)
    assert made(tmp_path, report="elsewhere").since(NOW) == NOW
    assert made(tmp_path, own="another user").since(NOW) == NOW
    assert made(tmp_path, report="elsewhere", own="another user").since(NOW) is None


@pytest.mark.parametrize(
    ("server", "same"),
    [("MAIL.one.test", True), ("exchange.one.test", True), ("mail.two.test", False), ("localhost", False)],
)
def test_an_account_of_the_same_name_at_another_customer_is_another_account(
    tmp_path: Path, server: str, same: bool
) -> None:
    made(tmp_path, "svc@one.test", server="mail.one.test").remember(NOW)
    assert (made(tmp_path, "ONE\\svc", server=server, report="two").since(NOW) is not None) is same


def test_forgotten_after_a_success(tmp_path: Path) -> None:
    made(tmp_path).remember(NOW)
    made(tmp_path).forget()
    made(tmp_path).forget()
    assert made(tmp_path).since(NOW) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_user_without_a_home_has_the_note_beside_the_report(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("no folder")
    notes = made(tmp_path)
    with notes.turn():
        notes.remember(NOW)
    assert notes.since(NOW) == NOW
    notes.forget()
    assert notes.since(NOW) is None


def test_two_runs_sign_in_one_after_the_other(tmp_path: Path) -> None:
    seen: list[datetime | None] = []
    started = threading.Event()

    def second() -> None:
        started.set()
        with made(tmp_path, report="second").turn():
            seen.append(made(tmp_path, report="second").since(NOW))

    thread = threading.Thread(target=second)
    first = made(tmp_path)
    with first.turn():
        thread.start()
        started.wait(10)
        first.remember(NOW)
    thread.join(10)
    assert seen == [NOW]


def test_a_run_that_hangs_stops_no_other_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "TURN", 0.01)
    passed = False
    with made(tmp_path).turn(), made(tmp_path).turn():
        passed = True
    assert passed


@pytest.mark.parametrize("text", ["", "{", "[]", '{"account": "D\\\\svc"}', '{"account": "D\\\\svc", "at": "noon"}'])
def test_a_damaged_note_stops_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / NAME).write_text(text)
    assert made(tmp_path).since(NOW) is None
