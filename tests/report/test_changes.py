"""What changed: every transition of a pair, judged by its last measurement."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.files import changes
from pytest_flowscape.report.files.changes import Changes, Earlier

PAIR = ("ROOM-1", "atlas@x.test")
ANCHOR = ("HOST-1", "site")
UNMEASURED = (Word.NOT_MEASURED, Word.NOT_REQUESTED, Word.ATTESTED, Word.NOT_RUN)


def earlier(*runs: Mapping[tuple[str, str], Word]) -> list[Earlier]:
    """Return earlier runs, newest first, each of which measured HOST-1 too."""
    found = []
    for age, run in enumerate(runs, 1):
        words = {ANCHOR: Word.PASSED, **run}
        outcomes = [Outcome(*pair, word) for pair, word in words.items()]
        started = f"2026-11-{20 - age:02}T12:00:00Z"
        found.append(Earlier(f"run-{age}", started, words, changes.measurements(outcomes), ()))
    return found


def comparison(now: Word, *before: Word | None) -> Changes:
    outcomes = [Outcome(*ANCHOR, Word.PASSED), Outcome(*PAIR, now)]
    runs = earlier(*({PAIR: word} if word else {} for word in before))
    found = changes.compare(outcomes, runs, "2026-11-20T12:00:00Z")
    assert found is not None
    return found


def kind(found: Changes) -> str:
    """Name where the pair went: exactly one place, or none."""
    places = {"new": found.new, "fixed": found.fixed, "still": found.still, "otherwise": (PAIR,) * found.otherwise}
    holding = [name for name, pairs in places.items() if PAIR in pairs]
    assert len(holding) <= 1
    return holding[0] if holding else "same"


EXPECTED = {
    (Word.PASSED, Word.FAILED): "new",
    (Word.WAIVED, Word.FAILED): "new",
    (Word.FAILED, Word.FAILED): "still",
    (Word.FAILED, Word.PASSED): "fixed",
    (Word.WAIVED, Word.PASSED): "fixed",
    # never measured before: found for the first time, and nothing was ever wrong
    **{(before, Word.FAILED): "new" for before in UNMEASURED},
}


@pytest.mark.parametrize("before", Word)
@pytest.mark.parametrize("now", Word)
def test_every_transition(before: Word, now: Word) -> None:
    same = before is now or Word.NOT_RUN in (before, now)
    expected = EXPECTED.get((before, now), "same" if same else "otherwise")
    found = comparison(now, before)
    assert kind(found) == expected
    assert found.nothing_changed == (expected in ("same", "still"))
    assert found.first == ((PAIR,) if expected == "new" and before in UNMEASURED else ())


@pytest.mark.parametrize("between", UNMEASURED)
@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (Word.FAILED, Word.FAILED, "still"),
        (Word.FAILED, Word.PASSED, "fixed"),
        (Word.PASSED, Word.FAILED, "new"),
    ],
)
def test_what_was_not_measured_last_time_is_held_against_its_last_measurement(
    between: Word, then: Word, now: Word, expected: str
) -> None:
    found = comparison(now, between, between, then)
    assert kind(found) == expected
    assert found.first == ()
    assert found.previous_run == "run-1"


def test_an_outage_neither_fixes_nor_makes_new() -> None:
    assert kind(comparison(Word.NOT_MEASURED, Word.FAILED)) == "otherwise"
    assert kind(comparison(Word.FAILED, Word.NOT_MEASURED, Word.FAILED)) == "still"


def test_a_failure_that_is_waived_is_not_fixed() -> None:
    assert kind(comparison(Word.WAIVED, Word.FAILED)) == "otherwise"


def test_a_waiver_of_what_was_not_measured_is_no_measurement() -> None:
    covered = Outcome(*PAIR, Word.WAIVED, because="ROOM-1")
    assert changes.measurements([covered]) == {}


def test_a_room_or_requirement_that_is_new_to_the_last_run_is_not_sought_further_back() -> None:
    found = comparison(Word.FAILED, None, Word.FAILED)
    assert found.new == found.first == (PAIR,)


def test_a_room_that_left_the_site_file_is_neither_fixed_nor_told() -> None:
    found = changes.compare([Outcome(*ANCHOR, Word.PASSED)], earlier({PAIR: Word.FAILED}), "2026-11-20T12:00:00Z")
    assert found is not None
    assert found.nothing_changed
    assert found.fixed == found.still == ()


def test_a_first_run_has_nothing_to_compare_with() -> None:
    assert changes.compare([Outcome(*PAIR, Word.FAILED)], [], "2026-11-20T12:00:00Z") is None


def test_runs_that_measured_nothing_are_passed_over_but_stay_in_the_trend() -> None:
    lost = {ANCHOR: Word.NOT_MEASURED}
    dark = Earlier("dark", "2026-11-19T23:00:00Z", lost, {}, (("2026-11-19T23:00:00Z", 0, 1),))
    found = changes.compare(
        [Outcome(*ANCHOR, Word.FAILED)], [dark, *earlier({ANCHOR: Word.FAILED})], "2026-11-20T12:00:00Z"
    )
    assert found is not None
    assert (found.previous_run, found.still) == ("run-1", (ANCHOR,))
    assert found.trend == (("2026-11-19T23:00:00Z", 0, 1), ("2026-11-20T12:00:00Z", 1, 0))
    assert changes.compare([Outcome(*ANCHOR, Word.FAILED)], [dark], "2026-11-20T12:00:00Z") is None


def test_older_runs_are_read_only_where_they_are_needed() -> None:
    def runs() -> object:
        yield from earlier({PAIR: Word.PASSED})
        raise AssertionError("read too far")

    outcomes = [Outcome(*ANCHOR, Word.PASSED), Outcome(*PAIR, Word.FAILED)]
    assert changes.compare(outcomes, runs(), "2026-11-20T12:00:00Z") is not None  # type: ignore[arg-type]


def test_the_sentence_says_what_was_left_out_and_never_more_than_it_knows() -> None:
    assert comparison(Word.PASSED, Word.PASSED).sentence == "Since 2026-11-19 12:00:00 UTC: no changes"
    said = comparison(Word.NOT_RUN, Word.PASSED).sentence
    assert said == "Since 2026-11-19 12:00:00 UTC: no changes in what was run (1 not run)"
    assert "1 new, 0 fixed" in comparison(Word.FAILED, Word.PASSED).sentence
    assert "no changes except 1 result" in comparison(Word.NOT_MEASURED, Word.PASSED).sentence


def test_a_run_that_left_something_out_has_no_point_in_the_trend() -> None:
    assert comparison(Word.NOT_RUN, Word.PASSED).trend == ()
    assert comparison(Word.FAILED, Word.PASSED).trend == (("2026-11-20T12:00:00Z", 1, 0),)
