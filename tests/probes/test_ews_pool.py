"""Who gets a connection that comes back, what is sent on it at once, and what becomes of those who wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_flowscape.probes.ews.pool import Line, Pool

SECONDS = 30.0


class Silent:
    """A connection that nothing is sent on."""

    def __init__(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


def pool_of(size: int) -> Pool:
    return Pool(size, Silent)  # type: ignore[arg-type]


def signed_in(line: Line | None) -> Line:
    assert line is not None
    line.signed_in = True
    return line


class Waiting:
    """A thread that waits for a line, and keeps it until it is told to let go."""

    def __init__(self, pool: Pool, begin: Callable[[Line], None] | None = None) -> None:
        self.line: Line | None = None
        self.error: BaseException | None = None
        self.has = threading.Event()
        self.go = threading.Event()
        before = len(pool._queue)
        self.thread = threading.Thread(target=self._use, args=(pool, begin), daemon=True)
        self.thread.start()
        while len(pool._queue) == before and not self.has.wait(0.001):
            pass

    def _use(self, pool: Pool, begin: Callable[[Line], None] | None) -> None:
        try:
            with pool.line(begin) as self.line:
                self.has.set()
                self.go.wait(SECONDS)
        except BaseException as error:  # noqa: BLE001  looked at by the test
            self.error = error
            self.has.set()

    def done(self) -> None:
        self.go.set()
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


def test_whoever_waits_has_his_request_sent_by_the_thread_that_gives_the_line_back() -> None:
    pool, began = pool_of(1), list[tuple[threading.Thread, Any, bool]]()
    with pool.line() as line:
        one = signed_in(line)
        waiting = Waiting(pool, lambda got: began.append((threading.current_thread(), got, waiting.has.is_set())))
    assert waiting.has.wait(SECONDS)
    # by us, on our line, before the one who waited went on
    assert began == [(threading.current_thread(), one, False)]
    assert waiting.line is one
    waiting.done()


def test_nobody_sends_for_one_who_need_not_wait() -> None:
    pool, began = pool_of(2), list[Line]()
    with pool.line(began.append), pool.line(began.append):
        pass
    assert began == []


def test_lines_go_to_those_who_wait_in_their_order() -> None:
    pool, order = pool_of(1), list[str]()
    with pool.line() as line:
        signed_in(line)
        names = "first", "second", "third"
        threads = [Waiting(pool, lambda _, name=name: order.append(name)) for name in names]  # type: ignore[misc]
    for waiting in threads:
        assert waiting.has.wait(SECONDS)
        waiting.done()
    assert order == list(names)
    assert (pool._lent, len(pool._free), len(pool._queue)) == (0, 1, 0)


def test_a_line_that_is_of_no_use_is_replaced_by_a_new_one() -> None:
    pool = pool_of(1)
    with pool.line() as line:
        assert line is not None
        waiting = Waiting(pool)
    assert waiting.has.wait(SECONDS)
    assert waiting.line is not line
    assert not line.connection.is_open
    waiting.done()


def test_when_the_last_line_is_lost_nobody_waits_any_longer() -> None:
    pool, began = pool_of(1), list[Line]()
    with pool.line():
        threads = [Waiting(pool, began.append) for _ in range(3)]
        pool.lose_one()
        for waiting in threads:
            assert waiting.has.wait(SECONDS)
            assert waiting.line is None
            waiting.done()
    assert began == []
    with pool.line() as none:
        assert none is None


def test_half_as_many_lines_are_lent_after_throttling_and_those_who_wait_all_get_one() -> None:
    pool = pool_of(4)
    holding = [Waiting(pool) for _ in range(4)]
    for one in holding:
        assert one.has.wait(SECONDS)
    threads = [Waiting(pool) for _ in range(3)]
    pool.halve()
    for one in holding[:2]:
        one.done()
    assert not any(waiting.has.is_set() for waiting in threads)
    for one in holding[2:]:
        one.done()
    for waiting in threads:
        assert waiting.has.wait(SECONDS)
        assert pool._lent <= 2
        waiting.done()
    assert pool._lent == 0


def test_one_who_is_interrupted_while_waiting_takes_no_line_along(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pool_of(1)
    with monkeypatch.context() as patched, pool.line() as line:
        signed_in(line)
        patched.setattr("pytest_flowscape.probes.ews.pool._Waiting.wait", _interrupt)
        waiting = Waiting(pool)
        assert waiting.has.wait(SECONDS)
        assert isinstance(waiting.error, KeyboardInterrupt)
        assert not pool._queue
    assert (pool._lent, pool._free) == (0, [line])


def test_one_who_is_interrupted_when_served_closes_the_line_that_a_request_was_sent_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, waits = pool_of(1), threading.Event()
    real = "pytest_flowscape.probes.ews.pool._Waiting.wait"

    def wait(self: Any) -> None:
        if not waits.is_set():
            waits.set()
            assert served.wait(SECONDS)
            raise KeyboardInterrupt
        self._served.acquire()

    served = threading.Event()
    monkeypatch.setattr(real, wait)
    with pool.line() as line:
        signed_in(line)
        waiting = Waiting(pool)
        assert waits.wait(SECONDS)
    served.set()
    assert waiting.has.wait(SECONDS)
    assert isinstance(waiting.error, KeyboardInterrupt)
    assert line is not None
    assert not line.connection.is_open
    assert (pool._lent, pool._free) == (0, [])


def test_one_who_is_interrupted_while_sending_for_another_leaves_nobody_waiting() -> None:
    pool = pool_of(1)
    lent = pool.line()
    line = signed_in(lent.__enter__())
    waiting = Waiting(pool, _interrupt)
    with pytest.raises(KeyboardInterrupt):
        lent.__exit__(None, None, None)
    assert waiting.has.wait(SECONDS)
    assert waiting.line is line
    waiting.done()


def _interrupt(_: object) -> None:
    raise KeyboardInterrupt
