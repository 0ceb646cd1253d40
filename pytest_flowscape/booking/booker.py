"""Where a process books: its session with Exchange, its journal, and the journals that dead processes left."""

from __future__ import annotations

from datetime import datetime, timezone

from filelock import FileLock

from pytest_flowscape.booking.appointment import Trip
from pytest_flowscape.booking.appointment_sweep import sweep
from pytest_flowscape.booking.bookings import NO_JOURNAL, STOPPED
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar
from pytest_flowscape.booking.client.meeting_mailbox import MeetingMailbox
from pytest_flowscape.booking.journal import Journal, Writer, find_journals, journal_folder
from pytest_flowscape.booking.meeting import MeetingTrip
from pytest_flowscape.booking.meeting_items import Mailboxes
from pytest_flowscape.booking.meeting_sweep import sweep_meetings
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import RoundTrip, Sweep
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.site.one_run import Run


class Booker:
    """Books and sweeps over one session, for one thread. ``server_version`` is ServerVersionInfo as told."""

    def __init__(self, run: Run, session: EwsSession, server_version: str) -> None:
        assert run.journals is not None
        self._run = run
        self._session = session
        self._version = server_version
        self._folder = journal_folder(run.journals, run.site)
        self._writer = Writer.here(run.site)
        self._journal: Journal | None = None

    def round_trip(self, room: str) -> RoundTrip:
        """Make the round trip in one room's calendar. Raises NotMeasured where the journal cannot be written."""
        journal = self._own_journal()
        journals = find_journals(self._folder, self._writer)
        try:
            trip = Trip(
                room,
                self._calendar(room),
                lambda begin, end: self._session.availability(room, begin, end),
                journal,
                journals,
                run_id=self._run.run_id,
                window=self._run.site.booking.window,
                timeout=self._run.site.exchange.timeout,
                now=datetime.now(timezone.utc),
            )
            return trip.run()
        finally:
            journals.release()

    def meeting(self, room: str) -> RoundTrip:
        """Invite one room, while no other process of this account, machine and user does.

        Raises NotMeasured where the journal cannot be written, or where an
        earlier meeting of this run did not end clean.
        """
        journal = self._own_journal()
        booking, stopped = self._run.site.booking, self._run.folder / "meetings.stopped"
        # the lock is the system's: it goes away with a process that dies
        with FileLock(self._folder / "meetings.lock"):
            if stopped.exists():
                raise NotMeasured(stopped.read_text(encoding="utf-8"), cause=STOPPED)
            journals = find_journals(self._folder, self._writer)
            try:
                trip = MeetingTrip(
                    room,
                    lambda invited: self._mailboxes(self._run.site.service_account.email, invited),
                    lambda begin, end: self._session.availability(room, begin, end),
                    journal,
                    journals,
                    run_id=self._run.run_id,
                    timeout=self._run.site.exchange.timeout,
                    answer_timeout=booking.answer_timeout,
                    now=datetime.now(timezone.utc),
                ).run()
            finally:
                journals.release()
            if not trip.clean:
                said = f"the meeting with {room} did not end clean: no other room was invited"
                stopped.write_text(said, encoding="utf-8")
        return trip

    def sweep(self) -> Sweep:
        """Remove what dead processes have left."""
        journals = find_journals(self._folder, self._writer)
        try:
            swept = sweep(journals, self._calendar)
            # a meeting's lock keeps another process from sweeping what this one looks at
            with FileLock(self._folder / "meetings.lock"):
                now = datetime.now(timezone.utc)
                meetings = sweep_meetings(journals, lambda item: self._mailboxes(item.mailbox, item.invited), now)
            return Sweep.together([swept, meetings])
        finally:
            journals.release()

    def close(self) -> None:
        """Let go of this process's journal."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.end()

    def _own_journal(self) -> Journal:
        if self._journal is None:
            try:
                self._journal = Journal.begin(self._folder, self._writer, self._run.run_id)
            except OSError as error:
                said = f"nothing was booked: the journal of bookings cannot be written ({error})"
                raise NotMeasured(said, cause=NO_JOURNAL) from error
        return self._journal

    def _calendar(self, room: str) -> BookingCalendar:
        return BookingCalendar(
            self._session,
            self._run.site.exchange,
            room,
            username=self._run.site.service_account.username,
            way=self._session.way,
            server_version=self._version or self._session.server_version,
        )

    def _mailboxes(self, organizer: str, room: str) -> Mailboxes:
        """Return the organizer's mailbox, as itself, and the room's, by FullAccess."""
        return Mailboxes(self._open(organizer, impersonate=True), self._open(room, impersonate=False))

    def _open(self, address: str, *, impersonate: bool) -> MeetingMailbox:
        return MeetingMailbox(
            self._session,
            self._run.site.exchange,
            address,
            username=self._run.site.service_account.username,
            way=self._session.way,
            server_version=self._version or self._session.server_version,
            impersonate=impersonate,
        )
