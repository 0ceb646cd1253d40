"""Whatever leaves a pair without a result: the run is not accepted and says how many were not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.verdict import expected_pairs
from tests.acceptance import accept, read_site
from tests.simulator.harness import Simulator


def total(simulator: Simulator) -> int:
    requirements = [judged.requirement for judged in load_requirements().values()]
    return len(expected_pairs(requirements, read_site(simulator.site)))


@pytest.mark.parametrize(
    "arguments",
    [
        ("-k", "host"),
        ("-k", "nothing_is_called_so"),
        ("-m", "not flowscape_requirement"),
        ("-k", "not site_facts and not sign", "-n", "2"),
        ("--flowscape-room={first}",),
        ("--flowscape-room={first}", "-n", "2"),
        ("--deselect", "test_host.py"),
    ],
    ids=["k", "k-none", "m", "k-xdist", "room", "room-xdist", "deselect"],
)
def test_a_selection_is_incomplete(arguments: tuple[str, ...], simulator: Simulator, tmp_path: Path) -> None:

    first = read_site(simulator.site).rooms[0].email
    done = accept(
        simulator.site,
        *(argument.format(first=first) for argument in arguments),
        cwd=tmp_path,
    )
    missing = done.outcomes("not run")
    if arguments[0] == "--deselect" and not missing:
        pytest.fail(f"the deselection chose nothing: {done.output}")
    assert (done.verdict, done.code) == ("INCOMPLETE", 10), done.output
    assert missing
    assert len(missing) + len(done.outcomes("passed", "not measured", "not requested")) == total(simulator)
    assert f"Not run: {len(missing)} of {total(simulator)} checks" in done.output


def test_x_stops_and_the_rest_was_not_run(simulator: Simulator, tmp_path: Path) -> None:
    first = read_site(simulator.site).rooms[0].email
    simulator.plant(f"PERMISSION-1:{first}")
    done = accept(simulator.site, "-x", cwd=tmp_path)
    assert done.verdict == "NOT ACCEPTED"
    assert done.code == 1
    assert done.outcomes("not run")
    assert f"Not run: {len(done.outcomes('not run'))} of {total(simulator)} checks" in done.output


def test_last_failed_is_incomplete_once_mended(simulator: Simulator, tmp_path: Path) -> None:
    first = read_site(simulator.site).rooms[0].email
    simulator.plant(f"PERMISSION-1:{first}")
    cache = ("-p", "cacheprovider", "-o", f"cache_dir={tmp_path / 'cache'}")
    assert accept(simulator.site, *cache, cwd=tmp_path).code == 1
    simulator.reset()
    done = accept(simulator.site, *cache, "--lf", cwd=tmp_path)
    assert (done.verdict, done.code) == ("INCOMPLETE", 10), done.output
    assert done.outcomes("passed") == {("PERMISSION-1", first)}


def test_an_unknown_room_is_a_usage_error(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "--flowscape-room=nobody@demo.test", cwd=tmp_path)
    assert done.code == 4
    assert "nobody@demo.test" in done.output


def test_paths_without_any_requirement_are_plain_pytest(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    assert True\n")
    for more in ((), ("-n", "2")):
        done = accept(simulator.site, "test_plain.py", *more, cwd=tmp_path)
        assert done.code == 0, done.output
        assert "1 passed" in done.output
        assert not done.results
    assert simulator.counters().get("ews.requests", 0) == 0
    assert simulator.counters().get("ldap.bind", 0) == 0
