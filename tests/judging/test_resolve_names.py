"""What ResolveNames proves: one exact match and nothing else; whatever is unsure is not measured, never failed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Contact, Kind, ResolvedName, Trouble
from pytest_flowscape.judging.resolve_names import NOT_RESOLVED, account_names, room_addresses

ATLAS = "atlas@customer.com"
CONTACT = Contact(ATLAS, "Mailbox", "Atlas", "At", "Las", (f"SMTP:{ATLAS}", "smtp:room1@customer.com"), full=True)


def resolved(*contacts: Contact, **more: Any) -> ResolvedName:
    return ResolvedName(ATLAS, contacts, **more)


def test_one_exact_match() -> None:
    found = room_addresses(resolved(CONTACT))
    assert (found.configured, found.primaries, found.holders) == (ATLAS, (ATLAS,), ("Atlas",))
    assert (found.source, found.forest_wide) == ("ResolveNames", False)
    names = account_names(resolved(CONTACT))
    assert (names.given_name, names.surname, names.source) == ("At", "Las", "ResolveNames")


def test_longer_addresses_beside_it_do_no_harm() -> None:
    assert room_addresses(resolved(CONTACT, others=3)).primaries == (ATLAS,)


def test_an_alias_is_told_with_the_primary_address() -> None:
    alias = replace(CONTACT, primary="New@Customer.com", smtp_addresses=("SMTP:new@customer.com", f"smtp:{ATLAS}"))
    assert room_addresses(resolved(alias)).primaries == ("new@customer.com",)


def test_missing_names_are_told_where_the_contact_data_came_along() -> None:
    names = account_names(resolved(replace(CONTACT, given_name=" ", surname="")))
    assert (names.given_name, names.surname) == ("", "")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (resolved(), "hidden from address lists"),
        (resolved(others=2), "2 only begin like it"),
        (resolved(CONTACT, replace(CONTACT, display_name="Old")), "Atlas; Old"),
        (resolved(CONTACT, complete=False), "more names"),
        (resolved(replace(CONTACT, mailbox_type="PublicDL")), "PublicDL"),
        (resolved(replace(CONTACT, mailbox_type="")), "kind"),
    ],
)
def test_what_is_unsure_is_not_measured(answer: ResolvedName, words: str) -> None:
    for judge in (room_addresses, account_names):
        with pytest.raises(NotMeasured, match=words) as caught:
            judge(answer)
        assert caught.value.cause == NOT_RESOLVED


@pytest.mark.parametrize(
    "contact",
    [
        replace(CONTACT, primary="other@customer.com"),
        replace(CONTACT, smtp_addresses=(f"SMTP:{ATLAS}", "SMTP:other@customer.com")),
        replace(CONTACT, primary="", smtp_addresses=(f"smtp:{ATLAS}",)),
    ],
)
def test_a_primary_address_that_is_not_told_or_told_twice_is_not_measured(contact: Contact) -> None:
    with pytest.raises(NotMeasured, match="one primary address"):
        room_addresses(resolved(contact))


def test_names_without_contact_data_are_not_measured() -> None:
    with pytest.raises(NotMeasured, match="no contact data"):
        account_names(resolved(replace(CONTACT, full=False, given_name="", surname="")))


def test_trouble_keeps_its_kind() -> None:
    with pytest.raises(NotMeasured) as caught:
        room_addresses(resolved(trouble=Trouble(Kind.THROTTLED, "busy")))
    assert caught.value.cause == "throttled"
