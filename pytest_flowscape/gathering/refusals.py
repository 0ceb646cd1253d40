"""Remember refused sign-ins for an hour, so that repeated runs do not lock the account.

One refused attempt a run, times five runs, is a locked account. A note holds
account, server and time, and no secret. It is written beside the report, where
a CI job can carry it along, and again into the user's own state, where a run
from another folder or with another report folder finds it. Two runs of one
user sign in one after the other, so that the second sees the note.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from pytest_flowscape.core.own_state import account_key, private_folder, write_private
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.gathering.sessions import directory_user_gate
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.model import Site, account_name
from pytest_flowscape.site.one_run import Run

WINDOW = timedelta(minutes=60)
DAY = timedelta(hours=24)  # a note from the future counts for so long: somebody set the clock back
NAME = "refused-sign-in.json"
DIRECTORY_NAME = "refused-directory-sign-in.json"
TURN = 120.0  # seconds to wait for another run's sign-in, which has deadlines of its own


class Refusals:
    """The notes on one account of a run.

    ``folder`` is the report's and ``name`` the note's file in it. ``personal``
    is a folder of the user's own state, None for none (the demo); errors there
    are ignored, since some service users have no home.
    """

    def __init__(self, folder: Path, account: str, server: str, *, personal: Path | None, name: str = NAME) -> None:
        self._account = account_name(account)
        self._server = server
        key = account_key(self._account, server)
        self._note = folder / name
        self._own_note = personal / f"{key}.json" if personal else None
        self._lock = personal / f"{key}.lock" if personal else None

    def remember(self, at: datetime) -> None:
        """Note a refusal at this aware time. Raises OSError where the report's folder cannot be written."""
        record = {"account": self._account, "server": self._server, "at": at.astimezone(timezone.utc).isoformat()}
        if self._own_note is not None:
            with contextlib.suppress(OSError):
                _write(self._own_note, record)
        _write(self._note, record)

    def forget(self) -> None:
        """Drop the notes after a sign-in that succeeded."""
        self._note.unlink(missing_ok=True)
        if self._own_note is not None:
            with contextlib.suppress(OSError):
                self._own_note.unlink(missing_ok=True)

    def since(self, now: datetime) -> datetime | None:
        """Return the time of the last refusal within 60 minutes before the aware time ``now``, None for none.

        A note that cannot be read counts as none: it was damaged, and a run
        that can never start again because of it would help nobody.
        """
        notes = [self._note, *([self._own_note] if self._own_note else [])]
        times = [at for at in (self._read(note, now) for note in notes) if at is not None]
        return max(times, default=None)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Let one run of this user after the other sign in with the account.

        After ``TURN`` seconds, or where no lock is available, it goes on
        without: another run that hangs must not stop this one for ever.
        """
        with contextlib.ExitStack() as stack:
            if self._lock is not None:
                with contextlib.suppress(OSError, Timeout):
                    private_folder(self._lock.parent)
                    stack.enter_context(FileLock(self._lock).acquire(timeout=TURN, poll_interval=0.05))
            yield

    def _read(self, note: Path, now: datetime) -> datetime | None:
        try:
            record = json.loads(note.read_text(encoding="utf-8"))
            at = datetime.fromisoformat(record["at"])
            same = account_name(str(record["account"])) == self._account
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not same or at.tzinfo is None or now - at >= WINDOW or at - now > DAY:
            return None
        return at


@dataclass(frozen=True)
class RunRefusals:
    """The notes that concern one run: on its service account, and on a separate directory user if there is one."""

    account: Refusals
    directory: Refusals | None = None

    def before(self, run: Run) -> Run:
        """Return the run with the refusals that are noted now, since another run may just have been refused."""
        now = datetime.now(timezone.utc)
        directory = self.directory.since(now) if self.directory else None
        return replace(run, refused_at=self.account.since(now), directory_refused_at=directory)

    def note(self, run: Run, facts: SiteFacts | None, *, signed_in: bool = False) -> None:
        """Note for an hour that sign-ins were stopped, for whatever reason and at whatever time of the run.

        ``signed_in`` is the moment after the first sign-ins: only then a
        success drops older notes. Later it might drop that of another run.
        """
        now = datetime.now(timezone.utc)
        if Gate(run.folder).stopped:
            self.account.remember(now)
        elif signed_in and facts and facts.sign_in and facts.sign_in.succeeded:
            self.account.forget()
        if self.directory is None:
            return
        if directory_user_gate(run).stopped:
            self.directory.remember(now)
        elif signed_in and facts and facts.directory and not facts.directory.bind.trouble:
            self.directory.forget()

    @classmethod
    def of(cls, site: Site, folder: Path, *, personal: Path | None) -> RunRefusals:
        """Return the notes of a site, beside its report in ``folder`` and in ``personal``."""
        account = Refusals(folder, site.service_account.username, site.exchange.hostname, personal=personal)
        directory = site.directory
        if directory is None or not directory.username or site.binds_as_service_account:
            return cls(account)
        # the same domain as the service account: whichever of its servers answers, the account is the same
        name = DIRECTORY_NAME
        return cls(account, Refusals(folder, directory.username, site.exchange.hostname, personal=personal, name=name))


def _write(path: Path, record: dict[str, str]) -> None:
    private_folder(path.parent)
    write_private(path, [json.dumps(record).encode() + b"\n"])
