"""Write docs/requirements.md from the decorated test functions: ``python -m tools.documents.requirements``.

The page is generated and committed; a test compares the two, so that the
requirements have one source, beside the functions that judge them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.requirement import Level, Per, Requirement

HEAD = """\
# Requirements

Generated from the suites by `python -m tools.documents.requirements > docs/requirements.md`; do not edit.

Each requirement restates one sentence of the preparation guide. *Required* ones decide the verdict, *recommended* ones
are shown and never decide. Ids are permanent. In the fixes `{target}` is the room or user found wanting, `{account}`
the service account's user name, `{email}` its email and `{hostname}` the server's name; a run fills them in.
Commands are to be reviewed and run by a person: nothing is run by the tool.
"""
EACH = {Per.SITE: "the site", Per.ROOM: "each room", Per.USER: "each user"}


def page(requirements: Iterable[Requirement]) -> str:
    """Return the whole page in Markdown, ended by one line feed: a table of all, then one section for each."""
    found = tuple(requirements)
    return "\n".join((HEAD, *_table(found), *(line for one in found for line in _section(one)))).rstrip() + "\n"


def _table(requirements: Iterable[Requirement]) -> Iterable[str]:
    yield "| id | requirement | measured on | level | whose work |"
    yield "|---|---|---|---|---|"
    for one in requirements:
        link = f"[{one.id}](#{one.id.lower()})"
        yield f"| {link} | {_cell(one.title)} | {EACH[one.per]} | {one.level.value} | {one.owner.value} |"
    yield ""


def _section(one: Requirement) -> Iterable[str]:
    yield f"## {one.id}"
    yield ""
    yield f"**{one.title}.** {one.text}"
    yield ""
    yield f"- Measured on: {EACH[one.per]}{_needs(one)}"
    if one.opt_in:
        yield f"- Only with `{one.opt_in}`: it writes; see [booking.md](booking.md)"
    if one.reads:
        yield f"- Reads in the directory: {', '.join(f'`{name}`' for name in one.reads)}"
    yield f"- Level: {one.level.value}{'' if one.level is Level.REQUIRED else ' (never decides the verdict)'}"
    yield f"- Guide: {one.guide}"
    yield f"- Otherwise: {one.consequence}"
    yield f"- Whose work: {one.owner.value}"
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


def main() -> None:
    """Write the page to standard output, in UTF-8 and with line feeds on every platform."""
    text = page(judged.requirement for judged in load_requirements().values())
    sys.stdout.buffer.write(text.encode("utf-8"))


if __name__ == "__main__":
    main()
