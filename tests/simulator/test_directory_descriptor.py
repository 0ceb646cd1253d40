"""The mailbox security descriptor, read back by a reader that shares nothing with its writer."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.simulator.directory_process import DirectoryProcess

pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # called by ldap3
DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
ALLOW, DENY = 0, 1


class Ace(NamedTuple):
    kind: int
    flags: int
    mask: int
    sid: str


def number(data: bytes, at: int, size: int) -> int:
    assert at + size <= len(data)
    return int.from_bytes(data[at : at + size], "little")


def sid_at(data: bytes, at: int) -> tuple[str, int]:
    revision, count = data[at], data[at + 1]
    authority = int.from_bytes(data[at + 2 : at + 8], "big")
    parts = [number(data, at + 8 + 4 * index, 4) for index in range(count)]
    return "-".join(map(str, ("S", revision, authority, *parts))), 8 + 4 * count


def read_descriptor(data: bytes) -> tuple[str, str, list[Ace]]:
    """Read owner, group and DACL by the layout of MS-DTYP 2.4.6, 2.4.5 and 2.4.4.2; every length must agree."""
    assert (data[0], data[1]) == (1, 0)
    control = number(data, 2, 2)
    assert control & 0x8000, "self-relative"
    assert control & 0x0004, "DACL present"
    assert not control & 0x0010, "no SACL"
    owner_at, group_at, sacl_at, dacl_at = (number(data, at, 4) for at in (4, 8, 12, 16))
    assert sacl_at == 0
    assert dacl_at % 4 == 0
    size, count = number(data, dacl_at + 2, 2), number(data, dacl_at + 4, 2)
    assert data[dacl_at] == 2
    assert dacl_at + size == len(data)
    found, at = [], dacl_at + 8
    for _ in range(count):
        sid, length = sid_at(data, at + 8)
        assert number(data, at + 2, 2) == 8 + length
        found.append(Ace(data[at], data[at + 1], number(data, at + 4, 4), sid))
        at += 8 + length
    assert at == len(data)
    return sid_at(data, owner_at)[0], sid_at(data, group_at)[0], found


def descriptor_of(directory: DirectoryProcess, name: str) -> list[bytes]:
    attribute = "msExchMailboxSecurityDescriptor"
    return directory.find(f"(sAMAccountName={name})", attribute).popitem()[1].get(attribute, [])


def test_entries_in_their_order_without_those_of_the_database(directory: DirectoryProcess) -> None:
    (data,) = descriptor_of(directory, "atlas")
    owner, group, aces = read_descriptor(data)
    assert owner == group == "S-1-5-10"
    assert aces == [
        Ace(ALLOW, 0x02, 0x20001, "S-1-5-10"),
        Ace(DENY, 0x02, 0x1, f"{DOMAIN}-1302"),
        Ace(ALLOW, 0x02, 0x1, f"{DOMAIN}-1101"),
        Ace(ALLOW, 0x00, 0x1, f"{DOMAIN}-1102"),
    ]


def test_mailbox_without_grants_and_account_without_mailbox(directory: DirectoryProcess) -> None:
    (data,) = descriptor_of(directory, "borea")
    assert [ace.sid for ace in read_descriptor(data)[2]] == ["S-1-5-10"]
    assert descriptor_of(directory, "jane") == []


def test_a_change_of_the_model_shows_at_once(directory: DirectoryProcess) -> None:
    directory.do("organisation.mailboxes['atlas@demo.test'].access.clear()")
    (data,) = descriptor_of(directory, "atlas")
    assert len(read_descriptor(data)[2]) == 1


def test_master_account_of_rooms_is_self(directory: DirectoryProcess) -> None:
    master = "msExchMasterAccountSid"
    assert directory.find("(sAMAccountName=atlas)", master).popitem()[1] == {
        master: [bytes.fromhex("010100000000000" + "50a000000")]
    }
    assert directory.find("(sAMAccountName=svc-flowscape)", master).popitem()[1] == {}
