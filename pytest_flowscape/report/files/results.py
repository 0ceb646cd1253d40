"""results.json: the run for machines, versioned; docs/results.md and the JSON Schema describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_flowscape.core.own_state import private_folder
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.facts.footprint import Footprint
from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report import bookings, footprint, groups
from pytest_flowscape.report.bookings import Bookings
from pytest_flowscape.report.files import writing
from pytest_flowscape.report.files.changes import Changes
from pytest_flowscape.report.page import vantage
from pytest_flowscape.report.text import moment
from pytest_flowscape.requirement import Requirement
from pytest_flowscape.site.model import Site

SCHEMA = "flowscape-results/1"
NAME = "results.json"


@dataclass(frozen=True)
class RunInfo:
    """The run itself: aware times, who started it (user name at the machine), and what it cost the servers.

    ``workers`` is the number of processes that ran tests, 1 without xdist;
    ``bookings`` what the run wrote into calendars; ``changes`` what changed since
    the last run of the site, None on its first.
    """

    started: datetime
    ended: datetime
    run_id: str
    tool_version: str
    command_users: str = ""
    footprint: Footprint = field(default_factory=Footprint)
    workers: int = 1
    bookings: Bookings = field(default_factory=Bookings)
    changes: Changes | None = None

    @property
    def seconds(self) -> float:
        """Return the duration in seconds."""
        return (self.ended - self.started).total_seconds()


def write(  # noqa: PLR0917  the parts of one record
    folder: Path,
    result: Result,
    requirements: Mapping[str, Requirement],
    site: Site,
    site_facts: SiteFacts | None,
    run: RunInfo,
) -> Path:
    """Write results.json into ``folder`` (created private), whole or not at all; return its path. Raises OSError."""
    document = as_json(result, requirements, site, site_facts, run)
    return writing.atomic_write(private_folder(folder) / NAME, writing.json_pieces(document))


def as_json(
    result: Result,
    requirements: Mapping[str, Requirement],
    site: Site,
    site_facts: SiteFacts | None,
    run: RunInfo,
) -> dict[str, Any]:
    """Return what ``write`` writes, as plain JSON values."""
    return {
        "schema": SCHEMA,
        "verdict": result.verdict.value,
        "outcomes_digest": result.digest,
        "site": _site(result, site),
        "run": _run(run, site, site_facts),
        "footprint": footprint.as_json(run.footprint, site.service_account.email),
        "totals": {word.value: count for word, count in groups.totals(result.outcomes).items()},
        "not_run": result.not_run,
        "other_failed": result.other_failed,
        "booking_exercised": groups.booking_exercised(result.outcomes, written=run.footprint.writes > 0),
        "bookings": bookings.as_json(run.bookings),
        "changes": run.changes.as_json() if run.changes else None,
        "exceptions": list(result.exceptions),
        "notes": list(result.notes),
        "requirements": [_requirement(requirements[id_], counts) for id_, counts in result.counts.items()],
        "findings": [_finding(one, site) for one in groups.findings(result.outcomes, requirements)],
        "outcomes": [outcome.as_json() for outcome in result.outcomes],
    }


def _site(result: Result, site: Site) -> dict[str, Any]:
    rooms = [room.email for room in site.rooms]
    return {
        "customer": site.customer,
        "name": site.name,
        "contact": site.contact,
        "hostname": site.exchange.hostname,
        "port": site.exchange.port,
        "account": {"username": site.service_account.username, "email": site.service_account.email},
        "rooms": {
            "chosen": result.rooms_chosen,
            "configured": result.rooms_configured,
            "expected": site.expected_rooms,
            "measured": groups.count_measured(result.outcomes, rooms),
        },
        "users": {
            "chosen": result.users_chosen,
            "configured": len(site.users.addresses),
            "measured": groups.count_measured(result.outcomes, site.users.addresses),
        },
    }


def _run(run: RunInfo, site: Site, site_facts: SiteFacts | None) -> dict[str, Any]:
    return {
        "id": run.run_id,
        "tool_version": run.tool_version,
        "started": moment(run.started),
        "ended": moment(run.ended),
        "seconds": round(run.seconds, 3),
        "by": run.command_users,
        "workers": run.workers,
        "footprint": run.footprint.by_name,
        "vantage": dict(vantage.rows(site, site_facts)),
    }


def _requirement(known: Requirement, counts: Mapping[Word, int]) -> dict[str, Any]:
    return {
        "id": known.id,
        "title": known.title,
        "text": known.text,
        "level": known.level.value,
        "per": known.per.value,
        "owner": known.owner.value,
        "link": known.link,
        "guide": known.guide,
        "counts": {word.value: counts.get(word, 0) for word in Word},
    }


def _finding(finding: groups.Finding, site: Site) -> dict[str, Any]:
    return {
        "outcome": finding.word.value,
        "level": finding.level,
        "requirement": finding.requirement,
        "pairs": [{"requirement": requirement, "target": target} for requirement, target in finding.pairs],
        "expected": finding.expected,
        "found": finding.found,
        "others": [{"target": target, "found": found} for target, found in finding.others],
        "consequence": finding.consequence,
        "owner": finding.owner,
        "cause": finding.cause,
        "because": finding.because,
        "fix": finding.fix_text(site),
    }
