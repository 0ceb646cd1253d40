"""The last step: amend in the written page what pytest-html's hooks cannot reach.

The language, landmarks, labels of the filters, the order of the parts, and a
content security policy under which no script runs but the page's own two and
nothing is fetched. Each amendment names the one place that it expects in
pytest-html's markup; if one of them is not found exactly, the page stays as
pytest-html wrote it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from pytest_flowscape.report.files.writing import atomic_write

_HEAD = '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
# a hash admits one script; styles are also set by the scripts, pictures may be a customer's own tests'
_POLICY = (
    "default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; media-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<!--flowscape style-->(.*?)<!--/flowscape style-->", re.DOTALL)
_FOOTER = re.compile(r"\n *(<p>Report generated on .*?</p>)(.*?)(?=\n *<!-- TEMPLATES -->)", re.DOTALL)
_FILTER = re.compile(
    r'(<input checked="true" class="filter" name="filter_checkbox" [^>]*>)\s*(<span class="\w+">)([^<]*?),?(</span>)'
)
_SUMMARY = re.compile(r"\n *<h2>Summary</h2>")
_RUN_COUNT = re.compile(r'\n *<p class="run-count">[^<]*</p>')
_FILTER_NAME = 'class="filter" name="filter_checkbox"'
_RELOAD = ' onclick="location.reload()"'  # of a button that is hidden once the run has ended
_TABLE = '<table id="results-table">'


class UnknownMarkupError(Exception):
    """pytest-html's page is not as we know it; the text names the part that does not appear exactly once."""


def amend(path: Path) -> str:
    """Amend the page at ``path`` and return an empty text; else leave it and return the reason in one sentence."""
    try:
        markup = path.read_text(encoding="utf-8")
        amended = amended_markup(markup)
        atomic_write(path, amended)
    except (OSError, UnicodeError, UnknownMarkupError) as error:
        return f"{path.name} was left as pytest-html wrote it, with its own order and labels: {error}"
    return ""


def amended_markup(markup: str) -> str:
    """Return the page with all amendments. Raises UnknownMarkupError."""
    style = _find_once(_STYLE, markup, "our style")[1]
    markup = _replace(_STYLE, markup, "", "our style")
    footer = _find_once(_FOOTER, markup, "the line on pytest-html and its environment")
    markup = _replace(_FOOTER, markup, "", "the line on pytest-html and its environment")
    about = footer[1].replace("<p>", '<p class="fs-made">', 1)
    markup = _replace(_SUMMARY, markup, "", "the heading of the summary")
    markup = _replace(_RUN_COUNT, markup, "", "the count of tests")
    markup = _replace_once(markup, _RELOAD, "")
    expected = markup.count(_FILTER_NAME)
    markup, labelled = _FILTER.subn(r"<label>\1 \2\3\4</label>", markup)
    if not labelled or labelled != expected:
        raise UnknownMarkupError(f"{labelled} of {expected} filters are known")
    markup = _replace_once(
        markup, _TABLE, f'<div class="fs-scroll" role="region" tabindex="0" aria-label="Every result">{_TABLE}'
    )
    markup = _replace_once(
        markup, "</table>\n  <footer>", f"</table></div>\n  </main>\n  <footer>\n    {about}{footer[2]}"
    )
    markup = _replace_once(markup, "<body>", "<body>\n  <main>")
    markup = _replace_once(markup, "<html>", '<html lang="en">')
    markup = _replace_once(
        markup, '<meta charset="utf-8"/>', f'<meta charset="utf-8"/>\n    {_policy(markup)}\n    {_HEAD}'
    )
    return _replace_once(markup, "\n  </head>", f"\n    {style.strip()}\n  </head>")


def _policy(markup: str) -> str:
    scripts = _SCRIPT.findall(markup)
    if len(scripts) != 2 or markup.count("<script") != 3:  # the third holds data
        raise UnknownMarkupError(f"there are {markup.count('<script')} scripts, not 3")
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return f'<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(hashes=hashes)}"/>'


def _find_once(pattern: re.Pattern[str], markup: str, what: str) -> re.Match[str]:
    found = list(pattern.finditer(markup))
    if len(found) != 1:
        raise UnknownMarkupError(f"{what} appears {len(found)} times, not once")
    return found[0]


def _replace(pattern: re.Pattern[str], markup: str, by: str, what: str) -> str:
    found = _find_once(pattern, markup, what)
    return markup[: found.start()] + by + markup[found.end() :]


def _replace_once(markup: str, old: str, new: str) -> str:
    if markup.count(old) != 1:
        raise UnknownMarkupError(f"{old.strip()!r} appears {markup.count(old)} times, not once")
    return markup.replace(old, new)
