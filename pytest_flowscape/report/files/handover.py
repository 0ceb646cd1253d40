"""handover.csv: the five values that the installation needs, and the state of each room.

Of the password it only says how it is handed over: neither itself nor the
place where it is kept, which the reader need not know.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pytest_flowscape.core.own_state import private_folder
from pytest_flowscape.judging.outcomes import SITE_TARGET, Outcome, Word
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report.files import writing
from pytest_flowscape.report.files.results import RunInfo
from pytest_flowscape.report.groups import WORST_FIRST
from pytest_flowscape.report.text import moment, visible
from pytest_flowscape.requirement import Level, Requirement
from pytest_flowscape.site.model import Site

NAME = "handover.csv"
COLUMNS = ("what", "value", "name", "state", "open")
BOM = "\ufeff"  # otherwise Excel reads UTF-8 as the machine's own character set
# what a spreadsheet takes for a formula, also behind a separator that it may split at (OWASP: CSV Injection)
_FORMULA = re.compile("(^|[;,|\t\r\n])([\\s\"']*)(?=[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
NO_WAY = "not stated: agree on a way other than email"


def write(
    folder: Path,
    result: Result,
    requirements: Mapping[str, Requirement],
    site: Site,
    run: RunInfo,
    *,
    clean: Callable[[str], str] = str,
) -> Path:
    """Write handover.csv into ``folder`` (created private), whole or not at all, and return its path.

    UTF-8 with a byte order mark, lines ended by CR LF, every cell quoted.
    ``clean`` takes secrets out of a text. Raises OSError.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    shown = lru_cache(maxsize=1000)(lambda one: cell(clean(one)))  # thousands of rooms say the same
    writer.writerows([shown(one) for one in row] for row in _rows(result, requirements, site, run))
    return writing.atomic_write(private_folder(folder) / NAME, BOM + text.getvalue())


def cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula: an apostrophe precedes what would begin one.

    It stays on one line; characters that cannot be seen become U+FFFD.
    """
    return _FORMULA.sub(lambda match: f"{match[1]}'{match[2]}", visible(text))


def _rows(
    result: Result, requirements: Mapping[str, Requirement], site: Site, run: RunInfo
) -> Iterator[tuple[str, ...]]:
    account = site.service_account
    port = "" if site.exchange.port == 443 else f":{site.exchange.port}"
    values = {
        "hostname": f"{site.exchange.hostname}{port}",
        "user name": account.username,
        "email": account.email,
        "password": f"handed over by: {site.password_by.strip() or NO_WAY}",
    }
    yield "customer", site.customer, site.name, "", ""
    yield "run", run.run_id, moment(run.ended), result.verdict.value, ""
    for what, value in values.items():
        about = {id_ for id_, known in requirements.items() if what in known.handover}
        found = [one for one in result.outcomes if one.target == SITE_TARGET and one.requirement in about]
        yield what, value, "", *_state(found)
    by_target: dict[str, list[Outcome]] = {}
    for outcome in result.outcomes:
        if outcome.level == Level.REQUIRED.value:
            by_target.setdefault(outcome.target, []).append(outcome)
    for room in site.rooms:
        yield "room", room.email, room.name, *_state(by_target.get(room.email, []))


def _state(outcomes: Iterable[Outcome]) -> tuple[str, str]:
    """Return the worst outcome, and the requirements that did not pass."""
    every = list(outcomes)
    worst = min((one.word for one in every), key=WORST_FIRST.index, default=Word.NOT_RUN)
    if worst is Word.NOT_REQUESTED:
        worst = Word.NOT_RUN  # nothing at all was measured
    still = (f"{one.requirement} {one.word.value}" for one in every if one.word is not Word.PASSED)
    return worst.value, "; ".join(still)
