"""The bookings of one process: whether they are asked for, each room once, one after another, journalled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_flowscape.errors import NotMeasured
from pytest_flowscape.facts import RoundTrip, SiteFacts
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.run import Run

if TYPE_CHECKING:  # exchangelib takes a second to import: only where something is booked
    from pytest_flowscape.booking.desk import BookingDesk

NO_JOURNAL = "booking-journal"
NOT_ASKED = "nothing is booked without --flowscape-book"


class Bookings:
    """What this process books, and what others have booked before it; ``known`` are round trips by room.

    ``session`` gives the process's EWS session, or raises NotMeasured.
    """

    def __init__(self, run: Run, facts: SiteFacts, session: Callable[[], EwsSession]) -> None:
        self._run = run
        self._facts = facts
        self._session = session
        self._desk: BookingDesk | None = None
        self.known: dict[str, RoundTrip] = dict(facts.bookings)

    def not_requested(self, opt_in: str, _target: str) -> str:
        """Say why a requirement with this opt-in is not requested on a target, nothing where it is."""
        return NOT_ASKED if opt_in and not self._run.book else ""

    def round_trip(self, room: str) -> RoundTrip:
        """Give the round trip in a room's calendar, made at the first call and never again.

        Raises NotMeasured where it must not be made.
        """
        if room not in self.known:
            if self._facts.booking_stopped:
                raise NotMeasured(self._facts.booking_stopped, cause="booking-stopped")
            self.known[room] = self.desk().round_trip(room)
        return self.known[room]

    def desk(self) -> BookingDesk:
        """Give what writes and sweeps in this process."""
        if self._desk is None:
            from pytest_flowscape.booking.desk import BookingDesk  # noqa: PLC0415  see above

            told = self._facts.sign_in.server_version if self._facts.sign_in else ""
            self._desk = BookingDesk(self._run, self._session(), told)
        return self._desk

    def end(self) -> None:
        """Let go of the journal; where nothing is left open it is removed."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()
