"""What the controller does about bookings: it sweeps, and books one room before all others, which must end clean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_flowscape.booking.bookings import Bookings
from pytest_flowscape.booking.journal import sweep_without_server
from pytest_flowscape.booking.steps import NO_JOURNAL
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import RoundTrip, SiteFacts, Sweep
from pytest_flowscape.gathering.facts import Facts
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.site.one_run import Run

BOOKING = "CALENDAR-2"
FIRST_ROOMS = 5  # that are tried, one after another, until something was written and removed


def book_first(run: Run, facts: SiteFacts) -> SiteFacts:
    """Return the facts with what was swept of earlier runs, and with the first round trip.

    Other rooms may be booked only where the first booking that was written was
    removed again; ``booking_stopped`` says so where it was not.
    """
    if not run.book or facts.ews_cause:
        return facts
    # as one process that asks one room at a time
    own = Facts(replace(run, rooms=(), workers=1), facts)
    try:
        facts = replace(facts, sweep=sweep_left(run, own.bookings))
        made, stopped = _first_trip(run, own)
    finally:
        own.close()
    return replace(facts, bookings=made, booking_stopped=stopped)


def sweep_left(run: Run, bookings: Bookings) -> Sweep:
    """Remove what dead processes have left; no server is asked where their journals hold nothing open."""
    nothing = sweep_without_server(run)
    if nothing is not None:
        return nothing
    try:
        return bookings.booker().sweep()
    except NotMeasured as closed:
        return Sweep(not_ours=(f"what earlier bookings left was not removed: {closed.reason}",))


def _first_trip(run: Run, facts: Facts) -> tuple[Mapping[str, RoundTrip], str]:
    judge = Judge(load_requirements(), facts)
    known = facts.bookings.appointments
    for room in run.rooms[:FIRST_ROOMS]:
        decided = judge.decide(BOOKING, room.email)  # where a need fails, nothing is written
        if isinstance(decided, NotMeasured) and decided.cause == NO_JOURNAL:
            return known, decided.reason
        trip = known.get(room.email)
        if trip is not None and not trip.clean:
            return known, f"the first booking, in {room.email}, did not end clean: no other room was booked"
        if trip is not None and trip.written:
            return known, ""
    if len(run.rooms) > FIRST_ROOMS:
        return known, f"nothing could be booked in the first {FIRST_ROOMS} rooms: no other room was tried"
    return known, ""
