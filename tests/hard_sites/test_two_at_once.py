"""Hard sites on which something else is wrong, too: what is not known is not measured, and nobody is blamed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.simulator.harness import Simulator

Edit = Callable[[str], str]


def no_catalog(text: str) -> str:
    """List a global catalog where nothing answers."""
    return re.sub(r"gc://localhost:\d+", "gc://localhost:1", text)


def catalog_alone(text: str) -> str:
    return re.sub(r"\n\s*ldaps://localhost:\d+", "", text)


def first_controller_and_catalog(text: str) -> str:
    return re.sub(r"(gc://localhost:\d+)\n\s*ldaps://localhost:\d+", r"\1", text)


@dataclass(frozen=True)
class Case:
    """A hard site, what is planted on it, how its site file differs, and what must come out."""

    scenario: str
    planted: tuple[str, ...] = ()
    edit: Edit = str
    verdict: str = "INCOMPLETE"
    outcomes: tuple[tuple[str, str, str], ...] = ()  # requirement, target, word


CASES = {
    "a catalog that cannot be asked lets no address pass": Case(
        "address-taken-in-child-domain",
        edit=no_catalog,
        outcomes=(("ROOM-2", "zuerich@demo.test", "not measured"), ("ROOM-1", "zuerich@demo.test", "passed")),
    ),
    "a room of another domain that is moving is not missing": Case(
        "child-domain-not-asked",
        planted=("moving:aurora@demo.test",),
        outcomes=(("ROOM-1", "aurora@demo.test", "not measured"),),
    ),
    "rooms of another domain are not missing while Exchange is away": Case(
        "child-domain-not-asked", planted=("ews-503",), outcomes=(("ROOM-1", "aurora@demo.test", "not measured"),)
    ),
    "a room that is missing fails where the directory knows one domain only": Case(
        "child-domain-not-asked",
        planted=("missing:atlas@demo.test",),
        verdict="NOT ACCEPTED",
        outcomes=(("ROOM-1", "atlas@demo.test", "failed"),),
    ),
    "a catalog that shows only the former holder of an address is waited for": Case(
        "lagging-catalog",
        planted=("ROOM-2:atlas@demo.test",),
        outcomes=(("ROOM-1", "atlas@demo.test", "not measured"), ("ROOM-2", "atlas@demo.test", "not measured")),
    ),
    "a namesake in the first domain is not the account, by the catalog alone": Case(
        "account-in-child-domain", edit=catalog_alone, outcomes=(("ACCOUNT-1", "site", "not measured"),)
    ),
    "a namesake in the first domain is not the account, where the directory is hardened": Case(
        "account-in-child-domain", planted=("hidden-directory",), verdict="ACCEPTED"
    ),
    "a namesake is not the account, hardened and without its own controller": Case(
        "account-in-child-domain",
        planted=("hidden-directory",),
        edit=first_controller_and_catalog,
        outcomes=(("ACCOUNT-1", "site", "not measured"),),
    ),
}


@pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))
def test_two_at_once(case: Case, tmp_path: Path) -> None:
    with Simulator(tmp_path / "simulator", scenario=case.scenario, timeout=5.0) as simulator:
        if case.planted:
            simulator.plant(*case.planted)
        site = simulator.folder / "edited.ini"
        site.write_text(case.edit(simulator.site.read_text(encoding="utf-8")), encoding="utf-8")
        done = accept(site, "-q", cwd=tmp_path)
    assert done.verdict == case.verdict, done.output
    found = {(id_, target, done.outcome(id_, target)["outcome"]) for id_, target, _ in case.outcomes}
    assert found == set(case.outcomes)


@pytest.mark.parametrize("workers", ["0", "4"])
def test_a_room_answered_from_another_is_found_whoever_asks_them(workers: str, tmp_path: Path) -> None:
    with Simulator(tmp_path / "simulator", rooms=12, timeout=5.0) as simulator:
        simulator.plant("other-mailbox:oslo@demo.test")
        done = accept(simulator.site, "-q", "-n", workers, cwd=tmp_path)
    assert done.verdict == "INCOMPLETE", done.output
    assert not done.outcomes("failed")
