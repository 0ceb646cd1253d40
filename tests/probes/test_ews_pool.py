"""Who gets a connection that comes back, and what becomes of those who wait."""

from __future__ import annotations

import threading

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


def waiting_in(pool: Pool) -> int:
    with pool._changed:
        return len(pool._changed._waiters)  # type: ignore[attr-defined]


class Waiting:
    """A thread that asks for a line, and keeps it until it is told to let go; made once it waits or has one."""

    def __init__(self, pool: Pool) -> None:
        self.line: Line | None = None
        self.error: BaseException | None = None
        self.has = threading.Event()
        self.go = threading.Event()
        before = waiting_in(pool)
        self.thread = threading.Thread(target=self._use, args=(pool,), daemon=True)
        self.thread.start()
        while waiting_in(pool) == before and not self.has.wait(0.001):
            pass

    def _use(self, pool: Pool) -> None:
        try:
            with pool.line() as self.line:
                self.has.set()
                self.go.wait(SECONDS)
        except BaseException as error:  # noqa: BLE001  looked at by the test
            self.error = error
            self.has.set()

    def done(self) -> None:
        self.go.set()
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


def test_everybody_who_waits_gets_the_line_that_comes_back() -> None:
    pool = pool_of(1)
    with pool.line() as line:
        signed_in(line)
        threads = [Waiting(pool) for _ in range(3)]
        assert not any(waiting.has.is_set() for waiting in threads)
        for waiting in threads:
            waiting.go.set()
    for waiting in threads:
        waiting.done()
        assert waiting.line is line
    assert (pool._lent, pool._idle) == (0, [line])


def test_a_line_that_is_of_no_use_is_replaced_by_a_new_one() -> None:
    pool = pool_of(1)
    with pool.line() as line:
        assert line is not None
        waiting = Waiting(pool)
    assert waiting.has.wait(SECONDS)
    assert waiting.line is not line
    assert not line.connection.is_open
    waiting.done()


def test_a_line_whose_use_failed_is_closed() -> None:
    pool, lines = pool_of(1), list[Line]()

    def fail() -> None:
        with pool.line() as line:
            lines.append(signed_in(line))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not lines[0].connection.is_open
    assert (pool._lent, pool._idle) == (0, [])


def test_when_the_last_line_is_lost_nobody_waits_any_longer() -> None:
    pool = pool_of(1)
    with pool.line() as line:
        threads = [Waiting(pool) for _ in range(3)]
        assert line is not None
        line.lost = True
    for waiting in threads:
        assert waiting.has.wait(SECONDS)
        assert waiting.line is None
        waiting.done()
    assert pool.size == 0
    with pool.line() as none:
        assert none is None


def test_one_lost_line_is_one_fewer() -> None:
    pool = pool_of(2)
    with pool.line() as line:
        assert line is not None
        line.lost = True
    assert pool.size == 1
    with pool.line() as line:
        waiting = Waiting(pool)
        assert not waiting.has.is_set()
    assert waiting.has.wait(SECONDS)
    waiting.done()


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
    for waiting in threads:
        waiting.go.set()
    for one in holding[2:]:
        one.done()
    for waiting in threads:
        waiting.done()
        assert waiting.line is not None
    assert (pool.size, pool._lent) == (2, 0)


def test_idle_lines_beyond_half_are_closed() -> None:
    pool = pool_of(2)
    with pool.line() as one, pool.line() as two:
        lines = [signed_in(one), signed_in(two)]
    pool.halve()
    assert sorted(line.connection.is_open for line in lines) == [False, True]


@pytest.mark.parametrize("woken", [False, True])
def test_one_who_is_interrupted_while_waiting_takes_no_line_along(
    monkeypatch: pytest.MonkeyPatch, *, woken: bool
) -> None:
    """Not even where it had just been woken, and nobody else."""
    pool = pool_of(1)
    real, interrupted = pool._changed.wait_for, threading.Event()

    def wait_for(*arguments: object) -> None:
        if not interrupted.is_set():
            interrupted.set()
            if woken:
                pool._changed.wait(SECONDS)
            raise KeyboardInterrupt
        real(*arguments)  # type: ignore[arg-type]

    with pool.line() as line:
        signed_in(line)
        monkeypatch.setattr(pool._changed, "wait_for", wait_for)
        first, second = Waiting(pool), Waiting(pool)
        assert first.has.is_set() is not woken
    for waiting in (first, second):
        assert waiting.has.wait(SECONDS)
        waiting.done()
    assert isinstance(first.error, KeyboardInterrupt)
    assert second.line is line
    assert (pool._lent, pool._idle) == (0, [line])
