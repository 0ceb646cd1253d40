"""What is asked of the directory and what its entries mean, on hand-made entries."""

from __future__ import annotations

import struct
from datetime import datetime, timezone

import pytest

from pytest_flowscape.facts import DirectoryEntry, Grant, Holders
from pytest_flowscape.probes.directory.account import domain_sid
from pytest_flowscape.probes.directory.sight import Sight
from pytest_flowscape.probes.directory.view import (
    account_attributes,
    chunks,
    dns_domain,
    domain_of,
    escape,
    holder_attributes,
    identity_filters,
    is_another,
    is_proven,
    join,
    mail_filter,
    mailbox_rights,
    master_sids,
    namesakes_filter,
    octets,
    proxy_filter,
    token_sids,
    when_changed,
    with_unreadable,
)
from tests.probes.directory_entries import GROUP, OWN, SID, entry, healthy

ALL = Sight(OWN, frozenset("x"), frozenset("x"))
ASKED = account_attributes(frozenset())


# --- what to ask --------------------------------------------------------------------------------


def test_filters_escape_what_a_filter_would_understand() -> None:
    assert escape("a*(b)\\c\0") == "a\\2a\\28b\\29\\5cc\\00"
    assert proxy_filter(["a@x", "b)(@x"]) == "(|(proxyAddresses=smtp:a@x)(proxyAddresses=smtp:b\\29\\28@x))"
    assert mail_filter(["a@x"]) == "(|(mail=a@x))"


def test_chunks_lose_nothing() -> None:
    addresses = [f"room-{n}@demo.test" for n in range(250)]
    cut = list(chunks(addresses))
    assert [len(chunk) for chunk in cut] == [100, 100, 50]
    assert [address for chunk in cut for address in chunk] == addresses


@pytest.mark.parametrize(
    ("username", "filters"),
    [
        ("DEMO\\svc*", ("(sAMAccountName=svc\\2a)",)),
        ("svc@other.test", ("(userPrincipalName=svc@other.test)",)),
        ("svc@Demo.Test", ("(userPrincipalName=svc@Demo.Test)", "(sAMAccountName=svc)")),
        ("svc", ("(sAMAccountName=svc)",)),
    ],
    ids=["down-level", "other-suffix", "implicit-upn", "bare"],
)
def test_identity_filters(username: str, filters: tuple[str, ...]) -> None:
    assert identity_filters(username, "DC=demo,DC=test") == filters


@pytest.mark.parametrize(
    ("dn", "domain"),
    [
        ("OU=Rooms,DC=a,DC=b", "DC=a,DC=b"),
        ("dc=a,dc=b", "dc=a,dc=b"),
        (r"CN=x\,DC=no,OU=y, DC=a,DC=b", "DC=a,DC=b"),
        (r"CN=x\,DC=no,DC=a,DC=b", "DC=a,DC=b"),
        ("O=company", "O=company"),
    ],
)
def test_domain_of(dn: str, domain: str) -> None:
    assert domain_of(dn) == domain


def test_rooms_are_not_asked_for_the_state_of_an_account() -> None:
    asked = {name.lower() for name in holder_attributes(frozenset(("pwdLastSet", "tokenGroups", "department")))}
    assert "department" in asked
    assert not asked & {"pwdlastset", "accountexpires", "badpwdcount", "tokengroups"}
    assert "department" in account_attributes(frozenset(("department",)))
    assert len({name.lower() for name in account_attributes(frozenset(("GIVENNAME",)))}) == len(
        account_attributes(frozenset(("GIVENNAME",)))
    )


def test_another_domains_namesake_is_told_by_its_own_name() -> None:
    namesake = entry(msDS_PrincipalName="OTHER\\svc")
    assert is_another(namesake, "DEMO\\svc")
    assert not is_another(namesake, "other\\svc")
    assert not is_another(namesake, "demo.test\\svc")
    assert not is_another(namesake, "svc@demo.test")
    assert not is_another(entry(), "DEMO\\svc")


@pytest.mark.parametrize(
    ("username", "told", "proven"),
    [
        ("EMEA\\svc", "emea\\svc", True),
        ("emea.demo.test\\svc", "emea\\svc", True),
        ("svc@EMEA.demo.test", "", True),
        ("DEMO\\svc", "emea\\svc", False),
        ("EMEA\\svc", "", False),
        ("demo.test\\svc", "", False),
        ("svc@demo.test", "", False),
        ("svc", "", False),
    ],
)
def test_a_domain_is_proven_by_its_own_name(username: str, told: str, proven: bool) -> None:
    found = entry("CN=svc,OU=A\\,B, DC=emea,DC=Demo , DC=test", msDS_PrincipalName=told)
    assert is_proven(found, username) is proven


def test_what_finds_an_account_in_all_domains() -> None:
    assert namesakes_filter("EMEA\\s(v)c") == r"(sAMAccountName=s\28v\29c)"
    assert namesakes_filter("svc@demo.test") == "(sAMAccountName=svc)"
    assert namesakes_filter("svc") == ""


def test_dns_names_of_domains() -> None:
    assert dns_domain(r"CN=x\,DC=no,OU=y, DC=Emea , dc=test") == "emea.test"
    assert dns_domain(r"CN=x\,DC=no,DC=a,DC=b") == "a.b"
    assert dns_domain("O=company") == ""


def test_bytes_in_a_filter() -> None:
    assert octets(b"\x01(\xff") == r"\01\28\ff"


def test_the_domain_of_a_sid() -> None:
    assert domain_sid(b"\x01\x03" + SID[2:] + b"\x51\x04\0\0") == SID
    assert domain_sid(SID[:8]) == SID[:8]


# --- entries become facts -----------------------------------------------------------------------


def test_every_object_that_has_the_address_is_told() -> None:
    room = entry("CN=a", proxyAddresses=["SMTP:Atlas@Demo.Test", "X500:/o=x", "sip:other@demo.test"], mail="a@x")
    group = entry("CN=b", proxyAddresses=["smtp:ATLAS@demo.test"])
    person = entry("CN=c", mail="Only.Mail@demo.test")
    found = join(["atlas@demo.test", "only.mail@demo.test", "other@demo.test"], [room, group, room], [person, room])
    assert found["atlas@demo.test"] == Holders("atlas@demo.test", by_proxy=(room, group))
    assert found["only.mail@demo.test"] == Holders("only.mail@demo.test", by_mail=(person,))
    assert found["other@demo.test"] == Holders("other@demo.test")


def test_an_address_that_nobody_has_may_be_hidden() -> None:
    nobody = Holders("a@x")
    assert with_unreadable(nobody, ASKED, Sight(OWN), forest_wide=False).exchange_hidden
    assert not with_unreadable(nobody, ASKED, ALL, forest_wide=False).exchange_hidden
    held = Holders("a@x", by_proxy=(entry(proxyAddresses="SMTP:a@x"),))
    assert not with_unreadable(held, ASKED, Sight(OWN), forest_wide=False).exchange_hidden


def test_token_sids() -> None:
    assert token_sids(healthy()) == ("S-1-5-21-7", "S-1-5-21-8", "S-1-1-0", "S-1-5-11")
    hidden = DirectoryEntry(OWN, attributes=healthy().attributes, unreadable=frozenset(("tokengroups",)))
    assert token_sids(hidden) == ()
    assert token_sids(healthy(tokenGroups=b"\x01\x05")) == ()


def dacl(kind: int, sid: bytes, mask: int = 1) -> bytes:
    ace = struct.pack("<BBHI", kind, 2, 8 + len(sid), mask) + sid
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 20) + struct.pack("<BBHHH", 2, 0, 8 + len(ace), 1, 0) + ace


@pytest.mark.parametrize(
    ("descriptor", "grant", "who"),
    [
        (dacl(0, GROUP), Grant.GRANTED, "S-1-5-21-8"),
        (dacl(1, SID), Grant.DENIED, "S-1-5-21-7"),
        (dacl(0, SID, 0x20000), Grant.ABSENT, ""),
        (dacl(0, SID)[:-1], Grant.UNREADABLE, ""),
        (None, Grant.UNREADABLE, ""),
    ],
    ids=["granted", "denied", "absent", "damaged", "not-shown"],
)
def test_mailbox_rights(descriptor: bytes | None, grant: Grant, who: str) -> None:
    more: dict[str, str | bytes | list[str]] = (
        {} if descriptor is None else {"msExchMailboxSecurityDescriptor": descriptor}
    )
    room = entry(proxyAddresses="SMTP:atlas@x", whenChanged="20260105080910.0Z", **more)
    rights = mailbox_rights(Holders("atlas@x", by_proxy=(room,)), token_sids(healthy()))
    assert (rights.grant, rights.who) == (grant, who)
    assert rights.changed == datetime(2026, 1, 5, 8, 9, 10, tzinfo=timezone.utc)


def test_mailbox_rights_are_those_of_the_object_whose_primary_address_it_is() -> None:
    room = entry("CN=a", proxyAddresses="SMTP:atlas@x", msExchMailboxSecurityDescriptor=dacl(0, SID))
    other = entry("CN=b", proxyAddresses=["SMTP:b@x", "smtp:atlas@x"], msExchMailboxSecurityDescriptor=dacl(1, SID))
    sids = token_sids(healthy())
    assert mailbox_rights(Holders("atlas@x", by_proxy=(other, room)), sids).grant is Grant.GRANTED
    assert mailbox_rights(Holders("atlas@x", by_proxy=(other, other)), sids).grant is Grant.UNREADABLE
    assert mailbox_rights(Holders("atlas@x", by_proxy=(room,)), ()).grant is Grant.UNREADABLE
    assert mailbox_rights(Holders("atlas@x"), sids).grant is Grant.UNREADABLE


def test_of_a_linked_mailbox_only_the_master_accounts_own_sid_is_known() -> None:
    linked = healthy(msExchMasterAccountSid=GROUP)
    assert token_sids(linked) == ()
    assert master_sids(linked) == ("S-1-5-21-8", "S-1-1-0", "S-1-5-11")
    assert master_sids(healthy()) == ()


@pytest.mark.parametrize(
    ("descriptor", "grant"),
    [
        (dacl(0, GROUP), Grant.GRANTED),
        (dacl(1, GROUP), Grant.DENIED),
        (dacl(0, SID), Grant.UNREADABLE),  # perhaps a group that the account is in
    ],
    ids=["granted", "denied", "somebody-elses"],
)
def test_rights_by_a_part_of_the_token(descriptor: bytes, grant: Grant) -> None:
    room = entry(proxyAddresses="SMTP:atlas@x", msExchMailboxSecurityDescriptor=descriptor)
    sids = master_sids(healthy(msExchMasterAccountSid=GROUP))
    assert mailbox_rights(Holders("atlas@x", by_proxy=(room,)), sids, whole=False).grant is grant


@pytest.mark.parametrize("value", [b"", b"yesterday", b"20261399000000.0Z", b"\xff"])
def test_a_time_that_is_none(value: bytes) -> None:
    assert when_changed({"whenchanged": (value,)}) is None
    assert when_changed({}) is None
