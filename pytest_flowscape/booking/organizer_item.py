"""The organizer's item while a meeting lasts: what is known of it, on the disk first, and what is sent about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone

from pytest_flowscape.booking.calls import UNCERTAIN, Call, Changed, Patience, ask, change, create
from pytest_flowscape.booking.client.meeting_mailbox import MeetingMailbox
from pytest_flowscape.booking.journal import Journal
from pytest_flowscape.booking.meeting_items import CALENDAR, Found, find_at_organizer
from pytest_flowscape.booking.meeting_sweep import ANSWER, CANCELLATION
from pytest_flowscape.booking.slots import BODY
from pytest_flowscape.facts import Kind, Trouble, Written
from pytest_flowscape.probes.ews import item_answers, meeting_answers
from pytest_flowscape.probes.ews.item_answers import ItemTold
from pytest_flowscape.probes.ews.meeting_answers import MeetingTold

STALE = "ErrorStaleObject"
# how the item class of an answer ends ([MS-OXOCAL], PidTagMessageClass)
ANSWER_CLASSES = {"Accept": ".Resp.Pos", "Tentative": ".Resp.Tent", "Decline": ".Resp.Neg"}


class Organized:
    """One meeting in the organizer's calendar; ``known`` gives the tags that journals know.

    ``written`` is what the journal holds of it. ``updated_key`` is the change
    key that the last sending left behind: with every answer it changes.
    ``made``, ``invited`` and ``cancelled`` are what is known to have happened,
    or may have; ``unsure``: its making may still be under way.
    """

    def __init__(
        self, organizer: MeetingMailbox, journal: Journal, written: Written, known: Callable[[], set[str]]
    ) -> None:
        self._organizer = organizer
        self._journal = journal
        self._known = known
        self.written = written
        self.key = ItemTold("")
        self.updated_key = ""
        self.made = self.unsure = self.invited = self.cancelled = False
        journal.intend(written)

    # --- on the disk --------------------------------------------------------------------------------

    def note(self, written: Written) -> None:
        """Have what is known of it on the disk. Raises OSError."""
        self.written = written
        self._journal.learnt(written)

    def sending(self, mail: str) -> None:
        """Note that mail about it is about to be sent, or to be answered. Raises OSError."""
        due = tuple(sorted({*self.written.due, mail}))
        self.note(replace(self.written, due=due, sent=datetime.now(timezone.utc)))

    def arrived(self, mail: str) -> None:
        """Note that such mail is no longer under way. Raises OSError."""
        self.note(replace(self.written, due=tuple(one for one in self.written.due if one != mail)))

    # --- what is there ------------------------------------------------------------------------------

    def look(self, patience: Patience) -> Found:
        """Find what belongs to it in the organizer's mailbox."""
        return find_at_organizer(self._organizer, self.written, self._known(), patience)

    def read(self, patience: Patience) -> MeetingTold | Trouble:
        """Get the item as it is now, with its change key."""
        told = ask(lambda: self._organizer.know(*self._id), patience)
        if isinstance(told, Trouble):
            return told
        known = next(iter(meeting_answers.told(told)), None)
        if known is None:
            return Trouble(Kind.MALFORMED, "an answer without the item that was asked for")
        self.key = known.item
        return known

    def newest_answer(self, response: str, patience: Patience) -> MeetingTold:
        """Return the newest answer in the inbox that says ``response``, else the newest of all; it only explains.

        An empty one where there is none. Times are told to the second, and an
        acceptance may have come within the same one.
        """
        answers = [one.told for one in self.look(patience).ours if one.told.item.kind == "MeetingResponse"]
        if not answers:
            return MeetingTold(ItemTold(""))
        named = [one for one in answers if one.item_class.endswith(ANSWER_CLASSES.get(response, "?"))]
        ids = [(one.item.item_id, one.item.change_key) for one in named or answers]
        told = ask(lambda: self._organizer.answers(ids), patience)
        known = () if isinstance(told, Trouble) else meeting_answers.told(told)
        # times are told to the second; a person's answer within the same one follows the room's own
        return max(known, key=lambda one: (one.received, one.delegated), default=answers[0])

    # --- what is written and sent -------------------------------------------------------------------

    def make(self, patience: Patience) -> Changed:
        """Save it without anybody invited; nothing is sent."""

        def happened() -> bool | None:
            found = self.look(patience)
            return None if found.trouble else bool(found.ours)

        self.unsure = True  # an interruption leaves it open whether the request still arrives
        done = create(lambda: self._organizer.make(self.written, BODY), happened, patience)
        self.unsure, self.made = done.unsure, done.trouble is None
        if self.made:
            told = next(iter(item_answers.items(done.envelopes)), None)
            self.key = told or next((one.told.item for one in self.look(patience).ours), self.key)
        return done

    def invite(self, patience: Patience) -> Changed:
        """Invite the room."""
        self.invited = True
        done = self._send(lambda: self._organizer.invite(*self._id, self.written.invited), lambda it: it.sent, patience)
        self.invited = not _refused(done)
        return done

    def move(self, end: datetime, patience: Patience) -> Changed:
        """Set another end, and tell the room."""
        moved = self._send(
            lambda: self._organizer.move_meeting(*self._id, end), lambda it: it.item.end == end, patience
        )
        if moved.trouble is None:
            self.note(replace(self.written, end=end))
        return moved

    def _send(self, call: Call, happened: Callable[[MeetingTold], bool], patience: Patience) -> Changed:
        def look() -> bool | None:
            told = self.read(patience)
            return None if isinstance(told, Trouble) else happened(told)

        self.sending(ANSWER)
        done = change(call, look, patience)
        if _refused(done):
            self.arrived(ANSWER)  # nothing went out
        fresh = next(iter(item_answers.items(done.envelopes)), None)
        self.updated_key = fresh.change_key if fresh else ""
        return done

    def cancel(self, patience: Patience) -> Changed:
        """Cancel it, and tell the room."""

        def happened() -> bool | None:
            found = self.look(patience)
            own = [one for one in found.ours if one.told.item.tag == self.written.tag]
            return None if found.trouble else not any(one.folder == CALENDAR for one in own)

        self.sending(CANCELLATION)
        done = change(lambda: self._organizer.cancel(*self._id), happened, patience)
        if done.trouble is not None and done.trouble.code == STALE:  # an answer has changed the item meanwhile
            self.read(patience)
            done = change(lambda: self._organizer.cancel(*self._id), happened, patience)
        self.cancelled = done.trouble is None
        if _refused(done):
            self.arrived(CANCELLATION)
        return done

    @property
    def _id(self) -> tuple[str, str]:
        return self.key.item_id, self.key.change_key


def _refused(done: Changed) -> bool:
    """Whether the server said that it did nothing; a lost answer leaves that open."""
    return done.trouble is not None and done.trouble.kind not in UNCERTAIN
