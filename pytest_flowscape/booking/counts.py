"""How many requests bookings take where all goes well, for the plan; both round trips are held against it by tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pytest_flowscape.facts.footprint import DELEGATE, IMPERSONATED

Counts = Mapping[tuple[str, str], int]
# one round trip in a room's calendar, with less than 513 items in it: (operation, identity) to count
ROUND_TRIP: Counts = {
    ("FindItem", DELEGATE): 2,  # whether anything is left of an earlier run, whether anything is left of this one
    ("GetUserAvailability", DELEGATE): 1,
    ("SyncFolderItems", DELEGATE): 5,  # before, and after each of the four writes
    ("CreateItem", DELEGATE): 1,
    ("UpdateItem", DELEGATE): 2,
    ("DeleteItem", DELEGATE): 1,
}
# one meeting whose room answers at once; each further look for an answer is one GetItem or FindItem more
MEETING: Counts = {
    ("GetMailTips", IMPERSONATED): 1,
    ("GetUserConfiguration", DELEGATE): 1,
    ("GetUserAvailability", DELEGATE): 1,
    ("CreateItem", IMPERSONATED): 2,  # the meeting, and its cancellation
    ("UpdateItem", IMPERSONATED): 3,  # the invitation, the extension, the early end
    ("GetItem", IMPERSONATED): 5,  # its object id, three answers, who gave the first of them
    (
        "FindItem",
        IMPERSONATED,
    ): 4,  # what is left of earlier runs, the first answer, what is to be removed, what is left
    ("FindItem", DELEGATE): 6,  # the room's copy after each of four sendings, what is to be removed, what is left
    ("DeleteItem", IMPERSONATED): 1,
    ("DeleteItem", DELEGATE): 1,
}
# those of the delegate's that name the room; the others name an item's id
NAMING_THE_ROOM = ("FindItem", "GetUserAvailability", "GetUserConfiguration", "SyncFolderItems", "CreateItem")
WRITES = ("CreateItem", "UpdateItem", "DeleteItem")


def naming_the_room(counts: Counts = ROUND_TRIP) -> int:
    """Give how many requests of a round trip name the room's mailbox."""
    return sum(count for (name, who), count in counts.items() if who == DELEGATE and name in NAMING_THE_ROOM)


def as_organizer() -> int:
    """Give how many requests of a meeting act as the service account's own mailbox."""
    return sum(count for (_, who), count in MEETING.items() if who == IMPERSONATED)


def writes(counts: Counts = ROUND_TRIP) -> int:
    """Give how many requests of a round trip write."""
    return sum(count for (operation, _), count in counts.items() if operation in WRITES)


def all_of(rooms: int, invited: int) -> Counter[tuple[str, str]]:
    """Give the requests of so many round trips in rooms and so many meetings."""
    found: Counter[tuple[str, str]] = Counter()
    for counts, times in ((ROUND_TRIP, rooms), (MEETING, invited)):
        found.update({asked: count * times for asked, count in counts.items()})
    return found
