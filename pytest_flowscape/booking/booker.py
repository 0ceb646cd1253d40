"""Book and sweep over one EWS session, with the journal of this process and those that dead processes left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

from filelock import FileLock

from pytest_flowscape.booking.appointment import AppointmentTrip
from pytest_flowscape.booking.appointment_sweep import sweep
from pytest_flowscape.booking.client.account import AccountSettings
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar
from pytest_flowscape.booking.client.meeting_mailbox import MeetingMailbox
from pytest_flowscape.booking.journal import Journal, Journals, Writer, find_journals, journal_folder
from pytest_flowscape.booking.meeting import MeetingTrip
from pytest_flowscape.booking.meeting_items import Mailboxes
from pytest_flowscape.booking.meeting_sweep import sweep_meetings
from pytest_flowscape.booking.steps import NO_JOURNAL, STOPPED, TripSetup
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import RoundTrip, Sweep
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.site.one_run import Run


class Booker:
    """Books and sweeps over one session, for one thread; ``server_version`` is ServerVersionInfo, empty if unknown."""

    def __init__(self, run: Run, session: EwsSession, server_version: str) -> None:
        assert run.journals is not None
        self._run = run
        self._session = session
        self._version = server_version
        self._folder = journal_folder(run.journals, run.site)
        self._writer = Writer.here(run.site)
        self._journal: Journal | None = None

    def appointment(self, room: str) -> RoundTrip:
        """Make the round trip in one room's calendar. Raises NotMeasured where the journal cannot be written."""
        with self._setup(room) as setup:
            return AppointmentTrip(setup, self._calendar(room), self._run.site.booking.window).run()

    def meeting(self, room: str) -> RoundTrip:
        """Invite one room, while no other process of this account, machine and user does.

        Raises NotMeasured where the journal cannot be written, or where an
        earlier meeting of this run did not end clean.
        """
        self._own_journal()
        stopped = self._run.folder / "meetings.stopped"
        # the lock is the system's: it goes away with a process that dies
        with self._meetings_lock():
            if stopped.exists():
                raise NotMeasured(stopped.read_text(encoding="utf-8"), cause=STOPPED)
            with self._setup(room) as setup:
                trip = MeetingTrip(setup, self._mailboxes, self._run.site.booking.answer_timeout).run()
            if not trip.clean:
                said = f"the meeting with {room} did not end clean: no other room was invited"
                stopped.write_text(said, encoding="utf-8")
        return trip

    def sweep(self) -> Sweep:
        """Remove what dead processes have left."""
        with self._dead_journals() as journals:
            swept = sweep(journals, self._calendar)
            # no other process may sweep a meeting that this one looks at
            with self._meetings_lock():
                meetings = sweep_meetings(
                    journals, lambda item: self._mailboxes(item.invited, item.mailbox), datetime.now(timezone.utc)
                )
            return Sweep.together([swept, meetings])

    def close(self) -> None:
        """End this process's journal."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.end()

    @contextmanager
    def _setup(self, room: str) -> Iterator[TripSetup]:
        journal = self._own_journal()
        with self._dead_journals() as journals:
            yield TripSetup(
                room,
                lambda begin, end: self._session.availability(room, begin, end),
                journal,
                journals,
                self._run.run_id,
                self._run.site.exchange.timeout,
                datetime.now(timezone.utc),
            )

    @contextmanager
    def _dead_journals(self) -> Iterator[Journals]:
        journals = find_journals(self._folder, self._writer)
        try:
            yield journals
        finally:
            journals.release()

    def _meetings_lock(self) -> FileLock:
        return FileLock(self._folder / "meetings.lock")

    def _own_journal(self) -> Journal:
        if self._journal is None:
            try:
                self._journal = Journal.begin(self._folder, self._writer, self._run.run_id)
            except OSError as error:
                said = f"nothing was booked: the journal of bookings cannot be written ({error})"
                raise NotMeasured(said, cause=NO_JOURNAL) from error
        return self._journal

    def _settings(self) -> AccountSettings:
        return AccountSettings(
            self._run.site.exchange,
            self._run.site.service_account.username,
            self._session.way,
            self._version or self._session.server_version,
        )

    def _calendar(self, room: str) -> BookingCalendar:
        return BookingCalendar(self._session, self._settings(), room)

    def _mailboxes(self, room: str, organizer: str = "") -> Mailboxes:
        """Open the organizer's mailbox (by default the service account's) as itself, the room's by FullAccess."""
        organizer = organizer or self._run.site.service_account.email
        return Mailboxes(
            MeetingMailbox(self._session, self._settings(), organizer, impersonate=True),
            MeetingMailbox(self._session, self._settings(), room),
        )
