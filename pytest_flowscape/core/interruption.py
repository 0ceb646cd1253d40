"""Ctrl-C, and the SIGTERM of a cancelled CI job: the run stops within seconds, and reports what it has.

The first signal ends whatever the main thread does, as Ctrl-C always did. What
is done after it (removing a booking, writing the report) has ``grace`` seconds;
every deadline of the run ends with them. Threads that wait for a server are left
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
"""Seconds after the signal in which a process that runs tests may still send requests."""
LAST_WORDS = 2.5
"""Seconds after the signal until which a controller listens to its workers."""
WITH_WORKERS = 3.5
"""Seconds after the signal in which a controller may still send requests itself."""
RESEND = 0.1
"""Seconds after which a signal that was not handled is sent again."""
PATIENCE = 10.0
"""Seconds after which another signal counts: the run should have ended long ago."""

# SIGBREAK is Ctrl-Break, on Windows only
_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")
_WORDS = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGBREAK": "Ctrl-Break"}


class Interrupted(KeyboardInterrupt):
    """A signal stopped the run; the text names it."""


class Interruption:
    """Whether a signal stopped this process, when, and how long it may go on cleaning up."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.by = ""
        self.grace = ALONE
        self._at: float | None = None
        self._held = False
        self._calls: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        """Whether a signal stopped the run."""
        return self._at is not None

    def left(self) -> float:
        """Return the seconds that a deadline of this thread may still last: infinite without a signal."""
        if self._at is None:
            return math.inf
        if threading.current_thread() is not threading.main_thread():
            return 0.0
        return max(0.0, self._at + self.grace - time.monotonic())

    def remaining(self, seconds: float) -> float:
        """Return what is left of so many seconds after the signal; all of them without one."""
        return seconds if self._at is None else max(0.0, self._at + seconds - time.monotonic())

    def call_at_signal(self, other: Callable[[], None]) -> None:
        """Call ``other`` at the signal, before the main thread is interrupted; it passes the signal on to workers."""
        self._calls.append(other)

    def hold(self) -> None:
        """Let signals interrupt nothing from now on: the run is at its end, and writes its report."""
        self._held = True

    def listen(self) -> Callable[[], None]:
        """Handle the signals, and return a function that undoes this; harmless outside the main thread.

        A signal that is ignored (``nohup``, a job in the background) stays so,
        and so does one that somebody else handles.
        """
        self._reset()  # one process may hold several runs, one after another
        before: dict[int, Any] = {}
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler):
                continue
            with contextlib.suppress(ValueError):  # only the main thread may
                before[number] = signal.signal(number, self._handle)

        stop_watching = self._watch(frozenset(before)) if before else (lambda: None)

        def stop_listening() -> None:
            stop_watching()
            for number, handler in before.items():
                signal.signal(number, handler)

        return stop_listening

    def _watch(self, numbers: frozenset[int]) -> Callable[[], None]:
        """Send a signal again that the main thread has not handled; return a function that ends this.

        A signal between the last look for signals and the system call that
        waits does not interrupt that call (PEP 475): the handler would run
        minutes later. Python writes the signal to a file at once.
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
                        while sent := here.recv(1):
                            while sent[0] in numbers and self._at is None:
                                time.sleep(RESEND)
                                if self._at is None:
                                    signal.pthread_kill(main, sent[0])

                def stop() -> None:
                    signal.set_wakeup_fd(-1)
                    there.close()

                threading.Thread(target=watch, name="signals", daemon=True).start()
                return stop
            signal.set_wakeup_fd(others)  # an event loop's: it is not ours to take
        return lambda: None

    def _handle(self, number: int, _frame: object) -> None:
        now = time.monotonic()
        if self._at is None:
            self._at = now
            name = signal.Signals(number).name
            self.by = _WORDS.get(name, name)
            for other in self._calls:
                other()
        elif now - self._at < PATIENCE:
            return
        if not self._held or now - self._at >= PATIENCE:
            raise Interrupted(self.by)


INTERRUPTION = Interruption()
"""The one of this process, as signals go to a process."""


def in_parallel(ask: Callable[[T], U], items: Iterable[T], most: int, name: str) -> list[U]:
    """Return what ``ask`` returns for every item, in their order, called in at most ``most`` threads.

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
