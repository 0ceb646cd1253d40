"""What a calendar shows as busy, to whom, and its merged string: plain values, no protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from pytest_flowscape.simulator.ews.access import LEVELS, permission_levels
from pytest_flowscape.simulator.ews.convert_id import hex_entry_id
from pytest_flowscape.simulator.ews.item_ids import item_key
from pytest_flowscape.simulator.model import Account, Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item

# digits of the merged string: Microsoft, "MergedFreeBusy"; working elsewhere has the number it has in Outlook
DIGITS = {"Free": 0, "Tentative": 1, "Busy": 2, "OOF": 3, "WorkingElsewhere": 4}
PRIVATE = ("Private", "Confidential")


class Detail(Enum):
    """How much of a calendar's free/busy information an account may see, in rising order."""

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


def detail_for(organisation: Organisation, mailbox: Mailbox, account: Account) -> Detail:
    """Return what FullAccess and the calendar's permission entries let an account see.

    A calendar without entries has Exchange's default: the time.
    """
    if organisation.has_full_access(account, mailbox, subfolder=True):
        return Detail.OWNER
    if not mailbox.folders.get("calendar"):
        return Detail.TIME
    levels = permission_levels(organisation, mailbox, "calendar", account)
    return max((_detail_of(level) for level in levels), key=lambda detail: detail.value, default=Detail.NOTHING)


def _detail_of(level: str) -> Detail:
    if level == "None":
        return Detail.NOTHING
    if LEVELS[level].reads == "FullDetails":
        return Detail.DETAILS
    return Detail.SUBJECT if level == "FreeBusyTimeAndSubjectAndLocation" else Detail.TIME


def slots(organisation: Organisation, mailbox: Mailbox, begin: datetime, end: datetime) -> list[Slot]:
    """Return what lies in the calendar between two moments, or reaches into that time, in order."""
    items = mailbox.contents().within("calendar")
    found = (_slot(item, item_key(organisation, mailbox, item.number)) for item in items if item.kind == "CalendarItem")
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


def merged_string(found: Sequence[Slot], begin: datetime, end: datetime, interval: timedelta) -> str:
    """Write one digit for each interval, the highest that falls into it; a last one may be shorter."""
    digits = []
    at = begin
    while at < end:
        until = min(at + interval, end)
        inside = (DIGITS.get(slot.status, 0) for slot in found if slot.begin < until and slot.end > at)
        digits.append(str(max(inside, default=0)))
        at = until
    return "".join(digits)
