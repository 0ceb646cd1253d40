"""How answers and silence are told apart and judged, and how often a look for them is taken."""

from __future__ import annotations

import pytest

from pytest_flowscape.booking import calls, room_answers
from pytest_flowscape.booking.room_answers import RoomView
from pytest_flowscape.core.errors import NotMeasured, NotRequested, RequirementFailed
from pytest_flowscape.facts import RoundTrip, StepTaken, Written
from pytest_flowscape.judging import round_trips
from pytest_flowscape.judging.remedies import ANSWER_FIXES, USUAL
from pytest_flowscape.probes.ews.item_answers import Item
from pytest_flowscape.probes.ews.meeting_answers import MeetingItem

ROOM, PERSON = "atlas@demo.test", "anna@demo.test"
ITEM = Item("AAA")


def copy(response: str) -> MeetingItem:
    return MeetingItem(ITEM, response=response)


@pytest.mark.parametrize(
    ("view", "cause", "unanswered"),
    [
        (RoomView((copy("Accept"),), frozenset(("calendar",))), room_answers.ANSWER_UNDER_WAY, False),
        (RoomView((copy("NoResponseReceived"),), frozenset(("calendar", "inbox"))), room_answers.NOT_ANSWERED, True),
        (RoomView((), frozenset(("inbox",))), room_answers.NOT_PROCESSED, True),
        (RoomView((), frozenset(("deleteditems",))), room_answers.ANSWER_UNDER_WAY, False),
        (RoomView((), frozenset()), room_answers.REQUEST_UNDER_WAY, False),
    ],
)
def test_silence_is_explained_by_how_far_the_request_has_come(view: RoomView, cause: str, unanswered: bool) -> None:
    step = room_answers.silence_step("hear", 120.0, view)
    assert (step.cause, step.cause in room_answers.UNANSWERED, step.succeeded) == (cause, unanswered, False)
    assert "no answer within 120 seconds" in step.wrong


def test_acceptance_by_the_room_itself_is_the_only_good_answer() -> None:
    by_room = MeetingItem(ITEM, sender=ROOM, author=ROOM.upper(), text="Taken.")
    by_person = MeetingItem(ITEM, sender=PERSON, author=ROOM)
    assert room_answers.answer_step("hear", "Accept", by_room).succeeded
    declined = room_answers.answer_step("hear", "Decline", by_room)
    assert (declined.wrong, declined.cause) == ("the room declines, and says: 'Taken.'", room_answers.DECLINED)
    delegated = room_answers.answer_step("hear", "Accept", by_person)
    assert delegated.cause == room_answers.BY_DELEGATE
    assert PERSON in delegated.wrong


@pytest.mark.parametrize("cause", sorted(USUAL))
def test_every_cause_is_judged_with_what_it_usually_is(cause: str) -> None:
    trip = RoundTrip(ROOM, steps=(StepTaken("hear", wrong="so it is", cause=cause),), meeting=True)
    with pytest.raises((RequirementFailed, NotMeasured)) as caught:
        round_trips.judge(trip, "an answer")
    error = caught.value
    found = error.found if isinstance(error, RequirementFailed) else error.reason
    assert USUAL[cause] in found
    assert isinstance(error, NotMeasured) == cause.endswith("under-way")
    if isinstance(error, RequirementFailed):
        assert (error.fix, error.cause) == (ANSWER_FIXES.get(cause, ""), f"booking-hear-{cause}")


def test_what_is_left_comes_before_the_answer() -> None:
    left = Written(ROOM, "calendar", "run/1", "Subject")
    step = StepTaken("hear", wrong="declined", cause=room_answers.DECLINED)
    with pytest.raises(RequirementFailed) as caught:
        round_trips.judge(RoundTrip(ROOM, steps=(step,), left=(left,), meeting=True), "an answer")
    assert caught.value.cause == round_trips.LEFT_BEHIND
    assert caught.value.fix == ""  # that of the requirement, which says where it lies


def test_a_room_that_was_not_invited_is_not_requested() -> None:
    with pytest.raises(NotRequested, match="moderated"):
        round_trips.judge(RoundTrip(ROOM, refused="moderated", meeting=True), "an answer")


def test_looks_back_off_and_end_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now, pauses = [0.0], []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    assert len(list(calls.looks(40.0))) == len(pauses) + 1
    assert pauses == pytest.approx([0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 9.5])
    pauses.clear()
    assert list(calls.looks(0.0)) == [0]
    assert pauses == []
