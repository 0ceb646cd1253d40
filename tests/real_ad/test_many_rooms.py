"""Thousands of rooms: few searches, every one found, and no page left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_flowscape.facts import Grant, Kind
from pytest_flowscape.probes.directory import search
from pytest_flowscape.probes.directory.search import Query, SearchFailed
from pytest_flowscape.site.model import Directory
from tests.acceptance import read_site
from tests.probes.directory_sessions import Sessions, directory, directory_process, policy, session
from tests.real_ad import contents, views
from tests.real_ad.administrator import full_access, mailbox_descriptor
from tests.real_ad.real_directory import EMAIL, USERNAME, RealDirectory
from tests.simulator.harness import Simulator

__all__ = ["directory", "directory_process", "session"]
MANY, MAX_SEARCHES = 3_000, 40
OBJECTS = 300  # in the real directory, each with ten of the addresses: an object there takes its 8 ms
ADDRESSES = MANY // OBJECTS
MAX_PAGE_SIZE = 1_000


@pytest.fixture
def large_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(tmp_path_factory.mktemp("large"), rooms=MANY) as running:
        yield running


def test_simulated_rooms_take_at_most_forty_searches(large_simulator: Simulator) -> None:
    site = read_site(large_simulator.site)
    assert site.directory is not None
    rooms = tuple(room.email for room in site.rooms)
    view = views.view(
        site.directory,
        site.service_account.username,
        large_simulator.password,
        email=site.service_account.email,
        rooms=rooms,
        users=site.users.addresses,
    )
    assert view.searches == large_simulator.count("ldap.search") <= MAX_SEARCHES
    assert [room for room in rooms if len(view.rooms[room].by_proxy) != 1] == []
    assert {rights.grant for rights in view.rights.values()} == {Grant.GRANTED}
    assert len(rooms) == MANY


def test_as_many_addresses_in_a_real_directory_take_no_more(changing_ad: RealDirectory) -> None:
    administrator = changing_ad.administrator
    granted = mailbox_descriptor(full_access(administrator.sid(contents.SERVICE)))
    rooms = []
    for number in range(OBJECTS):
        mine = [f"wide-{number}-{at}@demo.test" for at in range(ADDRESSES)]
        rooms += mine
        administrator.add(
            f"CN=Wide {number},{contents.ROOMS}",
            "user",
            sAMAccountName=f"wide-{number}",
            userAccountControl=contents.NORMAL | contents.DISABLED,
            mail=mine[0],
            mailNickname=f"wide-{number}",
            proxyAddresses=[f"SMTP:{mine[0]}", *(f"smtp:{address}" for address in mine[1:])],
            msExchMailboxSecurityDescriptor=granted,
        )
    real = Directory((changing_ad.server(),), contents.BASE, ca_file=changing_ad.ca)
    view = views.view(real, USERNAME, changing_ad.password, email=EMAIL, rooms=rooms)
    assert view.searches <= MAX_SEARCHES
    assert [room for room in rooms if len(view.rooms[room].by_proxy) != 1] == []
    assert {rights.grant for rights in view.rights.values()} == {Grant.GRANTED}


# --- paging: a domain controller sends 1,000 entries at most; Samba does not stop there, the simulator does ---

SHARED = "everybody@demo.test"
CROWD = f"""
for number in range(1500):
    member = organisation.add(10000 + number, f'member-{{number}}', 'Staff')
    member.proxy_addresses.append('smtp:{SHARED}')
"""


def test_more_holders_of_one_address_than_a_controller_sends_at_once(session: Sessions) -> None:
    session.directory.do(CROWD)
    view = session.view(rooms=(SHARED,), timeout=views.SECONDS)
    assert len(view.rooms[SHARED].by_proxy) == 1_500
    assert session.directory.do("organisation.policy.max_page_size") == MAX_PAGE_SIZE


@pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # ldap3 calls it
def test_a_search_without_pages_is_stopped_and_its_half_answer_counts_for_nothing(
    session: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.directory.do(CROWD)
    entries = session.directory.connect()
    entries.search(contents.BASE, f"(proxyAddresses=smtp:{SHARED})", attributes=["mail"])
    assert entries.result["description"] == "sizeLimitExceeded"
    assert len(entries.response or ()) == MAX_PAGE_SIZE
    policy(session, max_page_size=200)  # less than the product's own pages: the server decides
    monkeypatch.setattr(search, "PAGE", 10_000)
    real = Directory((session.server(),), contents.BASE, ca_file=session.directory.ca)
    with views.servers(real, USERNAME, "Correct-Horse-7") as servers:
        everybody = Query(contents.BASE, f"(proxyAddresses=smtp:{SHARED})", ("mail",))
        assert len(servers.search(everybody, catalog=False)) == 1_500
        monkeypatch.setattr(search, "PAGE", None)
        with pytest.raises(SearchFailed) as caught:
            servers.search(everybody, catalog=False)
    assert (caught.value.trouble.kind, caught.value.trouble.ldap_result) == (Kind.SEARCH, 4)
