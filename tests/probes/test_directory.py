"""What the directory tells of accounts, rooms and users, and what it shows to whom: on the simulated directory."""

from __future__ import annotations

import re

import pytest

from pytest_flowscape.facts import DirectoryEntry, Grant
from pytest_flowscape.probes.directory.search import Query
from pytest_flowscape.probes.directory.servers import Servers
from pytest_flowscape.site.model import DirectoryServer
from tests.probes.directory_sessions import EMAIL, JANE, NONE, ROOMS, UPN, Sessions, change, count, policy


def test_gather(session: Sessions) -> None:
    view = session.view()
    assert view.trouble is None
    assert view.account is not None
    assert view.account.dn == "CN=svc-flowscape,OU=Services,DC=demo,DC=test"
    assert view.account.unreadable == frozenset()
    assert (view.account.text("givenName"), view.account.text("sn")) == ("Flow", "Scape")
    assert view.account.number("msDS-UserPasswordExpiryTimeComputed") == 0x7FFFFFFFFFFFFFFF
    assert view.lockout_threshold == 5
    assert len(view.token_sids) >= 5
    assert {sid.rpartition("-")[2] for sid in view.token_sids} >= {"1101", "1301", "1302", "0", "11"}
    assert view.account_holders is not None
    assert [entry.dn for entry in view.account_holders.by_proxy] == [view.account.dn]
    assert [h.by_proxy[0].number("msExchRecipientDisplayType") for h in view.rooms.values()] == [7, 7, 7]
    assert view.users[JANE].by_proxy[0].text("sn") == ""  # not asked: a person's name is none of our business
    assert view.rights[ROOMS[0]].grant is Grant.DENIED  # a group's deny comes first
    assert view.rights[ROOMS[0]].changed is not None
    assert view.rights[ROOMS[1]].grant is Grant.ABSENT
    assert not view.rooms[ROOMS[0]].forest_wide
    assert view.searches == count(session, "ldap.search")
    assert count(session, "ldap.bind") == 1


@pytest.mark.parametrize(
    "username", [UPN, "SVC-Flowscape@DEMO.test", "DEMO\\svc-flowscape", "demo.test\\SVC-flowscape"]
)
def test_the_account_is_found_by_the_name_it_signs_in_with(session: Sessions, username: str) -> None:
    bound = session()
    view = bound.gather("none@demo.test", username, (), (), reads=NONE)
    assert view.account is not None
    assert view.account.text("sAMAccountName") == "svc-flowscape"


def test_an_account_that_is_not_found_is_not_trouble(session: Sessions) -> None:
    view = session().gather(EMAIL, "other@demo.test", ROOMS, (), reads=NONE)
    assert (view.account, view.trouble, view.token_sids) == (None, None, ())
    assert view.rooms[ROOMS[0]].by_proxy
    assert view.rights[ROOMS[0]].grant is Grant.UNREADABLE


def test_everybody_who_has_an_address_is_told(session: Sessions) -> None:
    session.directory.do("account('jane').proxy_addresses.append('smtp:ATLAS@Demo.test')")
    session.directory.do("account('borea').proxy_addresses.clear()")
    view = session.view(rooms=(*ROOMS, "nobody@demo.test"))
    assert len(view.rooms[ROOMS[0]].by_proxy) == 2
    assert not view.rooms[ROOMS[1]].by_proxy
    assert [entry.text("mail") for entry in view.rooms[ROOMS[1]].by_mail] == [ROOMS[1]]
    nobody = view.rooms["nobody@demo.test"]
    assert (nobody.by_proxy, nobody.by_mail, nobody.exchange_hidden, nobody.trouble) == ((), (), False, None)


def test_a_base_inside_the_domain_hides_no_second_holder(session: Sessions) -> None:
    session.directory.do("account('jane').proxy_addresses.append('smtp:atlas@demo.test')")
    view = session.view(base="OU=Rooms,DC=demo,DC=test")
    assert view.account is not None
    assert len(view.rooms[ROOMS[0]].by_proxy) == 2


def test_what_requirements_read_is_asked(session: Sessions) -> None:
    session.directory.do("account('atlas').extra.update({'department': [b'North']})")
    view = session().gather(EMAIL, UPN, ROOMS, (), reads=frozenset(("department",)))
    assert view.rooms[ROOMS[0]].by_proxy[0].text("department") == "North"


def test_more_entries_than_one_page_holds(session: Sessions) -> None:
    policy(session, max_page_size=2)
    view = session.view()
    assert all(len(holders.by_proxy) == 1 for holders in view.rooms.values())


def test_values_come_as_they_are_told_and_a_lent_connection_decodes_as_the_library_does(session: Sessions) -> None:
    asked, bound = ROOMS[0], session()
    bound.bind()
    of = f"next(a for a in organisation.accounts.values() if a.mail == {asked!r})"
    session.directory.do(f"{of}.extra.update({{'description': [b'\\xff\\xfe', 'Åre'.encode()], 'info': []}})")
    bound._asked = (*bound._asked, "description", "info")
    (found,) = bound.holders([asked])[asked].by_proxy
    assert found.attributes["description"] == (b"\xff\xfe", "Åre".encode())
    assert "info" not in found.attributes
    lent = bound.lend()
    _, _, (told, *_), _ = lent.search("DC=demo,DC=test", f"(mail={asked})", attributes=["displayName", "description"])
    assert isinstance(told["attributes"]["displayName"][0], str)
    assert told["raw_attributes"]["description"] == [b"\xff\xfe", "Åre".encode()]


def test_a_room_asked_once_more(session: Sessions) -> None:
    bound = session()
    bound.bind()
    assert not bound.holders(["new@demo.test"])["new@demo.test"].by_proxy
    session.directory.do("account('atlas').proxy_addresses.append('smtp:new@demo.test')")
    again = bound.holders(["new@demo.test"])["new@demo.test"]
    assert [entry.text("mail") for entry in again.by_proxy] == ["atlas@demo.test"]
    assert not again.exchange_hidden
    assert count(session, "ldap.bind") == 1


MANY = """
for number in range(500):
    room = organisation.add(10000 + number, f'room-{number}', 'Rooms', enabled=False, recipient_type_details=16)
    room.proxy_addresses = [f'SMTP:room-{number}@demo.test']
"""


def test_many_rooms_take_few_searches(session: Sessions) -> None:
    session.directory.do(MANY)
    view = session.view(rooms=tuple(f"room-{number}@demo.test" for number in range(500)))
    assert all(len(holders.by_proxy) == 1 for holders in view.rooms.values())
    assert view.searches == count(session, "ldap.search") <= 10


def test_three_thousand_rooms_take_forty_searches_at_most(monkeypatch: pytest.MonkeyPatch, session: Sessions) -> None:
    """The searches of a healthy site, counted where they would be sent."""
    sent: list[Query] = []

    def answer(_servers: Servers, query: Query, *, catalog: bool, own: bool = False) -> tuple[DirectoryEntry, ...]:
        sent.append(query)
        found = re.findall(r"\(proxyAddresses=smtp:([^)]*)\)", query.filter) or ["svc@demo.test"]
        return tuple(
            DirectoryEntry(f"CN={a}", attributes={"proxyaddresses": (f"SMTP:{a}".encode(),), "mailnickname": (b"x",)})
            for a in found
        )

    monkeypatch.setattr(Servers, "search", answer)
    rooms = [f"room-{number}@demo.test" for number in range(3000)]
    view = session().gather(EMAIL, UPN, rooms, (JANE,), reads=NONE)
    assert len(sent) <= 40
    assert [len(holders.by_proxy) for holders in view.rooms.values()] == [1] * 3000


# --- the global catalog -------------------------------------------------------------------------


@pytest.mark.parametrize("servers", [("ldaps", "gc"), ("gc", "ldaps")], ids=["controller-first", "catalog-first"])
def test_addresses_from_the_catalog_and_the_account_from_a_controller(
    session: Sessions, servers: tuple[str, str]
) -> None:
    session.directory.do("setattr(account('ceres'), 'in_global_catalog', False)")
    view = session.view(*servers)
    assert view.bind.server.endswith(str(session.directory.ports[servers[0]]))
    assert view.account is not None
    assert view.account.unreadable == frozenset()
    atlas, ceres = view.rooms[ROOMS[0]], view.rooms[ROOMS[2]]
    assert (atlas.forest_wide, atlas.waiting, len(atlas.by_proxy)) == (True, False, 1)
    assert (ceres.forest_wide, ceres.waiting, len(ceres.by_proxy)) == (True, True, 1)
    assert count(session, "ldap.bind") == session.door.sign_ins == 2


def test_a_catalog_tells_of_the_whole_forest(session: Sessions) -> None:
    change(session, "ceres", dn="CN=ceres,OU=Rooms,DC=other,DC=test")
    assert [entry.dn for entry in session.view("ldaps", "gc").rooms[ROOMS[2]].by_proxy] == [
        "CN=ceres,OU=Rooms,DC=other,DC=test"
    ]
    assert not session.view("ldaps").rooms[ROOMS[2]].by_proxy


def test_a_catalog_alone_tells_no_expiry(session: Sessions) -> None:
    view = session.view("gc")
    assert view.account is not None
    assert view.account.unreadable >= {"pwdlastset", "accountexpires", "msds-user-account-control-computed"}
    assert view.account.text("sn") == "Scape"
    assert view.lockout_threshold is None
    assert view.rooms[ROOMS[0]].forest_wide
    with pytest.raises(TypeError):
        view.account.number("pwdLastSet")


def test_a_catalog_that_cannot_be_reached_leaves_the_domain(session: Sessions) -> None:
    bound = session("ldaps", DirectoryServer("localhost", 1, catalog=True))
    view = bound.gather(EMAIL, UPN, ROOMS, (), reads=NONE)
    assert not view.rooms[ROOMS[0]].forest_wide
    assert view.rooms[ROOMS[0]].by_proxy
    assert "gc://localhost:1 could not be used" in view.bind.notes[0]


# --- what is hidden -----------------------------------------------------------------------------


def test_hidden_exchange_attributes_are_unreadable_and_not_absent(session: Sessions) -> None:
    policy(session, hide_exchange_attributes=True)
    view = session.view()
    atlas = view.rooms[ROOMS[0]]
    assert atlas.exchange_hidden
    assert atlas.by_mail[0].unreadable >= {"proxyaddresses", "mailnickname", "msexchrecipienttypedetails"}
    assert view.account is not None
    assert view.account.unreadable >= {"proxyaddresses", "mailnickname"}
    assert view.account.text("mail") == EMAIL
    assert view.rights[ROOMS[0]].grant is Grant.UNREADABLE


def test_one_room_that_is_not_there_is_not_hidden(session: Sessions) -> None:
    """Nobody but the account itself was found, so the session looks whether it sees anybody's addresses."""
    view = session().gather(EMAIL, UPN, ("nobody@demo.test",), (), reads=NONE)
    assert not view.rooms["nobody@demo.test"].exchange_hidden
    policy(session, hide_exchange_attributes=True)
    view = session().gather(EMAIL, UPN, ("nobody@demo.test",), (), reads=NONE)
    assert view.rooms["nobody@demo.test"].exchange_hidden


def test_a_hardened_directory_shows_an_account_only_itself(session: Sessions) -> None:
    policy(session, hidden_directory=True)
    itself = session.view()
    assert itself.account is not None
    assert itself.account.unreadable == frozenset()
    assert "useraccountcontrol" in itself.rooms[ROOMS[0]].by_proxy[0].unreadable
    another = session.view(username=JANE, own=False)
    assert another.account is not None
    assert another.account.unreadable >= {"useraccountcontrol", "accountexpires", "pwdlastset", "lockouttime"}
    assert another.account.text("sn") == "Scape"


def test_names_hidden_from_others_are_not_empty(session: Sessions) -> None:
    change(session, "svc-flowscape", hidden={"givenname", "sn", "mail"})
    another = session.view(username=JANE, own=False)
    assert another.account is not None
    assert another.account.unreadable == {"givenname", "sn", "mail"}
    change(session, "svc-flowscape", hidden=set(), given_name="", sn="", mail="")
    itself = session.view()
    assert itself.account is not None
    assert (itself.account.unreadable, itself.account.text("sn")) == (frozenset(), "")
