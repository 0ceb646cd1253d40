"""Every requirement proven both ways: its fault alone makes exactly that pair fail, on an otherwise ready site."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_flowscape.core.secret import NOTHING
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.verdict import targets
from pytest_flowscape.requirement import Level, Per, Requirement
from pytest_flowscape.simulator.faults import FAULTS
from pytest_flowscape.site.model import Site
from pytest_flowscape.site.one_run import BOOK_MEETING, BOOK_ROOM, OPT_INS, Run
from tests.acceptance import accept, left_by, read_site
from tests.report.fix_files import assert_fix_is_written
from tests.simulator.harness import Simulator
from tests.suites import made

ANY_RUN = Run(made.site(), "", Path(), (), NOTHING, NOTHING, made.NOW)
BOOKS = dict(zip(OPT_INS, (BOOK_ROOM, BOOK_MEETING), strict=True))
CATALOGUE = {id_: judged.requirement for id_, judged in load_requirements().items()}
REQUIRED = [record for record in CATALOGUE.values() if record.level is Level.REQUIRED]
# faults that close a whole side do it by this row of the table of causes
ROWS = {
    "HOST-1": "host-refused",
    "HOST-2": "tls-name",
    "HOST-3": "ews-not-found",
    "ACCOUNT-2": "bind-533",
    "ACCOUNT-5": "page-after-sign-in",
    "HANDOVER-1": "bind-52e",
}


def test_every_required_requirement_has_a_fault_and_every_fault_a_requirement() -> None:
    assert set(FAULTS) == {record.id for record in REQUIRED}


def requested(run: Run, record: Requirement, target: str) -> bool:
    """Whether a run asks for a requirement on a target; meetings only of rooms that are named for them."""
    return run.asks_for(record.opt_in) and (record.opt_in != OPT_INS[1] or target in run.invitees)


def dependants(failed: str) -> set[str]:
    """Return the requirements that need ``failed``, however many needs lie between."""
    found: set[str] = set()
    while True:
        more = {record.id for record in CATALOGUE.values() if {failed, *found} & set(record.needs)} - found
        if not more:
            return found
        found |= more


def stopped_by(record: Requirement, target: str, site: Site) -> set[tuple[str, str]]:
    """Return every pair that this failure leaves unmeasured, from needs and from the table of causes."""
    ids = dependants(record.id) | (left_by(ROWS[record.id]) if record.id in ROWS else set())
    pairs = set()
    for id_ in ids:
        everywhere = targets(CATALOGUE[id_], site)
        pairs |= {(id_, t) for t in everywhere if record.per is Per.SITE or t == target}
    return pairs


@pytest.mark.parametrize("record", REQUIRED, ids=[record.id for record in REQUIRED])
def test_a_planted_fault_fails_exactly_its_requirement(
    record: Requirement, simulator: Simulator, tmp_path: Path
) -> None:
    site = read_site(simulator.site)
    named = site.booking.rooms if record.opt_in == OPT_INS[1] else targets(record, site)
    target = named[-1]
    simulator.plant(f"{record.id}:{target}")
    done = accept(simulator.site, "-q", *filter(None, [record.opt_in]), cwd=tmp_path)
    assert done.outcomes("failed") == {(record.id, target)}, done.output
    run = replace(ANY_RUN, site=site, rooms=site.rooms, book={"": "", **BOOKS}[record.opt_in])
    declined = {(r.id, t) for r in CATALOGUE.values() for t in targets(r, site) if not requested(run, r, t)}
    assert done.outcomes("not requested") == declined
    stopped = stopped_by(record, target, site) - declined
    assert done.outcomes("not measured") == stopped
    assert {done.outcome(*pair)["because"] for pair in stopped} <= {record.id}
    everything = {(r.id, t) for r in CATALOGUE.values() for t in targets(r, site)}
    assert done.outcomes("passed") == everything - stopped - declined - {(record.id, target)}
    assert (done.verdict, done.code) == ("NOT ACCEPTED", 1)
    found = done.outcome(record.id, target)
    assert all(found[name] for name in ("expected", "found", "consequence", "fix", "owner"))
    assert_fix_is_written(done.folder, found)
