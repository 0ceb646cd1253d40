"""A folder id belongs to one mailbox, whichever process of the run saw it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.claims import Claims
from pytest_flowscape.errors import NotMeasured
from pytest_flowscape.facts import FolderAnswer, MailboxAnswer


def answer(address: str, **ids: str) -> MailboxAnswer:
    return MailboxAnswer(
        address, folders=tuple(FolderAnswer(name, folder_id=identity) for name, identity in ids.items())
    )


def test_an_id_of_its_own_is_believed(tmp_path: Path) -> None:
    for claims in (Claims(None), Claims(tmp_path)):
        seen = answer("atlas@demo.test", inbox="i1", calendar="c1")
        claims.note([seen])
        assert claims.of_itself(seen) is seen


def test_two_addresses_with_one_id_are_not_measured() -> None:
    claims = Claims(None)
    first, second = answer("atlas@demo.test", inbox="i1"), answer("oslo@demo.test", inbox="i1")
    claims.note([first, second])
    for seen in (first, second):
        with pytest.raises(NotMeasured, match=r"atlas@demo\.test and oslo@demo\.test"):
            claims.of_itself(seen)


def test_two_folders_with_one_id_are_not_measured() -> None:
    with pytest.raises(NotMeasured, match="same id"):
        Claims(None).of_itself(answer("atlas@demo.test", inbox="i1", calendar="i1"))


def test_another_process_that_is_just_writing_the_same_address_is_no_other_mailbox(tmp_path: Path) -> None:
    claims, seen = Claims(tmp_path), answer("atlas@demo.test", calendar="c1")
    claims.note([seen])
    (written,) = (path for path in tmp_path.rglob("*") if path.is_file())
    written.write_text("", encoding="utf-8")
    assert claims.of_itself(seen) is seen


def test_another_process_is_told(tmp_path: Path) -> None:
    here, there = Claims(tmp_path), Claims(tmp_path)
    here.note([answer("atlas@demo.test", calendar="c1")])
    seen = answer("oslo@demo.test", calendar="c1")
    there.note([seen])
    with pytest.raises(NotMeasured, match=r"atlas@demo\.test and oslo@demo\.test"):
        there.of_itself(seen)
