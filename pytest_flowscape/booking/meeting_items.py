"""All items of a meeting, in the organizer's mailbox and in the room's: found by tag or object id, and removed.

The tag is only on the organizer's own item: it does not travel. The room's
copy, the requests, answers and cancellations are found by the global object id,
and non-delivery reports by the tag in their subject. What is found is compared
once more here before it counts as ours.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_flowscape.booking.calls import REMOVAL_PATIENCE, Patience, ask, change
from pytest_flowscape.booking.client.meeting_mailbox import REPORT, MeetingMailbox
from pytest_flowscape.booking.removal import CHECK, NOT_TOUCHED, Removal, left_reason, unknown_items, unseen_reason
from pytest_flowscape.facts import Kind, StepTaken, Trouble, Written
from pytest_flowscape.probes.ews import meeting_answers
from pytest_flowscape.probes.ews.item_answers import Item
from pytest_flowscape.probes.ews.meeting_answers import MeetingItem
from pytest_flowscape.probes.ews.session import CALENDAR

OF_ORGANIZER = (CALENDAR, "inbox", "sentitems", "deleteditems")
OF_ROOM = (CALENDAR, "inbox", "deleteditems")
REMOVE = "remove what the meeting left"
# the mailbox assistants may be moving a message at this moment: it is found again where it went
ROUNDS = (0.0, 0.0, 1.0, 3.0)


@dataclass(frozen=True)
class Mailboxes:
    """The two mailboxes of a meeting."""

    organizer: MeetingMailbox
    room: MeetingMailbox


@dataclass(frozen=True)
class FoundItem:
    """One item, where it lies, and the tag of the meeting that it belongs to."""

    mailbox: str
    folder: str
    content: MeetingItem
    tag: str

    @property
    def item(self) -> Item:
        """Return the item itself."""
        return self.content.item

    def to_written(self) -> Written:
        """Return it for people."""
        item, uid = self.item, self.content.uid
        return Written(self.mailbox, self.folder, self.tag, item.subject, item.begin, item.end, item.item_id, uid)


@dataclass(frozen=True)
class Found:
    """What a search found: ``ours``, and tagged items that no journal knows; ``trouble``: a part was not searched."""

    ours: tuple[FoundItem, ...] = ()
    strangers: tuple[FoundItem, ...] = ()
    trouble: Trouble | None = None

    def of(self, mailbox: str) -> tuple[FoundItem, ...]:
        """Return ours of one mailbox."""
        return tuple(one for one in self.ours if one.mailbox == mailbox)

    def has(self, mailbox: str, kind: str) -> bool:
        """Whether an item of this kind, an element's name, is ours in a mailbox."""
        return any(one.item.kind == kind for one in self.of(mailbox))


def find(boxes: Mailboxes, item: Written, tags: Collection[str], patience: Patience) -> Found:
    """Find everything that belongs to a meeting; ``tags`` are those in journals.

    Where no object id is noted nothing was sent, and nothing is in the room.
    """
    found = find_at_organizer(boxes.organizer, item, tags, patience)
    if found.trouble is not None or not item.uid:
        return found
    in_room = _search(boxes.room, OF_ROOM, patience, uid=item.uid)
    if isinstance(in_room, Trouble):
        return replace(found, trouble=in_room)
    mine = (replace(one, tag=item.tag) for one in in_room if one.content.uid == item.uid)
    return replace(found, ours=(*found.ours, *mine))


def find_at_organizer(organizer: MeetingMailbox, item: Written, tags: Collection[str], patience: Patience) -> Found:
    """Find what belongs to a meeting in the organizer's mailbox alone."""
    items = _search(organizer, OF_ORGANIZER, patience, uid=item.uid, tagged=True, reported=item.tag)
    if isinstance(items, Trouble):
        return Found(trouble=items)
    ours = (replace(one, tag=item.tag) for one in items if _is_ours(one.content, item))
    strangers = (one for one in items if one.item.tag not in (None, item.tag, *tags))
    return Found(tuple(ours), tuple(strangers))


def find_tagged(organizer: MeetingMailbox, patience: Patience) -> tuple[FoundItem, ...] | Trouble:
    """Find every tagged item of the organizer's mailbox, also of other runs."""
    items = _search(organizer, OF_ORGANIZER, patience, tagged=True)
    return items if isinstance(items, Trouble) else tuple(one for one in items if one.item.tag is not None)


def _is_ours(content: MeetingItem, item: Written) -> bool:
    if content.item.tag is not None:
        return content.item.tag == item.tag
    if item.uid and content.uid == item.uid:
        return True
    return content.item_class.startswith(REPORT) and item.tag in content.item.subject


def _search(
    box: MeetingMailbox, folders: Sequence[str], patience: Patience, **wanted: Any
) -> tuple[FoundItem, ...] | Trouble:
    answers = ask(lambda: box.traces(folders, **wanted), patience)
    if isinstance(answers, Trouble):
        return answers
    found: list[FoundItem] = []
    for envelope in answers:
        by_folder = meeting_answers.by_message(envelope)
        if len(by_folder) != len(folders):
            said = f"{len(by_folder)} answers came for {len(folders)} folders"
            return Trouble(Kind.NOT_ASKED, said, status=envelope.http.status)
        for folder, items in zip(folders, by_folder, strict=True):
            found += [FoundItem(box.address, folder, one, one.item.tag or "") for one in items]
    return tuple(found)


def remove(boxes: Mailboxes, item: Written, tags: Collection[str], patience: Patience = REMOVAL_PATIENCE) -> Removal:
    """Remove every item of a meeting for good, and look that none is left.

    Nothing is touched where a tagged item is that no journal knows. Where one
    mailbox cannot be searched, what was found in the other is removed all the same.
    """
    ever: dict[str, FoundItem] = {}
    troubles: dict[str, Trouble] = {}
    for pause in ROUNDS:
        time.sleep(pause)
        found = find(boxes, item, tags, patience)
        if found.strangers or not found.ours:
            break
        ever |= {one.item.item_id: one for one in found.ours}
        if troubles and all(map(_is_final, troubles.values())):
            break
        troubles = dict(_delete(boxes, found, patience))
    return _removal(item, found, ever, troubles)


def _delete(boxes: Mailboxes, found: Found, patience: Patience) -> Iterator[tuple[str, Trouble]]:
    """Delete what was found; return by item id why that failed."""
    for box in (boxes.organizer, boxes.room):
        ids = [(one.item.item_id, one.item.change_key) for one in found.of(box.address)]
        if not ids:
            continue
        trouble = change(lambda box=box, ids=ids: box.delete_all(ids), lambda: False, patience).trouble  # type: ignore[misc]
        if trouble is not None:
            yield from ((item_id, trouble) for item_id, _ in ids)


def _is_final(trouble: Trouble) -> bool:
    """Whether another try is useless: it is refused, and not because the item has moved meanwhile."""
    return bool(trouble.code) and trouble.code != "ErrorItemNotFound"


def _removal(item: Written, found: Found, ever: dict[str, FoundItem], troubles: dict[str, Trouble]) -> Removal:
    """Return what became of removing; ``ever`` and ``troubles`` are by item id: what was found at all, what failed."""
    ours = [one.to_written() for one in found.ours]
    if found.strangers:
        others = tuple(one.to_written() for one in found.strangers)
        left = tuple((one, NOT_TOUCHED) for one in ours)
        return Removal(left=left, strangers=others, steps=(StepTaken(CHECK, wrong=unknown_items(others)),))
    trouble = next(iter(troubles.values()), None)
    if found.trouble is not None:
        left = tuple((one, unseen_reason(found.trouble)) for one in ours or [item])
        steps = [StepTaken(REMOVE, trouble)] if ever else []
        return Removal(left=left, steps=(*steps, StepTaken(CHECK, found.trouble)))
    there = {one.item_id for one in ours}
    removed = tuple(one.to_written() for item_id, one in ever.items() if item_id not in there)
    left = tuple((one, left_reason(troubles.get(one.item_id))) for one in ours)
    steps = [StepTaken(REMOVE, trouble if left else None)] if ever else []
    if not left or not troubles:
        steps.append(StepTaken(CHECK, wrong=left_reason(None) if left else ""))
    return Removal(removed, left, steps=tuple(steps))
