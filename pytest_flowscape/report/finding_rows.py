"""A finding as labelled rows: the one place for its labels, on the page, in files and at the terminal."""

from __future__ import annotations

from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.report.fixes.remedy_parts import remedy
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.site.model import Site

EXPECTED, FOUND, BECAUSE, EVIDENCE = "Expected", "Found", "Because of", "Evidence"
CONSEQUENCE, OWNER, TO_DO, FIX = "If not fixed", "Responsible", "What to do", "Fix"
UNDO, WAIT, LINK = "Undo", "Waiting time", "Read more"


def rows(finding: Finding, *labels: str) -> list[tuple[str, str]]:
    """Return (label, text) for each of ``labels`` that has a text, in their order.

    Several remedies have several undos and waiting times. FOUND is labelled as
    *not measured* where that is the outcome.
    """
    remedies = [remedy(template) for template, _ in finding.fixes]
    texts = {
        EXPECTED: [finding.expected],
        FOUND: [finding.found],
        BECAUSE: [finding.because],
        CONSEQUENCE: [finding.consequence],
        OWNER: [finding.owner],
        UNDO: [one.undo for one in remedies],
        WAIT: [one.waiting for one in remedies],
        LINK: [finding.link],
    }
    unmeasured = finding.word is Word.NOT_MEASURED
    return [
        ("Not measured" if label == FOUND and unmeasured else label, text)
        for label in labels
        for text in texts[label]
        if text
    ]


def with_fix(finding: Finding, site: Site) -> list[tuple[str, str]]:
    """Return the rows of a finding on one target with its fix in full, for a reader who sees nothing else of it."""
    fix = finding.fix_text(site)
    return [*rows(finding, EXPECTED, FOUND, BECAUSE, CONSEQUENCE, OWNER), *([(FIX, fix)] if fix else [])]
