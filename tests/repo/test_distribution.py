"""How the project's own tests are distributed: those of the real directory to one worker, the others to any."""

from __future__ import annotations

import re

import pytest

from tests.one_worker import TOGETHER, OneWorkerForTheServer

NAMES = ("never-opened-0", "never-opened-2", "moving-mailbox-0")


def test_the_real_directory_has_one_worker(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.conftest import pytest_xdist_make_scheduler")
    pytester.makeini("[pytest]\n")
    for number in range(3):
        file = pytester.path / f"{TOGETHER}test_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("def test_a(): pass\ndef test_b(): pass\n", encoding="utf-8")
    pytester.makepyfile(test_others="def test_one(): pass\ndef test_two(): pass\n")
    done = pytester.runpytest_subprocess("-n", "2", "--dist", "loadgroup", "-v")
    done.assert_outcomes(passed=8)
    ran = re.findall(r"\[(gw\d)\].* PASSED (\S+)", done.stdout.str())
    assert len(ran) == 8
    assert len({worker for worker, test in ran if test.startswith(TOGETHER)}) == 1
    assert len({worker for worker, _ in ran}) == 2


def test_the_runs_on_one_hard_site_stay_together() -> None:
    scope = OneWorkerForTheServer._split_scope
    runs = [f"tests/hard_sites/test_hard_sites.py::test_a_hard_site_has_its_outcomes[{name}]" for name in NAMES]
    serial, distributed, other = (scope(None, run) for run in runs)  # type: ignore[arg-type]
    assert serial == distributed != other
