"""fixes/: what each administrator may review and run, written from the findings; the tool runs none of it.

A file is there only while something is to be fixed: one that an earlier run
left is replaced as a whole, or removed. A finding stands in the file of
whoever has to act, and its commands in the script of the shell that they need.
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
from pytest_flowscape.report.files.results import RunInfo, moment
from pytest_flowscape.report.finding_rows import CONSEQUENCE, EXPECTED, FOUND, LINK, TO_DO, UNDO, WAIT, rows
from pytest_flowscape.report.fixes import script_text as script
from pytest_flowscape.report.fixes.remedy_parts import remedy
from pytest_flowscape.report.fixes.script_text import DIRECTORY, EXCHANGE, NETWORK, Step
from pytest_flowscape.report.fixes.steps import Around, account_values, file_of_step, place_of, step_for
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.text import named, plural, visible
from pytest_flowscape.requirement import Owner
from pytest_flowscape.site.model import Site

FOLDER = "fixes"
NAMES = (EXCHANGE, DIRECTORY, NETWORK)
BOM = "\ufeff"
_OWNERS = {Owner.EXCHANGE.value: EXCHANGE, Owner.DIRECTORY.value: DIRECTORY, Owner.NETWORK.value: NETWORK}
_WHERE = {
    EXCHANGE: "Run it in the Exchange Management Shell (Exchange 2016, 2019 or SE), as a member of Organization "
    "Management, after reading it.",
    DIRECTORY: "Run it in Windows PowerShell with the module ActiveDirectory, as somebody who may change the service "
    "account, after reading it.",
}
_RULES = (
    (
        "First as a rehearsal: add -WhatIf, and every change is only shown. Then without it: each step counts and "
        "shows what it will touch, stops where the count is not the expected one, and asks before it changes anything."
    ),
    (
        "The undo of each change is printed beside it, with the former values: keep it with | Tee-Object -FilePath "
        "undo.txt, and run it from the last line to the first."
    ),
    (
        "Values stand in single-quoted literals at the head of each step; a line may be taken out of a list. The tool "
        "that wrote this has run none of it."
    ),
)
_MAX_NAMED = 20
Writer = Callable[[], object]


def file_names(finding: Finding) -> tuple[str, ...]:
    """Return the names of the files in fixes/ that a failed finding stands in, the one with its commands first."""
    if finding.word is not Word.FAILED:
        return ()
    return tuple(dict.fromkeys(filter(None, (file_of_step(finding), _OWNERS.get(finding.owner, "")))))


def by_owner(folder: Path) -> dict[str, str]:
    """Give, by owner, the file that is there for them, as a path in the report folder."""
    return {owner: f"{FOLDER}/{name}" for owner, name in _OWNERS.items() if (folder / FOLDER / name).is_file()}


def writers(
    folder: Path, findings: Sequence[Finding], site: Site, facts: SiteFacts | None, run: RunInfo
) -> dict[str, Writer]:
    """Give, by its name in the report folder, what brings each file up to date; each may raise OSError by itself."""
    around = Around(site, facts, tuple(one for one in findings if one.word is Word.FAILED))
    return {f"{FOLDER}/{name}": partial(_bring_up_to_date, folder, name, around, run) for name in NAMES}


def document(name: str, around: Around, run: RunInfo) -> str:
    """Return a file's text, lines ended by LF and without a mark; empty where nothing is to be fixed in it."""
    if name == NETWORK:
        lines = list(_network(around))
        head = _head(around, run, "")
    else:
        lines = list(_script(name, around))
        head = _head(around, run, "# ", _WHERE[name], *_RULES)
    return "\n".join([*head, *lines, ""]) if lines else ""


def _bring_up_to_date(folder: Path, name: str, around: Around, run: RunInfo) -> None:
    """Replace the file, or remove it, and the folder with the last one. Raises OSError."""
    own = folder / FOLDER
    if own.is_symlink():  # somebody else's idea of where our scripts should go
        own.unlink()
    text = document(name, around, run)
    if text:
        private_folder(folder)
        writing.atomic_write(private_folder(own) / name, BOM + text.replace("\n", "\r\n"))
        return
    (own / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others are in it
        own.rmdir()


def _head(around: Around, run: RunInfo, mark: str, *sentences: str) -> Iterator[str]:
    site = around.site
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


def _script(name: str, around: Around) -> Iterator[str]:
    steps = _steps(name, around)
    if steps:
        yield ""
        yield from script.commands("exchange_start" if name == EXCHANGE else "directory_start")
        yield ""
        yield "# the service account, for all steps"
        shared = {"account": around.site.service_account.username} if name == EXCHANGE else account_values(around)
        for variable, value in shared.items():
            yield from script.assignment(variable, value)
        for number, (step, found) in enumerate(steps, 1):
            yield from script.step_lines(number, step, found)
        yield ""
        yield from script.commands("exchange_end" if name == EXCHANGE else "directory_end")
    rest = [one for one in around.findings if _OWNERS.get(one.owner) == name and file_of_step(one) != name]
    for finding in rest:
        yield ""
        yield from _elsewhere(finding, around.site)
    if rest and not steps:
        yield ""
        yield "Write-Warning 'There is nothing to run in this file. Read it: it says what to do, and where.'"


def _steps(name: str, around: Around) -> list[tuple[Step, list[Finding]]]:
    """Return the steps of a script in their order, each with its findings."""
    steps: dict[str, tuple[Step, list[Finding]]] = {}
    for finding in around.findings:
        step = step_for(finding, around)
        if step is None or step.file != name:
            continue
        if step.same in steps:
            before, found = steps[step.same]
            steps[step.same] = (before.joined(step), [*found, finding])
        else:
            steps[step.same] = (step, [finding])
    return sorted(steps.values(), key=lambda one: place_of(one[0]))


def _elsewhere(finding: Finding, site: Site) -> Iterator[str]:
    """Say in comments where the commands of a finding are, or what is to be done by hand."""
    yield from script.about([finding])
    there = file_of_step(finding)
    if there:
        yield f"# The commands are in {there}, because they need that shell."
        return
    yield "# By hand:"
    yield from script.by_hand(finding.fix_text(site))


# --- network.txt ----------------------------------------------------------------------------------


def _network(around: Around) -> Iterator[str]:
    mine = [one for one in around.findings if _OWNERS.get(one.owner) == NETWORK]
    for number, finding in enumerate(mine, 1):
        yield ""
        yield f"{number}. {finding.requirement} ({script.level_of(finding)}): {visible(finding.title)}"
        yield ""
        where = "" if finding.targets == ("site",) else named(finding.targets, _MAX_NAMED)
        if where:
            yield f"   Where: {visible(where)}"
        yield from _labelled(finding, EXPECTED, FOUND, CONSEQUENCE)
        yield f"   {TO_DO}:"
        yield from (f"     {line}".rstrip() for line in remedy(finding.fix_text(around.site)).do.split("\n"))
        yield from _labelled(finding, UNDO, WAIT, LINK)
        there = file_of_step(finding)
        if there:
            yield f"   Its commands as a script: {there}."
    if mine:
        yield ""
        yield f"{plural(len(mine), 'finding')}. Commands are for you to review; the tool has run none of them."


def _labelled(finding: Finding, *labels: str) -> list[str]:
    return [f"   {label}: {visible(text)}" for label, text in rows(finding, *labels)]
