"""The site, measured once by the controller: refused sign-ins remembered, one sign-in, the first booking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_flowscape.booking.steps import TripInterrupted
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import SiteFacts, Sweep
from pytest_flowscape.gathering.facts import Facts
from pytest_flowscape.gathering.refusals import RunRefusals
from pytest_flowscape.gathering.site import gather_site
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.session.first_booking import book_first, sweep_left
from pytest_flowscape.site.one_run import Run


class Measurement:
    """What the controller knows of the site; ``facts`` is None until it is measured.

    ``show`` shows a text where the run's progress is shown, nothing for "".
    ``retry``: sign in although the account was refused less than an hour ago.
    """

    def __init__(self, run: Run, refusals: RunRefusals, show: Callable[[str], None], *, retry: bool) -> None:
        self._run = run
        self._refusals = refusals
        self._show = show
        self._retry = retry
        self.facts: SiteFacts | None = None

    def measure(self) -> SiteFacts:
        """Return the facts of the site, measured at the first call."""
        if self.facts is None:
            try:
                self._show("Measuring the site: host, directory, sign-in ...")
                facts = self._sign_in()
                if self._run.book:
                    self._show("Booking the first room ...")
                try:
                    self.facts = book_first(self._run, facts)
                except TripInterrupted as ended:
                    self.facts = replace(facts, bookings={ended.trip.address: ended.trip})
                    raise
            finally:
                self._show("")
        return self.facts

    def _sign_in(self) -> SiteFacts:
        with self._refusals.account.turn():
            try:
                run = self._run if self._retry else self._refusals.before(self._run)
                self.facts = gather_site(run, reads=attributes_judged(self._run))
                return self.facts
            finally:
                # at once: a run that is killed later leaves its note, and so does one that is interrupted here
                self._refusals.note(self._run, self.facts, signed_in=True)

    def note_refusals(self) -> None:
        """Note for an hour that sign-ins were stopped, at whatever time of the run."""
        self._refusals.note(self._run, self.facts)

    def sweep(self, own: Facts | None) -> None:
        """Remove what a process that died has left of its bookings. ``own`` are the facts of this process, if any."""
        facts = self.facts
        if not self._run.book or facts is None or facts.ews_cause:
            return
        if own is not None:
            # its own journal counts as any other: what is open in it is looked for once more
            own.bookings.end()
        if own is None or INTERRUPTION:  # after an interruption threads left behind may hold its connections for ever
            own = Facts(self._run, facts)
        try:
            swept = sweep_left(self._run, own.bookings)
        except KeyboardInterrupt:  # the journals keep what is left, and the report has still to be written
            swept = Sweep(not_ours=("the removal of what bookings left was interrupted: run --flowscape-sweep",))
        finally:
            own.close()
        self.facts = replace(facts, sweep=Sweep.together([facts.sweep, swept]))
