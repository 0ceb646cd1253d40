"""--flowscape-plan: from the site file to a text for the change ticket; no packet, no password, no report.

Plain text, at most 100 columns wide, with what a security desk asks first.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from pytest_flowscape.core.secret import NOTHING
from pytest_flowscape.facts import Vantage
from pytest_flowscape.gathering.site import utc_now, vantage
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.report.terminal.columns import fold
from pytest_flowscape.session import plan_rows as rows
from pytest_flowscape.session.command_line import booking_kind, count_workers, run_id_from, select_rooms, site_from
from pytest_flowscape.session.plan_counts import Plan, make_plan
from pytest_flowscape.session.plan_rows import Row
from pytest_flowscape.site.one_run import BOOK_ROOM, Run

WIDTH = 100
LABEL = 26  # columns of the left side


def print_plan(config: pytest.Config) -> None:
    """Print the plan of the run that the command line asks for. Raises UsageError, also for a faulty site file."""
    if config.getoption("flowscape_demo") or not config.getoption("flowscape_config"):
        raise pytest.UsageError("--flowscape-plan: add --flowscape-config=SITE.INI.")
    site = site_from(config)
    rooms = select_rooms(site, config.getoption("flowscape_room"))
    run_id = run_id_from(config.getoption("flowscape_run_id"))
    workers, note = count_workers(config, site)
    book = booking_kind(config, site, rooms)
    # a run that is only planned has no folder and no secret
    run = Run(site, run_id, Path(), rooms, NOTHING, NOTHING, utc_now(), max(1, workers), book=book)
    paths = [str(path) for path in config.getoption("flowscape_add")]
    text = plan_text(
        make_plan(run, attributes_judged(run)),
        run,
        vantage(run),
        [
            *filter(None, [note]),
            *(f"The tests in {path} are not counted: their requests come on top." for path in paths),
        ],
        site_file=str(config.getoption("flowscape_config")),
        more=[f"--flowscape-add={path}" for path in paths],
    )
    print(text, end="")  # noqa: T201  the option's purpose


def plan_text(
    plan: Plan,
    run: Run,
    vantage: Vantage,
    remarks: Sequence[str] = (),
    *,
    site_file: str = "",
    more: Sequence[str] = (),
) -> str:
    """Return the plan of one run; ``remarks`` are sentences of their own at the end.

    ``site_file`` is the path as it was typed, ``more`` are further options of the run.
    """
    site = run.site
    rooms = f"{len(run.rooms)} of {len(site.rooms)} rooms" if len(run.rooms) < len(site.rooms) else "all rooms"
    parts = [
        fold(f"PLAN of an acceptance run: {site.customer}, {site.name}, {rooms}", WIDTH, indent="  ", limit=3),
        ["Nothing was sent to create this text. The report of the run shows what was really sent."],
        _part("Who, and from where", rows.who(run, vantage)),
        _part("Servers", rows.servers(plan, run)),
        _part("Requests to Exchange", rows.exchange(plan, run)),
        _part("Requests to Active Directory", rows.directory(plan, run)),
        _part("What it writes", rows.writes(plan, run)),
        _part("Duration", rows.duration(plan, run)),
        _part("What your logs will show", rows.logs(plan, run)),
        _part("More requests if something is wrong", rows.faults(plan)),
        _part("Mailboxes opened by impersonation", rows.mailboxes(plan)),
        # on one line, however long: of a folded one a shell would run the first line, with all rooms
        ["THE COMMAND OF THIS RUN", f"  {_command(run, site_file, more)}"],
        _part("", (Row("", remark) for remark in remarks))[1:],
    ]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _part(title: str, rows: Iterable[Row]) -> list[str]:
    lines = [title.upper()]
    for label, text in rows:
        indent = " " * (LABEL if label else 2)
        first, *more = fold(text, WIDTH - len(indent), limit=1000)
        lines += [f"  {label}".ljust(LABEL) + first if label else indent + first, *(indent + line for line in more)]
    return lines


def _command(run: Run, site_file: str, more: Sequence[str]) -> str:
    words = ["pytest", f"--flowscape-config={site_file or run.site.path.name}", f"--flowscape-run-id={run.run_id}"]
    if run.book:
        words.append("--flowscape-book" if run.book == BOOK_ROOM else f"--flowscape-book={run.book}")
    if run.workers > 1:
        words += ["-n", str(run.workers)]
    if len(run.rooms) < len(run.site.rooms):
        words += [f"--flowscape-room={room.email}" for room in run.rooms]
    words += more
    # an address may hold characters that a shell acts upon: ` $ & |
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
