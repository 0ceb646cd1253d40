"""Bookings as observed: free/busy before, each step of a round trip, what was written and what is left of it.

All times are aware. An item that a run writes carries the run's tag: a named
property whose set and name are public, so that anybody can search for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pytest_flowscape.facts.trouble import Trouble

# the tag as Exchange keeps it: a String property of this set and name (EWS reference, ExtendedFieldURI)
TAG_SET = "5f0a4c1e-8d3b-4f67-9a52-6c1d7e20b9f4"
TAG_NAME = "FlowscapeAcceptanceBooking"


@dataclass(frozen=True)
class ClockChange:
    """A change of a clock: at ``minutes`` after midnight, on the ``order``-th ``weekday`` (5: the last) of a month.

    ``bias`` is added to the zone's. Month 0 means that there is no such change.
    """

    month: int = 0
    order: int = 0
    weekday: str = ""
    minutes: int = 0
    bias: int = 0


@dataclass(frozen=True)
class Zone:
    """A time zone as EWS tells it (SerializableTimeZone): UTC is local time plus ``bias`` minutes."""

    bias: int = 0
    standard: ClockChange = ClockChange()
    daylight: ClockChange = ClockChange()


@dataclass(frozen=True)
class WorkingPeriod:
    """Working hours on some days of the week, in minutes after midnight of the zone that came with them."""

    days: tuple[str, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Availability:
    """What GetUserAvailability said of one mailbox: when it is taken, its working hours and their zone.

    ``zone`` is None where no working hours came.
    """

    address: str
    taken: tuple[tuple[datetime, datetime], ...] = ()
    zone: Zone | None = None
    working: tuple[WorkingPeriod, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Written:
    """One item that a run wrote, or meant to write: where it lies and how it is recognised.

    ``mailbox`` is a primary address, ``folder`` a distinguished folder's name.
    ``item_id`` and ``uid`` are empty until they are known; ``uid``
    is the global object id in hexadecimal digits.

    Of a meeting ``invited`` is the room's address. ``due`` names the mail about
    it that may still be under way ("answer", "cancellation"), and ``sent`` is
    when the last of it was sent.
    """

    mailbox: str
    folder: str
    tag: str
    subject: str
    begin: datetime | None = None
    end: datetime | None = None
    item_id: str = ""
    uid: str = ""
    invited: str = ""
    due: tuple[str, ...] = ()
    sent: datetime | None = None

    def __str__(self) -> str:
        """Return which item it is, exactly enough to find it by hand."""
        when = f", {self.begin:%Y-%m-%d %H:%M} UTC" if self.begin else ""
        known = [("tag", self.tag), ("UID", self.uid), ("item id", self.item_id)]
        named = ", ".join(f"{name} {value}" for name, value in known if value)
        whom = f", {self.invited} invited" if self.invited else ""
        return f"{self.folder} of {self.mailbox}: '{self.subject}'{when}{whom} ({named})"


@dataclass(frozen=True)
class StepTaken:
    """One step of a round trip.

    ``trouble`` is an answer other than the hoped-for one, ``wrong`` a sentence
    about an answer that was in order and did not show what it had to. Neither:
    the step succeeded. ``note`` is worth telling all the same. ``cause`` is a
    word for what is wrong, by which it is judged and grouped.
    """

    name: str
    trouble: Trouble | None = None
    wrong: str = ""
    note: str = ""
    cause: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the step did what it had to."""
        return self.trouble is None and not self.wrong


@dataclass(frozen=True)
class RoundTrip:
    """One booking from beginning to end, in the room's calendar or by a meeting request.

    ``steps`` are in order and end with the first one that did not succeed;
    ``removal`` is the removing that followed that, if there was something to
    remove. ``written`` are the items that were written, ``left`` those of them
    that are, or may be, still there. ``strangers`` are tagged items that no
    journal of this machine and user knows. ``begin`` is the slot's, ``zone``
    says by whose clock it was chosen. ``refused`` is the reason for which the
    room was not tried at all, though it was asked for. ``meeting`` tells that
    the room was invited, by an item in the organizer's own calendar.
    """

    address: str
    steps: tuple[StepTaken, ...] = ()
    removal: tuple[StepTaken, ...] = ()
    written: tuple[Written, ...] = ()
    left: tuple[Written, ...] = ()
    strangers: tuple[Written, ...] = ()
    begin: datetime | None = None
    zone: str = ""
    refused: str = ""
    meeting: bool = False

    @property
    def failed_step(self) -> StepTaken | None:
        """Return the step that did not succeed, None where all did."""
        return next((step for step in self.steps if not step.succeeded), None)

    @property
    def clean(self) -> bool:
        """Whether nothing of it is left, and no tagged item of another run was met."""
        return not self.left and not self.strangers

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the steps have to tell although they succeeded."""
        return tuple(f"{step.name}: {step.note}" for step in (*self.steps, *self.removal) if step.note)


@dataclass(frozen=True)
class Sweep:
    """What was removed of earlier bookings, what could not be removed and why, and journals that were left alone.

    ``left`` are (item, reason). ``gone`` are tags that a journal had open and
    nobody finds any more. ``awaited`` are meetings of which nothing is there
    now and mail may still arrive: a journal keeps them.
    """

    removed: tuple[Written, ...] = ()
    left: tuple[tuple[Written, str], ...] = ()
    strangers: tuple[Written, ...] = ()
    not_ours: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    awaited: tuple[Written, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing is left to do now."""
        return not self.left and not self.strangers and not self.not_ours

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.removed or self.awaited) or not self.clean

    @classmethod
    def together(cls, sweeps: Sequence[Sweep]) -> Sweep:
        """Return several as one, each entry once."""
        return cls(
            removed=tuple(dict.fromkeys(item for one in sweeps for item in one.removed)),
            left=tuple(dict.fromkeys(item for one in sweeps for item in one.left)),
            strangers=tuple(dict.fromkeys(item for one in sweeps for item in one.strangers)),
            not_ours=tuple(dict.fromkeys(text for one in sweeps for text in one.not_ours)),
            gone=tuple(dict.fromkeys(tag for one in sweeps for tag in one.gone)),
            awaited=tuple({item.tag: item for one in sweeps for item in one.awaited}.values()),
        )


@dataclass(frozen=True)
class MailTips:
    """What a sender is told of a recipient (GetMailTips); None for what was not told."""

    address: str
    restricted: bool | None = None
    moderated: bool | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class CalendarSettings:
    """How a mailbox handles requests: AutomateProcessing 0 none, 1 update, 2 accept ([MS-OXOCFG] 2.2.5.1.1).

    None where the settings do not hold it.
    """

    address: str
    automate_processing: int | None = None
    trouble: Trouble | None = None
