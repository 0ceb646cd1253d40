"""ResolveNames of the simulated EWS: whom it finds, and with which data."""

from __future__ import annotations

import pytest

from tests.simulator.ews_client import EMAIL, Client, five, get_folder, resolve
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
OTHER = "aurora@demo.test"
HQ = "rooms-hq@demo.test"


def test_resolve_names_tells_full_contact_data_of_one_match(client: Client) -> None:
    reply = client.basic(resolve(OTHER))
    assert reply.codes == ["NoError"]
    assert reply.text(".//t:Resolution/t:Mailbox/t:EmailAddress") == OTHER
    entries = [e.text for e in reply.all(".//t:EmailAddresses/t:Entry")]
    assert entries == [f"SMTP:{OTHER}", f"smtp:room-{OTHER}"]
    service = client.basic(resolve(EMAIL))
    assert (service.text(".//t:GivenName"), service.text(".//t:Surname")) == ("Flowscape", "Service")


def test_resolve_names_without_contact_data(client: Client) -> None:
    assert client.basic(resolve(OTHER, full=False)).all(".//t:Contact") == []


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (f"room-{OTHER}", "ErrorNameResolutionNoResults"),
        (f"smtp:room-{OTHER}", "NoError"),
        ("a", "ErrorNameResolutionMultipleResults"),
        ("Zürich", "NoError"),
        ("nobody@demo.test", "ErrorNameResolutionNoResults"),
    ],
)
def test_resolve_names_matches_as_exchange_does(client: Client, entry: str, code: str) -> None:
    assert client.basic(resolve(entry)).codes == [code]


def test_who_is_hidden_from_address_lists_is_not_resolved(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"hidden-from-address-list:{ROOM}")
    assert client.basic(resolve(ROOM)).codes == ["ErrorNameResolutionNoResults"]
    assert client.basic(get_folder(*five(ROOM))).codes == ["NoError"] * 5


def test_a_missing_last_name_is_missing_in_the_contact(simulator: Simulator, client: Client) -> None:
    simulator.plant("ACCOUNT-1")
    assert client.basic(resolve(EMAIL)).all(".//t:Surname") == []


def test_partial_matches_beside_the_exact_one(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"longer-address:{ROOM}")
    reply = client.basic(resolve(f"smtp:{ROOM}"))
    assert reply.codes == ["ErrorNameResolutionMultipleResults"]
    assert [e.get("ResponseClass") for e in reply.all(".//m:ResolveNamesResponseMessage")] == ["Warning"]
    found = [e.text for e in reply.all(".//t:Resolution/t:Mailbox/t:EmailAddress")]
    assert found == [ROOM, f"{ROOM}.example"]


def test_who_has_his_mailbox_elsewhere_is_listed_as_a_contact(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"ROOM-2:{ROOM}")
    reply = client.basic(resolve(f"smtp:{ROOM}"))
    assert sorted(e.text or "" for e in reply.all(".//t:MailboxType")) == ["Contact", "Mailbox"]


def test_a_room_list_is_found_too(client: Client) -> None:
    reply = client.basic(resolve(HQ))
    assert (reply.text(".//t:MailboxType"), reply.text(".//t:Contact/t:DisplayName")) == ("PublicDL", "Rooms HQ")


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("ActiveDirectory", "NoError"),
        ("ActiveDirectoryContacts", "NoError"),
        ("ContactsActiveDirectory", "NoError"),
        ("Contacts", "ErrorNameResolutionNoResults"),
    ],
)
def test_where_a_name_is_looked_up(client: Client, scope: str, code: str) -> None:
    body = resolve(OTHER).replace(b'SearchScope="ActiveDirectory"', f'SearchScope="{scope}"'.encode())
    assert client.basic(body).codes == [code]


@pytest.mark.parametrize("name", [" ", ",", "-"])
def test_what_is_no_name(client: Client, name: str) -> None:
    assert client.basic(resolve(name)).codes == ["ErrorInvalidNameForNameResolution"]
