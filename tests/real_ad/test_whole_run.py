"""A whole acceptance run against both at once: EWS from the simulator, the directory a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.real_ad.both import directory_section, password_file, site_file
from tests.real_ad.real_directory import RealDirectory
from tests.simulator.harness import Simulator


@pytest.mark.parametrize(("workers", "reader"), [("0", False), ("2", True)], ids=["itself", "reader, two workers"])
def test_a_ready_site_is_accepted(
    workers: str, reader: bool, real_ad: RealDirectory, simulator: Simulator, tmp_path: Path
) -> None:
    section = directory_section(real_ad, reader=password_file(simulator) if reader else None)
    done = accept(site_file(tmp_path, simulator, section), "-n", workers, cwd=tmp_path)
    assert (done.verdict, done.code) == ("ACCEPTED", 0), done.output
    assert not done.outcomes("failed", "not measured", "not run", "waived", "attested")
    assert simulator.count("ldap.bind") == 0
