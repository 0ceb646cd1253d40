"""ROOM-1 and ROOM-2, both ways, from facts made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_flowscape.facts import DirectoryEntry, Holders, RoomAddresses
from pytest_flowscape.requirement import Owner
from pytest_flowscape.site.model import Room
from suites import test_rooms as judging
from tests.suites.made import ATLAS, fails, not_measured, passes, room_entry

REMOTE = -2147481850
TARGET = "SMTP:atlas@customer.mail.onmicrosoft.com"


def held(*entries: DirectoryEntry, by_mail: tuple[DirectoryEntry, ...] = ()) -> dict[str, Any]:
    return {"room": Room(ATLAS), "room_entry": Holders(ATLAS, by_proxy=entries, by_mail=by_mail)}


def room(**changes: Any) -> dict[str, Any]:
    return held(room_entry(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"msExchRecipientTypeDetails": 2199023255552},
        {"msExchRecipientDisplayType": None},
        {"msExchRecipientTypeDetails": None},
        {"mail": None},
    ],
    ids=["room", "linked room", "type alone", "display type alone", "no mail"],
)
def test_a_room_resource_passes_silently(changes: dict[str, Any]) -> None:
    assert passes(judging.test_room_exists, **room(**changes)) == []


def test_the_type_decides_and_a_display_type_that_disagrees_is_a_note() -> None:
    (note,) = passes(judging.test_room_exists, **room(msExchRecipientDisplayType=1073741824))
    assert "1073741824" in note


def test_an_enabled_room_account_is_a_note() -> None:
    (note,) = passes(judging.test_room_exists, **room(userAccountControl=0x200))
    assert "enabled" in note
    assert passes(judging.test_room_exists, **room(unreadable=("useraccountcontrol",))) == []


def test_a_room_found_by_its_mail_attribute_only_is_judged_by_its_type() -> None:
    by_mail = room_entry(proxyAddresses=None)
    assert passes(judging.test_room_exists, **held(by_mail=(by_mail,))) == []


def test_a_missing_room_fails_and_the_usual_fix_creates_it() -> None:
    failed = fails(judging.test_room_exists, **held())
    assert failed.cause == "missing"
    assert not failed.fix


@pytest.mark.parametrize(
    ("details", "says"),
    [(1, "user mailbox"), (2, "linked mailbox"), (4, "shared mailbox"), (32, "equipment mailbox"), (64, "mail contact"),
     (128, "mail user"), (256, "distribution group"), (4096, "recipient of type 4096")],
)  # fmt: skip
def test_any_other_type_fails_and_is_named_even_with_the_display_type_of_a_room(details: int, says: str) -> None:
    failed = fails(judging.test_room_exists, **room(msExchRecipientTypeDetails=details))
    assert failed.cause == "wrong-type"
    assert says in failed.found
    assert "disables the mailbox's account" in failed.fix


def test_another_display_type_fails_where_it_has_to_decide() -> None:
    changes = {"msExchRecipientTypeDetails": None, "msExchRecipientDisplayType": 8}
    assert fails(judging.test_room_exists, **room(**changes)).cause == "wrong-type"


@pytest.mark.parametrize(
    "changes",
    [
        {"msExchRecipientTypeDetails": 8589934592},
        {"msExchRecipientTypeDetails": 2147483648, "targetAddress": TARGET},
        {"msExchRecipientTypeDetails": None, "msExchRecipientDisplayType": REMOTE, "targetAddress": TARGET},
    ],
    ids=["remote room", "remote user", "display type and target address"],
)
def test_a_room_in_exchange_online_fails_with_that_sentence_and_no_conversion(changes: dict[str, Any]) -> None:
    failed = fails(judging.test_room_exists, **room(**changes))
    assert failed.cause == "online"
    assert "Exchange Online" in failed.found
    assert failed.owner == Owner.INSTALLER.value
    assert "-Type Room" not in failed.fix


def test_a_contact_with_the_address_fails() -> None:
    contact = {
        "objectClass": ["top", "contact"],
        "msExchRecipientTypeDetails": None,
        "msExchRecipientDisplayType": None,
    }
    assert fails(judging.test_room_exists, **room(**contact)).cause == "not-a-mailbox"


def test_an_object_without_any_type_is_not_called_wrong() -> None:
    nothing = {"msExchRecipientTypeDetails": None, "msExchRecipientDisplayType": None}
    assert not_measured(judging.test_room_exists, **room(**nothing)).cause == "unreadable"


@pytest.mark.parametrize("hidden", ["msexchrecipienttypedetails", "msexchrecipientdisplaytype", "proxyaddresses"])
def test_an_unreadable_type_is_not_called_wrong(hidden: str) -> None:
    assert not_measured(judging.test_room_exists, **room(unreadable=(hidden,))).cause == "unreadable"


def test_of_several_holders_the_one_with_the_primary_address_is_judged() -> None:
    person = room_entry(
        "CN=Person", proxyAddresses=[f"smtp:{ATLAS}", "SMTP:p@customer.com"], msExchRecipientTypeDetails=1
    )
    assert passes(judging.test_room_exists, **held(person, room_entry())) == []
    assert fails(judging.test_room_exists, **held(person)).cause == "wrong-type"


# --- ROOM-2 ---


def addresses(
    *primaries: str, holders: tuple[str, ...] = ("CN=Atlas",), forest_wide: bool = True, source: str = "global catalog"
) -> dict[str, Any]:
    told = RoomAddresses(ATLAS, primaries, holders, source, forest_wide)
    return {"room": Room(ATLAS), "room_addresses": told}


def test_the_one_primary_address_passes_and_is_unique_in_the_forest_when_a_catalog_answered() -> None:
    (note,) = passes(judging.test_room_address_is_primary, **addresses("Atlas@Customer.com"))
    assert "unique in the forest" in note


def test_without_a_catalog_uniqueness_is_claimed_for_the_domain_alone() -> None:
    (note,) = passes(judging.test_room_address_is_primary, **addresses(ATLAS, forest_wide=False, source="customer.com"))
    assert "unique in customer.com" in note
    assert "unique in the forest" not in note


def test_without_a_directory_no_uniqueness_is_claimed() -> None:
    (note,) = passes(judging.test_room_address_is_primary, **addresses(ATLAS, forest_wide=False, source="ResolveNames"))
    assert "unique" not in note
    assert "who is hidden from address lists" in note


def test_an_alias_fails_and_the_first_fix_is_the_site_file() -> None:
    failed = fails(judging.test_room_address_is_primary, **addresses("atlas.room@customer.com"))
    assert failed.cause == "alias"
    assert failed.owner == Owner.INSTALLER.value
    assert "site file" in failed.fix.splitlines()[0]
    assert "atlas.room@customer.com" in failed.found


def test_an_address_that_two_objects_have_fails_and_names_both() -> None:
    failed = fails(judging.test_room_address_is_primary, **addresses(ATLAS, holders=("CN=Atlas", "CN=Other")))
    assert failed.cause == "held-twice"
    assert "CN=Atlas" in failed.found
    assert "CN=Other" in failed.found


@pytest.mark.parametrize("primaries", [(), (ATLAS, "other@customer.com")], ids=["none", "two"])
def test_a_room_without_exactly_one_primary_address_fails(primaries: tuple[str, ...]) -> None:
    assert fails(judging.test_room_address_is_primary, **addresses(*primaries)).cause == "primary-not-one"
