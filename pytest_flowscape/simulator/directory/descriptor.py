"""Build msExchMailboxSecurityDescriptor: the directory's copy of a mailbox's rights.

A self-relative security descriptor (MS-DTYP 2.4.6) whose DACL (2.4.5) holds
one entry for the mailbox's own account and then the mailbox's access entries
in their order: the first that matches a token decides (2.5.3.2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from pytest_flowscape.simulator.directory.names import sid_bytes
from pytest_flowscape.simulator.model import AccessEntry

SELF = "S-1-5-10"
FULL_ACCESS = 0x1  # the mailbox right; 0x20000 is READ_CONTROL
READ_PERMISSION = 0x20000
ALLOWED, DENIED = 0x00, 0x01  # ACCESS_ALLOWED_ACE_TYPE, ACCESS_DENIED_ACE_TYPE
CONTAINER_INHERIT = 0x02  # what -InheritanceType All leaves: subfolders take the entry over
DACL_PRESENT, SELF_RELATIVE = 0x0004, 0x8000
HEADER = struct.Struct("<BBHIIII")  # revision, padding, control, offsets of owner, group, SACL, DACL
ACL_REVISION = 2


def security_descriptor(access: Iterable[AccessEntry]) -> bytes:
    """Pack the access entries that the directory's copy holds (``in_descriptor``) as a security descriptor."""
    entries = [_entry(ALLOWED, CONTAINER_INHERIT, FULL_ACCESS | READ_PERMISSION, SELF)]
    entries += [
        _entry(ALLOWED if entry.allow else DENIED, CONTAINER_INHERIT if entry.subfolders else 0, FULL_ACCESS, entry.sid)
        for entry in access
        if entry.in_descriptor
    ]
    owner = sid_bytes(SELF)
    start = HEADER.size + 2 * len(owner)
    header = HEADER.pack(1, 0, DACL_PRESENT | SELF_RELATIVE, HEADER.size, HEADER.size + len(owner), 0, start)
    return header + owner + owner + _dacl(entries)


def _dacl(entries: list[bytes]) -> bytes:
    body = b"".join(entries)
    return struct.pack("<BBHHH", ACL_REVISION, 0, 8 + len(body), len(entries), 0) + body


def _entry(kind: int, flags: int, mask: int, sid: str) -> bytes:
    who = sid_bytes(sid)
    return struct.pack("<BBHI", kind, flags, 8 + len(who), mask) + who
