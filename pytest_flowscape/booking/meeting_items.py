"""Everything that a meeting leaves behind, in the organizer's mailbox and in the room's: found by tag or UID, removed.

The tag is only on the organizer's own item: it does not travel. The room's
copy, the requests, answers and cancellations are found by the global object id,
and reports about undeliverable letters by the tag in their subject. Whatever is
found is looked at once more here before it counts as ours.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_flowscape.booking.calls import REMOVING, Patience, ask, change
from pytest_flowscape.booking.client.meeting_mailbox import REPORT, MeetingMailbox
from pytest_flowscape.facts import Kind, StepTaken, Trouble, Written
from pytest_flowscape.probes.ews import meeting_answers
from pytest_flowscape.probes.ews.meeting_answers import MeetingTold

CALENDAR = "calendar"
OF_ORGANIZER = (CALENDAR, "inbox", "sentitems", "deleteditems")
OF_ROOM = (CALENDAR, "inbox", "deleteditems")
REMOVE = "remove what the meeting left"
CHECK = "look that nothing is left"
# an attendant may be moving a message at this moment: it is found again where it went
ROUNDS = (0.0, 0.0, 1.0, 3.0)


@dataclass(frozen=True)
class Mailboxes:
    """The two mailboxes of a meeting."""

    organizer: MeetingMailbox
    room: MeetingMailbox


@dataclass(frozen=True)
class Trace:
    """One item, where it lies, and the tag of the meeting that it belongs to."""

    mailbox: str
    folder: str
    told: MeetingTold
    tag: str

    def as_written(self) -> Written:
        """Return it for people."""
        item = self.told.item
        return Written(
            self.mailbox, self.folder, self.tag, item.subject, item.begin, item.end, item.item_id, self.told.uid
        )


@dataclass(frozen=True)
class Found:
    """What a look found: ``ours``, and tagged items that nobody here knows; ``trouble``: not everything was seen."""

    ours: tuple[Trace, ...] = ()
    strangers: tuple[Trace, ...] = ()
    trouble: Trouble | None = None

    def of(self, mailbox: str) -> tuple[Trace, ...]:
        """Return ours of one mailbox."""
        return tuple(trace for trace in self.ours if trace.mailbox == mailbox)


def find(boxes: Mailboxes, item: Written, known: Collection[str], patience: Patience) -> Found:
    """Look for everything that belongs to a meeting; ``known`` are the tags that journals know.

    Where no object id is noted nothing was sent, and nothing is in the room.
    """
    found = find_at_organizer(boxes.organizer, item, known, patience)
    if found.trouble is not None or not item.uid:
        return found
    there = _look(boxes.room, OF_ROOM, patience, uid=item.uid)
    if isinstance(there, Trouble):
        return replace(found, trouble=there)
    mine = (replace(one, tag=item.tag) for one in there if one.told.uid == item.uid)
    return replace(found, ours=(*found.ours, *mine))


def find_at_organizer(organizer: MeetingMailbox, item: Written, known: Collection[str], patience: Patience) -> Found:
    """Look for what belongs to a meeting in the organizer's mailbox alone."""
    seen = _look(organizer, OF_ORGANIZER, patience, uid=item.uid, tagged=True, reported=item.tag)
    if isinstance(seen, Trouble):
        return Found(trouble=seen)
    ours = (replace(one, tag=item.tag) for one in seen if _is_ours(one.told, item))
    strangers = (one for one in seen if one.told.item.tag not in (None, item.tag, *known))
    return Found(tuple(ours), tuple(strangers))


def tagged(organizer: MeetingMailbox, patience: Patience) -> tuple[Trace, ...] | Trouble:
    """Return every tagged item of the organizer's mailbox, whosever it is."""
    seen = _look(organizer, OF_ORGANIZER, patience, tagged=True)
    return seen if isinstance(seen, Trouble) else tuple(one for one in seen if one.told.item.tag is not None)


def _is_ours(told: MeetingTold, item: Written) -> bool:
    if told.item.tag is not None:
        return told.item.tag == item.tag
    if item.uid and told.uid == item.uid:
        return True
    return told.item_class.startswith(REPORT) and item.tag in told.item.subject


def _look(
    box: MeetingMailbox, folders: Sequence[str], patience: Patience, **wanted: Any
) -> tuple[Trace, ...] | Trouble:
    told = ask(lambda: box.traces(folders, **wanted), patience)
    if isinstance(told, Trouble):
        return told
    found: list[Trace] = []
    for envelope in told:
        by_folder = meeting_answers.by_message(envelope)
        if len(by_folder) != len(folders):
            said = f"{len(by_folder)} answers came for {len(folders)} folders"
            return Trouble(Kind.NOT_ASKED, said, status=envelope.http.status)
        for folder, items in zip(folders, by_folder, strict=True):
            found += [Trace(box.address, folder, one, one.item.tag or "") for one in items]
    return tuple(found)


@dataclass(frozen=True)
class Removal:
    """What became of removing: ``left`` are (item, reason), ``steps`` what was done, ``first`` what was there."""

    removed: tuple[Written, ...] = ()
    left: tuple[tuple[Written, str], ...] = ()
    strangers: tuple[Written, ...] = ()
    steps: tuple[StepTaken, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether it was seen that nothing is left."""
        return not self.left and not self.strangers


def remove(boxes: Mailboxes, item: Written, known: Collection[str], patience: Patience = REMOVING) -> Removal:
    """Remove every trace of a meeting for good, and look that none is left.

    Nothing is touched where a tagged item is that no journal knows. Where one
    mailbox cannot be searched, what was found in the other is removed all the same.
    """
    seen: dict[str, Trace] = {}
    refused: dict[str, Trouble] = {}
    for pause in ROUNDS:
        time.sleep(pause)
        found = find(boxes, item, known, patience)
        if found.strangers or not found.ours:
            break
        seen |= {one.told.item.item_id: one for one in found.ours}
        if refused and all(map(_for_good, refused.values())):
            break
        refused = dict(_delete(boxes, found, patience))
    return _judged(item, found, seen, refused)


def _delete(boxes: Mailboxes, found: Found, patience: Patience) -> Iterator[tuple[str, Trouble]]:
    """Delete what was found, and give by item id why that could not be done."""
    for box in (boxes.organizer, boxes.room):
        ids = [(one.told.item.item_id, one.told.item.change_key) for one in found.of(box.address)]
        if not ids:
            continue
        trouble = change(lambda box=box, ids=ids: box.delete_all(ids), lambda: False, patience).trouble  # type: ignore[misc]
        if trouble is not None:
            yield from ((item_id, trouble) for item_id, _ in ids)


def _for_good(trouble: Trouble) -> bool:
    """Whether another try is useless: it is refused, and not because the item has moved meanwhile."""
    return bool(trouble.code) and trouble.code != "ErrorItemNotFound"


def _judged(item: Written, found: Found, seen: dict[str, Trace], refused: dict[str, Trouble]) -> Removal:
    there = {one.told.item.item_id for one in found.ours}
    if found.trouble is not None and not found.strangers:
        said = f"it could not be seen whether it is gone: {found.trouble.said}"
        lost = [one.as_written() for one in found.ours] or [item]
        done = (StepTaken(REMOVE, next(iter(refused.values()), None)),) if seen else ()
        return Removal(left=tuple((one, said) for one in lost), steps=(*done, StepTaken(CHECK, found.trouble)))
    if found.strangers:
        said = "it was not touched, as the mailbox holds tagged items that no journal here knows"
        others = tuple(one.as_written() for one in found.strangers)
        left = tuple((one.as_written(), said) for one in found.ours)
        wrong = f"tagged items that no journal here knows: {'; '.join(map(str, others))}"
        return Removal(left=left, strangers=others, steps=(StepTaken(CHECK, wrong=wrong),))
    removed = tuple(one.as_written() for item_id, one in seen.items() if item_id not in there)
    left = tuple((one.as_written(), _why(refused.get(one.told.item.item_id))) for one in found.ours)
    steps = [StepTaken(REMOVE, next(iter(refused.values()), None) if left else None)] if seen else []
    if not left or not refused:
        steps.append(StepTaken(CHECK, wrong="it is still found" if left else ""))
    return Removal(removed, left, steps=tuple(steps))


def _why(trouble: Trouble | None) -> str:
    return trouble.said if trouble else "it is still there"
