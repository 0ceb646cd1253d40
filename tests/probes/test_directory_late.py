"""What one search does not take is looked up late: by whoever reads it, or in a thread that readers wait for."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import DirectoryView, Grant, Holders, Kind, MailboxRights
from pytest_flowscape.probes.directory import session as probe
from pytest_flowscape.probes.directory.late import Awaited, Rest, late_part, whole
from pytest_flowscape.probes.directory.view import chunks
from tests.probes.directory_sessions import (
    EMAIL,
    JANE,
    NONE,
    ROOMS,
    UPN,
    Sessions,
    count,
    directory,
    directory_process,
    policy,
    session,
)

__all__ = ["directory", "directory_process", "session"]
FIRST, *OTHERS = ROOMS


@pytest.fixture
def begun(session: Sessions, monkeypatch: pytest.MonkeyPatch) -> DirectoryView:
    """Return what the first search tells, which here takes three addresses: the account's, a user's and a room's."""
    monkeypatch.setattr(probe, "chunks", partial(chunks, size=3))
    bound = session()
    assert bound.bind().trouble is None
    return bound.begin(EMAIL, UPN, ROOMS, (JANE,), reads=NONE)


def test_what_was_looked_up_late_is_as_if_looked_up_at_once(
    session: Sessions, begun: DirectoryView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    at_once = session.view()
    assert late_part(at_once) is None
    late = whole(begun)
    assert type(late.rooms) is type(late.users) is type(late.rights) is dict
    for name in ("account", "token_sids", "lockout_threshold", "rooms", "users", "rights"):
        assert getattr(late, name) == getattr(at_once, name)
    assert list(late.rooms) == list(at_once.rooms) == list(ROOMS)
    # another two rooms take one more search
    assert (late.searches, begun.searches, at_once.searches) == (5, 4, 4)


def test_the_first_addresses_are_there_and_all_are_known(session: Sessions, begun: DirectoryView) -> None:
    asked = count(session, "ldap.search")
    assert len(begun.rooms[FIRST].by_proxy) == 1
    assert begun.rights[FIRST].grant is not Grant.UNREADABLE
    assert begun.users[JANE].trouble is None
    assert list(begun.rooms) == list(ROOMS)
    assert (len(begun.rooms), OTHERS[0] in begun.rooms, "nobody@demo.test" in begun.rooms) == (3, True, False)
    assert begun.rooms.get("nobody@demo.test") is None
    assert count(session, "ldap.search") == asked


def test_whoever_reads_waits_for_the_thread(session: Sessions, begun: DirectoryView) -> None:
    late, go, ended = late_part(begun), threading.Event(), threading.Event()
    assert late is not None
    make = late._make

    def slowly() -> Rest:
        assert go.wait(20)
        return make()

    late._make = slowly
    late.start(then=ended.set)
    read: list[Holders] = []
    reader = threading.Thread(target=lambda: read.append(begun.rooms[OTHERS[0]]))
    reader.start()
    assert not read
    go.set()
    reader.join(20)
    assert ended.wait(20)
    assert [len(holders.by_proxy) for holders in read] == [1]
    assert count(session, "ldap.search") == whole(begun).searches


def test_a_directory_that_fails_late_is_told_of_late_addresses_alone(session: Sessions, begun: DirectoryView) -> None:
    policy(session, ldap_trouble="unavailable")
    assert begun.rooms[FIRST].trouble is None
    assert [begun.rooms[room].trouble.ldap_result for room in OTHERS if begun.rooms[room].trouble] == [52, 52]
    assert begun.rights[OTHERS[0]] == MailboxRights(Grant.UNREADABLE)


def test_after_an_interruption_nobody_waits_and_all_read_the_same(
    begun: DirectoryView, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, go, ended = late_part(begun), threading.Event(), threading.Event()
    assert late is not None
    make = late._make

    def silent() -> Rest:
        go.wait(20)
        return make()

    late._make = silent
    late.start(then=ended.set)
    monkeypatch.setattr(INTERRUPTION, "_at", 0.0)
    first = begun.rooms[OTHERS[0]].trouble
    assert first is not None
    assert first.kind is Kind.NOT_ASKED
    assert "interrupted" in first.said
    monkeypatch.undo()
    go.set()
    assert ended.wait(20)
    assert whole(begun).rooms[OTHERS[1]].trouble == first
    assert whole(begun).rooms[FIRST].trouble is None


def test_a_defect_is_told_to_each_reader(begun: DirectoryView) -> None:
    late = late_part(begun)
    assert late is not None
    tried = 0

    def broken() -> Rest:
        nonlocal tried
        tried += 1
        raise ZeroDivisionError("a defect")

    late._make = broken
    for room in OTHERS:
        with pytest.raises(ZeroDivisionError):
            begun.rooms[room]
    with pytest.raises(ZeroDivisionError):
        whole(begun)
    assert tried == 1


def test_an_account_that_cannot_be_looked_for_leaves_nothing_for_later(
    session: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "chunks", partial(chunks, size=3))
    bound = session()
    bound.bind()
    policy(session, ldap_trouble="unavailable")
    view = bound.begin(EMAIL, UPN, ROOMS, (JANE,), reads=NONE)
    assert not isinstance(view.rooms, Awaited)
    assert [holders.trouble for holders in view.rooms.values()] == [view.trouble] * 3
