"""Every room case, planted in the real directory and in the simulator alike: the outcome, and what explains it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_flowscape.facts import DirectoryView
from pytest_flowscape.simulator.scenarios import load
from pytest_flowscape.simulator.scenarios.ready import GROUP_DN
from pytest_flowscape.site.model import Directory
from tests.acceptance import Finished, accept
from tests.real_ad import contents, views
from tests.real_ad.both import directory_section, site_file
from tests.real_ad.real_directory import RealDirectory
from tests.real_ad.room_cases import CASES, Case, Room, add_rooms, conditions, rooms_of
from tests.simulator.harness import Simulator

ACCOUNTS = rooms_of(load("ready", rooms=len(CASES), password="unused").organisation)
ROOMS = {case.name: account for case, account in zip(CASES, ACCOUNTS, strict=True)}
ADDRESS = {name: account.mail for name, account in ROOMS.items()}
SERVICE_UPN = "svc-flowscape@demo.test"


@dataclass
class Site:
    """What the product found with each directory, and what its probe saw in the real one."""

    real: Finished
    simulated: Finished
    view: DirectoryView
    names: dict[str, str]  # of the SIDs that a descriptor may name


@pytest.fixture(scope="module")
def wide_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator with one room for each case."""
    with Simulator(tmp_path_factory.mktemp("wide"), rooms=len(CASES), timeout=5.0) as running:
        running.plant(*(text for case in CASES for text in conditions(ADDRESS[case.name], case)))
        yield running


@pytest.fixture(scope="module")
def site(real_directory: RealDirectory, wide_simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One run of the product with each directory; the real one is free again before the first test looks."""
    folder = tmp_path_factory.mktemp("rooms")
    with real_directory.turn(changing=True):
        administrator = real_directory.administrator
        administrator.set_password(contents.SERVICE, wide_simulator.password)
        add_rooms(administrator, list(ROOMS.values()))
        for case in CASES:
            case.real(Room(administrator, ROOMS[case.name]))
        both = site_file(folder, wide_simulator, directory_section(real_directory))
        return Site(
            real=accept(both, cwd=folder, report=folder / "real"),
            simulated=accept(wide_simulator.site, cwd=folder, report=folder / "simulated"),
            view=views.view(
                Directory((real_directory.server(),), contents.BASE, ca_file=real_directory.ca),
                SERVICE_UPN,
                wide_simulator.password,
                email=SERVICE_UPN,
                rooms=tuple(ADDRESS.values()),
            ),
            names={
                administrator.sid(contents.SERVICE): "service",
                administrator.sid(GROUP_DN): "group",
                "": "",
            },
        )


def of_the_room(done: Finished, case: Case) -> dict[str, dict[str, Any]]:
    """Return a room's outcomes by requirement."""
    return {o["requirement"]: o for o in done.results["outcomes"] if o["target"] == ADDRESS[case.name]}


@pytest.mark.parametrize("which", ["real", "simulated"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome(site: Site, case: Case, which: str) -> None:
    done = getattr(site, which)
    found = of_the_room(done, case)
    assert found, done.output
    other = {id_: o for id_, o in found.items() if o["outcome"] not in {"passed", "not requested"}}
    assert {id_: o["outcome"] for id_, o in other.items()} == {id_: word for id_, (word, _) in case.outcomes.items()}
    assert [id_ for id_, (_, words) in case.outcomes.items() if words not in found[id_]["found"]] == []
    assert [id_ for id_, words in case.notes.items() if words not in " ".join(found[id_]["notes"])] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_descriptor_explains_the_outcome(site: Site, case: Case) -> None:
    rights = site.view.rights[ADDRESS[case.name]]
    assert (rights.grant, site.names[rights.who]) == (case.grant, case.who)


def test_a_disabled_account_is_normal_for_a_room_and_nothing_is_noted(site: Site) -> None:
    name = CASES[0].name
    (holder,) = site.view.rooms[ADDRESS[name]].by_proxy
    assert int(holder.text("userAccountControl")) & contents.DISABLED
    assert of_the_room(site.real, CASES[0])["ROOM-1"]["notes"] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_directories_lead_to_the_same_words(site: Site, case: Case) -> None:
    words = [
        {
            id_: {name: outcome[name] for name in ("outcome", "found", "cause", "because", "notes", "fix")}
            for id_, outcome in of_the_room(done, case).items()
        }
        for done in (site.real, site.simulated)
    ]
    assert words[0] == words[1]


def test_verdict(site: Site) -> None:
    assert (site.real.verdict, site.real.code) == (site.simulated.verdict, site.simulated.code) == ("NOT ACCEPTED", 1)
    assert site.real.digest == site.simulated.digest
