"""What a room answers to a meeting, or why it does not: each case is a step with a cause of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_flowscape.booking.calls import Patience, ask, looks
from pytest_flowscape.booking.meeting_items import Mailboxes
from pytest_flowscape.booking.meeting_sweep import ANSWER, FINAL
from pytest_flowscape.booking.organizer_item import OrganizerItem
from pytest_flowscape.booking.steps import require
from pytest_flowscape.facts import StepTaken, Trouble
from pytest_flowscape.probes.ews import meeting_answers
from pytest_flowscape.probes.ews.item_answers import Item
from pytest_flowscape.probes.ews.meeting_answers import MeetingItem

DECLINED, TENTATIVE, BY_DELEGATE = "declined", "tentative", "by-delegate"
NOT_ANSWERED, NOT_PROCESSED, NOT_FOLLOWED = "not-answered", "not-processed", "not-followed"
UNANSWERED = (NOT_ANSWERED, NOT_PROCESSED)  # the room has the request, and no answer is on its way
# mail is under way: that says something about this moment, not about the room
REQUEST_UNDER_WAY, ANSWER_UNDER_WAY = "request-under-way", "answer-under-way"
WITH_PEOPLE = "a copy of the request may be in the mailbox of the person who decides, which is not searched"
NOT_YET = ("", "Unknown", "NoResponseReceived")
# how the item class of an answer ends ([MS-OXOCAL], PidTagMessageClass)
ANSWER_CLASSES = {"Accept": ".Resp.Pos", "Tentative": ".Resp.Tent", "Decline": ".Resp.Neg"}


class RoomAnswers:
    """What comes back from the room of one meeting; each look for it lasts ``timeout`` seconds at most."""

    def __init__(self, own: OrganizerItem, boxes: Mailboxes, patience: Patience, timeout: float) -> None:
        self._own = own
        self._boxes = boxes
        self._room = boxes.room.address
        self._patience = patience
        self._timeout = timeout
        self._answered_at = ""
        self.declined = False

    def wait(self, step: str, *, explain: bool = False) -> StepTaken:
        """Wait for the answer to what was sent last; an answer before it does not count.

        With ``explain`` an acceptance is looked at too: a person may have sent
        it. Raises StepFailed.
        """
        for _ in looks(self._timeout):
            own = require(step, self._own.read(self._patience))
            answer = own.answer_of(self._room)
            is_new = answer.answered != self._answered_at or own.item.change_key != self._own.updated_key
            if answer.response not in NOT_YET and is_new:
                break
        else:
            return self._silence(step)
        self._answered_at = answer.answered
        self.declined = answer.response == "Decline"
        if answer.response in FINAL:
            self._own.note_arrived(ANSWER)
        message = MeetingItem(Item(""))
        if explain or answer.response != "Accept":
            message = self._newest_message(answer.response)
        return answer_step(step, answer.response, message)

    def follow(
        self, step: str, wanted: Callable[[MeetingItem], bool], missing: str, *, or_gone: bool = False
    ) -> StepTaken:
        """Look at the room's copy until it is as wanted; ``missing`` says what it does not do. Raises StepFailed."""
        copies: tuple[MeetingItem, ...] = ()
        for _ in looks(self._timeout):
            copies = self._copies(step)
            if any(map(wanted, copies)) or (or_gone and not copies):
                return StepTaken(step)
        held = ", ".join(f"end {one.item.end}, answer {one.response}" for one in copies) or "nothing"
        return StepTaken(step, wrong=f"the room's calendar {missing}: it holds {held}", cause=NOT_FOLLOWED)

    def _copies(self, step: str) -> tuple[MeetingItem, ...]:
        uid = self._own.written.uid
        return meeting_answers.meeting_items(require(step, ask(lambda: self._boxes.room.copies(uid), self._patience)))

    def _newest_message(self, response: str) -> MeetingItem:
        """Return the newest message in the inbox with this answer, else the newest of all; it only explains.

        An empty one where there is none.
        """
        found = self._own.find_at_organizer(self._patience).ours
        messages = [one.content for one in found if one.item.kind == "MeetingResponse"]
        if not messages:
            return MeetingItem(Item(""))
        same = [one for one in messages if one.item_class.endswith(ANSWER_CLASSES.get(response, "?"))]
        ids = [(one.item.item_id, one.item.change_key) for one in same or messages]
        answers = ask(lambda: self._boxes.organizer.answers(ids), self._patience)
        read = () if isinstance(answers, Trouble) else meeting_answers.meeting_items(answers)
        # times have no fractions of a second; a person's answer within the same one follows the room's own
        return max(read, key=lambda one: (one.received, one.delegated), default=messages[0])

    def _silence(self, step: str) -> StepTaken:
        """Return how far the request has come, as the room's mailbox shows."""
        found = self._own.find(self._patience)
        require(step, found.trouble)
        folders = frozenset(one.folder for one in found.of(self._room))
        silence = silence_step(step, self._timeout, RoomView(self._copies(step), folders))
        if silence.cause in UNANSWERED:  # and it is removed before anybody can answer it
            self._own.note_arrived(ANSWER)
        return silence


@dataclass(frozen=True)
class RoomView:
    """What the room's mailbox shows: its copies of the meeting, and the folders that hold anything of it."""

    copies: tuple[MeetingItem, ...]
    folders: frozenset[str]


def answer_step(step: str, response: str, message: MeetingItem) -> StepTaken:
    """Return the step of an answer: only acceptance by the room itself is a success."""
    text = f", and says: '{message.text}'" if message.text else ""
    if message.delegated:
        wrong = f"'{response}', but {message.sender} answered, in the name of {message.author}"
        return StepTaken(step, wrong=f"{wrong}{text}; {WITH_PEOPLE}", cause=BY_DELEGATE)
    if response == "Accept":
        return StepTaken(step)
    if response == "Tentative":
        wrong = "the room answers 'tentative': the request waits for a person's approval"
        return StepTaken(step, wrong=f"{wrong}{text}; {WITH_PEOPLE}", cause=TENTATIVE)
    return StepTaken(step, wrong="the room declines" + text, cause=DECLINED)


def silence_step(step: str, seconds: float, view: RoomView) -> StepTaken:
    """Return the step of an answer that did not come, by what the room's mailbox shows of the request."""
    responses = {copy.response for copy in view.copies}
    if responses & {"Accept", "Tentative", "Decline"}:
        what, cause = "the room's calendar shows the meeting as answered, so the answer is under way", ANSWER_UNDER_WAY
    elif view.copies:
        what, cause = "the request is in the room's calendar, and nobody has decided about it", NOT_ANSWERED
    elif "inbox" in view.folders:
        what, cause = "the request is in the room's inbox, and nothing processes it", NOT_PROCESSED
    elif view.folders:
        what, cause = "the request has been processed, and is not in the room's calendar", ANSWER_UNDER_WAY
    else:
        what, cause = "the request is not in the room's mailbox: it is under way, or held up", REQUEST_UNDER_WAY
    return StepTaken(step, wrong=f"no answer within {seconds:g} seconds; {what}", cause=cause)
