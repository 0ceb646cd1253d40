"""Fix texts as PowerShell: placeholders filled in as literals, commands apart from prose, many targets in one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_flowscape.report.text import printable
from pytest_flowscape.site.model import Site

# PowerShell ends a single-quoted literal at any of these (about_Quoting_Rules; the language's own
# tokenizer names U+2018 to U+201B beside the apostrophe); doubled, each is itself
_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")


_PLACEHOLDER = re.compile(r"\{(target|account|email|hostname)\}")


_COMMAND = re.compile(r"\s{2,}\S|[$#@}{(]|[A-Z][A-Za-z]+-[A-Z][A-Za-z]+\b|(foreach|if|else)\b[^.]*[({]")


def render_fix(template: str, *, target: str, site: Site) -> str:
    """Fill in ``{target}``, ``{account}``, ``{email}`` and ``{hostname}``; every other brace stays.

    Templates put values into PowerShell single-quoted literals, so every quote
    character is doubled. A character that cannot be seen (a control, a line
    break, a direction mark) becomes U+FFFD: the command then finds nothing,
    instead of doing something else than what is read.
    """
    values = {
        "target": target,
        "account": site.service_account.username,
        "email": site.service_account.email,
        "hostname": site.exchange.hostname,
    }
    # one pass: a value that looks like a placeholder is not filled in again
    return _PLACEHOLDER.sub(lambda match: literal_body(values[match[1]]), template)


def render_fixes(template: str, *, targets: Sequence[str], site: Site) -> str:
    """Fill in a template for many targets.

    Commands (lines that are indented or begin like PowerShell) that follow
    each other belong together: if one of them names ``{target}``, all are
    repeated for each target. So is a line of text that names it; everything
    else is written once.
    """
    if len(targets) == 1:
        return render_fix(template, target=targets[0], site=site)
    lines: list[str] = []
    for block in _blocks(template):
        if "{target}" in block:
            lines += [render_fix(block, target=target, site=site) for target in targets]
        else:
            lines.append(render_fix(block, target="", site=site))
    return "\n".join(lines)


def is_command(line: str) -> bool:
    """Whether a line of a fix is to be copied to a shell rather than read."""
    return _COMMAND.match(line) is not None


def literal_body(value: str) -> str:
    """Return ``value`` as the inside of one PowerShell literal: quotes doubled, unseen characters as U+FFFD."""
    return _QUOTES.sub(lambda match: match[0] * 2, printable(value))


def _blocks(template: str) -> list[str]:
    blocks: list[str] = []
    before = False
    for line in template.split("\n"):
        command = is_command(line)
        if command and before:
            blocks[-1] += f"\n{line}"
        else:
            blocks.append(line)
        before = command
    return blocks
