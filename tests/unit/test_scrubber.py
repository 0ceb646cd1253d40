"""The outermost report wrapper: free text is scrubbed, ids and words are not, whatever the password is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_flowscape.outcomes import Outcome, Word
from pytest_flowscape.scrubbing import Scrubber
from pytest_flowscape.secret import encodings


def cleaned(password: str, **more: Any) -> Any:
    outcome = Outcome(
        "ROOM-1", "atlas@customer.com", Word.FAILED, found=f"said {password}!", notes=(f"and {password}",)
    )
    report = SimpleNamespace(
        longrepr=f"a {password} b",
        longreprtext=f"a {password} b",
        sections=[("log", password)],
        flowscape=outcome.as_json(),
    )
    for name, value in more.items():
        setattr(report, name, value)
    Scrubber(encodings(password)).clean(report)
    return report


@pytest.mark.parametrize("password", ["failed", "passed", "required", "atlas", "ROOM-1", "site", "S3cret&<x>"])
def test_any_word_may_be_a_password(password: str) -> None:
    report = cleaned(password)
    outcome = Outcome.from_json(report.flowscape)
    assert (outcome.requirement, outcome.target, outcome.word) == ("ROOM-1", "atlas@customer.com", Word.FAILED)
    assert outcome.level == "required"
    assert password not in outcome.found
    assert password not in outcome.notes[0]
    assert password not in report.longrepr
    assert password not in report.sections[0][1]


def test_a_skip_keeps_its_three_parts() -> None:
    report = cleaned("S3cret", longrepr=("file.py", 3, "Skipped: S3cret"), wasxfail="because S3cret")
    assert report.longrepr[:2] == ("file.py", 3)
    assert "S3cret" not in report.longrepr[2]
    assert "S3cret" not in report.wasxfail
