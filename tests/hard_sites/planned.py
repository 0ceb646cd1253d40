"""The plan of a run, made from its site file as the option makes it, for comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_flowscape.core.secret import NOTHING
from pytest_flowscape.gathering.site import utc_now
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.session.command_line import select_rooms
from pytest_flowscape.session.plan_counts import Plan, make_plan
from pytest_flowscape.site.one_run import Run
from tests.acceptance import read_site


def plan_of(site_file: Path, workers: int = 0, rooms: Sequence[str] = (), book: str = "") -> Plan:
    """Return the plan for ``-n workers`` (0 is one process) and the chosen rooms (all if there are none)."""
    site = read_site(site_file)
    chosen = select_rooms(site, rooms)
    run = Run(site, "", Path(), chosen, NOTHING, NOTHING, utc_now(), max(1, workers), book=book)
    return make_plan(run, attributes_judged(run))
