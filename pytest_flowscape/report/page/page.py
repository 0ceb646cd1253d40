"""What stands on the page: one plain view made from result, findings and facts, and the templates that show it."""

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
from pytest_flowscape.report.files.results import RunInfo, moment
from pytest_flowscape.report.finding_rows import BECAUSE, EXPECTED, FIX, FOUND, LINK, rows, with_fix
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.page import cards, vantage
from pytest_flowscape.report.page import counts as page_counts
from pytest_flowscape.report.page import fix as page_fix
from pytest_flowscape.report.page.decisions import decisions
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.matrix import LABELS, Matrix
from pytest_flowscape.report.page.scope import scope, voids
from pytest_flowscape.report.text import plural, visible
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
class Told:
    """What a run has to tell beside its result.

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
    told: Told | None = None,
) -> str:
    """Return the acceptance as HTML with its own style and script; every value is escaped by the template engine."""
    told = told or Told()
    run, outcomes = told.run, result.outcomes if result else ()
    matrix = Matrix(site, requirements, outcomes, told.evidence)
    today = _day(run)
    view: dict[str, Any] = {
        "site": site,
        "run": run,
        "told": told,
        "started": moment(run.started) if run else "",
        "ended": moment(run.ended) if run else "",
        "tool": run.tool_version if run else __version__,
        "result": result,
        "symbols": SYMBOLS,
        "trial": page_fix.TRIAL,
        "symbols_by_word": {word.value: symbol for word, symbol in SYMBOLS.items()},
        "labels": LABELS,
        "worst_first": [word.value for word in groups.WORST_FIRST],
        "look": _look(result),
        "why": _why(result, findings) if result else "",
        "rooms_measured": groups.measured(outcomes, [room.email for room in site.rooms]),
        "users_measured": groups.measured(outcomes, site.users.addresses),
        "booking": groups.booking_exercised(outcomes, written=bool(run and run.footprint.writes)),
        "sections": page_counts.sections(outcomes),
        "findings": [one for one in findings if one.word is Word.FAILED],
        "owners": cards.by_owner(findings, site, matrix, told.fixes),
        "missing": cards.missing(findings, outcomes),
        "table": page_counts.by_requirement(result, requirements) if result else None,
        "of_site": page_counts.of_site(outcomes, requirements),
        "remarks": page_counts.remarks(outcomes),
        "decisions": decisions(site, outcomes, today) if result else (),
        "scope": scope(site, told.site_facts, outcomes),
        "voids": voids(site, told.site_facts, today),
        "changes": run.changes if run else None,
        "booked": bookings.rows(run.booked) if run else [],
        "left": [f"{item}: {why}" for item, why in run.booked.left] if run else [],
        "recoverable": bookings.RECOVERABLE,
        "vantage": vantage.rows(site, told.site_facts),
        "footprint": footprint.rows(run.footprint, site.service_account.email) if run else (),
        **_asked(run, site),
        # last: findings and cards have put their texts into it
        "data": matrix.as_json(findings),
    }
    return _template().render(view)


def details(outcome: Outcome, requirements: Mapping[str, Requirement], site: Site) -> list[str]:
    """Return what one row of pytest-html's table opens, as lines of plain text; only its notes for what passed.

    No line begins with a capital letter of ours: pytest-html colours lines that begin with E.
    """
    notes = [("note", note) for note in outcome.notes]
    if outcome.word is Word.PASSED:
        lines = notes
    else:
        finding = groups.finding_of([outcome], requirements)
        if outcome.word is Word.FAILED:
            shown = [*with_fix(finding, site), *rows(finding, LINK)]
        else:
            shown = rows(finding, EXPECTED, FOUND, BECAUSE)
        lines = [("target", outcome.target), *shown, *notes]
    below = (f"\n{textwrap.indent(text, '  ')}" if label == FIX else text for label, text in lines)
    return [f"{label.lower()}: {text}" for (label, _), text in zip(lines, below, strict=True)]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seen"] = visible
    environment.filters["css"] = lambda word: word.value.replace(" ", "-")
    environment.filters["when"] = lambda text: text.replace("T", " ").replace("Z", " UTC")
    return environment.get_template("acceptance.html.j2")


def _day(run: RunInfo | None) -> date:
    return (run.started if run else datetime.now(timezone.utc)).astimezone().date()


def _asked(run: RunInfo | None, site: Site) -> dict[str, Any]:
    asked = list(footprint.mailboxes(run.footprint, site.service_account.email).items()) if run else []
    return {"asked": asked[:_MAX_MAILBOXES], "asked_in_all": len(asked)}


def _look(result: Result | None) -> tuple[str, str]:
    if result is None:
        return _LOOKS[Verdict.INCOMPLETE]
    if result.other_failed and result.verdict in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_EXCEPTIONS):
        return "warn", "!"  # the run ends with an error code, and must not look as if all were well
    return _LOOKS[result.verdict]


def _why(result: Result, findings: Sequence[Finding]) -> str:
    """Say in one sentence what the verdict rests on."""
    totals = groups.totals(result.outcomes)
    if result.verdict is Verdict.NOT_ACCEPTED:
        failed = [one for one in findings if one.word is Word.FAILED and one.required]
        pairs = sum(len(one.pairs) for one in failed)
        checks, causes = plural(pairs, "required check"), plural(len(failed), "cause")
        return f"{checks} failed, by {causes}. What to do stands below."
    if result.verdict is Verdict.INCOMPLETE:
        missing = [f"{totals[word]} {word.value}" for word in (Word.NOT_MEASURED, Word.NOT_RUN) if totals[word]]
        counts = " and ".join(missing) or "none measured"
        return f"Nothing required failed, but of {len(result.outcomes)} checks: {counts}. This is no acceptance."
    if result.verdict is Verdict.ACCEPTED_WITH_EXCEPTIONS:
        exceptions = plural(len(result.exceptions), "exception")
        return f"Nothing required failed; what was let through by a person's word stands below ({exceptions})."
    return "Every requirement that decides was measured and holds, on every target."
