"""Ctrl-C and the end that a cancelled CI job is told (SIGTERM): the run stops within seconds, and says what it has.

The first signal ends whatever the main thread does, as Ctrl-C always did. What
is done after it (removing a booking, saying goodbye) has a moment of ``grace``;
every deadline of the run ends with it. Threads that wait for a server are left
behind. Further signals change nothing as long as the run keeps to its limit.

On Windows a read from a socket cannot be interrupted: there the run stops when
the request in progress ends, at the latest after ``timeout`` of the site file.
"""

from __future__ import annotations

import contextlib
import math
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")

ALONE = 1.5
"""Seconds after the signal in which a process that runs tests may still ask a server something."""
LAST_WORDS = 2.5
"""Seconds after the signal until which a controller listens to its workers."""
WITH_WORKERS = 3.5
"""Seconds after the signal in which a controller may still ask a server something itself."""
NUDGE = 0.1
"""Seconds after which a signal that was not heeded is sent again."""
PATIENCE = 10.0
"""Seconds after which another signal is heeded: the run should have ended long ago."""

# SIGBREAK is Ctrl-Break, on Windows only
_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")
_WORDS = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGBREAK": "Ctrl-Break"}


class Interrupted(KeyboardInterrupt):
    """A signal told the run to stop; the text names it."""


class Interruption:
    """Whether this process was told to stop, since when, and how long it may go on tidying up."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.by = ""
        self.grace = ALONE
        self._at: float | None = None
        self._held = False
        self._others: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        """Whether the run was told to stop."""
        return self._at is not None

    def left(self) -> float:
        """Return the seconds that a deadline of this thread may still last: endless while nobody has said stop."""
        if self._at is None:
            return math.inf
        if threading.current_thread() is not threading.main_thread():
            return 0.0
        return max(0.0, self._at + self.grace - time.monotonic())

    def remaining(self, seconds: float) -> float:
        """Return what is left of so many seconds after the signal; all of them while there was none."""
        return seconds if self._at is None else max(0.0, self._at + seconds - time.monotonic())

    def call_at_signal(self, other: Callable[[], None]) -> None:
        """Call ``other`` at the signal, before the main thread is interrupted; for workers, who are told as well."""
        self._others.append(other)

    def hold(self) -> None:
        """From now on let signals interrupt nothing: the run is at its end, and writes its report."""
        self._held = True

    def listen(self) -> Callable[[], None]:
        """Heed the signals, and give what puts everything back; harmless outside the main thread.

        A signal that is ignored (``nohup``, a job in the background) stays so,
        and so does one that somebody else handles.
        """
        self._forget()  # one process may hold several runs, one after another
        before: dict[int, Any] = {}
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler):
                continue
            with contextlib.suppress(ValueError):  # only the main thread may
                before[number] = signal.signal(number, self._heed)

        stop_nudging = self._nudge(frozenset(before)) if before else (lambda: None)

        def stop_listening() -> None:
            stop_nudging()
            for number, handler in before.items():
                signal.signal(number, handler)

        return stop_listening

    def _nudge(self, numbers: frozenset[int]) -> Callable[[], None]:
        """Send a signal again that the main thread has not heeded, and give what ends that.

        Where it comes between the last look for signals and the system call
        that waits, that call is not interrupted (PEP 475), and the handler
        would run minutes later. Python tells of a signal at once by a file.
        """
        if sys.platform != "win32":
            others = signal.set_wakeup_fd(-1)
            if others == -1:
                here, there = socket.socketpair()
                there.setblocking(False)
                signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
                main = threading.main_thread().ident or 0

                def watch() -> None:
                    with contextlib.suppress(OSError), here:
                        while told := here.recv(1):
                            while told[0] in numbers and self._at is None:
                                time.sleep(NUDGE)
                                if self._at is None:
                                    signal.pthread_kill(main, told[0])

                def stop() -> None:
                    signal.set_wakeup_fd(-1)
                    there.close()

                threading.Thread(target=watch, name="signals", daemon=True).start()
                return stop
            signal.set_wakeup_fd(others)  # an event loop's: it is not ours to take
        return lambda: None

    def _heed(self, number: int, _frame: object) -> None:
        now = time.monotonic()
        if self._at is None:
            self._at = now
            name = signal.Signals(number).name
            self.by = _WORDS.get(name, name)
            for other in self._others:
                other()
        elif now - self._at < PATIENCE:
            return
        if not self._held or now - self._at >= PATIENCE:
            raise Interrupted(self.by)


INTERRUPTION = Interruption()
"""This process's own: signals are the process's."""


def in_parallel(ask: Callable[[T], U], items: Iterable[T], most: int, name: str) -> list[U]:
    """Call ``ask`` for every item in at most so many threads, and give what it gave, in the items' order.

    Raises the first error that ``ask`` raised. Where the main thread is
    interrupted it does not wait for the others: they end with the process, and
    begin nothing new.
    """
    waiting: queue.SimpleQueue[tuple[int, T]] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[int, U | None, BaseException | None]] = queue.SimpleQueue()
    count = 0
    for count, item in enumerate(items, 1):
        waiting.put((count - 1, item))

    def work() -> None:
        while True:
            try:
                number, item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                answers.put((number, ask(item), None))
            except BaseException as error:  # noqa: BLE001  it is raised where the answers are collected
                answers.put((number, None, error))

    found: dict[int, Any] = {}
    failed: BaseException | None = None
    try:
        for at in range(min(most, count)):
            threading.Thread(target=work, name=f"{name}-{at}", daemon=True).start()
        for _ in range(count):
            number, answer, error = answers.get()
            found[number] = answer
            failed = failed or error
    except BaseException:
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        raise
    if failed is not None:
        raise failed
    return [found[number] for number in range(count)]
