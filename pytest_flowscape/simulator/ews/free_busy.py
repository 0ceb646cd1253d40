"""What a calendar shows as busy, to whom, and the merged string of it: plain values, no protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from pytest_flowscape.simulator.ews.access import LEVEL_RIGHTS
from pytest_flowscape.simulator.ews.convert_id import hex_entry_id
from pytest_flowscape.simulator.ews.item_ids import item_key
from pytest_flowscape.simulator.model import Account, FolderEntry, Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item

# digits of the merged string: Microsoft, "MergedFreeBusy"; working elsewhere has the number it has in Outlook
DIGITS = {"Free": 0, "Tentative": 1, "Busy": 2, "OOF": 3, "WorkingElsewhere": 4}
PRIVATE = ("Private", "Confidential")


class Allowed(Enum):
    """How much of a calendar's free/busy information somebody may see, in rising order."""

    NOTHING = 0
    TIME = 1
    SUBJECT = 2
    DETAILS = 3
    OWNER = 4


@dataclass(frozen=True)
class Slot:
    """One calendar item as free/busy shows it; times are UTC, naive."""

    begin: datetime
    end: datetime
    status: str
    key: str
    subject: str
    location: str
    meeting: bool
    reminder: bool
    private: bool


def allowed(organisation: Organisation, mailbox: Mailbox, account: Account) -> Allowed:
    """Decide by FullAccess and the calendar's permission entries; a calendar without any has Exchange's default."""
    if organisation.has_full_access(account, mailbox, subfolder=True):
        return Allowed.OWNER
    entries = mailbox.folders.get("calendar") or [FolderEntry("Default", "FreeBusyTimeOnly")]
    token = organisation.token(account)
    levels = [entry.level for entry in entries if entry.who in token]
    levels = levels or [entry.level for entry in entries if entry.who == "Default"]
    return max((_of_level(level) for level in levels), key=lambda level: level.value, default=Allowed.NOTHING)


def _of_level(level: str) -> Allowed:
    if level == "None":
        return Allowed.NOTHING
    if "Read" in LEVEL_RIGHTS.get(level, frozenset()):
        return Allowed.DETAILS
    return Allowed.SUBJECT if level == "FreeBusyTimeAndSubjectAndLocation" else Allowed.TIME


def slots(organisation: Organisation, mailbox: Mailbox, begin: datetime, end: datetime) -> list[Slot]:
    """Return what lies in the calendar between two moments, or reaches into that time, in order."""
    held = mailbox.opened().within("calendar")
    found = (_slot(item, item_key(organisation, mailbox, item.number)) for item in held if item.kind == "CalendarItem")
    return sorted((s for s in found if s.begin < end and s.end > begin), key=lambda slot: (slot.begin, slot.end))


def _slot(item: Item, key: str) -> Slot:
    values = item.values
    return Slot(
        begin=_moment(values["calendar:Start"]),
        end=_moment(values["calendar:End"]),
        status=str(values.get("calendar:LegacyFreeBusyStatus", "Busy")),
        key=hex_entry_id(key),
        subject=str(values.get("item:Subject", "")),
        location=str(values.get("calendar:Location", "")),
        meeting=bool(values.get("calendar:RequiredAttendees") or values.get("calendar:Resources")),
        reminder=values.get("item:ReminderIsSet") is True,
        private=values.get("item:Sensitivity") in PRIVATE,
    )


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"a calendar item has {value!r} where a time should be")
    return value.astimezone(timezone.utc).replace(tzinfo=None)


def merged(found: Sequence[Slot], begin: datetime, end: datetime, interval: timedelta) -> str:
    """Write one digit for each interval, the highest that falls into it; a last one may be shorter."""
    digits = []
    at = begin
    while at < end:
        until = min(at + interval, end)
        inside = (DIGITS.get(slot.status, 0) for slot in found if slot.begin < until and slot.end > at)
        digits.append(str(max(inside, default=0)))
        at = until
    return "".join(digits)
