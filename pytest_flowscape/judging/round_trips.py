"""Judge a round trip: at which step it ended, why, and what is left of it. No I/O."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured, NotRequested
from pytest_flowscape.facts import Kind, RoundTrip, StepTaken
from pytest_flowscape.judging.remedies import ANSWER_FIXES, USUAL
from pytest_flowscape.judging.usable_answers import NO_MAILBOX
from pytest_flowscape.requirement import expect

# kinds that say something about the moment or the way to the server, not about what the account may do in the room
_CIRCUMSTANCES = frozenset((Kind.THROTTLED, Kind.TRANSIENT, Kind.NOT_ASKED, Kind.MALFORMED))
LEFT_BEHIND = "booking-left-behind"
# causes of steps whose answer may still come: mail is under way
_UNDER_WAY = frozenset(("request-under-way", "answer-under-way"))


def judge(trip: RoundTrip, expected: str) -> None:
    """Judge a round trip by the step at which it ended.

    A refusal, of a step or of the removal after it, fails it, and so does a
    change that is not reported. What only says something about the circumstances
    leaves it unmeasured. What may be left behind is listed in each case.
    Raises RequirementFailed, NotMeasured, or NotRequested for a room that was
    declined.
    """
    if trip.refused:
        raise NotRequested(trip.refused)
    step = trip.failed_step
    if step is None:
        expect(not trip.left, expected=expected, found=_left(trip), cause=LEFT_BEHIND)
        return
    found = f"'{step.name}': {step.trouble.said if step.trouble else step.wrong}"
    if step.cause in USUAL:
        found += f" ({USUAL[step.cause]})"
    removal = next((one for one in trip.removal if not one.succeeded), None)
    if removal is not None and removal.name != step.name:
        found += f"; then '{removal.name}': {removal.trouble.said if removal.trouble else removal.wrong}"
    if trip.left:
        found += f"; {_left(trip)}"
    elif trip.written:
        found += "; what was written is removed"
    is_finding = _is_finding(trip, step) or (removal is not None and _is_finding(trip, removal))
    if not is_finding:
        cause = NO_MAILBOX if step.trouble and step.trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY) else ""
        raise NotMeasured(f"the booking ended at {found}", cause=cause or f"booking-{_word(step)}")
    expect(
        False,
        expected=expected,
        found=f"it ended at {found}",
        cause=LEFT_BEHIND if trip.left else _cause(step),
        fix="" if trip.left else ANSWER_FIXES.get(step.cause, ""),
    )


def _is_finding(trip: RoundTrip, step: StepTaken) -> bool:
    """Whether the end of a step says something about the room; somebody else's tagged items do not."""
    trouble = step.trouble
    if trouble is None:
        return not trip.strangers and step.cause not in _UNDER_WAY
    if trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY) or trouble.kind in _CIRCUMSTANCES:
        return False
    return bool(trouble.code)


def _cause(step: StepTaken) -> str:
    code = step.trouble.code if step.trouble else step.cause
    return f"booking-{_word(step)}-{code}" if code else f"booking-{_word(step)}"


def _word(step: StepTaken) -> str:
    return step.name.replace(" ", "-")


def _left(trip: RoundTrip) -> str:
    return "LEFT BEHIND, to be deleted by hand: " + "; ".join(map(str, trip.left))
