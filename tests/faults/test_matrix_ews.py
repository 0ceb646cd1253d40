"""Every kind of fault at every point of a run, once, three times and for ever, between the product and Exchange."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_flowscape.facts.policy import RULES
from pytest_flowscape.judging.causes import CAUSES
from tests.acceptance import left_by
from tests.faults.conftest import Stage
from tests.faults.ews_faults import KINDS, FaultKind
from tests.faults.ews_proxy import Point
from tests.faults.fault_proxy import FOR_EVER
from tests.faults.in_process import FAILED, NOT_MEASURED, PASSED, Result
from tests.faults.tally import FAILS, LEFT, PROPERTY, SAME, all_faults

SECONDS_FOR_ONE_TEST = 300
TIMES = {"once": 1, "three times": 3, "for ever": FOR_EVER}
CASES = [(kind, point) for kind in KINDS for point in kind.where if kind.always or all_faults()]
MOVED = {Point.IMPERSONATED: {"IMPERSONATION-1", "IMPERSONATION-3"}, Point.SYNC: {"CALENDAR-1"}}
# what a fault for ever leaves unmeasured at least
READ_FROM = {
    Point.CONNECTION: ("HOST-1", *left_by("host-refused")),
    Point.HOST_PROBE: left_by("ews-unexpected"),
    Point.CHALLENGE: left_by("way-missing-here"),
    Point.SIGN_IN: ("ACCOUNT-3",),
    Point.OWN_FOLDERS: (),
    Point.IMPERSONATED: ("IMPERSONATION-1", "IMPERSONATION-2", "IMPERSONATION-3"),
    Point.DELEGATE: ("PERMISSION-1",),
    Point.SYNC: ("CALENDAR-1",),
}


@pytest.mark.parametrize(("kind", "point"), CASES, ids=[f"{kind.name}-{point.value}" for kind, point in CASES])
def test_a_fault_makes_no_outcome_better(
    kind: FaultKind, point: Point, stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    healthy = stage.baseline()
    # what the controller measures before is not met by a fault that is where rooms are asked
    facts = healthy.facts if point in (Point.DELEGATE, Point.SYNC) else None
    for words, times in TIMES.items():
        stage.ews.plan(point, kind.fault, times)
        result = stage.accept(facts=facts)
        assert stage.ews.spoilt, f"{words}: the point was not met"
        assert stage.refusals == 0, words
        assert_never_better(result, healthy, requirements_failed(kind, point) if times > 1 else set())
        if kind.trouble is None or (times == 1 and not (kind.lasting and point is not Point.HOST_PROBE)):
            assert result.differences(healthy) == {}, words
        elif times == FOR_EVER and not kind.spares:
            left = {pair for pair in result.of(PASSED) if pair[0] in READ_FROM[point]}
            assert left == set(), words
        record_property(PROPERTY, (point.value, words, result_word(result, healthy)))


def assert_never_better(result: Result, healthy: Result, may_fail: set[str]) -> None:
    for pair, reason in result.differences(healthy).items():
        word = result.outcomes[pair]
        assert word == NOT_MEASURED or (word == FAILED and pair[0] in may_fail), (pair, reason)


def result_word(result: Result, healthy: Result) -> str:
    """Return in a word what a fault has done to the outcomes."""
    words = {result.outcomes[pair] for pair in result.differences(healthy)}
    return FAILS if FAILED in words else LEFT if words else SAME


def requirements_failed(kind: FaultKind, point: Point) -> set[str]:
    """Return the requirement that the table of causes fails for this trouble at this point."""
    if kind.trouble is None:
        return set()
    if kind.moves:
        return MOVED.get(point, set())
    rule = RULES[kind.trouble]
    keys = {
        Point.CONNECTION: rule.host,
        Point.HOST_PROBE: rule.bare,
        Point.CHALLENGE: rule.sign_in,
        Point.SIGN_IN: rule.sign_in,
    }
    key = keys.get(point, "")
    return {CAUSES[key].failed} if key else set()
