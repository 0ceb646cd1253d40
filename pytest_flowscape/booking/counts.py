"""How many requests bookings take where all goes well, for the plan; ``round_trip`` is held against it by tests."""

from __future__ import annotations

from pytest_flowscape.facts.footprint import DELEGATE

# one round trip in a room's calendar, with less than 513 items in it: (operation, identity) to count
ROUND_TRIP = {
    ("FindItem", DELEGATE): 2,  # whether anything is left of an earlier run, whether anything is left of this one
    ("GetUserAvailability", DELEGATE): 1,
    ("SyncFolderItems", DELEGATE): 5,  # before, and after each of the four writes
    ("CreateItem", DELEGATE): 1,
    ("UpdateItem", DELEGATE): 2,
    ("DeleteItem", DELEGATE): 1,
}
# those of them that name the room; the others name an item's id
NAMING_THE_ROOM = ("FindItem", "GetUserAvailability", "SyncFolderItems", "CreateItem")
WRITES = ("CreateItem", "UpdateItem", "DeleteItem")


def naming_the_room() -> int:
    """Give how many requests of a round trip name its mailbox."""
    return sum(count for (operation, _), count in ROUND_TRIP.items() if operation in NAMING_THE_ROOM)


def writes() -> int:
    """Give how many requests of a round trip write."""
    return sum(count for (operation, _), count in ROUND_TRIP.items() if operation in WRITES)
