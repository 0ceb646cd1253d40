"""history/: results.json of every run, kept beside the report, and read again to see what changed.

Each file is a byte-for-byte copy, so that a page that was signed can still be
checked by the SHA-256 that it names. The newest 200 stay.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pytest_flowscape.core.own_state import private_folder
from pytest_flowscape.judging.outcomes import Outcome
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report.files import changes, writing
from pytest_flowscape.report.files.changes import Changes, Earlier, Point
from pytest_flowscape.report.files.results import SCHEMA
from pytest_flowscape.report.text import moment
from pytest_flowscape.site.model import Site

__all__ = ["FOLDER", "MAX_RUNS", "Changes", "keep", "look_back"]

FOLDER = "history"
MAX_RUNS = 200
# so many runs are read for what the last ones did not measure: two weeks of nightly runs
MAX_READ = 14
# a results.json of 5,000 rooms has a fifth of it; a larger file is not ours
_MAX_BYTES = 100_000_000
_NAME = re.compile(r"(\d{8}T\d{6}Z)-[0-9A-Za-z-]+\.json")


class _NotOursError(Exception):
    """A file that is not a results.json of this version and site."""


def look_back(folder: Path, result: Result, site: Site, started: datetime) -> tuple[Changes | None, str]:
    """Compare a result with the earlier runs in ``folder``/history, and name in one sentence what could not be used.

    None on a first run; an empty sentence if every file was usable. Runs that
    started later are ignored: they run at the same time. Never raises for what
    is in the folder.
    """
    unused: list[str] = []
    earlier = _earlier(folder / FOLDER, _identity(site.customer, site.name, site.exchange.hostname), started, unused)
    found = changes.compare(result.outcomes, earlier, moment(started))
    return found, _note(unused)


def keep(folder: Path, written: Path, started: datetime, run_id: str) -> Path:
    """Copy ``written`` (results.json) into ``folder``/history and return its path there; the oldest beyond 200 go.

    The folder is private (0700), the copy too (0600), and whole or not at all.
    Raises OSError where it cannot be written; what cannot be removed stays.
    """
    history = private_folder(folder / FOLDER)
    safe = re.sub(r"[^0-9A-Za-z-]", "", run_id)[:64] or "run"
    kept = writing.copy(written, history / f"{_stamp(started)}-{safe}.json")
    for old in _files(history)[MAX_RUNS:]:
        with contextlib.suppress(OSError):  # another run may have removed it
            old.unlink()
    return kept


def _earlier(history: Path, identity: tuple[str, str], started: datetime, unused: list[str]) -> Iterator[Earlier]:
    """Return the usable earlier runs, newest first, at most 14; files that cannot be used are added to ``unused``."""
    used = 0
    for path in _files(history):
        if path.name[: len(_stamp(started))] > _stamp(started):
            continue
        try:
            run = _read(path, identity)
        except FileNotFoundError:  # removed meanwhile, by a run that keeps its own
            continue
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, _NotOursError):
            unused.append(path.name)
            continue
        yield run
        used += 1
        if used == MAX_READ:
            return


def _read(path: Path, identity: tuple[str, str]) -> Earlier:
    if not path.is_file() or path.stat().st_size > _MAX_BYTES:
        raise _NotOursError
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    where = document["site"]
    if document["schema"] != SCHEMA or _identity(where["customer"], where["name"], where["hostname"]) != identity:
        raise _NotOursError
    outcomes = [Outcome.from_json(one) for one in document["outcomes"]]
    words = {(outcome.requirement, outcome.target): outcome.word for outcome in outcomes}
    started = str(document["run"]["started"])
    return Earlier(
        run=str(document["run"]["id"]),
        started=started,
        words=words,
        measurements=changes.measurements(outcomes),
        # a run's own point is the last of the trend that it wrote; only the first run wrote none
        trend=_trend(document.get("changes")) or changes.points(words, started),
    )


def _trend(changed: dict[str, Any] | None) -> tuple[Point, ...]:
    """Return the trend that a run knew when it was written."""
    known = changed["trend"] if changed else []
    return tuple((str(point["date"]), int(point["failed"]), int(point["not_measured"])) for point in known)


def _files(history: Path) -> list[Path]:
    """Return the files with our kind of name, newest first; none if the folder is missing or closed."""
    try:
        ours = [path for path in history.iterdir() if _NAME.fullmatch(path.name)]
        # runs of one second in the order in which they were kept: the rest of the name is random
        return sorted(ours, key=lambda path: (path.name.partition("-")[0], _kept_at(path)), reverse=True)
    except OSError:
        return []


def _kept_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # removed meanwhile, by a run that keeps its own
        return 0


def _identity(customer: str, name: str, hostname: str) -> tuple[str, str]:
    """Return what tells sites in one report folder apart; a corrected hostname leaves it as it is."""
    return customer.casefold(), (name or hostname).casefold()


def _stamp(started: datetime) -> str:
    return started.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def _note(unused: list[str]) -> str:
    if not unused:
        return ""
    more = f" and {len(unused) - 1} more" if len(unused) > 1 else ""
    return f"Not compared with {FOLDER}/{unused[0]}{more} (unreadable, or from another version or site)."
