"""The closing text: at most 50 lines of 100 columns, whatever there is to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.terminal import summary
from pytest_flowscape.report.terminal.columns import text_width
from pytest_flowscape.site.model import Room
from tests.report.report_samples import REQUIREMENTS, failure, outcome, result, site

LONG = "a very long name of something " * 10
KINDS = (summary.PLAIN, summary.GOOD, summary.BAD, summary.WARN, summary.HEAD)


@pytest.mark.parametrize("causes", [0, 1, 40], ids=lambda number: f"{number} findings")
@pytest.mark.parametrize("rooms", [1, 5000], ids=lambda number: f"{number} rooms")
@pytest.mark.parametrize("width", [60, 100])
def test_it_stays_within_its_bounds_and_keeps_what_matters(width: int, rooms: int, causes: int) -> None:
    names = tuple(Room(f"{n:04}-{LONG.replace(' ', '-')}@contoso.test") for n in range(rooms))
    where = site(rooms=0, customer=LONG, name=LONG, contact=LONG)
    where = where.__class__(**{**vars(where), "rooms": names})
    pairs = [("PERMISSION-1", one.email) for one in names] + [("ROOM-1", one.email) for one in names]
    bad = [
        failure(*pair, found=f"{LONG} {number % max(causes, 1)}", cause=f"cause-{number % max(causes, 1)}")
        for number, pair in enumerate(pairs[:: 1 if rooms == 1 else 7])
        if causes
    ]
    bad += [failure(id_, found=LONG) for id_ in ("HOST-1", "ACCOUNT-1", "ADVICE-1") if causes == 40]
    bad += [outcome("CALENDAR-1", one.email, Word.NOT_MEASURED, found=f"{LONG} {n % 9}") for n, one in enumerate(names)]
    judged = result(where, bad, notes=(LONG,) * 9, leave_out=("ACCOUNT-2",), other_failed=3)
    lines = summary.lines(
        *(judged, findings(judged.outcomes, REQUIREMENTS), where, Path("reports") / ("x" * 80), width),
        requirements=REQUIREMENTS,
        footprint="Footprint: " + LONG,
        changed="Since 2026-11-19 12:00:00 UTC: 1 new, 2 fixed; 3 still failing",
        not_kept="This run could not be kept in history/: " + LONG,
        written=True,
    )
    assert len(lines) <= summary.MAX_LINES == 50
    assert max(text_width(line) for _, line in lines) <= width
    assert {kind for kind, _ in lines} <= set(KINDS)
    text = "\n".join(line for _, line in lines)
    assert f"Verdict: {judged.verdict.value}, and 3 other tests failed" in text
    assert "Not run: " in text
    assert "Since 2026-11-19" in text
    assert "This run could not be kept" in text
    if causes == 40 and rooms == 5000:
        assert "more findings: see the report" in text
