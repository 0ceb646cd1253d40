"""What to fix, at the terminal: forms of each finding from one line to everything; the fullest that fit are shown.

Two rules hold in every form. Commands are shown completely or not at all: a
part of a list could do harm. And no command is shown without the text before
it: it may be a warning, or a condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate, groupby

from pytest_flowscape.judging.outcomes import SITE_TARGET
from pytest_flowscape.report import groups
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.report.powershell import is_command
from pytest_flowscape.report.terminal.columns import cut, fold, fold_command, text_width
from pytest_flowscape.report.text import name_list, plural
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site.model import Site

Line = tuple[str, str]
_SENTENCE_END = re.compile(r"(?<=\.)\s+")
_CMDLET = re.compile(r"\b[A-Z][A-Za-z]+-[A-Z][A-Za-z]+\b")
# read-only by PowerShell's approved verbs; an assignment is not: what follows needs it
_ONLY_LOOKS = re.compile(r"\s*(#|(Get|Test|Resolve|Measure|Select|Format)-)")
# a sentence that so many requirements share names the shell, not the case
_MIN_SHARED = 4
_MAX_CONTEXT, _MAX_COMMANDS, _MAX_ALIKE = 2, 6, 3
REMINDER = "Read the whole fix in the report before you run anything."


def section(
    findings: Sequence[Finding], site: Site, width: int, room: int, requirements: Mapping[str, Requirement]
) -> list[Line]:
    """Return the section in at most ``room`` (at least 4) lines, empty if there is nothing to fix."""
    if not findings:
        return []
    shared = _shared_sentences(requirements)
    # every finding takes a line: more could not be shown in any case
    together = _group_alike(findings[:room])
    choices = [_forms(group, site, width, shared) for group in together]
    head: list[Line] = [("plain", ""), ("head", "What to fix")]
    room -= len(head)
    if sum(len(forms[-1]) for forms in choices) <= room and sum(map(len, together)) == len(findings):
        return [*head, *(line for forms in choices for line in forms[-1])]
    shown = sum(map(len, together))
    chosen = _shortest_forms(choices, room - 2)
    if len(chosen) < len(choices) or shown < len(findings):
        # fewer findings with what to do are worth more than many without
        chosen = _shortest_forms(choices, (room - 2) // 2)
        shown = sum(map(len, together[: len(chosen)]))
    left = room - 2 - sum(len(choices[place][level]) for place, level in enumerate(chosen))
    for level in range(1, max(map(len, choices))):
        for place, now in enumerate(chosen):
            more = len(choices[place][level]) - len(choices[place][now]) if level < len(choices[place]) else 1
            if level < len(choices[place]) and more <= left:
                chosen[place] = level
                left -= more
    body = [line for place, level in enumerate(chosen) for line in choices[place][level]]
    missing = len(findings) - shown
    folded: list[Line] = [("bad", f"and {plural(missing, 'more finding')}: see the report")] if missing else []
    return [*head, *body, *folded, ("plain", REMINDER)]


def has_room(findings: Sequence[Finding], room: int) -> bool:
    """Whether ``room`` lines are enough for every finding with at least a line of its fix."""
    return not findings or 4 + 4 * len(findings) <= room


def _group_alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Return neighbours with the same remedy together, a few at a time, so that little is left out."""
    alike = (list(group) for _, group in groupby(findings, key=_remedy_key))
    return [group[start : start + _MAX_ALIKE] for group in alike for start in range(0, len(group), _MAX_ALIKE)]


def _remedy_key(finding: Finding) -> tuple[object, ...]:
    """Return what findings with the same remedy have in common."""
    return finding.requirement, finding.owner, finding.level, tuple(template for template, _ in finding.fixes)


def _shortest_forms(choices: Sequence[Sequence[Sequence[Line]]], room: int) -> list[int]:
    """Return level 0 for as many groups, from the first, as fit in their shortest form."""
    used = list(accumulate(len(forms[0]) for forms in choices))
    return [0 for lines in used if lines <= room]


def _forms(group: Sequence[Finding], site: Site, width: int, shared: frozenset[str]) -> list[list[Line]]:
    """Return a group's forms from the shortest to the fullest; each next one says at least as much."""
    first = group[0]
    others = len({target for finding in group for target in finding.targets}) - 1
    same_for_others = [("plain", f"    the same for {plural(others, 'more target')}")] if others else []
    fix = first.fix_text(site, limit=1)
    short = [line for finding in group for line in _head(finding, width, 1)]
    long = [line for finding in group for line in _head(finding, width, 2)]
    changes = _plain_lines(_change_lines(fix, width, shared))
    whole = _plain_lines(_whole_fix(fix, width))
    full = [line for finding in group for line in _full_form(finding, site, width)]
    forms = [[*short, *_plain_lines(_one_line(fix, width, shared))]]
    if changes:
        forms += [[*short, *changes], [*long, *changes, *same_for_others]]
    if whole:
        forms.append([*long, *whole, *same_for_others])
    return [*forms, full]


def _head(finding: Finding, width: int, limit: int) -> list[Line]:
    """Return what is wrong, where, and the owner, who is never cut off."""
    level = "" if finding.required else "recommended, "
    tail = cut(f"[{level}{finding.owner}]", width // 2)
    where = f" on {name_list(finding.targets, 1)}" if finding.targets != (SITE_TARGET,) else ""
    text = f"{finding.requirement}{where}: {finding.found}"
    lines = fold(f"{text} {tail}", width, indent="  ", limit=limit)
    if not lines[-1].endswith(tail):
        lines = fold(text, width, indent="  ", limit=limit)
        lines[-1] = f"{_cut_keeping_indent(lines[-1], width - text_width(tail) - 1)} {tail}"
    return [("bad" if finding.required else "warn", line) for line in lines]


def _cut_keeping_indent(line: str, width: int) -> str:
    indent = line[: len(line) - len(line.lstrip(" "))]
    return indent + cut(line, width - len(indent))


def _one_line(fix: str, width: int, shared: frozenset[str]) -> list[str]:
    """Return the gist: the text before the commands, else the cmdlets that do it."""
    if not fix:
        return []
    context = _context(fix, shared)
    cmdlets = dict.fromkeys(name for line in _changing_commands(fix) for name in _CMDLET.findall(line))
    if context or not cmdlets:
        return [f"  {cut(context or fix, width - 2)}"]
    return [f"  {cut('with ' + ', '.join(cmdlets), width - 18)}: see the report"]


def _change_lines(fix: str, width: int, shared: frozenset[str]) -> list[str]:
    """Return the text before the commands and the commands that change something, empty if that is too long."""
    context = _context(fix, shared)
    prose = fold(context, width - 2, limit=_MAX_CONTEXT + 1) if context else []
    folded = [fold_command(line.strip(), width, indent="    ") for line in _changing_commands(fix)]
    commands = [line for lines in folded for line in lines]
    if len(prose) > _MAX_CONTEXT or len(commands) > _MAX_COMMANDS or not all(folded):
        return []
    return [*(f"  {line}" for line in prose), *commands]


def _whole_fix(fix: str, width: int) -> list[str]:
    """Return all of a fix, empty if a command cannot be folded."""
    shown: list[str] = []
    for line in fix.split("\n"):
        if is_command(line):
            folded = fold_command(line.strip(), width, indent="    ")
            if not folded:
                return []
            shown += folded
        elif line.strip():
            shown += [f"  {part}" for part in fold(line, width - 2, limit=6)]
    return shown


def _full_form(finding: Finding, site: Site, width: int) -> list[Line]:
    """Return everything that the terminal ever shows of a finding: also what was expected, and the consequence."""
    parts = (f"expected {finding.expected}" if finding.expected else "", finding.consequence)
    text = ". ".join(part.rstrip(".") for part in parts if part)
    lines = [f"  {line}" for line in fold(text, width - 2, limit=3)] if text else []
    if finding.others:
        lines.append(f"  {plural(len(finding.others), 'target')} with a different finding: see the report")
    fix = finding.fix_text(site, limit=groups.SHOWN_TARGETS)
    shown = _whole_fix(fix, width) or (["  (how to fix it: see the report)"] if fix else [])
    return [*_head(finding, width, 2), *_plain_lines(lines), *_plain_lines(shown)]


def _context(fix: str, shared: frozenset[str]) -> str:
    """Return all prose before the last changing command, except sentences that only name the shell."""
    lines = fix.split("\n")
    places = [place for place, line in enumerate(lines) if is_command(line) and not _ONLY_LOOKS.match(line)]
    before = lines[: places[-1]] if places else lines
    prose = [sentence for line in before if not is_command(line) for sentence in _sentences(line)]
    return " ".join(sentence for sentence in prose if sentence not in shared)


def _changing_commands(fix: str) -> list[str]:
    return [line for line in fix.split("\n") if is_command(line) and not _ONLY_LOOKS.match(line)]


def _shared_sentences(requirements: Mapping[str, Requirement]) -> frozenset[str]:
    """Return the sentences that are in the fixes of many requirements."""
    counts: dict[str, int] = {}
    for requirement in requirements.values():
        for sentence in {one for line in requirement.fix.split("\n") for one in _sentences(line)}:
            counts[sentence] = counts.get(sentence, 0) + 1
    return frozenset(sentence for sentence, count in counts.items() if count >= _MIN_SHARED)


def _sentences(line: str) -> list[str]:
    return [sentence for sentence in _SENTENCE_END.split(line.strip()) if sentence]


def _plain_lines(lines: Sequence[str]) -> list[Line]:
    return [("plain", line) for line in lines]
