"""Mailboxes that delegate requests hold open: never more than the share, and a moment longer than the answer takes."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import pytest

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.probes.ews.retry import BackOff
from pytest_flowscape.probes.ews.store_sessions import StoreSessions

SECONDS = 60.0
NUMBERS = itertools.count()


class Held:
    """Counts what is open at the same time."""

    def __init__(self, sessions: StoreSessions) -> None:
        self.sessions = sessions
        self.lock = threading.Lock()
        self.open = self.most = 0

    def use(self, mailboxes: set[str]) -> None:
        with self.sessions.hold(mailboxes):
            with self.lock:
                self.open += len(mailboxes)
                self.most = max(self.most, self.open)
            time.sleep(0.002)
            with self.lock:
                self.open -= len(mailboxes)


def some(count: int) -> set[str]:
    """So many mailboxes that nobody else names."""
    return {f"room{next(NUMBERS)}@demo.test" for _ in range(count)}


@pytest.mark.parametrize("sizes", [(10, 10, 10), (1,) * 24, (4, 3, 4, 3, 4, 3, 10, 1)])
def test_threads_never_hold_more_than_the_share(sizes: tuple[int, ...]) -> None:
    held = Held(StoreSessions(10, rest=0.0))
    threads = [threading.Thread(target=held.use, args=(some(size),)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert (held.open, held.most <= 10) == (0, True)


def test_a_mailbox_counts_for_a_moment_after_the_answer() -> None:
    sessions = StoreSessions(10, rest=0.2)
    with sessions.hold(some(8)):
        pass
    ended = time.monotonic()
    with sessions.hold(some(2)):
        assert time.monotonic() - ended < 0.2
    with sessions.hold(some(3)):
        assert time.monotonic() - ended >= 0.19


def test_a_request_that_names_more_than_all_is_let_through_alone_and_others_are_not_held_up() -> None:
    sessions = StoreSessions(2, rest=0.0)
    with sessions.hold(some(12)), sessions.hold(some(0)):
        pass
    with sessions.hold(some(2)):
        pass


def test_a_mailbox_that_rests_is_taken_again_at_once() -> None:
    sessions, rooms = StoreSessions(3, rest=30.0), some(3)
    began = time.monotonic()
    for _ in range(5):
        with sessions.hold(rooms):
            pass
    assert time.monotonic() - began < 30.0


def test_what_is_open_is_given_back_when_the_request_breaks() -> None:
    sessions = StoreSessions(1, rest=0.0)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), sessions.hold(some(1)):
            raise ValueError("broken")


def busy(seconds: float | None) -> Trouble:
    return Trouble(Kind.THROTTLED, "busy", back_off=seconds)


def test_all_processes_of_a_run_heed_the_back_off_of_the_account(tmp_path: Path) -> None:
    one, other = BackOff(tmp_path), BackOff(tmp_path)
    assert (one.throttled, other.throttled, other.left("")) == (False, False, 0.0)
    one.note("", busy(60.0))
    assert other.throttled
    assert 50 < other.left("") <= 60
    other.note("", busy(5.0))  # a shorter one does not end a longer one
    assert one.left("") > 50


def test_the_back_off_of_a_mailbox_is_its_own_and_still_tells_that_the_run_was_throttled(tmp_path: Path) -> None:
    one, other = BackOff(tmp_path), BackOff(tmp_path)
    one.note("room@demo.test", busy(60.0))
    assert other.throttled
    assert (other.left("room@demo.test"), other.left("")) == (0.0, 0.0)
    assert one.left("room@demo.test") > 50
    (tmp_path / "throttled-until").write_text("", encoding="ascii")  # another process is writing it at this moment
    assert other.left("") == 0.0
