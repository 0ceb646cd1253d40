"""A hardened directory: what cannot be read is not measured, right or wrong, and never failed or passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_flowscape.simulator.scenarios import load
from tests.acceptance import accept
from tests.real_ad.account_defects import attributes, in_days
from tests.real_ad.administrator import filetime
from tests.real_ad.both import directory_section, password_file, site_file
from tests.real_ad.contents import READER_UPN
from tests.real_ad.hardening import CLOSED, HIDDEN, STATE, WAYS, Hardening
from tests.real_ad.real_directory import USERNAME, RealDirectory
from tests.real_ad.room_cases import rooms_of
from tests.real_ad.two_directories import TwoDirectories
from tests.simulator.harness import Simulator

ROOMS = tuple(account.mail for account in rooms_of(load("ready", rooms=6, password="unused").organisation))
ATLAS = "CN=Atlas,OU=Rooms,DC=demo,DC=test"
NOT_READABLE = "not readable by this account"


@pytest.mark.parametrize("username", [USERNAME, READER_UPN])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_simulator_hides_the_same(
    changing_ad: RealDirectory, simulator: Simulator, way: Hardening, username: str
) -> None:
    both = TwoDirectories(changing_ad, simulator)
    way.real(changing_ad)
    simulator.plant(way.simulated)
    both.agree(username)


def expire(ad: RealDirectory) -> None:
    attributes(accountExpires=filetime(in_days(-2)))(ad)


def make_equipment(ad: RealDirectory) -> None:
    ad.administrator.set(ATLAS, msExchRecipientTypeDetails=32, msExchRecipientDisplayType=8)


def remove_primary_address(ad: RealDirectory) -> None:
    ad.administrator.set(ATLAS, proxyAddresses=["smtp:atlas@demo.test"])


def change_nothing(_ad: RealDirectory) -> None:
    pass


def every_room(*ids: str) -> set[tuple[str, str]]:
    return {(id_, room) for id_ in ids for room in ROOMS}


@dataclass(frozen=True)
class Hidden:
    """A hardened directory with a defect that would fail if it could be seen, and what is not measured there."""

    way: Hardening
    defect: Callable[[RealDirectory], None]
    reader: bool
    unmeasured: set[tuple[str, str]]


CASES = {
    "others' state, seen as itself": Hidden(STATE, change_nothing, False, set()),
    "others' state, seen by a reader": Hidden(STATE, expire, True, {("ACCOUNT-2", "site"), ("ACCOUNT-4", "site")}),
    "Exchange-Information, seen as itself": Hidden(CLOSED, make_equipment, False, every_room("ROOM-1")),
    "Exchange attributes, seen as itself": Hidden(
        HIDDEN, remove_primary_address, False, every_room("ROOM-1", "ROOM-2") | {("ACCOUNT-6", "site")}
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_hidden_is_not_measured(
    changing_ad: RealDirectory, simulator: Simulator, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    case.defect(changing_ad)
    case.way.real(changing_ad)
    reader = password_file(simulator) if case.reader else None
    done = accept(site_file(tmp_path, simulator, directory_section(changing_ad, reader=reader)), cwd=tmp_path)
    assert done.outcomes("failed") == set(), done.output
    assert done.outcomes("not measured") == case.unmeasured, done.output
    assert {
        pair: done.outcome(*pair)["found"] for pair in case.unmeasured if NOT_READABLE not in str(done.outcome(*pair))
    } == {}
    assert done.verdict == ("INCOMPLETE" if case.unmeasured else "ACCEPTED")
