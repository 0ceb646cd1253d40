"""The bookings of one process: whether they are requested, and each round trip made once, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_flowscape.booking.invitation_checks import directory_objections, exchange_objections, temporary_trouble
from pytest_flowscape.booking.steps import STOPPED, TripInterrupted
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Holders, RoundTrip, SiteFacts, StepTaken
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.site.one_run import OPT_INS, Run

if TYPE_CHECKING:  # exchangelib takes a second to import: only where something is booked
    from pytest_flowscape.booking.booker import Booker

NO_BOOKINGS = "nothing is booked without --flowscape-book"
NO_MEETINGS = "no room is invited without --flowscape-book=meeting"
NOT_LISTED = "[booking] of the site file does not name this room"
CHECK_MAIL = "look where its mail goes"


class Bookings:
    """What this process books, and what others have booked before it.

    ``appointments`` are round trips in rooms' calendars, ``meetings`` those by a
    meeting request, by room. ``session`` returns the process's EWS session, or
    raises NotMeasured.
    """

    def __init__(self, run: Run, facts: SiteFacts, session: Callable[[], EwsSession]) -> None:
        self._run = run
        self._facts = facts
        self._session = session
        self._booker: Booker | None = None
        self.appointments: dict[str, RoundTrip] = dict(facts.bookings)
        self.meetings: dict[str, RoundTrip] = {}

    def not_requested(self, opt_in: str, target: str) -> str:
        """Return why a requirement with this opt-in is not requested on a target, empty where it is."""
        if not self._run.asks_for(opt_in):
            return NO_BOOKINGS if opt_in == OPT_INS[0] else NO_MEETINGS
        return NOT_LISTED if opt_in == OPT_INS[1] and target not in self._run.invitees else ""

    def appointment(self, room: str) -> RoundTrip:
        """Return the round trip in a room's calendar, made at the first call and never again.

        Raises NotMeasured where it must not be made.
        """
        return self._once(self.appointments, room, lambda: self.booker().appointment(room))

    def meeting(self, room: str, holders: Callable[[], Holders]) -> RoundTrip:
        """Return the round trip by a meeting request, made at the first call and never again.

        ``holders`` returns the room's objects of the directory, or raises
        NotMeasured. A room whose mail would reach people is not invited: its
        trip says why. Raises NotMeasured where it must not be made.
        """
        return self._once(self.meetings, room, lambda: self._uninvited(room, holders) or self.booker().meeting(room))

    def _once(self, trips: dict[str, RoundTrip], room: str, make: Callable[[], RoundTrip]) -> RoundTrip:
        if room not in trips:
            if self._facts.booking_stopped:
                raise NotMeasured(self._facts.booking_stopped, cause=STOPPED)
            try:
                trips[room] = make()
            except TripInterrupted as ended:
                trips[room] = ended.trip
                raise
        return trips[room]

    def _uninvited(self, room: str, holders: Callable[[], Holders]) -> RoundTrip | None:
        """Return the round trip of a room that must not be invited, None for any other."""
        try:
            why = directory_objections(holders())
        except NotMeasured as closed:
            why = directory_objections(None, closed.reason)
        if not why:
            session = self._session()
            tips = session.mail_tips(room, sender=self._run.site.service_account.email)
            settings = session.calendar_settings(room)
            trouble = temporary_trouble(tips, settings)
            if trouble is not None:
                return RoundTrip(room, steps=(StepTaken(CHECK_MAIL, trouble),), meeting=True)
            why = exchange_objections(tips, settings)
        refused = f"not invited, so that no mail reaches people: {why}"
        return RoundTrip(room, refused=refused, meeting=True) if why else None

    def booker(self) -> Booker:
        """Return what writes and sweeps in this process."""
        if self._booker is None:
            from pytest_flowscape.booking.booker import Booker  # noqa: PLC0415  imports exchangelib: see above

            sign_in = self._facts.sign_in
            self._booker = Booker(self._run, self._session(), sign_in.server_version if sign_in else "")
        return self._booker

    def end(self) -> None:
        """End the journal of this process; with nothing open it is removed."""
        booker, self._booker = self._booker, None
        if booker is not None:
            booker.close()
