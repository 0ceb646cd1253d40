"""What stands on the page: one plain view made from result, findings and facts, and the template that shows it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from pytest_flowscape import __version__
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.outcomes import Outcome, Word
from pytest_flowscape.report import bookings, footprint, groups, vantage
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.results import RunInfo, moment
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site import Site
from pytest_flowscape.verdict import Result, Verdict

TEMPLATES = Path(__file__).parent / "templates"
SYMBOLS = {
    Word.PASSED: "\u2713",
    Word.FAILED: "\u2715",
    Word.NOT_MEASURED: "?",
    Word.NOT_REQUESTED: "\u2013",
    Word.WAIVED: "~",
    Word.ATTESTED: "\u270e",
    Word.NOT_RUN: "\u2013",
}
# (style, symbol): the colour is never the only sign
_LOOKS = {
    Verdict.ACCEPTED: ("good", "\u2713"),
    Verdict.ACCEPTED_WITH_EXCEPTIONS: ("mixed", "\u2713!"),
    Verdict.NOT_ACCEPTED: ("bad", "\u2715"),
    Verdict.INCOMPLETE: ("warn", "?"),
}
_LONG = 200


def render(
    *,
    result: Result | None,
    findings: Sequence[Finding],
    site: Site,
    requirements: Mapping[str, Requirement],
    site_facts: SiteFacts | None,
    run: RunInfo | None,
    results_sha256: str = "",
    rows_left_out: int = 0,
) -> str:
    """Give the acceptance as HTML with its own style and script; every value is escaped by the template engine."""
    outcomes = result.outcomes if result else ()
    view: dict[str, Any] = {
        "site": site,
        "run": run,
        "started": moment(run.started) if run else "",
        "ended": moment(run.ended) if run else "",
        "tool": run.tool_version if run else __version__,
        "result": result,
        "look": _look(result),
        "why": _why(result, findings) if result else "",
        "rooms_measured": groups.measured(outcomes, [room.email for room in site.rooms]),
        "users_measured": groups.measured(outcomes, site.users.addresses),
        "booking": groups.booking_exercised(outcomes, written=bool(run and run.footprint.writes)),
        "booked": bookings.rows(run.booked) if run else [],
        "left": [f"{item}: {why}" for item, why in run.booked.left] if run else [],
        "recoverable": bookings.RECOVERABLE,
        "owners": _by_owner(findings, site),
        "table": _table(result, requirements) if result else None,
        "unmeasured": [one for one in findings if one.word is Word.NOT_MEASURED],
        "not_run": groups.not_run(outcomes),
        "not_requested": _reasons(outcomes, Word.NOT_REQUESTED),
        "remarks": _remarks(outcomes),
        "vantage": vantage.rows(site, site_facts),
        "footprint": footprint.rows(run.footprint, site.service_account.email) if run else (),
        "asked": footprint.mailboxes(run.footprint, site.service_account.email) if run else {},
        "results_sha256": results_sha256,
        "rows_left_out": rows_left_out,
    }
    return _template().render(view)


def details(outcome: Outcome, requirements: Mapping[str, Requirement], site: Site) -> list[str]:
    """Give what one row opens, as lines of plain text; nothing but its notes for what passed.

    No line begins with a capital letter of ours: pytest-html colours lines that begin with E.
    """
    notes = [f"note: {note}" for note in outcome.notes]
    if outcome.word is Word.PASSED:
        return notes
    known = requirements.get(outcome.requirement)
    said = [
        ("target", outcome.target),
        ("expected", outcome.expected),
        ("found", outcome.found),
        ("because", outcome.because),
    ]
    if outcome.word is not Word.FAILED:
        return [*(f"{label}: {text}" for label, text in said if text), *notes]
    template = outcome.fix or (known.fix if known else "")
    fix = groups.render_fix(template, target=outcome.target, site=site)
    said += [
        ("consequence", outcome.consequence or (known.consequence if known else "")),
        ("to be fixed by", outcome.owner or (known.owner.value if known else "")),
        ("fix", "\n" + textwrap.indent(fix.strip("\n"), "  ") if fix else ""),
        ("more", known.link if known else ""),
    ]
    return [*(f"{label}: {text}" for label, text in said if text), *notes]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seen"] = groups.visible
    environment.filters["parts"] = lambda text: list(_parts(text))
    return environment.get_template("acceptance.html.j2")


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
        checks, causes = groups.plural(pairs, "required check"), groups.plural(len(failed), "cause")
        return f"{checks} failed, by {causes}. What to do stands below."
    if result.verdict is Verdict.INCOMPLETE:
        missing = [f"{totals[word]} {word.value}" for word in (Word.NOT_MEASURED, Word.NOT_RUN) if totals[word]]
        counts = " and ".join(missing) or "none measured"
        return f"Nothing required failed, but of {len(result.outcomes)} checks: {counts}. This is no acceptance."
    if result.verdict is Verdict.ACCEPTED_WITH_EXCEPTIONS:
        exceptions = groups.plural(len(result.exceptions), "exception")
        return f"Nothing required failed; what was let through by a person's word stands below ({exceptions})."
    return "Every requirement that decides was measured and holds, on every target."


def _by_owner(findings: Sequence[Finding], site: Site) -> list[dict[str, Any]]:
    """Group what to fix by who has to act, in the order of the first finding of each."""
    owners: dict[str, list[dict[str, Any]]] = {}
    for one in findings:
        if one.word is Word.FAILED:
            few = len(one.targets) <= groups.SHOWN_TARGETS
            card = {
                "finding": one,
                "fix": one.fix_text(site, limit=groups.SHOWN_TARGETS),
                "whole": "" if few else one.fix_text(site),
                "shown": one.targets[: groups.SHOWN_TARGETS],
            }
            owners.setdefault(one.owner or "nobody named", []).append(card)
    return [{"owner": owner, "cards": cards} for owner, cards in owners.items()]


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Split a fix into what is read and what is copied."""
    for command, lines in groupby(text.split("\n"), key=groups.is_command):
        part = textwrap.dedent("\n".join(lines)).strip("\n")
        if part:
            yield command, part


def _table(result: Result, requirements: Mapping[str, Requirement]) -> dict[str, Any]:
    totals = groups.totals(result.outcomes)
    words = [word for word in Word if totals[word] or word in (Word.PASSED, Word.FAILED)]
    rows = []
    for id_, counts in result.counts.items():
        known = requirements.get(id_)
        rows.append(
            {
                "id": id_,
                "title": known.title if known else "",
                "recommended": known is not None and known.level.value == "recommended",
                "cells": [(word, counts.get(word, 0)) for word in words],
            }
        )
    return {"words": words, "rows": rows, "totals": [(word, totals[word]) for word in words]}


def _reasons(outcomes: Sequence[Outcome], word: Word) -> list[tuple[str, str, int]]:
    """Give (requirement, reason, number of targets) for every outcome of that word."""
    counts: dict[tuple[str, str], int] = {}
    for outcome in outcomes:
        if outcome.word is word:
            key = (outcome.requirement, outcome.found)
            counts[key] = counts.get(key, 0) + 1
    return [(requirement, reason, count) for (requirement, reason), count in counts.items()]


def _remarks(outcomes: Sequence[Outcome]) -> list[tuple[str, str, list[str]]]:
    """Give (requirement, note, targets) for the notes of passed and failed outcomes, at most 200 of them."""
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.word in (Word.PASSED, Word.FAILED):
            for note in outcome.notes:
                found.setdefault((outcome.requirement, note), []).append(outcome.target)
    return [(requirement, note, targets) for (requirement, note), targets in found.items()][:_LONG]
