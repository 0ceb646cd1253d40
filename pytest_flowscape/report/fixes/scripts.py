"""fixes/: what each administrator may review and run, written from the findings; the tool runs none of it.

A file exists only while there is something to fix: one from an earlier run is
replaced as a whole, or removed. A finding is in its owner's file, and its
commands are in the script of the shell that they need.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from pytest_flowscape.core.own_state import private_folder
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.report.files import writing
from pytest_flowscape.report.files.results import RunInfo
from pytest_flowscape.report.finding_rows import CONSEQUENCE, EXPECTED, FOUND, LINK, TO_DO, UNDO, WAIT, rows
from pytest_flowscape.report.fixes import script_text as script
from pytest_flowscape.report.fixes.remedy_parts import remedy
from pytest_flowscape.report.fixes.script_text import DIRECTORY, EXCHANGE, NETWORK, Step
from pytest_flowscape.report.fixes.steps import FixContext, account_values, file_of_step, place_of, step_for
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.text import moment, name_list, plural, visible
from pytest_flowscape.requirement import Owner
from pytest_flowscape.site.model import Site

FOLDER = "fixes"
NAMES = (EXCHANGE, DIRECTORY, NETWORK)
BOM = "\ufeff"
_OWNERS = {Owner.EXCHANGE.value: EXCHANGE, Owner.DIRECTORY.value: DIRECTORY, Owner.NETWORK.value: NETWORK}
_WHERE = {
    EXCHANGE: "Run it in the Exchange Management Shell (Exchange 2016, 2019 or SE), as a member of Organization "
    "Management, after reading it.",
    DIRECTORY: "Run it in Windows PowerShell with the module ActiveDirectory, as a user who may change the service "
    "account, after reading it.",
}
_RULES = (
    (
        "Rehearse it first: with -WhatIf every change is only shown. Then run it without: each step counts and shows "
        "what it will change, stops if the count is not as expected, and asks before it changes anything."
    ),
    (
        "Each change prints the command that undoes it, with the former values: save these with "
        "| Tee-Object -FilePath undo.txt, and run them from the last line to the first."
    ),
    (
        "Values are single-quoted literals at the top of each step; lines may be removed from a list. The tool that "
        "wrote this has not run any of it."
    ),
)
_MAX_NAMED = 20
Writer = Callable[[], object]


def by_owner(folder: Path) -> dict[str, str]:
    """Return, by owner, the path of their file in the report folder, if there is one."""
    return {owner: f"{FOLDER}/{name}" for owner, name in _OWNERS.items() if (folder / FOLDER / name).is_file()}


def writers(
    folder: Path, findings: Sequence[Finding], site: Site, facts: SiteFacts | None, run: RunInfo
) -> dict[str, Writer]:
    """Return, by its name in the report folder, what updates each file; each may raise OSError."""
    context = FixContext(site, facts, tuple(one for one in findings if one.word is Word.FAILED))
    return {f"{FOLDER}/{name}": partial(_update, folder, name, context, run) for name in NAMES}


def document(name: str, context: FixContext, run: RunInfo) -> str:
    """Return a file's text, lines ended by LF, without byte order mark; empty if it has nothing to fix."""
    if name == NETWORK:
        lines = list(_network(context))
        head = _head(context, run, "")
    else:
        lines = list(_script(name, context))
        head = _head(context, run, "# ", _WHERE[name], *_RULES)
    return "\n".join([*head, *lines, ""]) if lines else ""


def _update(folder: Path, name: str, context: FixContext, run: RunInfo) -> None:
    """Replace the file, or remove it, and the folder with the last one. Raises OSError."""
    own = folder / FOLDER
    if own.is_symlink():  # never write where a link leads
        own.unlink()
    text = document(name, context, run)
    if text:
        private_folder(folder)
        writing.atomic_write(private_folder(own) / name, BOM + text.replace("\n", "\r\n"))
        return
    (own / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # other files are in it
        own.rmdir()


def _head(context: FixContext, run: RunInfo, mark: str, *sentences: str) -> Iterator[str]:
    site = context.site
    yield f"{mark}Fixes proposed by pytest-flowscape {run.tool_version}"
    for label, text in (
        ("Customer", site.customer),
        ("Site", site.name),
        ("Host", site.exchange.hostname),
        ("Run", f"{run.run_id}, ended {moment(run.ended)}"),
    ):
        yield f"{mark}{label}: {visible(text)}"
    for sentence in sentences:
        yield mark.rstrip()
        yield from script.comment(sentence)


# --- the scripts ----------------------------------------------------------------------------------


def _script(name: str, context: FixContext) -> Iterator[str]:
    steps = _steps(name, context)
    if steps:
        yield ""
        yield from script.commands("both_start")
        yield ""
        yield from script.commands("exchange_start" if name == EXCHANGE else "directory_start")
        yield ""
        yield "# the service account, for all steps"
        shared = {"account": context.site.service_account.username} if name == EXCHANGE else account_values(context)
        for variable, value in shared.items():
            yield from script.assignment(variable, value)
        for number, (step, found) in enumerate(steps, 1):
            yield from script.step_lines(number, step, found)
        yield ""
        yield from script.commands("exchange_end") if name == EXCHANGE else ()
        yield from script.commands("both_end")
    rest = [one for one in context.findings if _OWNERS.get(one.owner) == name and file_of_step(one) != name]
    for finding in rest:
        yield ""
        yield from _finding_without_step(finding, context.site)
    if rest and not steps:
        yield ""
        yield "Write-Warning 'There is nothing to run in this file. Read it: it says what to do, and where.'"


def _steps(name: str, context: FixContext) -> list[tuple[Step, list[Finding]]]:
    """Return the steps of a script in their order, each with its findings."""
    steps: dict[str, tuple[Step, list[Finding]]] = {}
    for finding in context.findings:
        step = step_for(finding, context)
        if step is None or step.file != name:
            continue
        if step.identity in steps:
            before, found = steps[step.identity]
            steps[step.identity] = (before.join(step), [*found, finding])
        else:
            steps[step.identity] = (step, [finding])
    return sorted(steps.values(), key=lambda one: place_of(one[0]))


def _finding_without_step(finding: Finding, site: Site) -> Iterator[str]:
    """Return in comments where the commands of a finding are, or what to do by hand."""
    yield from script.finding_comments([finding])
    there = file_of_step(finding)
    if there:
        yield f"# The commands are in {there}, because they need that shell."
        return
    yield "# By hand:"
    yield from script.manual_steps(finding.fix_text(site))


# --- network.txt ----------------------------------------------------------------------------------


def _network(context: FixContext) -> Iterator[str]:
    mine = [one for one in context.findings if _OWNERS.get(one.owner) == NETWORK]
    for number, finding in enumerate(mine, 1):
        yield ""
        yield f"{number}. {finding.requirement} ({script.level_of(finding)}): {visible(finding.title)}"
        yield ""
        where = "" if finding.targets == ("site",) else name_list(finding.targets, _MAX_NAMED)
        if where:
            yield f"   Where: {visible(where)}"
        yield from _labelled_lines(finding, EXPECTED, FOUND, CONSEQUENCE)
        yield f"   {TO_DO}:"
        yield from (f"     {line}".rstrip() for line in remedy(finding.fix_text(context.site)).do.split("\n"))
        yield from _labelled_lines(finding, UNDO, WAIT, LINK)
        there = file_of_step(finding)
        if there:
            yield f"   Its commands as a script: {there}."
    if mine:
        yield ""
        yield f"{plural(len(mine), 'finding')}. Commands are for you to review; the tool has not run any of them."


def _labelled_lines(finding: Finding, *labels: str) -> list[str]:
    return [f"   {label}: {visible(text)}" for label, text in rows(finding, *labels)]
