"""One gate for every new sign-in of a run, across all its processes: one at a time, none after a refusal.

An account must never be locked out by a run. So every handshake that shows the
password to a server (EWS connections, LDAP binds) takes one lock in the run's
private folder and looks at a stop flag while it holds it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from pytest_flowscape.core.errors import FlowscapeError
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.core.own_state import private_folder

PATIENCE = 300.0  # seconds to wait for the other processes' sign-ins, each of which has a deadline of its own


class SignInStopped(FlowscapeError):  # noqa: N818  an order, not a mistake
    """No new sign-in may be tried any more; ``reason`` is one sentence."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Gate:
    """Serialise new sign-ins of all processes that share ``folder``, and stop them after a refusal.

    ``folder`` is private to the run; it is made if it is not there. ``patience``
    is the longest wait for one's turn, in seconds. Threads may share a gate.
    """

    def __init__(self, folder: Path, *, patience: float = PATIENCE) -> None:
        self.folder = private_folder(folder)
        self._lock = folder / "sign-in.lock"
        self._stop = folder / "sign-in.stopped"
        self._doubt = folder / "sign-in.doubt"
        self._second_try = folder / "sign-in.second-try"
        self._patience = patience
        self._threads = threading.Lock()

    @contextlib.contextmanager
    def new_sign_in(self) -> Iterator[None]:
        """Hold the lock while one sign-in is tried.

        Raises SignInStopped when the stop flag is set (looked at after the lock
        is held), or when one's turn does not come within ``patience`` seconds.
        """
        patience = min(self._patience, INTERRUPTION.left())
        until = time.monotonic() + patience
        if not self._threads.acquire(timeout=patience):
            raise SignInStopped(self._too_long)
        try:
            try:
                held = FileLock(self._lock).acquire(timeout=max(0.0, until - time.monotonic()), poll_interval=0.02)
            except Timeout:
                raise SignInStopped(self._too_long) from None
            with held:
                self.check()
                yield
        finally:
            self._threads.release()

    def check(self) -> None:
        """Raise SignInStopped if the stop flag is set; called before every request as well."""
        reason = self.stopped
        if reason:
            raise SignInStopped(reason)

    def stop(self, reason: str) -> None:
        """Stop every further sign-in of the run; the first reason stays."""
        with contextlib.suppress(FileExistsError), self._stop.open("x", encoding="utf-8") as file:
            file.write(reason or "a sign-in was refused")

    @property
    def stopped(self) -> str:
        """Return the reason for which sign-ins are stopped, empty if they are not."""
        try:
            self._stop.stat()  # looked at before every request, and nearly never there
            return self._stop.read_text(encoding="utf-8") or "a sign-in was refused"
        except FileNotFoundError:
            return ""
        except OSError:
            return "the stop flag of this run cannot be read"

    def take_second_try(self) -> bool:
        """Take the run's one new connection after a 401 that followed a success; False if it was taken before."""
        try:
            self._second_try.open("x").close()
        except FileExistsError:
            return False
        return True

    @property
    def second_try_taken(self) -> bool:
        """Whether the run has made that one new connection."""
        return self._second_try.exists()

    @property
    def in_doubt(self) -> bool:
        """Whether a signed-in connection was refused and no later sign-in has succeeded yet.

        While in doubt, requests that carry the password themselves (Basic) go
        through ``new_sign_in`` one by one: the password may have been changed.
        """
        return self._doubt.exists()

    def doubt(self) -> None:
        """Record that a signed-in connection was refused."""
        self._doubt.touch()

    def trust(self) -> None:
        """Record that a sign-in has succeeded since."""
        self._doubt.unlink(missing_ok=True)

    @property
    def _too_long(self) -> str:
        return f"another sign-in of this run did not end within {self._patience:.0f} seconds"
