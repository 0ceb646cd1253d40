"""Fix texts taken apart: whatever changes something says how it is undone, and how long it takes."""

from __future__ import annotations

import pytest

from pytest_flowscape.report.fixes.remedy_parts import Remedy, remedy
from pytest_flowscape.report.powershell import is_command
from pytest_flowscape.requirement import Owner
from tests.report.fix_cases import CASES, INLINE, Case


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Do it. To undo: Undo-It. Waiting time: none.", Remedy("Do it.", "Undo-It.", "None.")),
        ("Do it. To undo, set the\nformer value.", Remedy("Do it.", "Set the former value.", "")),
        ("Do it.\nNothing to undo. Waiting time: an hour.", Remedy("Do it.", "Nothing to undo.", "An hour.")),
        ("Do it.\n  Do-It -Now\nWaiting time: an hour.", Remedy("Do it.\n  Do-It -Now", "", "An hour.")),
        ("Only this", Remedy("Only this")),
        ("To undo: all of it.", Remedy("", "All of it.")),
        ("", Remedy("")),
    ],
)
def test_a_text_is_parted(text: str, parts: Remedy) -> None:
    assert remedy(text) == parts


@pytest.mark.parametrize("case", [one for one in CASES if one.fix != INLINE], ids=str)
def test_every_fix_of_an_administrator_says_its_undo_and_its_waiting_time(case: Case) -> None:
    template = case.fix
    parts = remedy(template)
    if case.owner != Owner.INSTALLER.value or "-WhatIf:" in template:
        assert parts.undo
        assert parts.waiting
    assert not any(is_command(line) for line in (parts.undo, parts.waiting) if line and not line[0].isalpha())
    for word in ("{target}", "-WhatIf:"):
        assert word not in parts.undo + parts.waiting


@pytest.mark.parametrize("case", [one for one in CASES if one.fix != INLINE], ids=str)
def test_every_change_that_a_text_proposes_can_be_rehearsed(case: Case) -> None:
    template = case.fix
    for line in template.splitlines():
        verb = line.strip().partition("-")[0]
        if is_command(line) and verb in {
            "Set",
            "Add",
            "New",
            "Remove",
            "Enable",
            "Disable",
            "Clear",
            "Unlock",
            "Import",
        }:
            assert line.endswith(" -WhatIf:$WhatIfPreference -ErrorAction Stop"), line
