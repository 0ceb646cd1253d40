"""The bookings of one process: whether they are asked for, each room once, one after another, journalled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_flowscape.booking import invitation_checks
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import Holders, RoundTrip, SiteFacts, StepTaken
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.site.one_run import OPT_INS, Run

if TYPE_CHECKING:  # exchangelib takes a second to import: only where something is booked
    from pytest_flowscape.booking.booker import Booker

NO_JOURNAL = "booking-journal"
STOPPED = "booking-stopped"
NOT_ASKED = "nothing is booked without --flowscape-book"
NOT_INVITED = "no room is invited without --flowscape-book=meeting"
NOT_NAMED = "[booking] of the site file does not name this room"
PRECAUTIONS = "look where its mail goes"


class TripInterrupted(KeyboardInterrupt):
    """A signal ended a round trip; ``trip`` is what was done of it, the removal of what it wrote included."""

    def __init__(self, trip: RoundTrip) -> None:
        self.trip = trip
        super().__init__(INTERRUPTION.by)


class Bookings:
    """What this process books, and what others have booked before it.

    ``known`` are round trips in rooms' calendars, ``meetings`` those by a
    meeting request, by room. ``session`` gives the process's EWS session, or
    raises NotMeasured.
    """

    def __init__(self, run: Run, facts: SiteFacts, session: Callable[[], EwsSession]) -> None:
        self._run = run
        self._facts = facts
        self._session = session
        self._booker: Booker | None = None
        self.known: dict[str, RoundTrip] = dict(facts.bookings)
        self.meetings: dict[str, RoundTrip] = {}

    def not_requested(self, opt_in: str, target: str) -> str:
        """Say why a requirement with this opt-in is not requested on a target, nothing where it is."""
        if not self._run.asks_for(opt_in):
            return NOT_ASKED if opt_in == OPT_INS[0] else NOT_INVITED
        return NOT_NAMED if opt_in == OPT_INS[1] and target not in self._run.invitees else ""

    def round_trip(self, room: str) -> RoundTrip:
        """Return the round trip in a room's calendar, made at the first call and never again.

        Raises NotMeasured where it must not be made.
        """
        if room not in self.known:
            self._refuse_stopped()
            try:
                self.known[room] = self.booker().round_trip(room)
            except TripInterrupted as ended:
                self.known[room] = ended.trip
                raise
        return self.known[room]

    def meeting(self, room: str, holders: Callable[[], Holders]) -> RoundTrip:
        """Return the round trip by a meeting request, made at the first call and never again.

        ``holders`` gives the room's objects of the directory, or raises
        NotMeasured. A room whose mail would reach people is not invited: its
        trip says why. Raises NotMeasured where it must not be made.
        """
        if room not in self.meetings:
            self._refuse_stopped()
            try:
                self.meetings[room] = self._precautions(room, holders) or self.booker().meeting(room)
            except TripInterrupted as ended:
                self.meetings[room] = ended.trip
                raise
        return self.meetings[room]

    def _precautions(self, room: str, holders: Callable[[], Holders]) -> RoundTrip | None:
        """Return the trip that was not made where something speaks against it."""
        try:
            why = invitation_checks.directory_objections(holders())
        except NotMeasured as closed:
            why = invitation_checks.directory_objections(None, closed.reason)
        if not why:
            session = self._session()
            tips = session.mail_tips(room, sender=self._run.site.service_account.email)
            settings = session.calendar_settings(room)
            trouble = invitation_checks.temporary_trouble(tips, settings)
            if trouble is not None:
                return RoundTrip(room, steps=(StepTaken(PRECAUTIONS, trouble),), meeting=True)
            why = invitation_checks.exchange_objections(tips, settings)
        return (
            RoundTrip(room, refused=f"not invited, so that no mail reaches people: {why}", meeting=True)
            if why
            else None
        )

    def _refuse_stopped(self) -> None:
        if self._facts.booking_stopped:
            raise NotMeasured(self._facts.booking_stopped, cause=STOPPED)

    def booker(self) -> Booker:
        """Return what writes and sweeps in this process."""
        if self._booker is None:
            from pytest_flowscape.booking.booker import Booker  # noqa: PLC0415  see above

            told = self._facts.sign_in.server_version if self._facts.sign_in else ""
            self._booker = Booker(self._run, self._session(), told)
        return self._booker

    def end(self) -> None:
        """Let go of the journal; where nothing is left open it is removed."""
        booker, self._booker = self._booker, None
        if booker is not None:
            booker.close()
