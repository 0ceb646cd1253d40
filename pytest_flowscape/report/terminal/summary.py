"""The closing text at the terminal: at most 50 lines of 100 columns, whatever the number of rooms.

What does not fit is left out step by step (rows that passed, details, commands
of further targets, further findings), and the text says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_flowscape.judging.outcomes import SITE_TARGET, Word
from pytest_flowscape.judging.verdict import Result, Verdict
from pytest_flowscape.report import groups
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.terminal import fix
from pytest_flowscape.report.terminal.columns import cut, fold, pad, text_width
from pytest_flowscape.report.text import name_list, plural
from pytest_flowscape.requirement import Level, Requirement
from pytest_flowscape.site.model import Site

Line = tuple[str, str]
MAX_LINES = 50
PLAIN, GOOD, BAD, WARN, HEAD = "plain", "good", "bad", "warn", "head"
_ALWAYS = (Word.PASSED, Word.FAILED)
_COLUMNS = (*_ALWAYS, Word.NOT_MEASURED, Word.NOT_REQUESTED, Word.WAIVED, Word.ATTESTED, Word.NOT_RUN)
_DIGEST_LETTERS = 16


@dataclass(frozen=True)
class _Detail:
    """How much is shown beside the findings.

    ``rows`` is the most rows of the table, ``fold_passed`` whether those that
    passed share a line, ``each`` the most entries of not measured, exceptions
    and notes, ``compact`` whether these do without headings and second lines.
    """

    rows: int
    fold_passed: bool
    each: int
    compact: bool


# from the fullest to the shortest; the shortest leaves at least twenty lines for what is to be fixed
_DETAILS = (
    _Detail(rows=24, fold_passed=False, each=6, compact=False),
    _Detail(rows=24, fold_passed=True, each=6, compact=False),
    _Detail(rows=16, fold_passed=True, each=2, compact=True),
    _Detail(rows=12, fold_passed=True, each=1, compact=True),
)


def lines(
    result: Result,
    findings: Sequence[Finding],
    site: Site,
    report_folder: Path,
    width: int = 100,
    *,
    requirements: Mapping[str, Requirement],
    footprint: str = "",
    changed: str = "",
    not_kept: str = "",
    written: bool = False,
) -> list[Line]:
    """Return the closing text as (kind, line); the kinds are plain, good, bad, warn and head.

    At most 50 lines, none wider than ``width`` (at least 60) columns. Our own
    characters are ASCII. ``requirements`` give the titles in the table,
    ``footprint``, ``changed`` and ``not_kept`` (a complaint) are lines of their
    own; ``written`` says that the run wrote something.
    """
    width = max(width, 60)
    end = _end(result, site, report_folder, width, (changed, footprint), written=written)
    end += [(WARN, cut(not_kept, width))] if not_kept else []
    failed = [finding for finding in findings if finding.word is Word.FAILED]
    for detail in _DETAILS:
        table = _table(result, requirements, width, detail)
        rest = _rest(result, findings, width, detail)
        room = MAX_LINES - len(table) - len(rest) - len(end)
        if room >= 0 and fix.has_room(failed, room):
            break
    return [*table, *fix.section(failed, site, width, room, requirements), *rest, *end]


# --- the table ----------------------------------------------------------------------------------


def _table(result: Result, requirements: Mapping[str, Requirement], width: int, detail: _Detail) -> list[Line]:
    totals = groups.totals(result.outcomes)
    words = [word for word in _COLUMNS if word in _ALWAYS or totals[word]]
    headers = [word.value.split(" ") for word in words]
    id_width = max([len("Requirement"), *(text_width(id_) for id_ in result.counts)])
    id_width = min(id_width, 20)
    sizes = [max(map(len, parts)) + 2 for parts in headers]
    title_width = max(width - id_width - 2 - sum(sizes), 4)
    upper = ["" if len(parts) == 1 else parts[0] for parts in headers]
    lower = [parts[-1] for parts in headers]

    def row(id_: str, title: str, cells: Sequence[str]) -> str:
        numbers = "".join(cell.rjust(size) for cell, size in zip(cells, sizes, strict=True))
        return f"{pad(id_, id_width)}  {pad(title, title_width)}{numbers}".rstrip()[:width]

    head: list[Line] = [(HEAD, row("", "", upper))] if any(upper) else []
    head.append((HEAD, row("Requirement", "", lower)))
    body: list[Line] = []
    passed: list[str] = []
    for id_, counts in result.counts.items():
        if detail.fold_passed and all(word is Word.PASSED or not count for word, count in counts.items()):
            passed.append(id_)
            continue
        cells = [str(counts.get(word) or "-") for word in words]
        requirement = requirements[id_]
        body.append((_row_kind(requirement, counts), row(id_, _title(requirement, title_width), cells)))
    if passed:
        text = f"{len(passed)} requirements passed on every target: {', '.join(passed)}"
        # green only if the run is accepted: rows that passed are no success while something is missing
        kind = GOOD if verdict_line(result)[0] == GOOD else PLAIN
        body += [(kind, line) for line in fold(text, width, indent="  ", limit=2)]
    return [*head, *_first_rows(body, detail.rows, "more rows", width)]


def _title(requirement: Requirement, room: int) -> str:
    if requirement.level is Level.REQUIRED:
        return requirement.title
    return f"{'(recommended)' if room >= 40 else '(rec.)'} {requirement.title}"


def _row_kind(requirement: Requirement, counts: Mapping[Word, int]) -> str:
    if counts.get(Word.FAILED):
        return BAD if requirement.level is Level.REQUIRED else WARN
    if any(counts.get(word) for word in (Word.NOT_MEASURED, Word.NOT_RUN, Word.WAIVED)):
        return WARN
    return PLAIN


# --- the rest -----------------------------------------------------------------------------------


def _rest(result: Result, findings: Sequence[Finding], width: int, detail: _Detail) -> list[Line]:
    unmeasured = [_reason(finding) for finding in findings if finding.word is Word.NOT_MEASURED]
    shown: list[Line] = []
    for title, sentences, kind in (
        ("Not measured", unmeasured, WARN),
        ("Exceptions", result.exceptions, WARN),
        ("Notes", result.notes, PLAIN),
    ):
        if sentences:
            section = _compact if detail.compact else _section
            shown += section(title, sentences, kind, width, detail.each)
    return [(PLAIN, ""), *shown] if shown and detail.compact else shown


def _reason(finding: Finding) -> str:
    """Return the reason first, then what it concerns: the reason holds the remedy, and a long list is cut."""
    because = f"because of {finding.because}: " if finding.because else ""
    ids = finding.requirements
    if len(ids) > 4:
        return f"{because}{finding.found} [{len(ids)} requirements, {len(finding.pairs)} results]"
    where = f" on {name_list(finding.targets, 1)}" if finding.targets != (SITE_TARGET,) else ""
    return f"{because}{finding.found} [{', '.join(ids)}{where}]"


def _section(title: str, sentences: Sequence[str], kind: str, width: int, each: int) -> list[Line]:
    shown = [line for one in sentences[:each] for line in fold(f"- {one}", width, indent="  ", limit=3)]
    if len(sentences) > each:
        shown.append(f"- and {len(sentences) - each} more: see the report")
    return [(PLAIN, ""), (HEAD, title), *((kind, line) for line in shown)]


def _compact(title: str, sentences: Sequence[str], kind: str, width: int, each: int) -> list[Line]:
    more = f" (and {len(sentences) - each} more: see the report)" if len(sentences) > each else ""
    shown = [cut(f"{title}: {one}", width) for one in sentences[:each]]
    if more:
        shown[-1] = cut(shown[-1], width - len(more)) + more
    return [(kind, line) for line in shown]


def _end(
    result: Result, site: Site, report_folder: Path, width: int, more: Sequence[str], *, written: bool
) -> list[Line]:
    rooms = f"{result.rooms_chosen} of {result.rooms_configured} rooms"
    users = plural(result.users_chosen, "user")
    text: list[Line] = [(PLAIN, ""), verdict_line(result)]
    if result.not_run:
        counts = ", ".join(f"{id_} {count}" for id_, count in groups.not_run(result.outcomes).items())
        text.append((WARN, cut(f"Not run: {result.not_run} of {len(result.outcomes)} checks ({counts})", width)))
    exercised = "exercised" if groups.booking_exercised(result.outcomes, written=written) else "not exercised"
    text.append((PLAIN, cut(f"{site.customer} - {site.name}: {rooms}, {users}, booking {exercised}", width)))
    text += [(PLAIN, cut(sentence, width)) for sentence in more if sentence]
    text.append((PLAIN, f"Outcomes digest: {result.digest[:_DIGEST_LETTERS]}"))
    text += [(PLAIN, line) for line in _path_lines(report_folder, width)]
    return text


def verdict_line(result: Result) -> Line:
    """Return the verdict in words; only a plain acceptance with nothing else failed is good."""
    text = f"Verdict: {result.verdict.value}"
    if result.other_failed:
        text += f", and {plural(result.other_failed, 'other test')} failed"
    if result.verdict is Verdict.NOT_ACCEPTED or result.other_failed:
        return BAD, text
    return (GOOD if result.verdict is Verdict.ACCEPTED else WARN), text


def _path_lines(folder: Path, width: int) -> list[str]:
    absolute = str(folder.absolute())
    try:
        shorter = os.path.relpath(folder)
    except ValueError:  # another drive
        shorter = absolute
    text = f"Report: {min(absolute, shorter, key=len)}"
    # split without a mark, so that the pieces can be joined again; a letter takes two columns at most
    step = width if text.isascii() else width // 2
    return [text[start : start + step] for start in range(0, len(text), step)][:3]


def _first_rows(body: list[Line], limit: int, what: str, width: int) -> list[Line]:
    if len(body) <= limit:
        return body
    left = len(body) - limit + 1
    # what went wrong stays; what is plain goes first
    important = sorted(range(len(body)), key=lambda place: body[place][0] == PLAIN)[: limit - 1]
    kept = [body[place] for place in sorted(important)]
    return [*kept, (PLAIN, cut(f"... and {left} {what}: see the report", width))]
