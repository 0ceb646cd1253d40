"""Each defect of the service account, planted in a real directory, fails exactly its requirement and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import Finished, accept, left_by
from tests.real_ad.account_defects import ATTRIBUTES, NEVER, STATES, Defect, own_password_policy, remove_mailbox
from tests.real_ad.both import directory_section, password_file, site_file
from tests.real_ad.contents import NEVER_EXPIRES, NORMAL, SERVICE
from tests.real_ad.real_directory import RealDirectory
from tests.simulator.harness import Simulator
from tests.suites.test_faults import dependants


def run(ad: RealDirectory, simulator: Simulator, folder: Path, *conditions: str, reader: bool = False) -> Finished:
    simulator.plant(*conditions)
    section = directory_section(ad, reader=password_file(simulator) if reader else None)
    return accept(site_file(folder, simulator, section), "-q", cwd=folder)


def judge(done: Finished, requirement: str, says: str, row: str, *also_unmeasured: str) -> None:
    """Assert that exactly this failed, with this sentence, and that all else was measured or waits for it."""
    assert done.outcomes("failed") == {(requirement, "site")}, done.output
    found = done.outcome(requirement)
    assert says in found["found"]
    assert says in done.output
    assert all(found[name] for name in ("expected", "consequence", "fix", "owner"))
    stopped = {*also_unmeasured} | dependants(requirement) | (left_by(row) if row else set())
    unmeasured = done.outcomes("not measured")
    # bookings are not requested, whatever else is wrong
    assert {id_ for id_, _ in unmeasured} == stopped - {"CALENDAR-2", "CALENDAR-3"}
    assert {done.outcome(*pair)["because"] for pair in unmeasured} <= {requirement}
    assert not done.outcomes("not run", "waived", "attested")
    assert (done.verdict, done.code) == ("NOT ACCEPTED", 1)


@pytest.mark.parametrize("reader", [False, True], ids=["sub-code", "attributes"])
@pytest.mark.parametrize("defect", STATES, ids=lambda defect: defect.name)
def test_an_account_that_cannot_sign_in(
    defect: Defect, reader: bool, changing_ad: RealDirectory, simulator: Simulator, tmp_path: Path
) -> None:
    """By the sub-code of its own bind, and by the attributes that another user reads."""
    defect.plant(changing_ad)
    done = run(changing_ad, simulator, tmp_path, *defect.conditions, reader=reader)
    if reader:
        judge(done, defect.requirement_reader or defect.requirement, defect.says_reader, defect.row_reader)
    else:
        judge(done, defect.requirement, defect.says, defect.row)
    assert simulator.count("ews.refused") == simulator.count("ews.sign_ins") == 0


@pytest.mark.parametrize("defect", ATTRIBUTES, ids=lambda defect: defect.name)
def test_of_an_account_that_signs_in_the_attributes_tell(
    defect: Defect, changing_ad: RealDirectory, simulator: Simulator, tmp_path: Path
) -> None:
    defect.plant(changing_ad)
    done = run(changing_ad, simulator, tmp_path, *defect.conditions)
    judge(done, defect.requirement, defect.says, "", *defect.also_unmeasured)


def test_must_change_says_nothing_where_the_password_never_expires(
    changing_ad: RealDirectory, simulator: Simulator, tmp_path: Path
) -> None:
    changing_ad.administrator.set(SERVICE, userAccountControl=NORMAL | NEVER_EXPIRES, pwdLastSet=0)
    done = run(changing_ad, simulator, tmp_path)
    assert done.verdict == "ACCEPTED", done.output
    assert changing_ad.administrator.number(SERVICE, "pwdLastSet") == 0


def test_never_by_policy_alone_passes_with_its_note(
    changing_ad: RealDirectory, simulator: Simulator, tmp_path: Path
) -> None:
    own_password_policy(NEVER)(changing_ad)
    done = run(changing_ad, simulator, tmp_path)
    assert done.verdict == "ACCEPTED", done.output
    (note,) = done.outcome("ACCOUNT-4")["notes"]
    assert "only because of the password policy" in note


def test_without_a_mailbox_in_the_directory_alone_exchange_decides(
    changing_ad: RealDirectory, simulator: Simulator, tmp_path: Path
) -> None:
    remove_mailbox(changing_ad)
    done = run(changing_ad, simulator, tmp_path)
    assert ("ACCOUNT-3", "site") in done.outcomes("passed"), done.output
    assert done.outcomes("not measured") == {("ACCOUNT-6", "site")}
    assert "shows no Exchange attributes" in done.outcome("ACCOUNT-6")["found"]
    assert (done.verdict, done.code) == ("INCOMPLETE", 10)
