"""What the run wrote into calendars and what became of it: for the page, the terminal and results.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from pytest_flowscape.facts import RoundTrip, StepTaken, Sweep, Written

RECOVERABLE = (
    "What is deleted for good (HardDelete) lies in the mailbox's Recoverable Items until its retention time ends, and "
    "longer under a hold. Audit logs and calendar logging keep their own traces."
)


@dataclass(frozen=True)
class Booked:
    """The bookings of a whole run; ``stopped`` is why no more rooms were booked, empty for no reason."""

    trips: tuple[RoundTrip, ...] = ()
    sweep: Sweep = field(default_factory=Sweep)
    stopped: str = ""

    @classmethod
    def of(
        cls, trips: Mapping[str, RoundTrip], meetings: Mapping[str, RoundTrip], sweep: Sweep, stopped: str
    ) -> Booked:
        """Put them together, rooms in the order of their names, appointments before meetings."""
        every = (*sorted(trips.items()), *sorted(meetings.items()))
        return cls(tuple(trip for _, trip in every), sweep, stopped)

    @property
    def written(self) -> int:
        """Count the items that were written."""
        return sum(len(trip.written) for trip in self.trips)

    @property
    def left(self) -> tuple[tuple[Written, str], ...]:
        """Return what may still be there, with the reason: no later sweep has removed it."""
        still = {item.tag for item, _ in self.sweep.left}
        gone = ({item.tag for item in self.sweep.removed} - still) | set(self.sweep.gone)
        told = [(item, _why(trip)) for trip in self.trips for item in trip.left]
        # where the sweep at the end has looked it knows best; of a meeting several items may be left
        told = [entry for entry in told if entry[0].tag not in still]
        every = {(item.tag, item.item_id): (item, why) for item, why in (*told, *self.sweep.left)}
        return tuple(entry for (tag, _), entry in every.items() if tag not in gone)

    @property
    def strangers(self) -> tuple[Written, ...]:
        """Return tagged items that no journal of this machine and user knows, each once."""
        found = [item for trip in self.trips for item in trip.strangers]
        return tuple({(item.mailbox, item.item_id): item for item in (*found, *self.sweep.strangers)}.values())


def notes(booked: Booked) -> Iterator[str]:
    """Return the sentences that belong on the first screen, what needs somebody's hands first."""
    for item, why in booked.left:
        yield f"LEFT BEHIND, to be deleted by hand or by --flowscape-sweep: {item}: {why}"
    for item in booked.strangers:
        yield f"Not touched: {item} has the mark of an acceptance run, and no journal here knows it."
    for text in booked.sweep.not_ours:
        yield f"Journal left alone: {text}"
    for item in booked.sweep.awaited:
        yield (
            f"Gone, and mail about it may still arrive ({' and '.join(item.due)}): {item}. The next run that books, or "
            "--flowscape-sweep, looks again."
        )
    if booked.stopped:
        yield f"Bookings were stopped: {booked.stopped}."
    if booked.sweep.removed:
        yield f"Left by interrupted bookings and removed now: {'; '.join(map(str, booked.sweep.removed))}"
    if booked.written:
        rooms = len({trip.address for trip in booked.trips if trip.written and not trip.meeting})
        meetings = sum(1 for trip in booked.trips if trip.written and trip.meeting)
        what = f"{booked.written - meetings} calendar items in {rooms} rooms"
        if meetings:
            what += f", {meetings} meetings with requests, answers and cancellations in both mailboxes"
        said = "and removed" if not booked.left else f"of which {len(booked.left)} items may still be there"
        yield f"Written: {what}, {said}. {RECOVERABLE}"


def rows(booked: Booked) -> list[dict[str, str]]:
    """Return one row of the page for each room that was tried: room, when, item, outcome."""
    left = {item.tag for item, _ in booked.left}
    return [_row(trip, left) for trip in booked.trips if not trip.refused]


def as_json(booked: Booked) -> dict[str, Any]:
    """Return the bookings as they stand in results.json."""
    return {
        "trips": [
            {
                "room": trip.address,
                "kind": "meeting" if trip.meeting else "appointment",
                "begin": None if trip.begin is None else _moment(trip.begin),
                "clock": trip.zone,
                "steps": [_step(step) for step in (*trip.steps, *trip.removal)],
                "written": [_item(item) for item in trip.written],
            }
            for trip in booked.trips
            if not trip.refused
        ],
        "left": [_item(item) | {"why": why} for item, why in booked.left],
        "strangers": [_item(item) for item in booked.strangers],
        "swept": [_item(item) for item in booked.sweep.removed],
        "left_alone": list(booked.sweep.not_ours),
        "awaited": [_item(item) | {"due": list(item.due)} for item in booked.sweep.awaited],
    }


def _row(trip: RoundTrip, left: set[str]) -> dict[str, str]:
    failed = trip.failed_step
    ended = "all steps" if failed is None else f"until '{failed.name}': {_said(failed)}"
    whose = f" of {trip.written[0].mailbox}, room invited" if trip.meeting and trip.written else ""
    items = "; ".join(f"{item.folder}{whose}: {item.subject}" for item in trip.written)
    gone = "removed" if not left & {item.tag for item in trip.written} else "LEFT BEHIND"
    return {
        "room": trip.address,
        "when": f"{_moment(trip.begin)} ({trip.zone})" if trip.begin else "",
        "written": items or "nothing",
        "became": f"{ended}; {gone}" if items else ended,
    }


def _why(trip: RoundTrip) -> str:
    refused = next((step for step in trip.removal if not step.succeeded), trip.failed_step)
    return _said(refused) if refused else "it is still there"


def _said(step: StepTaken) -> str:
    return step.trouble.said if step.trouble else step.wrong


def _step(step: StepTaken) -> dict[str, Any]:
    return {
        "name": step.name,
        "succeeded": step.succeeded,
        "said": _said(step),
        "cause": step.cause,
        "note": step.note,
    }


def _item(item: Written) -> dict[str, Any]:
    return {
        "mailbox": item.mailbox,
        "folder": item.folder,
        "subject": item.subject,
        "begin": None if item.begin is None else _moment(item.begin),
        "tag": item.tag,
        "uid": item.uid,
        "item_id": item.item_id,
        "invited": item.invited,
    }


def _moment(value: datetime) -> str:
    return value.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
