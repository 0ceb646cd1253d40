"""What the page shows: one plain view made from result, findings and facts, and the templates that show it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from pytest_flowscape import __version__
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result, Verdict
from pytest_flowscape.report import bookings, footprint, groups
from pytest_flowscape.report.files.results import RunInfo
from pytest_flowscape.report.finding_rows import BECAUSE, EXPECTED, FIX, FOUND, LINK, rows, with_fix
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.page import cards, counts as page_counts, fix as page_fix, vantage
from pytest_flowscape.report.page.decisions import decisions
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.matrix import LABELS, Matrix
from pytest_flowscape.report.page.scope import scope, voids
from pytest_flowscape.report.text import moment, plural, visible, when
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site.model import Site

TEMPLATES = Path(__file__).parent / "templates"
SYMBOLS = {
    Word.PASSED: "\u2713",
    Word.FAILED: "\u2715",
    Word.NOT_MEASURED: "?",
    Word.NOT_REQUESTED: "\u2013",
    Word.WAIVED: "~",
    Word.ATTESTED: "\u270e",
    Word.NOT_RUN: "\u25cb",
}
# (style, symbol): the colour is never the only sign
_LOOKS = {
    Verdict.ACCEPTED: ("good", "\u2713"),
    Verdict.ACCEPTED_WITH_EXCEPTIONS: ("mixed", "\u2713!"),
    Verdict.NOT_ACCEPTED: ("bad", "\u2715"),
    Verdict.INCOMPLETE: ("warn", "?"),
}
_MAX_MAILBOXES = 500  # results.json has all of them


@dataclass(frozen=True)
class Content:
    """What the page shows beside the result.

    ``fixes`` are the paths of written scripts by owner, ``results_sha256`` is
    that of results.json.
    """

    site_facts: SiteFacts | None = None
    run: RunInfo | None = None
    evidence: Evidence = field(default_factory=Evidence)
    fixes: Mapping[str, str] = field(default_factory=dict)
    results_sha256: str = ""
    rows_left_out: int = 0


def render(
    result: Result | None,
    findings: Sequence[Finding],
    site: Site,
    requirements: Mapping[str, Requirement],
    content: Content | None = None,
) -> str:
    """Return the acceptance as HTML with its own style and script; every value is escaped by the template engine."""
    content = content or Content()
    run, outcomes = content.run, result.outcomes if result else ()
    matrix = Matrix(site, requirements, outcomes, content.evidence)
    today = _day(run)
    view: dict[str, Any] = {
        "site": site,
        "content": content,
        "result": result,
        "symbols": SYMBOLS,
        "trial": page_fix.TRIAL,
        "symbols_by_word": {word.value: symbol for word, symbol in SYMBOLS.items()},
        "labels": LABELS,
        "worst_first": [word.value for word in groups.WORST_FIRST],
        "look": _look(result),
        "why": _why(result, findings) if result else "",
        "rooms_measured": groups.count_measured(outcomes, [room.email for room in site.rooms]),
        "users_measured": groups.count_measured(outcomes, site.users.addresses),
        "booking": groups.booking_exercised(outcomes, written=bool(run and run.footprint.writes)),
        "sections": page_counts.sections(outcomes),
        "findings": [one for one in findings if one.word is Word.FAILED],
        "owners": cards.by_owner(findings, site, matrix, content.fixes),
        "gaps": cards.gaps(findings, outcomes),
        "table": page_counts.by_requirement(result, requirements) if result else None,
        "site_rows": page_counts.site_rows(outcomes, requirements),
        "remarks": page_counts.remarks(outcomes),
        "decisions": decisions(site, outcomes, today) if result else (),
        "scope": scope(site, content.site_facts, outcomes),
        "voids": voids(site, content.site_facts, today),
        "recoverable": bookings.RECOVERABLE,
        "vantage": vantage.rows(site, content.site_facts),
        **_run_view(run, site.service_account.email),
        # last: findings and cards have put their texts into it
        "data": matrix.as_json(findings),
    }
    return _template().render(view)


def details(outcome: Outcome, requirements: Mapping[str, Requirement], site: Site) -> list[str]:
    """Return what one row of pytest-html's table opens, as lines of plain text; only its notes for what passed.

    No line begins with a capital letter of ours: pytest-html colours lines that begin with E.
    """
    finding = groups.finding_of([outcome], requirements)
    lines = [("target", outcome.target), *rows(finding, EXPECTED, FOUND, BECAUSE)]
    if outcome.word is Word.PASSED:
        lines = []
    elif outcome.word is Word.FAILED:
        lines = [lines[0], *with_fix(finding, site), *rows(finding, LINK)]
    lines += [("note", note) for note in outcome.notes]
    return [_detail(label, text) for label, text in lines]


def _detail(label: str, text: str) -> str:
    return f"fix:\n{textwrap.indent(text, '  ')}" if label == FIX else f"{label.lower()}: {text}"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.filters["css"] = lambda word: word.value.replace(" ", "-")
    environment.filters["when"] = when
    return environment.get_template("acceptance.html.j2")


def _day(run: RunInfo | None) -> date:
    return (run.started if run else datetime.now(timezone.utc)).astimezone().date()


def _run_view(run: RunInfo | None, own_address: str) -> dict[str, Any]:
    if run is None:
        empty = dict.fromkeys(("run_rows", "booked", "left", "footprint", "requests"), ())
        return {**empty, "tool": __version__, "ended": "", "by": "", "changes": None, "request_mailboxes": 0}
    mailboxes = list(footprint.mailboxes(run.footprint, own_address).items())
    ended = _when(run.ended)
    return {
        "tool": run.tool_version,
        "ended": ended,
        "by": run.command_users,
        "run_rows": (
            ("Run", run.run_id),
            ("Start and end", f"{_when(run.started)} to {ended}"),
            ("Test processes", run.workers),
        ),
        "changes": run.changes,
        "booked": bookings.rows(run.bookings),
        "left": [f"{item}: {why}" for item, why in run.bookings.left],
        "footprint": footprint.rows(run.footprint, own_address),
        "requests": mailboxes[:_MAX_MAILBOXES],
        "request_mailboxes": len(mailboxes),
    }


def _when(value: datetime) -> str:
    return when(moment(value))


def _look(result: Result | None) -> tuple[str, str]:
    if result is None:
        return _LOOKS[Verdict.INCOMPLETE]
    if result.other_failed and result.verdict in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_EXCEPTIONS):
        return "warn", "!"  # the run ends with an error code, and must not look as if all was well
    return _LOOKS[result.verdict]


def _why(result: Result, findings: Sequence[Finding]) -> str:
    """Return in one sentence what the verdict is based on."""
    totals = groups.totals(result.outcomes)
    if result.verdict is Verdict.NOT_ACCEPTED:
        failed = [one for one in findings if one.word is Word.FAILED and one.required]
        pairs = sum(len(one.pairs) for one in failed)
        checks, causes = plural(pairs, "required check"), plural(len(failed), "cause")
        return f'{checks} failed, from {causes}. See "What to fix now".'
    if result.verdict is Verdict.INCOMPLETE:
        gaps = ((Word.NOT_MEASURED, "could not be measured"), (Word.NOT_RUN, "did not run"))
        counts = " and ".join(f"{totals[word]} {text}" for word, text in gaps if totals[word]) or "none was measured"
        return f"Not an acceptance: of {len(result.outcomes)} checks {counts}."
    if result.verdict is Verdict.ACCEPTED_WITH_EXCEPTIONS:
        return f"Accepted with {plural(len(result.exceptions), 'exception')}, listed below."
    return "All required checks passed, for every room and user."
