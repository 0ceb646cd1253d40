"""The reader of mailbox security descriptors: what it decides, and that damage never passes for an answer."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings, strategies as st

from pytest_flowscape.facts import Grant
from pytest_flowscape.probes.directory.security_descriptor import Entry, decide, read_dacl, read_sid, sid_text

ME, GROUP, OTHER = "S-1-5-21-11-22-33-1104", "S-1-5-21-11-22-33-513", "S-1-5-21-11-22-33-1105"
TOKEN = {ME, GROUP, "S-1-1-0"}
SIDS = (ME, GROUP, OTHER, "S-1-1-0", "S-1-5-10", "S-1-5-21-4294967295-4294967294-4294967293-4294967292")
ALLOW, DENY, ALLOW_OBJECT, DENY_OBJECT, ALLOW_IF, DENY_IF, AUDIT = 0, 1, 5, 6, 9, 10, 2
GUID = bytes(range(16))
budget = settings(max_examples=60, deadline=None)


def packed_sid(text: str) -> bytes:
    _, _, authority, *parts = text.split("-")
    return struct.pack(f"<BB6s{len(parts)}I", 1, len(parts), int(authority).to_bytes(6, "big"), *map(int, parts))


def ace(kind: int, sid: str, mask: int = 1, flags: int = 0, *, extra: bytes = b"", guids: int = 0) -> bytes:
    body = struct.pack("<I", mask)
    if kind in (ALLOW_OBJECT, DENY_OBJECT):
        body += struct.pack("<I", guids) + GUID * guids.bit_count()
    body += packed_sid(sid) + extra
    return struct.pack("<BBH", kind, flags, 4 + len(body)) + body


def descriptor(entries: Sequence[bytes], *, control: int = 0x8004, slack: bytes = b"") -> bytes:
    owner = packed_sid("S-1-5-10")
    start = 20 + len(owner)
    header = struct.pack("<BBHIIII", 1, 0, control, 20, 0, 0, start)
    body = b"".join(entries) + slack
    return header + owner + struct.pack("<BBHHH", 2, 0, 8 + len(body), len(entries), 0) + body


def verdict(*entries: bytes) -> tuple[Grant, str]:
    return decide(read_dacl(descriptor(entries)), TOKEN)


def test_reads_what_was_written() -> None:
    data = descriptor([ace(ALLOW, ME, 0x20001, 2), ace(DENY, OTHER, 1, 8), ace(AUDIT, ME)])
    assert read_dacl(data) == (Entry(ALLOW, 2, 0x20001, ME), Entry(DENY, 8, 1, OTHER), Entry(AUDIT, 0))


def test_granted_to_the_account_or_its_group() -> None:
    assert verdict(ace(ALLOW, ME)) == (Grant.GRANTED, ME)
    assert verdict(ace(ALLOW, OTHER), ace(ALLOW, GROUP)) == (Grant.GRANTED, GROUP)
    assert verdict(ace(ALLOW, ME, 0x10000000)) == (Grant.GRANTED, ME)


def test_the_first_entry_that_matches_decides() -> None:
    assert verdict(ace(DENY, GROUP), ace(ALLOW, ME)) == (Grant.DENIED, GROUP)
    assert verdict(ace(ALLOW, ME), ace(DENY, GROUP)) == (Grant.GRANTED, ME)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [ace(ALLOW, OTHER)],
        [ace(ALLOW, ME, 0x20000)],
        [ace(ALLOW, ME, 1, 0x08)],
        [ace(DENY, OTHER), ace(DENY, ME, 2)],
        [ace(AUDIT, ME)],
    ],
    ids=["empty", "of-another", "other-right", "inherit-only", "other-deny", "audit"],
)
def test_absent(entries: list[bytes]) -> None:
    assert verdict(*entries) == (Grant.ABSENT, "")


@pytest.mark.parametrize("control", [0x8000, 0x8000 | 0x0008], ids=["no-dacl", "only-defaulted"])
def test_no_dacl_is_not_grant(control: int) -> None:
    assert read_dacl(descriptor([ace(ALLOW, ME)], control=control)) is None
    assert decide(None, TOKEN) == (Grant.ABSENT, "")


@pytest.mark.parametrize("kind", [ALLOW_IF, DENY_IF, ALLOW_OBJECT, DENY_OBJECT])
def test_an_entry_under_conditions_is_not_judged(kind: int) -> None:
    assert verdict(ace(kind, ME), ace(ALLOW, ME)) == (Grant.UNREADABLE, ME)
    assert verdict(ace(kind, OTHER), ace(ALLOW, ME)) == (Grant.GRANTED, ME)
    assert verdict(ace(ALLOW, ME), ace(kind, ME)) == (Grant.GRANTED, ME)


def test_a_kind_of_entry_that_nobody_knows_is_not_passed_over() -> None:
    assert verdict(ace(0x77, ME), ace(ALLOW, ME)) == (Grant.UNREADABLE, "")


@pytest.mark.parametrize("guids", [0, 1, 2, 3])
def test_the_sid_stands_behind_the_guids(guids: int) -> None:
    (entry,) = read_dacl(descriptor([ace(ALLOW_OBJECT, ME, guids=guids)])) or ()
    assert (entry.sid, entry.restricted) == (ME, True)


def test_more_may_follow_a_sid_in_an_entry_and_the_entries_in_a_dacl() -> None:
    data = descriptor([ace(ALLOW, ME, extra=b"\0\0\0\0")], slack=b"\0" * 12)
    assert decide(read_dacl(data), TOKEN) == (Grant.GRANTED, ME)


@pytest.mark.parametrize("sid", SIDS)
def test_sids(sid: str) -> None:
    assert sid_text(packed_sid(sid)) == sid
    assert read_sid(b"xx" + packed_sid(sid) + b"yy", 2) == (sid, 2 + len(packed_sid(sid)))
    for cut in range(len(packed_sid(sid))):
        with pytest.raises(ValueError, match="SID"):
            sid_text(packed_sid(sid)[:cut])
    with pytest.raises(ValueError, match="bytes follow"):
        sid_text(packed_sid(sid) + b"\0")


def test_a_large_authority_is_hexadecimal() -> None:
    assert sid_text(b"\x01\x01" + bytes.fromhex("010203040506") + b"\x07\0\0\0") == "S-1-0x010203040506-7"


SAMPLE = descriptor([ace(DENY, ME), ace(ALLOW, GROUP), ace(ALLOW_OBJECT, OTHER, guids=3), ace(AUDIT, ME)])


def test_every_cut_is_noticed() -> None:
    for length in range(len(SAMPLE)):
        with pytest.raises(ValueError, match=r"cut off|outside|damaged"):
            read_dacl(SAMPLE[:length])


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, 2), (3, 0), (16, 4), (17, 0xFF), (32, 9), (34, 7),
        (36, 5), (37, 1), (38, 1), (42, 3), (42, 200), (48, 0), (49, 60),
    ],
    ids=[
        "revision", "not-self-relative", "dacl-in-header", "dacl-beyond", "acl-revision", "acl-too-small",
        "one-entry-too-many", "256-too-many", "reserved", "entry-too-small", "entry-too-large", "sid-revision",
        "sid-too-long",
    ],
)  # fmt: skip
def test_damage_is_noticed(at: int, value: int) -> None:
    data = bytearray(SAMPLE)
    assert data[at] != value
    data[at] = value
    with pytest.raises(ValueError, match=r"SID|DACL|security descriptor"):
        read_dacl(bytes(data))


def whole(owner: bytes, sacl: bytes) -> bytes:
    """Put owner and SACL before a DACL that grants."""
    dacl = descriptor([ace(ALLOW, ME)])[32:]
    at = 20 + len(owner)
    header = struct.pack("<BBHIIII", 1, 0, 0x8014, 20, 0, at if sacl else 0, at + len(sacl))
    return header + owner + sacl + dacl


OWNER = packed_sid("S-1-5-10")
SACL = struct.pack("<BBHHH", 2, 0, 8 + len(ace(AUDIT, ME)), 1, 0) + ace(AUDIT, ME)


def test_a_descriptor_that_is_damaged_beside_its_dacl_is_not_believed() -> None:
    assert decide(read_dacl(whole(OWNER, SACL)), TOKEN) == (Grant.GRANTED, ME)
    with pytest.raises(ValueError, match="SID"):
        read_dacl(whole(b"\x02" + OWNER[1:], SACL))
    with pytest.raises(ValueError, match="SACL"):
        read_dacl(whole(OWNER, SACL[:4] + b"\x02\0" + SACL[6:]))
    inside = bytearray(whole(OWNER, b""))
    inside[4:8] = struct.pack("<I", 4)
    with pytest.raises(ValueError, match="header"):
        read_dacl(bytes(inside))


def test_a_sid_ends_within_its_entry() -> None:
    entry = bytearray(ace(ALLOW, ME))
    entry[2] -= 4  # the SID's last number now lies behind the entry, though still in the DACL
    with pytest.raises(ValueError, match="SID"):
        read_dacl(descriptor([bytes(entry)]))


aces = st.lists(
    st.builds(
        ace,
        st.sampled_from([ALLOW, ALLOW, ALLOW, DENY, DENY, ALLOW_OBJECT, DENY_OBJECT, AUDIT]),
        st.sampled_from(SIDS),
        st.sampled_from([0, 1, 2, 3, 0x20000, 0x20001, 0xF01FF]),
        st.sampled_from([0, 2, 3, 8, 0x0B, 0x10, 0x12]),
        guids=st.integers(0, 3),
    ),
    max_size=8,
)


@budget
@given(aces)
def test_no_entry_gets_lost(entries: list[bytes]) -> None:
    read = read_dacl(descriptor(entries))
    assert read is not None
    assert [(entry.kind, entry.flags) for entry in read] == [(raw[0], raw[1]) for raw in entries]


@budget
@given(aces)
def test_denies_before_anything_else_always_win(entries: list[bytes]) -> None:
    assert verdict(ace(DENY, ME), *entries) == (Grant.DENIED, ME)


@budget
@given(aces)
def test_entries_of_others_decide_nothing(entries: list[bytes]) -> None:
    read = read_dacl(descriptor(entries))
    assert decide(read, {"S-1-5-21-9-9-9-9"}) == (Grant.ABSENT, "")


@budget
@given(aces, st.data())
def test_damaged_bytes_give_value_error_or_entries(entries: list[bytes], data: st.DataObject) -> None:
    raw = bytearray(descriptor(entries))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        decide(read_dacl(bytes(raw)), TOKEN)
    except ValueError:
        return


@budget
@given(st.binary(max_size=80))
@example(b"")
@example(b"\x01\x00\x04\x80" + b"\xff" * 60)
def test_any_bytes_give_value_error_or_entries(data: bytes) -> None:
    try:
        decide(read_dacl(data), TOKEN)
    except ValueError:
        return
