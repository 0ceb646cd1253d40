"""Signals: the first interrupts, later ones do not; deadlines end with it; a handler of somebody else stays."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from pytest_flowscape.core.interruption import ALONE, Interrupted, Interruption, in_parallel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX'")


@pytest.fixture
def listening() -> Iterator[Interruption]:
    made = Interruption()
    stop = made.listen()
    yield made
    stop()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_first_signal_interrupts_and_the_second_does_not(listening: Interruption) -> None:
    assert not listening
    assert listening.left() == math.inf
    with pytest.raises(Interrupted, match="SIGTERM"):
        signal.raise_signal(signal.SIGTERM)
    assert listening
    assert 0 < listening.left() <= ALONE
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    assert listening.by == "SIGTERM"


def test_other_threads_have_no_time_left(listening: Interruption) -> None:
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGINT)
    assert listening.by == "Ctrl-C"
    left: list[float] = []
    thread = threading.Thread(target=lambda: left.append(listening.left()))
    thread.start()
    thread.join()
    assert left == [0.0]


def test_at_the_end_a_signal_is_noted_and_interrupts_nothing(listening: Interruption) -> None:
    others: list[str] = []
    listening.call_at_signal(lambda: others.append("called"))
    listening.hold()
    signal.raise_signal(signal.SIGTERM)
    assert listening
    assert others == ["called"]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        stop = Interruption().listen()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        stop()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_nothing_is_changed() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def listen() -> None:
        Interruption().listen()()

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before


def test_answers_come_in_the_order_of_the_items() -> None:
    barrier = threading.Barrier(3)  # three at a time, or it breaks

    def ask(number: int) -> int:
        barrier.wait(30)
        return number * 2

    assert in_parallel(ask, range(6), 3, "test") == [0, 2, 4, 6, 8, 10]
    assert in_parallel(str, [], 3, "test") == []


def test_an_error_is_raised_after_all_have_ended() -> None:
    asked: list[int] = []

    def ask(number: int) -> None:
        asked.append(number)
        if number == 1:
            raise ValueError("one")

    with pytest.raises(ValueError, match="one"):
        in_parallel(ask, range(4), 2, "test")
    assert sorted(asked) == [0, 1, 2, 3]


def test_an_interruption_does_not_wait_for_threads_that_wait(listening: Interruption) -> None:
    """The signal comes at the worst moment: just before the main thread waits for an answer."""
    release = threading.Event()
    begun = threading.Semaphore(0)
    asked: list[int] = []

    def ask(number: int) -> None:
        asked.append(number)
        begun.release()
        release.wait(60)

    def interrupt() -> None:
        begun.acquire()
        begun.acquire()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(Interrupted):
        in_parallel(ask, range(10), 2, "waits")
    assert listening
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("waits-"):
            thread.join(30)
    assert sorted(asked) == [0, 1]  # nothing new was begun
