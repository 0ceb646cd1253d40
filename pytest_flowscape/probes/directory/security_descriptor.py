"""Who has FullAccess to a mailbox, read from msExchMailboxSecurityDescriptor.

The attribute is a self-relative security descriptor (MS-DTYP 2.4.6). Only its
DACL is read, and decided by the rules of MS-DTYP 2.5.3.2: entries count in
their order, the first that matches the token and names the right decides.
Damaged bytes raise ValueError and nothing else; no entry is ever passed over
while reading, so that a deny cannot get lost.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

from pytest_flowscape.facts import Grant

# Mailbox right 0x1 is mailbox owner, which is FullAccess (measured); GENERIC_ALL is MS-DTYP 2.4.3.
FULL_ACCESS = 0x1
GENERIC_ALL = 0x10000000

DACL_PRESENT, SELF_RELATIVE = 0x0004, 0x8000  # control flags (MS-DTYP 2.4.6)
INHERIT_ONLY = 0x08  # entry flag (MS-DTYP 2.4.4.1): for children, not for this object

# kinds of entries (MS-DTYP 2.4.4.1)
ALLOW, DENY = 0x00, 0x01
ALLOW_OBJECT, DENY_OBJECT = 0x05, 0x06
ALLOW_CALLBACK, DENY_CALLBACK = 0x09, 0x0A
ALLOW_CALLBACK_OBJECT, DENY_CALLBACK_OBJECT = 0x0B, 0x0C
PLAIN = frozenset((ALLOW, DENY, ALLOW_CALLBACK, DENY_CALLBACK))
WITH_OBJECT = frozenset((ALLOW_OBJECT, DENY_OBJECT, ALLOW_CALLBACK_OBJECT, DENY_CALLBACK_OBJECT))
RESTRICTED = WITH_OBJECT | {ALLOW_CALLBACK, DENY_CALLBACK}
ALLOWING = frozenset((ALLOW, ALLOW_OBJECT, ALLOW_CALLBACK, ALLOW_CALLBACK_OBJECT))
# audits, alarms, labels, attributes, policies: they belong in a SACL and grant or deny nothing
HARMLESS = frozenset((0x02, 0x03, 0x07, 0x08, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13))

_HEADER = struct.Struct("<BBHIIII")
_ACL = struct.Struct("<BBHHH")
_ACE = struct.Struct("<BBH")
_MASK = struct.Struct("<I")


@dataclass(frozen=True)
class Entry:
    """One entry of a DACL as it is; ``sid`` is empty and ``mask`` 0 for a kind that is not understood.

    ``restricted``: it holds only under a condition, or is an entry for kinds of
    objects: what those mean for a mailbox is not documented.
    """

    kind: int
    flags: int
    mask: int = 0
    sid: str = ""
    restricted: bool = False


def read_sid(data: bytes, at: int = 0, end: int | None = None) -> tuple[str, int]:
    """Return the SID at ``at`` as text and where it ends (MS-DTYP 2.4.2); it must lie before ``end``.

    Raises ValueError if it is damaged.
    """
    end = len(data) if end is None else end
    if at < 0 or end > len(data) or at + 8 > end:
        raise ValueError("a SID is cut off")
    revision, count = data[at], data[at + 1]
    after = at + 8 + 4 * count
    if revision != 1 or count > 15 or after > end:
        raise ValueError("a SID is damaged")
    authority = int.from_bytes(data[at + 2 : at + 8], "big")
    parts = struct.unpack_from(f"<{count}I", data, at + 8)
    named = str(authority) if authority < 1 << 32 else f"0x{authority:012X}"
    return "-".join(("S", "1", named, *map(str, parts))), after


def sid_text(data: bytes) -> str:
    """Return a whole value of objectSid or tokenGroups as text. Raises ValueError if damaged or followed by more."""
    text, after = read_sid(data)
    if after != len(data):
        raise ValueError("bytes follow a SID")
    return text


def read_dacl(data: bytes) -> tuple[Entry, ...] | None:
    """Return the entries of the DACL in order, None where there is no DACL.

    Owner, group and SACL say nothing of access to a mailbox, but are looked at:
    what is damaged in one place is not believed in another. Raises ValueError
    if damaged.
    """
    if len(data) < _HEADER.size:
        raise ValueError("the security descriptor is cut off")
    revision, _, control, owner, group, sacl, dacl = _HEADER.unpack_from(data)
    if revision != 1 or not control & SELF_RELATIVE:
        raise ValueError("not a self-relative security descriptor of revision 1")
    for at in filter(None, (owner, group)):
        if at < _HEADER.size:
            raise ValueError("a SID lies inside the header")
        read_sid(data, at)
    if sacl:
        _read_acl(data, sacl)
    entries = _read_acl(data, dacl) if dacl else None
    return entries if control & DACL_PRESENT else None


def _read_acl(data: bytes, start: int) -> tuple[Entry, ...]:
    if start < _HEADER.size or start + _ACL.size > len(data):
        raise ValueError("the DACL or SACL lies outside the security descriptor")
    acl_revision, _, size, count, reserved = _ACL.unpack_from(data, start)
    if acl_revision not in (2, 3, 4) or reserved or size < _ACL.size or start + size > len(data):
        raise ValueError("the DACL or SACL is damaged")
    entries = []
    at, end = start + _ACL.size, start + size
    for _ in range(count):
        entry, at = _read_entry(data, at, end)
        entries.append(entry)
    return tuple(entries)


def _read_entry(data: bytes, at: int, end: int) -> tuple[Entry, int]:
    if at + _ACE.size > end:
        raise ValueError("a DACL or SACL has fewer entries than it says")
    kind, flags, size = _ACE.unpack_from(data, at)
    after = at + size
    if size < _ACE.size or after > end:
        raise ValueError("an entry of a DACL or SACL is damaged")
    if kind not in PLAIN and kind not in WITH_OBJECT:
        return Entry(kind, flags), after
    where = at + _ACE.size
    mask, where = _read_number(data, where, after)
    if kind in WITH_OBJECT:  # up to two GUIDs come before the SID (MS-DTYP 2.4.4.3)
        present, where = _read_number(data, where, after)
        where += 16 * (present & 1) + 16 * (present >> 1 & 1)
    sid, _ = read_sid(data, where, after)
    return Entry(kind, flags, mask, sid, kind in RESTRICTED), after


def _read_number(data: bytes, at: int, end: int) -> tuple[int, int]:
    if at + _MASK.size > end:
        raise ValueError("an entry of a DACL or SACL is cut off")
    return int(_MASK.unpack_from(data, at)[0]), at + _MASK.size


def decide(entries: Collection[Entry] | None, sids: Collection[str], right: int = FULL_ACCESS) -> tuple[Grant, str]:
    """Return what the entries mean for a token that holds ``sids``, and the SID of the entry that decided.

    ABSENT: no entry speaks of it. No DACL at all lets everybody in on Windows;
    on a mailbox it only says that Exchange wrote nothing there, so ABSENT too.
    UNREADABLE: an entry that could decide is of a kind, or under a condition,
    that cannot be judged here.
    """
    for entry in entries or ():
        if entry.flags & INHERIT_ONLY or entry.kind in HARMLESS:
            continue
        if not entry.sid:
            return Grant.UNREADABLE, ""
        if entry.sid not in sids or not entry.mask & (right | GENERIC_ALL):
            continue
        if entry.restricted:
            return Grant.UNREADABLE, entry.sid
        return (Grant.GRANTED if entry.kind in ALLOWING else Grant.DENIED), entry.sid
    return Grant.ABSENT, ""
