"""What of an entry can be read, and what is hidden; on entries made by hand."""

from __future__ import annotations

import pytest

from pytest_flowscape.probes.directory.sight import Sight, unreadable
from pytest_flowscape.probes.directory.view import (
    account_attributes,
)
from tests.probes.directory_entries import OWN, entry, healthy, without

ALL = Sight(OWN, frozenset("x"), frozenset("x"))
ASKED = account_attributes(frozenset())


def test_nothing_of_a_healthy_account_is_unreadable() -> None:
    assert unreadable(healthy(), ASKED, ALL, itself=True) == frozenset()


@pytest.mark.parametrize(
    "name",
    ["userAccountControl", "accountExpires", "pwdLastSet", "tokenGroups", "objectClass", "whenChanged", "objectSid",
     "msDS-User-Account-Control-Computed", "msDS-UserPasswordExpiryTimeComputed"],
)  # fmt: skip
def test_what_every_user_has_is_unreadable_where_absent(name: str) -> None:
    found = unreadable(without(healthy(), name), ASKED, ALL)
    assert name.lower() in found
    assert found <= {name.lower(), "badpwdcount", "lockouttime"}


def test_a_group_or_contact_needs_no_account_state() -> None:
    group = entry(objectClass=["top", "group"], whenChanged="x", proxyAddresses="SMTP:a@x", mail="a@x")
    assert unreadable(group, ASKED, ALL) == frozenset()


def test_counts_are_unreadable_only_where_the_account_is_hidden() -> None:
    assert not unreadable(healthy(), ASKED, ALL) & {"badpwdcount", "lockouttime"}
    assert {"badpwdcount", "lockouttime"} <= unreadable(without(healthy(), "userAccountControl"), ASKED, ALL)


def test_a_catalog_tells_no_expiry_even_where_it_gives_a_value() -> None:
    found = unreadable(healthy(), ASKED, ALL, catalog=True)
    assert {"pwdlastset", "accountexpires", "msds-userpasswordexpirytimecomputed"} <= found
    assert "useraccountcontrol" not in found


@pytest.mark.parametrize(
    ("gone", "itself", "expected"),
    [
        (("sn",), False, set()),
        (("givenName", "sn"), False, set()),
        (("givenName", "sn", "mail"), False, {"givenname", "sn", "mail"}),
        (("givenName", "sn", "mail"), True, set()),
    ],
    ids=["one", "two", "all", "its-own"],
)
def test_names(gone: tuple[str, ...], *, itself: bool, expected: set[str]) -> None:
    assert unreadable(without(healthy(), *gone), ASKED, ALL, itself=itself) == expected


EXCHANGE = {"mailnickname", "msexchrecipienttypedetails", "msexchmasteraccountsid"}


def test_exchange_attributes_are_unreadable_while_nobody_elses_were_seen() -> None:
    room = without(healthy("CN=atlas,DC=demo,DC=test"), "mailNickname")
    found = unreadable(room, ASKED, Sight(OWN))
    assert found >= EXCHANGE
    assert "proxyaddresses" not in found  # it is there
    assert not unreadable(room, ASKED, ALL) & EXCHANGE
    assert "proxyaddresses" in unreadable(without(room, "proxyAddresses"), ASKED, Sight(OWN))
    assert "proxyaddresses" not in unreadable(without(room, "proxyAddresses"), ASKED, ALL)


def test_an_account_that_sees_one_of_its_own_sees_all_of_its_own() -> None:
    assert not unreadable(healthy(), ASKED, Sight(OWN), itself=True) & EXCHANGE
    assert unreadable(without(healthy(), "mailNickname"), ASKED, Sight(OWN), itself=True) >= EXCHANGE


def test_an_object_closed_as_a_whole_hides_its_exchange_attributes_too() -> None:
    closed = without(healthy("CN=a,DC=x"), "mailNickname", "userAccountControl")
    assert unreadable(closed, ASKED, ALL) >= EXCHANGE
    assert not unreadable(without(healthy("CN=a,DC=x"), "userAccountControl"), ASKED, ALL) & EXCHANGE


def test_sight_does_not_count_the_object_that_looks() -> None:
    own, room = healthy(), healthy("CN=atlas,DC=demo,DC=test")
    assert not Sight(OWN.upper()).after([own]).exchange
    assert not Sight(OWN).after([own]).proxies
    assert Sight(OWN).after([own, room]).exchange
    assert Sight(OWN).after([own, room]).proxies
    # a separate directory user, whose object is not known, may be any one of those seen
    assert not Sight().after([room]).exchange
    assert not Sight().after([room]).after([room]).proxies
    assert Sight().after([room]).after([own]).exchange
