"""A refusal is remembered for sixty minutes, for that account, without a secret."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pytest_flowscape.refusals import NAME, forget, refused_since, remember

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(("minutes", "stops"), [(0, True), (59, True), (60, False), (600, False), (-30, True)])
def test_the_window(tmp_path: Path, minutes: int, stops: bool) -> None:
    remember(tmp_path, account="D\\svc", server="mail", at=NOW - timedelta(minutes=minutes))
    assert (refused_since(tmp_path, account="d\\SVC", now=NOW) is not None) is stops


def test_another_account_is_not_stopped(tmp_path: Path) -> None:
    remember(tmp_path, account="D\\svc", server="mail", at=NOW)
    assert refused_since(tmp_path, account="D\\other", now=NOW) is None


def test_forgotten_after_a_success(tmp_path: Path) -> None:
    remember(tmp_path, account="D\\svc", server="mail", at=NOW)
    forget(tmp_path)
    forget(tmp_path)
    assert refused_since(tmp_path, account="D\\svc", now=NOW) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"account": "D\\\\svc"}', '{"account": "D\\\\svc", "at": "noon"}'])
def test_a_damaged_note_stops_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert refused_since(tmp_path, account="D\\svc", now=NOW) is None
