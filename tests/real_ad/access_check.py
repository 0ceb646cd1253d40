"""Samba's own reading of security descriptors, line by line; run by the system's Python, which has its bindings.

A line of standard input is JSON. ``{"make": NUMBER}`` creates a random descriptor
with Samba's own packing (the same one for the same number) and a token;
``{"sd": BASE64, "sids": [...]}`` reads a descriptor from elsewhere. The answer is a
line with ``sd``, ``sids``, ``entries`` (kind, flags, mask, SID; null without a
DACL) and ``granted`` (Samba's access check for right 0x1), or ``damaged``.
"""

from __future__ import annotations

import base64
import json
import random
import sys
from typing import Any

from samba import NTSTATUSError, security as check
from samba.dcerpc import misc, security
from samba.ndr import ndr_pack, ndr_unpack

RIGHT = 0x1  # what the product takes for FullAccess
ALLOW, DENY, AUDIT, ALLOW_OBJECT, DENY_OBJECT = 0, 1, 2, 5, 6
DACL_PRESENT, SACL_PRESENT, SELF_RELATIVE = 0x0004, 0x0010, 0x8000
ME, MY_GROUP = "S-1-5-21-11-22-33-1104", "S-1-5-21-11-22-33-513"
OTHERS = ["S-1-5-21-11-22-33-1105", "S-1-5-21-11-22-33-1106", "S-1-5-21-11-22-33-1107", "S-1-5-21-11-22-33-512"]
EVERYBODYS = ["S-1-1-0", "S-1-5-11", "S-1-5-32-545"]
STRANGE = ["S-1-5-10", "S-1-3-0", "S-1-5-21-4294967295-4294967294-4294967293-4294967292"]
TRUSTEES = [ME, MY_GROUP, *OTHERS, *EVERYBODYS, *STRANGE]
MASKS = [0x1, 0x1, 0x2, 0x3, 0x4, 0x20001, 0x20000, 0x10000, 0xF01FF, 0x0]
FLAGS = [0x01, 0x02, 0x04, 0x08, 0x10]
GUID = misc.GUID("ab721a54-1e2f-11d0-9819-00aa0040529b")


def random_entry(rng: random.Random, kind: int) -> Any:
    """Return a random entry of an access list."""
    entry = security.ace()
    entry.type, entry.access_mask = kind, rng.choice(MASKS)
    entry.trustee = security.dom_sid(rng.choice(TRUSTEES))
    entry.flags = sum(rng.sample(FLAGS, rng.choice([0, 1, 1, 2])))
    if kind in (ALLOW_OBJECT, DENY_OBJECT):
        about = security.ace_object()
        about.flags = rng.choice([0, 1, 2, 3])
        if about.flags & 1:
            about.type = GUID
        if about.flags & 2:
            about.inherited_type = GUID
        entry.object = about
    return entry


def random_descriptor(number: int) -> tuple[bytes, list[str]]:
    """Return a descriptor and a token; every second descriptor may have entries for kinds of objects."""
    rng = random.Random(number)
    descriptor = security.descriptor()
    descriptor.type = SELF_RELATIVE
    if rng.random() < 0.9:
        descriptor.owner_sid = security.dom_sid(rng.choice(TRUSTEES))
    if rng.random() < 0.8:
        descriptor.group_sid = security.dom_sid(rng.choice(TRUSTEES))
    if rng.random() < 0.97:
        kinds = [ALLOW] * 6 + [DENY] * 3 + ([ALLOW_OBJECT, DENY_OBJECT] if number % 2 else [])
        for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 6, 10])):
            descriptor.dacl_add(random_entry(rng, rng.choice(kinds)))
        if descriptor.dacl is None:
            descriptor.dacl = security.acl()
        descriptor.type |= DACL_PRESENT
        descriptor.dacl.revision = 4
    if rng.random() < 0.1:
        descriptor.sacl_add(random_entry(rng, AUDIT))
        descriptor.type |= SACL_PRESENT
    return ndr_pack(descriptor), [ME, MY_GROUP, *EVERYBODYS, *rng.sample(OTHERS, rng.choice([0, 1, 2]))]


def read(data: bytes, sids: list[str]) -> dict[str, Any]:
    """Read a descriptor and check access, both as Samba does."""
    try:
        descriptor = ndr_unpack(security.descriptor, data, allow_remaining=True)
    except (RuntimeError, ValueError) as error:
        return {"damaged": str(error)}
    token = security.token()
    token.sids, token.num_sids = [security.dom_sid(sid) for sid in sids], len(sids)
    try:
        check.access_check(descriptor, token, RIGHT)
        granted = True
    except NTSTATUSError:
        granted = False
    entries = None
    if descriptor.dacl is not None:
        entries = [(a.type, a.flags, a.access_mask, str(a.trustee)) for a in descriptor.dacl.aces]
    return {"entries": entries, "granted": granted}


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Answer one line."""
    if "make" in question:
        data, sids = random_descriptor(question["make"])
    else:
        data, sids = base64.b64decode(question["sd"]), question["sids"]
    return {"sd": base64.b64encode(data).decode(), "sids": sids, **read(data, sids)}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201  the answer
