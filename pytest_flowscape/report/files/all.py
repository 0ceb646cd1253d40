"""All files in the report folder, one by one: one that cannot be written does not affect the others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report.files import evidence, handover, history, results
from pytest_flowscape.report.files.results import RunInfo
from pytest_flowscape.report.fixes import scripts
from pytest_flowscape.report.groups import findings
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site.model import Site


@dataclass(frozen=True)
class Record:
    """What the files of one run are made from; ``clean`` takes secrets out of a text."""

    folder: Path
    site: Site
    requirements: Mapping[str, Requirement]
    site_facts: SiteFacts | None
    room_facts: Mapping[str, Mapping[str, Any]]
    run: RunInfo
    clean: Callable[[str], str]


@dataclass(frozen=True)
class Written:
    """The result with a note of each file that could not be written, and what became of results.json.

    ``sha256`` is empty where it was not written; ``not_kept`` is a sentence
    where it could not be copied into history/.
    """

    result: Result
    sha256: str = ""
    not_kept: str = ""


def write_all(record: Record, result: Result) -> Written:
    """Write the files beside the page. Nothing is raised."""
    folder, site, facts, run, clean = record.folder, record.site, record.site_facts, record.run, record.clean
    beside: dict[str, Callable[[], object]] = {
        **scripts.writers(folder, findings(result.outcomes, record.requirements), site, facts, run),
        handover.NAME: partial(handover.write, folder, result, record.requirements, site, run, clean=clean),
        evidence.NAME: partial(evidence.write, folder, facts, record.room_facts, clean=clean),
    }
    failed = write_each(beside, clean=clean)
    result = replace(result, notes=(*failed, *result.notes))  # the first of the notes, which are cut at the end
    own = partial(results.write, folder, result, record.requirements, site, facts, run)
    failed = write_each({results.NAME: own}, clean=clean)
    if failed:
        return Written(replace(result, notes=(*failed, *result.notes)))
    path = folder / results.NAME
    return Written(result, hashlib.sha256(path.read_bytes()).hexdigest(), _keep(folder, path, run))


def _keep(folder: Path, path: Path, run: RunInfo) -> str:
    """Keep results.json in history/, and return what went wrong; a run that measured is not lost for want of it."""
    try:
        history.keep(folder, path, run.started, run.run_id)
    except OSError as error:
        return f"This run could not be kept in {history.FOLDER}/: {error.strerror or error}"
    return ""


def write_each(writers: Mapping[str, Callable[[], object]], *, clean: Callable[[str], str] = str) -> tuple[str, ...]:
    """Write each file, and return one sentence for each that could not be written. Nothing is raised.

    The keys are names in the report folder. ``clean`` takes secrets out of
    an error message. The file of an earlier run may still be there; the
    sentence says so.
    """
    troubles = {name: _trouble(write) for name, write in writers.items()}
    return tuple(
        f"{name} could not be written, do not use one of an earlier run: {clean(trouble)}"
        for name, trouble in troubles.items()
        if trouble
    )


def _trouble(write: Callable[[], object]) -> str:
    """Write, and return what went wrong, empty if nothing did."""
    try:
        write()
    except Exception as error:  # noqa: BLE001  the other files are the customer's record
        known = error.strerror if isinstance(error, OSError) else None
        return known or f"{type(error).__name__}: {error}"
    return ""
