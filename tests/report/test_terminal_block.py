"""A finding in full at the terminal: within the width, and its commands still the commands that they were."""

from __future__ import annotations

import re

import pytest

from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.powershell import is_command, render_fix
from pytest_flowscape.report.terminal.columns import fold_command, text_width
from pytest_flowscape.report.terminal.finding import describe, fold_finding
from pytest_flowscape.requirement import Requirement
from tests.report.report_samples import HOSTILE, site

REQUIREMENTS = [judged.requirement for judged in load_requirements().values()]
WIDTHS = (60, 80, 100, 132)


def block(one: Requirement, target: str = "atlas@contoso.test", found: str = "no access") -> str:
    outcome = Outcome(
        *(one.id, target, Word.FAILED),
        expected="all of it",
        found=found,
        consequence=one.consequence,
        fix=one.fix,
        owner=one.owner.value,
        notes=("a note",),
    )
    return describe(one, outcome, site())


def join_commands(text: str) -> list[str]:
    """Undo the folding of commands as PowerShell does: a mark at the end of a line continues it."""
    return [" ".join(line.split()) for line in re.sub(r" `\n\s*", " ", text).split("\n")]


def words(text: str) -> str:
    return " ".join(text.replace("`\n", "\n").split())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=[one.id for one in REQUIREMENTS])
def test_every_fix_keeps_its_words_and_its_commands(requirement: Requirement, width: int) -> None:
    text = block(requirement)
    shown = fold_finding(text, width)
    assert words(shown) == words(text)
    fix = render_fix(requirement.fix, target="atlas@contoso.test", site=site())
    for command in filter(is_command, fix.split("\n")):
        if not command.lstrip().startswith("#"):
            assert " ".join(command.split()) in join_commands(shown)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=[one.id for one in REQUIREMENTS])
def test_no_line_is_wider_than_the_terminal_but_a_command_that_cannot_be_folded(
    requirement: Requirement, width: int
) -> None:
    for line in fold_finding(block(requirement), width).split("\n"):
        if text_width(line) > width:
            assert is_command(line.lstrip())
            assert fold_command(line.strip(), width, indent=" " * (len(line) - len(line.lstrip()))) == []


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_stay_within_the_width_and_move_no_cursor(value: str) -> None:
    shown = fold_finding(block(REQUIREMENTS[0], target=value, found=f"{value} {value}"), 80)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert all(text_width(line) <= 80 or is_command(line.lstrip()) for line in shown.split("\n"))


def test_a_command_with_a_comment_behind_it_is_never_folded() -> None:
    """Folded inside the comment its rest would be run as a command."""
    command = "Set-Thing -Identity 'a' # undo: " + "Remove-Thing -Identity 'b'" * 5
    assert fold_command(command, 80) == []
    assert fold_finding(f"fix          {command}", 80) == f"fix          {command}"


def test_a_traceback_of_a_check_that_failed_itself_is_left_as_it_is() -> None:
    text = "X-1  title (site)\n\n    def test_x():\n>       assert 0\nE       AssertionError: " + "x" * 200
    assert fold_finding(text, 80).split("\n")[2:] == text.split("\n")[2:]
