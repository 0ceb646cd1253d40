"""The plan of a run, made from its site file as the option makes it, for comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_flowscape.collection import attributes_judged
from pytest_flowscape.command_line import chosen_rooms
from pytest_flowscape.config import load_site
from pytest_flowscape.gather_site import utc_now
from pytest_flowscape.plan import Plan, make_plan
from pytest_flowscape.run import Run
from pytest_flowscape.secret import NOTHING


def plan_of(site_file: Path, workers: int = 0, rooms: Sequence[str] = (), book: str = "") -> Plan:
    """Give the plan for ``-n workers`` (0 is one process) and the chosen rooms (all if there are none)."""
    site = load_site(site_file)
    chosen = chosen_rooms(site, rooms)
    run = Run(site, "", Path(), chosen, NOTHING, NOTHING, utc_now(), max(1, workers), book=book)
    return make_plan(run, attributes_judged(run))
