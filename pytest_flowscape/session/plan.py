"""--flowscape-plan: from the site file to a text for the change ticket; no packet, no password, no report."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.core.secret import NOTHING
from pytest_flowscape.gathering.site import utc_now, vantage
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.session.command_line import booking_kind, count_workers, run_id_from, select_rooms, site_from
from pytest_flowscape.session.plan_counts import make_plan
from pytest_flowscape.session.plan_text import plan_text
from pytest_flowscape.site.one_run import Run


def print_plan(config: pytest.Config) -> None:
    """Print the plan of the run that the command line asks for. Raises UsageError, also for a faulty site file."""
    if config.getoption("flowscape_demo") or not config.getoption("flowscape_config"):
        raise pytest.UsageError("--flowscape-plan: say also --flowscape-config=SITE.INI.")
    site = site_from(config)
    rooms = select_rooms(site, config.getoption("flowscape_room"))
    run_id = run_id_from(config.getoption("flowscape_run_id"))
    workers, note = count_workers(config, site)
    # a run that is only planned has no folder and no secret
    book = booking_kind(config, site, rooms)
    run = Run(site, run_id, Path(), rooms, NOTHING, NOTHING, utc_now(), max(1, workers), book=book)
    added = [str(path) for path in config.getoption("flowscape_add")]
    extra = [note, *(f"The tests of {path} come on top; they are not counted." for path in added)]
    text = plan_text(
        make_plan(run, attributes_judged(run)),
        run,
        vantage(run),
        [line for line in extra if line],
        site_file=str(config.getoption("flowscape_config")),
        more=[f"--flowscape-add={path}" for path in added],
    )
    print(text, end="")  # noqa: T201  the option's purpose
