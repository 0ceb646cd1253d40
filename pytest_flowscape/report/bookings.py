"""What the run wrote into calendars and what became of it: for the page, the terminal and results.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_flowscape.facts import RoundTrip, StepTaken, Sweep, Written
from pytest_flowscape.report.text import moment, plural

RECOVERABLE = (
    "Permanently deleted items (HardDelete) stay in the mailbox's Recoverable Items until the retention period ends, "
    "longer under a hold. Audit logs and calendar logging keep their own records."
)


@dataclass(frozen=True)
class Bookings:
    """The bookings of a whole run; ``stopped`` is why no more rooms were booked, empty if they all were."""

    trips: tuple[RoundTrip, ...] = ()
    sweep: Sweep = field(default_factory=Sweep)
    stopped: str = ""

    @classmethod
    def of(
        cls, trips: Mapping[str, RoundTrip], meetings: Mapping[str, RoundTrip], sweep: Sweep, stopped: str
    ) -> Bookings:
        """Put them together, rooms in the order of their names, appointments before meetings."""
        every = (*sorted(trips.items()), *sorted(meetings.items()))
        return cls(tuple(trip for _, trip in every), sweep, stopped)

    @property
    def written(self) -> int:
        """Count the items that were written."""
        return sum(len(trip.written) for trip in self.trips)

    @property
    def left(self) -> tuple[tuple[Written, str], ...]:
        """Return what may still be there, with the reason; no later sweep has removed it."""
        still = {item.tag for item, _ in self.sweep.left}
        gone = ({item.tag for item in self.sweep.removed} - still) | set(self.sweep.gone)
        # the sweep at the end knows best; of a meeting several items may be left
        reported = [(item, _why(trip)) for trip in self.trips for item in trip.left if item.tag not in still]
        every = {(item.tag, item.item_id): (item, why) for item, why in (*reported, *self.sweep.left)}
        return tuple(entry for (tag, _), entry in every.items() if tag not in gone)

    @property
    def strangers(self) -> tuple[Written, ...]:
        """Return tagged items that no journal of this machine and user knows, each once."""
        found = [item for trip in self.trips for item in trip.strangers]
        return tuple({(item.mailbox, item.item_id): item for item in (*found, *self.sweep.strangers)}.values())


def notes(bookings: Bookings) -> Iterator[str]:
    """Return the sentences about the bookings, what needs action first."""
    for item, why in bookings.left:
        yield f"LEFT BEHIND, delete it by hand or with --flowscape-sweep: {item}: {why}"
    for item in bookings.strangers:
        yield f"Not touched: {item} is marked as from an acceptance run, but is not in any journal here."
    for text in bookings.sweep.not_ours:
        yield f"Journal left alone: {text}"
    for item in bookings.sweep.awaited:
        yield (
            f"Removed, but mail about it may still arrive ({' and '.join(item.due)}): {item}. The next run that "
            "books, or --flowscape-sweep, checks again."
        )
    if bookings.stopped:
        yield f"Bookings were stopped: {bookings.stopped}."
    if bookings.sweep.removed:
        yield f"Left by interrupted bookings and removed now: {'; '.join(map(str, bookings.sweep.removed))}"
    if bookings.written:
        rooms = len({trip.address for trip in bookings.trips if trip.written and not trip.meeting})
        meetings = sum(1 for trip in bookings.trips if trip.written and trip.meeting)
        what = f"{plural(bookings.written - meetings, 'calendar item')} in {plural(rooms, 'room')}"
        if meetings:
            what += f", {plural(meetings, 'meeting')} with requests, answers and cancellations in both mailboxes"
        state = f"of which {len(bookings.left)} may still be there" if bookings.left else "and removed"
        yield f"Written: {what}, {state}. {RECOVERABLE}"


def rows(bookings: Bookings) -> list[dict[str, str]]:
    """Return one row of the page for each room that was tried: room, time, items, result."""
    left = {item.tag for item, _ in bookings.left}
    return [_row(trip, left) for trip in bookings.trips if not trip.refused]


def as_json(bookings: Bookings) -> dict[str, Any]:
    """Return the bookings as they are in results.json."""
    return {
        "trips": [
            {
                "room": trip.address,
                "kind": "meeting" if trip.meeting else "appointment",
                "begin": None if trip.begin is None else moment(trip.begin),
                "clock": trip.zone,
                "steps": [_step(step) for step in (*trip.steps, *trip.removal)],
                "written": [_item(item) for item in trip.written],
            }
            for trip in bookings.trips
            if not trip.refused
        ],
        "left": [_item(item) | {"why": why} for item, why in bookings.left],
        "strangers": [_item(item) for item in bookings.strangers],
        "swept": [_item(item) for item in bookings.sweep.removed],
        "left_alone": list(bookings.sweep.not_ours),
        "awaited": [_item(item) | {"due": list(item.due)} for item in bookings.sweep.awaited],
    }


def _row(trip: RoundTrip, left: set[str]) -> dict[str, str]:
    failed = trip.failed_step
    ended = "all steps done" if failed is None else f"stopped at '{failed.name}': {_answer_of(failed)}"
    whose = f" of {trip.written[0].mailbox}, room invited" if trip.meeting and trip.written else ""
    items = "; ".join(f"{item.folder}{whose}: {item.subject}" for item in trip.written)
    gone = "removed" if not left & {item.tag for item in trip.written} else "LEFT BEHIND"
    return {
        "room": trip.address,
        "when": f"{moment(trip.begin)} ({trip.zone})" if trip.begin else "",
        "written": items or "nothing",
        "became": f"{ended}; {gone}" if items else ended,
    }


def _why(trip: RoundTrip) -> str:
    refused = next((step for step in trip.removal if not step.succeeded), trip.failed_step)
    return _answer_of(refused) if refused else "it is still there"


def _answer_of(step: StepTaken) -> str:
    return step.trouble.said if step.trouble else step.wrong


def _step(step: StepTaken) -> dict[str, Any]:
    return {
        "name": step.name,
        "succeeded": step.succeeded,
        "said": _answer_of(step),
        "cause": step.cause,
        "note": step.note,
    }


def _item(item: Written) -> dict[str, Any]:
    return {
        "mailbox": item.mailbox,
        "folder": item.folder,
        "subject": item.subject,
        "begin": None if item.begin is None else moment(item.begin),
        "tag": item.tag,
        "uid": item.uid,
        "item_id": item.item_id,
        "invited": item.invited,
    }
