"""The gate for new sign-ins: one at a time over processes and threads, none after a refusal."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from pytest_flowscape.probes.gate import Gate, SignInStopped
from tests.probes.ews_sessions import run_in_threads


def test_stops_after_a_refusal(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "run")
    assert gate.stopped == ""
    with gate.new_sign_in():
        gate.stop("refused at 10:00")
    assert gate.stopped == "refused at 10:00"
    gate.stop("another reason")
    assert Gate(tmp_path / "run").stopped == "refused at 10:00"
    with pytest.raises(SignInStopped) as stopped, gate.new_sign_in():
        raise AssertionError("the gate is closed")
    assert stopped.value.reason == "refused at 10:00"
    with pytest.raises(SignInStopped):
        gate.check()


def test_stop_without_a_reason_is_a_stop(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    gate.stop("")
    assert gate.stopped


def test_one_who_waits_sees_the_stop(tmp_path: Path) -> None:
    """The flag is looked at after the lock is held: of many at the gate, one is refused."""
    tried: list[int] = []

    def sign_in(at: int) -> str:
        gate = Gate(tmp_path)
        try:
            with gate.new_sign_in():
                tried.append(at)
                time.sleep(0.05)  # the server thinks about it
                gate.stop("refused")
        except SignInStopped as stopped:
            return stopped.reason
        return "tried"

    told = run_in_threads(sign_in, 6)
    assert len(tried) == 1
    assert sorted(told) == ["refused"] * 5 + ["tried"]


def hold(folder: Path, inside: multiprocessing.synchronize.Event, leave: multiprocessing.synchronize.Event) -> None:
    with Gate(folder).new_sign_in():
        inside.set()
        leave.wait(20)


def test_one_at_a_time_over_processes(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    inside, leave = spawn.Event(), spawn.Event()
    other = spawn.Process(target=hold, args=(tmp_path, inside, leave))
    other.start()
    try:
        assert inside.wait(20)
        with pytest.raises(SignInStopped, match="did not end"), Gate(tmp_path, patience=0.2).new_sign_in():
            raise AssertionError("two at the same time")
    finally:
        leave.set()
        other.join(20)
    assert other.exitcode == 0
    with Gate(tmp_path, patience=5).new_sign_in():
        pass


def test_an_interrupt_frees_the_gate(tmp_path: Path) -> None:
    gate = Gate(tmp_path, patience=2)
    with pytest.raises(KeyboardInterrupt), gate.new_sign_in():
        raise KeyboardInterrupt
    with gate.new_sign_in():
        pass
    free = threading.Event()

    def enter() -> None:
        with gate.new_sign_in():
            free.set()

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(5)
    assert free.is_set()


def test_one_second_try_in_a_run(tmp_path: Path) -> None:
    assert sum(run_in_threads(lambda _: Gate(tmp_path).take_second_try(), 8)) == 1


def test_doubt(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    gate.trust()
    assert not gate.in_doubt
    gate.doubt()
    assert Gate(tmp_path).in_doubt
    gate.trust()
    assert not gate.in_doubt
