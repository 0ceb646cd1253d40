"""Entries of a directory, made by hand."""

from __future__ import annotations

from pytest_flowscape.facts import DirectoryEntry

OWN = "CN=svc,DC=demo,DC=test"
SID = b"\x01\x02\0\0\0\0\0\x05\x15\0\0\0\x07\0\0\0"
GROUP = b"\x01\x02\0\0\0\0\0\x05\x15\0\0\0\x08\0\0\0"


def entry(dn: str = "CN=atlas,OU=Rooms,DC=demo,DC=test", **attributes: str | bytes | list[str]) -> DirectoryEntry:
    raw: dict[str, tuple[bytes, ...]] = {}
    for name, value in attributes.items():
        values = value if isinstance(value, list) else [value]
        raw[name.replace("_", "-").lower()] = tuple(v if isinstance(v, bytes) else v.encode() for v in values)
    return DirectoryEntry(dn, attributes=raw)


def healthy(dn: str = OWN, **more: str | bytes | list[str]) -> DirectoryEntry:
    """A user with everything that every user has, and Exchange's attributes."""
    facts: dict[str, str | bytes | list[str]] = {
        "objectClass": ["top", "person", "user"], "whenChanged": "20260105080000.0Z", "userAccountControl": "512",
        "accountExpires": "0", "pwdLastSet": "1", "objectSid": SID, "tokenGroups": GROUP, "givenName": "Flow",
        "sn": "Scape", "mail": "svc@demo.test", "mailNickname": "svc", "proxyAddresses": "SMTP:svc@demo.test",
        "msDS_User_Account_Control_Computed": "0", "msDS_UserPasswordExpiryTimeComputed": "0",
    }  # fmt: skip
    return entry(dn, **{**facts, **more})


def without(found: DirectoryEntry, *names: str) -> DirectoryEntry:
    kept = {key: value for key, value in found.attributes.items() if key not in {name.lower() for name in names}}
    return DirectoryEntry(found.dn, attributes=kept)
