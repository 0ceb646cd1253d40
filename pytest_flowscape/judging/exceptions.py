"""From how a pair ended to its outcome, with what a named person waived or vouched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from pytest_flowscape.core.errors import NotMeasured, NotRequested, RequirementFailed
from pytest_flowscape.judging.entries import OWN_MAILBOX
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site.model import Attestation, Site, Waiver

NEVER_ATTESTED = ("internal", OWN_MAILBOX, "malformed", "throttled", "transient")


def defect(error: BaseException) -> NotMeasured:
    """Return an unforeseen error as what it is: not measured, never a verdict."""
    text = str(error).splitlines()[0] if str(error) else ""
    return NotMeasured(f"the check itself failed: {type(error).__name__}: {text}", cause="internal")


class Exceptions:
    """The waivers and attestations of a site, as they hold on the day of the run."""

    def __init__(self, site: Site, today: date) -> None:
        self._waivers: Mapping[tuple[str, str], Waiver] = {
            (w.requirement, w.target): w for w in site.waivers if w.until >= today
        }
        self._attestations = site.attestations

    def outcome(
        self, record: Requirement, target: str, error: BaseException | None, seconds: float, notes: tuple[str, ...]
    ) -> Outcome:
        """Return the outcome of a pair that ended in ``error`` (None: it holds)."""
        base = Outcome(
            record.id,
            target,
            Word.PASSED,
            level=record.level.value,
            owner=record.owner.value,
            notes=notes,
            seconds=round(seconds, 4),
        )
        if error is None:
            return base
        if isinstance(error, RequirementFailed):
            return self._failed(base, record, error)
        if isinstance(error, NotRequested):
            return replace(base, word=Word.NOT_REQUESTED, found=error.reason, owner="")
        if not isinstance(error, NotMeasured):
            error = defect(error)
        return self._not_measured(base, error)

    def _failed(self, base: Outcome, record: Requirement, error: RequirementFailed) -> Outcome:
        failed = replace(
            base,
            word=Word.FAILED,
            expected=error.expected,
            found=error.found,
            consequence=error.consequence or record.consequence,
            fix=error.fix or record.fix,
            owner=error.owner or record.owner.value,
            cause=error.cause,
        )
        return self._waived(failed, record.id)

    def _not_measured(self, base: Outcome, error: NotMeasured) -> Outcome:
        found = replace(
            base, word=Word.NOT_MEASURED, found=error.reason, cause=error.cause, because=error.because, owner=""
        )
        # a waiver covers the dependants on the same target, never those of another: a waived account
        # would else let every room through unseen
        waived = self._waived(found, error.because)
        # what was stopped by a failure, waits, or speaks against itself is not a case of "not measurable here"
        if waived is not found or error.because or error.waiting or error.cause in NEVER_ATTESTED:
            return waived
        attestation = self._attestation(base)
        if attestation is None:
            return found
        text = f"attested by {attestation.who} on {attestation.on.isoformat()}: {attestation.how}"
        return replace(found, word=Word.ATTESTED, notes=(text, *base.notes))

    def _waived(self, outcome: Outcome, requirement: str) -> Outcome:
        """Return the outcome as waived where the site file waives this requirement on its target."""
        waiver = self._waivers.get((requirement, outcome.target))
        if waiver is None:
            return outcome
        text = f"waived by {waiver.owner} until {waiver.until.isoformat()}: {waiver.reason}"
        return replace(outcome, word=Word.WAIVED, notes=(text, *outcome.notes))

    def _attestation(self, base: Outcome) -> Attestation | None:
        for one in self._attestations:
            if one.requirement == base.requirement and one.target in ("", base.target):
                return one
        return None
