"""A folder id belongs to one mailbox, whichever process of the run saw it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import FolderAnswer, MailboxAnswer
from pytest_flowscape.gathering.folder_ids import FolderIds, comparable

ATLAS = "atlas@demo.test"


def answer(address: str, impersonated: str = "", **ids: str) -> MailboxAnswer:
    folders = tuple(FolderAnswer(name, folder_id=identity) for name, identity in ids.items())
    return MailboxAnswer(address, impersonated, folders)


def test_an_id_of_its_own_is_believed(tmp_path: Path) -> None:
    for ids in (FolderIds(None), FolderIds(tmp_path)):
        seen = answer("atlas@demo.test", inbox="i1", calendar="c1")
        ids.note([seen])
        assert ids.require_own(seen) is seen


def test_two_addresses_with_one_id_are_not_measured() -> None:
    ids = FolderIds(None)
    first, second = answer("atlas@demo.test", inbox="i1"), answer("oslo@demo.test", inbox="i1")
    ids.note([first, second])
    for seen in (first, second):
        with pytest.raises(NotMeasured, match=r"atlas@demo\.test and oslo@demo\.test"):
            ids.require_own(seen)


def test_two_folders_with_one_id_are_not_measured() -> None:
    with pytest.raises(NotMeasured, match="same id"):
        FolderIds(None).require_own(answer("atlas@demo.test", inbox="i1", calendar="i1"))


def test_another_process_that_is_just_writing_the_same_address_is_no_other_mailbox(tmp_path: Path) -> None:
    ids, seen = FolderIds(tmp_path), answer("atlas@demo.test", calendar="c1")
    ids.note([seen])
    (written,) = (path for path in tmp_path.rglob("*") if path.is_file())
    written.write_text("", encoding="utf-8")
    assert ids.require_own(seen) is seen


def test_another_process_is_told(tmp_path: Path) -> None:
    here, there = FolderIds(tmp_path), FolderIds(tmp_path)
    here.note([answer("atlas@demo.test", calendar="c1")])
    seen = answer("oslo@demo.test", calendar="c1")
    there.note([seen])
    with pytest.raises(NotMeasured, match=r"atlas@demo\.test and oslo@demo\.test"):
        there.require_own(seen)


def test_where_ids_do_not_differ_by_who_asks_owner_and_delegate_must_see_the_same_folders() -> None:
    own, other = answer(ATLAS, ATLAS, calendar="c1"), answer(ATLAS, calendar="c2")
    for same in (True, False):
        ids = FolderIds(None, comparable=same)
        ids.note([own, other])
        assert ids.require_own(own) is own
        if same:
            with pytest.raises(NotMeasured, match="other folders than the mailbox's own"):
                ids.require_own(other)
        else:
            assert ids.require_own(other) is other


@pytest.mark.parametrize(
    ("itself", "same"), [({"calendar": "c1"}, True), ({"calendar": "c2"}, False), ({}, False), ({"inbox": "c1"}, False)]
)
def test_ids_can_be_compared_where_the_accounts_own_calendar_has_shown_it(itself: dict[str, str], same: bool) -> None:
    own = answer("svc@demo.test", calendar="c1", inbox="i1")
    assert comparable(own, answer("svc@demo.test", "svc@demo.test", **itself)) is same
    assert not comparable(own, None)
    assert not comparable(None, own)
