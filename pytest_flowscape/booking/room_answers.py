"""What a room's answer means, and what its silence means: told apart, each with a word that names the cause."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_flowscape.facts import StepTaken
from pytest_flowscape.probes.ews.meeting_answers import MeetingTold

DECLINED, TENTATIVE, BY_DELEGATE = "declined", "tentative", "by-delegate"
NOT_ANSWERED, NOT_PROCESSED = "not-answered", "not-processed"
# mail is under way: that says something about this moment, not about the room
REQUEST_UNDER_WAY, ANSWER_UNDER_WAY = "request-under-way", "answer-under-way"
WITH_PEOPLE = "a copy of the request may lie in the mailbox of whoever decides, which is not searched"


@dataclass(frozen=True)
class Seen:
    """What a look at the room's mailbox shows: its copies of the meeting, and in which folders anything of it lies."""

    copies: tuple[MeetingTold, ...]
    folders: frozenset[str]


def by_delegate(name: str, response: str, message: MeetingTold) -> StepTaken | None:
    """Make the failed step of an answer that a person gave in the room's name, None for any other."""
    if not message.delegated:
        return None
    wrong = f"'{response}', and it was {message.sender} who answered, in the name of {message.author}"
    return StepTaken(name, wrong=f"{wrong}{_words(message)}; {WITH_PEOPLE}", cause=BY_DELEGATE)


def unwanted(name: str, response: str, message: MeetingTold) -> StepTaken | None:
    """Make the failed step of an answer other than acceptance, None for that."""
    if response == "Accept":
        return None
    if response == "Tentative":
        wrong = "the room answers 'tentative': the request waits for a person's approval"
        return StepTaken(name, wrong=f"{wrong}{_words(message)}; {WITH_PEOPLE}", cause=TENTATIVE)
    return StepTaken(name, wrong="the room declines" + _words(message), cause=DECLINED)


def silence(name: str, seconds: float, seen: Seen) -> tuple[StepTaken, bool]:
    """Make the step of an answer that did not come; True where the room has the request and leaves it unanswered."""
    waited = f"no answer within {seconds:g} seconds"
    responses = {copy.response for copy in seen.copies}
    if responses & {"Accept", "Tentative", "Decline"}:
        wrong = f"{waited}; the room's calendar holds the meeting as answered, so the answer is under way"
        return StepTaken(name, wrong=wrong, cause=ANSWER_UNDER_WAY), False
    if seen.copies:
        wrong = f"{waited}; the request was put into the room's calendar, and nobody decided about it"
        return StepTaken(name, wrong=wrong, cause=NOT_ANSWERED), True
    if "inbox" in seen.folders:
        wrong = f"{waited}; the request lies in the room's inbox, and nothing takes it from there"
        return StepTaken(name, wrong=wrong, cause=NOT_PROCESSED), True
    if seen.folders:
        wrong = f"{waited}; the request has been dealt with and is not in the room's calendar"
        return StepTaken(name, wrong=wrong, cause=ANSWER_UNDER_WAY), False
    wrong = f"{waited}; nothing of the request is in the room's mailbox: it is under way, or held up"
    return StepTaken(name, wrong=wrong, cause=REQUEST_UNDER_WAY), False


def _words(message: MeetingTold) -> str:
    return f", and says: '{message.text}'" if message.text else ""
