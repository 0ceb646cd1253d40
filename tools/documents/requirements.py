"""docs/requirements.md, from the decorated functions of the suites: the requirements have one source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.requirement import RETIRED, Level, Per, Requirement
from tools.documents.frame import COMMAND, ROOT, Part

PATH = "docs/requirements.md"
HEAD = f"""\
# Requirements

Generated from the suites by `{COMMAND}`; do not edit.

Each requirement restates one sentence of the preparation guide. *Required* ones decide the verdict; *recommended* ones
are only shown. Ids are permanent. A run fills in `{{target}}` (the room or user that failed), `{{account}}` (the
service account's user name), `{{email}}` (its email) and `{{hostname}}` (the server's name). Review the commands and
run them yourself: the tool runs none of them.
"""
EACH = {Per.SITE: "the site", Per.ROOM: "each room", Per.USER: "each user"}


def parts() -> Iterator[Part]:
    """Yield the page: a table of all requirements, then one section for each.

    Raises ValueError for an id on the present page that no requirement has and that is not retired.
    """
    found = [judged.requirement for judged in load_requirements().values()]
    forgotten = ids_on((ROOT / PATH).read_text(encoding="utf-8")) - {one.id for one in found} - RETIRED
    if forgotten:
        raise ValueError(f"add to RETIRED of requirement.py, so that it is never given again: {sorted(forgotten)}")
    lines = (HEAD, *_table(found), *(line for one in found for line in _section(one)))
    yield Part(PATH, "\n".join(lines).rstrip() + "\n")


def ids_on(page: str) -> set[str]:
    """Return the ids that have a section on a page."""
    return {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}


def _table(requirements: Iterable[Requirement]) -> Iterator[str]:
    yield "| id | requirement | measured on | level | who fixes it |"
    yield "|---|---|---|---|---|"
    for one in requirements:
        link = f"[{one.id}](#{one.id.lower()})"
        yield f"| {link} | {_cell(one.title)} | {EACH[one.per]} | {one.level.value} | {one.owner.value} |"
    yield ""


def _section(one: Requirement) -> Iterator[str]:
    yield f"## {one.id}"
    yield ""
    yield f"**{one.title}.** {one.text}"
    yield ""
    yield f"- Measured on: {EACH[one.per]}{_needs(one)}"
    if one.opt_in:
        yield f"- Only with `{one.opt_in}`: it writes, see [booking.md](booking.md)"
    if one.reads:
        yield f"- Reads in the directory: {', '.join(f'`{name}`' for name in one.reads)}"
    yield f"- Level: {one.level.value}{'' if one.level is Level.REQUIRED else ' (never decides the verdict)'}"
    yield f"- Guide: {one.guide}"
    yield f"- If not fixed: {one.consequence}"
    yield f"- Who fixes it: {one.owner.value}"
    yield f"- More: <{one.link}>"
    yield ""
    yield "Usual fix:"
    yield ""
    yield "```text"
    yield one.fix
    yield "```"
    yield ""


def _needs(one: Requirement) -> str:
    return f"; not measured when {' or '.join(one.needs)} fails" if one.needs else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
