"""The items of a mailbox: calendar items and messages in folders, with the changes for synchronisation.

Plain values and lookups, no protocol: what an item holds is keyed by the names
of its properties in EWS ("calendar:Start"), because those are the names
of the field. A copy of a mailbox carries its items, so a reset brings them back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

# class id of a GlobalObjectId, and the tag of one that was made from a foreign UID ([MS-OXOCAL] 2.2.1.27)
_OBJECT_CLASS = bytes.fromhex("040000008200E00074C5B7101A82E008")
_FOREIGN_UID = b"vCal-Uid\x01\x00\x00\x00"
_FIRST_SAMPLE = datetime(2020, 3, 2, 9, 0, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Person:
    """Somebody as items name people: display name and SMTP address."""

    name: str
    address: str


@dataclass(frozen=True)
class Attendee:
    """An attendee or a resource; ``response`` as EWS names it (Unknown, Accept, Tentative, Decline)."""

    person: Person
    response: str = "Unknown"
    responded: datetime | None = None


@dataclass(frozen=True)
class Body:
    """A body; ``kind`` is Text or HTML."""

    text: str
    kind: str = "Text"


@dataclass(frozen=True)
class Zone:
    """A time zone of a calendar item, by its identifier in Windows."""

    identifier: str
    name: str = ""


@dataclass(frozen=True)
class ExtendedName:
    """The name of an extended property: a tag, or a property set (lower case GUID) with a name or a number."""

    property_type: str
    property_set: str = ""
    tag: int | None = None
    name: str = ""
    number: int | None = None


Value = (
    str
    | bool
    | int
    | float
    | datetime
    | Body
    | Zone
    | Person
    | tuple[str, ...]
    | tuple[Person, ...]
    | tuple[Attendee, ...]
)


@dataclass
class Item:
    """One item: ``kind`` is its element in EWS (CalendarItem, Message, ...), ``folder`` a distinguished folder name.

    ``created`` and ``changed`` are change numbers of its mailbox, ``touched``
    the change number at which each property was last set.
    """

    number: int
    folder: str
    kind: str
    created: int
    changed: int
    creator_sid: str = ""
    created_at: datetime = _FIRST_SAMPLE
    modified_at: datetime = _FIRST_SAMPLE
    modified_by: str = ""
    uid: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    extended: dict[ExtendedName, tuple[str, ...]] = field(default_factory=dict)
    touched: dict[object, int] = field(default_factory=dict)

    @property
    def global_object_id(self) -> bytes:
        """Return the GlobalObjectId of the UID: its bytes where it is one, else one that wraps a foreign UID."""
        try:
            own = bytes.fromhex(self.uid)
        except ValueError:
            own = b""
        if own.startswith(_OBJECT_CLASS):
            return own
        return _object_id(_FOREIGN_UID + self.uid.encode() + b"\x00")


@dataclass(frozen=True)
class Removal:
    """An item that left a folder, at a change number."""

    at: int
    folder: str
    number: int
    created: int


@dataclass(frozen=True)
class Position:
    """How far a client has synchronised a folder.

    It knows every item created up to ``known``, and all changes and removals up
    to ``seen``.
    """

    known: int = 0
    seen: int = 0


@dataclass
class ItemStore:
    """All items of one mailbox. ``clock`` is raised by every change."""

    clock: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    removals: list[Removal] = field(default_factory=list)
    filled: bool = False
    numbers: int = 0

    def fill(self, samples: int) -> None:
        """Put this many appointments of the past into the calendar, the first time that it is called."""
        if self.filled:
            return
        self.filled = True
        for day in range(samples):
            start = _FIRST_SAMPLE + timedelta(days=day)
            values: dict[str, Value] = {
                "item:Subject": f"Meeting {day + 1}",
                "calendar:Start": start,
                "calendar:End": start + timedelta(hours=1),
            }
            self.add("calendar", "CalendarItem", values, now=start)

    def add(
        self,
        folder: str,
        kind: str,
        values: dict[str, Value],
        extended: dict[ExtendedName, tuple[str, ...]] | None = None,
        *,
        now: datetime,
        creator_sid: str = "",
        creator: str = "",
    ) -> Item:
        """Put a new item into a folder. A calendar item without ``calendar:UID`` gets one."""
        self.clock += 1
        self.numbers += 1
        item = Item(self.numbers, folder, kind, self.clock, self.clock, creator_sid, now, now, creator)
        item.values = dict(values)
        item.extended = dict(extended or {})
        item.uid = str(item.values.pop("calendar:UID", ""))
        if kind == "CalendarItem" and not item.uid:
            seed = f"{creator_sid}{folder}{self.numbers}{now.isoformat()}".encode()
            item.uid = _object_id(hashlib.sha256(seed).digest()[:16]).hex().upper()
        item.touched = dict.fromkeys([*item.values, *item.extended], self.clock)
        self.items[item.number] = item
        return item

    def touch(self, item: Item, names: Iterable[object], *, now: datetime, by: str = "") -> None:
        """Note that these properties of an item were changed."""
        self.clock += 1
        item.changed = self.clock
        item.modified_at, item.modified_by = now, by
        item.touched.update(dict.fromkeys(names, self.clock))

    def remove(self, item: Item) -> None:
        """Take an item away for good. Its number is never used again."""
        self.clock += 1
        del self.items[item.number]
        self.removals.append(Removal(self.clock, item.folder, item.number, item.created))

    def move(self, item: Item, folder: str) -> Item:
        """Move an item; as in Exchange it is another item then, with an id of its own."""
        self.remove(item)
        self.clock += 1
        self.numbers += 1
        moved = replace(item, number=self.numbers, folder=folder, created=self.clock, changed=self.clock)
        self.items[moved.number] = moved
        return moved

    def within(self, folder: str) -> list[Item]:
        """Return the items of a folder, the oldest first."""
        return [item for item in self.items.values() if item.folder == folder]

    def changes(self, folder: str, since: Position) -> list[tuple[str, Item | Removal, Position]]:
        """Return what happened in a folder since a position: Create, Update or Delete, and the position after each."""
        held = self.within(folder)
        found: list[tuple[int, str, Item | Removal]] = [
            (item.changed, "Update", item) for item in held if item.created <= since.known and item.changed > since.seen
        ]
        found += [
            (removal.at, "Delete", removal)
            for removal in self.removals
            if removal.folder == folder and removal.created <= since.known and removal.at > since.seen
        ]
        found.sort(key=lambda change: change[0])
        changes = [(kind, what, replace(since, seen=at)) for at, kind, what in found]
        # what is new comes last, as it is now: then the client is up to date in all that it knows
        new = sorted((item for item in held if item.created > since.known), key=lambda item: item.created)
        changes += [("Create", item, Position(item.created, self.clock)) for item in new]
        return changes


def _object_id(data: bytes) -> bytes:
    """Return a GlobalObjectId of these data: no exception date, no creation time ([MS-OXOCAL] 2.2.1.27)."""
    return _OBJECT_CLASS + bytes(20) + len(data).to_bytes(4, "little") + data
