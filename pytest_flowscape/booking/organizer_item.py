"""The organizer's item while a meeting lasts: what is known of it, on the disk first, and what is sent about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone

from pytest_flowscape.booking.calls import UNCERTAIN, Call, Patience, WriteResult, ask, change, create
from pytest_flowscape.booking.journal import Journal
from pytest_flowscape.booking.meeting_items import Found, Mailboxes, find, find_at_organizer, remove
from pytest_flowscape.booking.meeting_sweep import ANSWER, CANCELLATION
from pytest_flowscape.booking.removal import Removal
from pytest_flowscape.booking.steps import BODY
from pytest_flowscape.facts import Kind, Trouble, Written
from pytest_flowscape.probes.ews import meeting_answers
from pytest_flowscape.probes.ews.item_answers import Item, first_item
from pytest_flowscape.probes.ews.meeting_answers import MeetingItem
from pytest_flowscape.probes.ews.session import CALENDAR

STALE = "ErrorStaleObject"


class OrganizerItem:
    """One meeting in the organizer's calendar; ``known_tags`` returns the tags in journals.

    ``written`` is what the journal holds of it. ``updated_key`` is the change
    key that the last sending left behind: with every answer it changes.
    ``made``, ``invited`` and ``cancelled`` are what is known to have happened,
    or may have; ``unsure``: its creation may still be under way.
    """

    def __init__(
        self, boxes: Mailboxes, journal: Journal, written: Written, known_tags: Callable[[], set[str]]
    ) -> None:
        self._boxes = boxes
        self._organizer = boxes.organizer
        self._journal = journal
        self._known_tags = known_tags
        self.written = written
        self.key = Item("")
        self.updated_key = ""
        self.made = self.unsure = self.invited = self.cancelled = False
        journal.intend(written)

    # --- on the disk --------------------------------------------------------------------------------

    def note(self, written: Written) -> None:
        """Write what is known of it into the journal. Raises OSError."""
        self.written = written
        self._journal.update(written)

    def note_due(self, mail: str) -> None:
        """Note that mail about it is about to be sent, or to be answered. Raises OSError."""
        due = tuple(sorted({*self.written.due, mail}))
        self.note(replace(self.written, due=due, sent=datetime.now(timezone.utc)))

    def note_arrived(self, mail: str) -> None:
        """Note that such mail is no longer under way. Raises OSError."""
        self.note(replace(self.written, due=tuple(one for one in self.written.due if one != mail)))

    # --- what is there ------------------------------------------------------------------------------

    def find(self, patience: Patience) -> Found:
        """Find what belongs to it in both mailboxes."""
        return find(self._boxes, self.written, self._known_tags(), patience)

    def find_at_organizer(self, patience: Patience) -> Found:
        """Find what belongs to it in the organizer's mailbox."""
        return find_at_organizer(self._organizer, self.written, self._known_tags(), patience)

    def read(self, patience: Patience) -> MeetingItem | Trouble:
        """Get the item as it is now, with its change key."""
        answers = ask(lambda: self._organizer.get(*self._id), patience)
        if isinstance(answers, Trouble):
            return answers
        found = next(iter(meeting_answers.meeting_items(answers)), None)
        if found is None:
            return Trouble(Kind.MALFORMED, "an answer without the item that was asked for")
        self.key = found.item
        return found

    # --- what is written and sent -------------------------------------------------------------------

    def make(self, patience: Patience) -> WriteResult:
        """Save it without anybody invited; nothing is sent."""

        def happened() -> bool | None:
            found = self.find_at_organizer(patience)
            return None if found.trouble else bool(found.ours)

        self.unsure = True  # an interruption leaves it open whether the request still arrives
        result = create(lambda: self._organizer.make(self.written, BODY), happened, patience)
        self.unsure, self.made = result.unsure, result.trouble is None
        if self.made:
            item = first_item(result.envelopes)
            self.key = item or next((one.item for one in self.find_at_organizer(patience).ours), self.key)
        return result

    def invite(self, patience: Patience) -> WriteResult:
        """Invite the room."""
        self.invited = True
        room = self.written.invited
        result = self._send(lambda: self._organizer.invite(*self._id, room), lambda now: now.sent, patience)
        self.invited = not _is_refused(result)
        return result

    def move(self, end: datetime, patience: Patience) -> WriteResult:
        """Set another end, and send the update to the room."""
        result = self._send(
            lambda: self._organizer.move_meeting(*self._id, end), lambda now: now.item.end == end, patience
        )
        if result.trouble is None:
            self.note(replace(self.written, end=end))
        return result

    def _send(self, call: Call, is_done: Callable[[MeetingItem], bool], patience: Patience) -> WriteResult:
        def happened() -> bool | None:
            now = self.read(patience)
            return None if isinstance(now, Trouble) else is_done(now)

        self.note_due(ANSWER)
        result = change(call, happened, patience)
        if _is_refused(result):
            self.note_arrived(ANSWER)  # nothing went out
        fresh = first_item(result.envelopes)
        self.updated_key = fresh.change_key if fresh else ""
        return result

    def cancel(self, patience: Patience) -> WriteResult:
        """Cancel it, and send the cancellation to the room."""

        def happened() -> bool | None:
            found = self.find_at_organizer(patience)
            own = [one for one in found.ours if one.item.tag == self.written.tag]
            return None if found.trouble else not any(one.folder == CALENDAR for one in own)

        self.note_due(CANCELLATION)
        result = change(lambda: self._organizer.cancel(*self._id), happened, patience)
        if result.trouble is not None and result.trouble.code == STALE:  # an answer has changed the item meanwhile
            self.read(patience)
            result = change(lambda: self._organizer.cancel(*self._id), happened, patience)
        self.cancelled = result.trouble is None
        if _is_refused(result):
            self.note_arrived(CANCELLATION)
        return result

    def remove(self) -> Removal:
        """Remove every item of it; the journal forgets it where nothing is left and nothing may still come."""
        removal = remove(self._boxes, self.written, self._known_tags())
        if removal.clean and not self.written.due and not self.unsure:
            self._journal.mark_gone(self.written.tag)
        return removal

    @property
    def _id(self) -> tuple[str, str]:
        return self.key.item_id, self.key.change_key


def _is_refused(result: WriteResult) -> bool:
    """Whether the server said that it did nothing; a lost answer leaves that open."""
    return result.trouble is not None and result.trouble.kind not in UNCERTAIN
