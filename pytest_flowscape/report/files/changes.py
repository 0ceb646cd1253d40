"""What changed since the last run: outcomes compared with earlier ones, pair by pair; no files.

Only *failed* is a finding. What could not be measured says nothing: a pair is
compared with its own last measurement, which may be older than the last run.
So an outage neither fixes what it hides nor makes it new when it shows again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.text import plural, when

Pair = tuple[str, str]
Point = tuple[str, int, int]
MAX_POINTS = 12


@dataclass(frozen=True)
class Earlier:
    """What is needed from an earlier run.

    ``started`` is ISO 8601 in UTC. ``words`` are the outcomes by (requirement,
    target); ``measurements`` those of them that rest on a measurement. ``trend`` is
    the one that the run knew itself, its own point last.
    """

    run: str
    started: str
    words: Mapping[Pair, Word]
    measurements: Mapping[Pair, Word]
    trend: tuple[Point, ...]


@dataclass(frozen=True)
class Changes:
    """What changed since an earlier run of the same site; pairs are (requirement id, target).

    ``previous_run`` and ``previous_date`` (ISO 8601, UTC) name the latest
    earlier run that measured anything; what that one did not measure is
    compared with the latest one that did. ``new`` failed now and did not then (a
    failure that was waived then is new: now it needs action); ``first`` are
    those of them that were never measured before, because the room or the
    requirement is new. ``fixed`` was wrong then and passed now. ``still`` failed
    both times: ``new`` and ``still`` together are all that failed. ``otherwise``
    counts pairs whose outcome changed in any other way,
    ``left_out`` those that were not run now. ``trend`` holds (date, failed,
    not measured) of at most 12 runs in which nothing was left out, oldest
    first, this one last if it is one of them.
    """

    previous_run: str
    previous_date: str
    new: tuple[Pair, ...] = ()
    fixed: tuple[Pair, ...] = ()
    still: tuple[Pair, ...] = ()
    trend: tuple[Point, ...] = ()
    first: tuple[Pair, ...] = ()
    otherwise: int = 0
    left_out: int = 0

    @property
    def nothing_changed(self) -> bool:
        """Whether every pair that was run has the outcome that it had."""
        return not (self.new or self.fixed or self.otherwise)

    @property
    def sentence(self) -> str:
        """Return the changes in one line."""
        among = f" in what was run ({self.left_out} not run)" if self.left_out else ""
        other = plural(self.otherwise, "result") if self.otherwise else ""
        if self.new or self.fixed:
            what = f"{len(self.new)} new, {len(self.fixed)} fixed" + (f", {other} changed otherwise" if other else "")
        else:
            what = f"no changes except {other}" if other else "no changes"
        still = f"; {len(self.still)} still failing" if self.still else ""
        return f"Since {when(self.previous_date)}: {what}{among}{still}"

    def as_json(self) -> dict[str, Any]:
        """Return it as it is in results.json."""
        return {
            "previous_run": self.previous_run,
            "previous_date": self.previous_date,
            "nothing_changed": self.nothing_changed,
            "new": _pairs(self.new),
            "fixed": _pairs(self.fixed),
            "still": _pairs(self.still),
            "first": _pairs(self.first),
            "otherwise": self.otherwise,
            "left_out": self.left_out,
            "trend": [{"date": date, "failed": failed, "not_measured": lost} for date, failed, lost in self.trend],
        }


def compare(outcomes: Sequence[Outcome], earlier: Iterable[Earlier], started: str) -> Changes | None:
    """Compare the outcomes of the run that ``started`` then with earlier runs, newest first; None if there is none.

    ``earlier`` is read no further than needed.
    """
    runs = iter(earlier)
    latest = previous = next(runs, None)
    while previous is not None and not previous.measurements:
        previous = next(runs, None)
    if latest is None or previous is None:
        return None
    now = {(outcome.requirement, outcome.target): outcome.word for outcome in outcomes}
    then = _last_measured(now, previous, runs)
    failed = [pair for pair, word in now.items() if word is Word.FAILED]
    new = tuple(pair for pair in failed if then.get(pair) is not Word.FAILED)
    still = tuple(pair for pair in failed if then.get(pair) is Word.FAILED)
    wrong = (Word.FAILED, Word.WAIVED)
    fixed = tuple(pair for pair, word in now.items() if word is Word.PASSED and then.get(pair) in wrong)
    counted = {*new, *still, *fixed}
    return Changes(
        previous_run=previous.run,
        previous_date=previous.started,
        new=new,
        fixed=fixed,
        still=still,
        trend=(*latest.trend, *points(now, started))[-MAX_POINTS:],
        first=tuple(pair for pair in new if pair not in then),
        otherwise=sum(pair not in counted and _differs(word, previous.words.get(pair)) for pair, word in now.items()),
        left_out=sum(word is Word.NOT_RUN for word in now.values()),
    )


def measurements(outcomes: Iterable[Outcome]) -> dict[Pair, Word]:
    """Return the outcomes that rest on a measurement: a waiver may also cover what was not measured."""
    words = (Word.PASSED, Word.FAILED, Word.WAIVED)
    return {(o.requirement, o.target): o.word for o in outcomes if o.word in words and not o.because}


def points(words: Mapping[Pair, Word], started: str) -> tuple[Point, ...]:
    """Return a run's point of the trend; none where a pair was not run, since its counts compare with nothing."""
    counted = list(words.values())
    if Word.NOT_RUN in counted:
        return ()
    return ((started, counted.count(Word.FAILED), counted.count(Word.NOT_MEASURED)),)


def _last_measured(now: Mapping[Pair, Word], previous: Earlier, older: Iterable[Earlier]) -> dict[Pair, Word]:
    """Return each pair's word when it was last measured.

    A pair that the previous run did not even expect is new in the site file or
    in the tool, and is not looked up further back.
    """
    ends = (Word.PASSED, Word.FAILED)
    open_ = {pair for pair, word in now.items() if word in ends and pair in previous.words}
    then: dict[Pair, Word] = {}
    runs = chain([previous], older)
    while open_ and (run := next(runs, None)) is not None:
        found = open_ & run.measurements.keys()
        then |= {pair: run.measurements[pair] for pair in found}
        open_ -= found
    return then


def _differs(now: Word, before: Word | None) -> bool:
    return before is not None and now is not before and Word.NOT_RUN not in (now, before)


def _pairs(pairs: Iterable[Pair]) -> list[dict[str, str]]:
    return [{"requirement": requirement, "target": target} for requirement, target in pairs]
