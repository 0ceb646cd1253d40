"""The administrator of a real directory: adds, changes and reads objects by LDAP over TLS, as a person would.

Nothing here is Samba's: it would fill a Windows domain as well.
"""

from __future__ import annotations

import re
import ssl
import struct
import uuid
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 2.9.1 imports what pyasn1 deprecates
    import ldap3
    from ldap3.core.exceptions import LDAPInvalidCredentialsResult, LDAPNoSuchObjectResult, LDAPOperationResult

Value = str | int | bytes | list[str] | list[bytes] | None
DACL_ONLY = 0x4  # of a security descriptor, asked for by a control (MS-ADTS 3.1.1.3.4.1.11)
SD_FLAGS = "1.2.840.113556.1.4.801"
DELETE_TREE = "1.2.840.113556.1.4.805"
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)
# kinds of entries of an access control list (MS-DTYP 2.4.4.1)
ALLOW, DENY, ALLOW_OBJECT, DENY_OBJECT = 0, 1, 5, 6
CONTAINER_INHERIT = 0x2
READ_PROPERTY = 0x10


def filetime(moment: datetime) -> int:
    """Return an aware time as FILETIME, whole seconds."""
    return int((moment - FILETIME_EPOCH) / timedelta(seconds=1)) * 10_000_000


def sid_bytes(sid: str) -> bytes:
    """Pack a SID (MS-DTYP 2.4.2.2)."""
    _, revision, authority, *parts = sid.split("-")
    head = bytes((int(revision), len(parts))) + int(authority).to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *map(int, parts))


def sid_text(packed: bytes) -> str:
    """Return a packed SID as text."""
    parts = struct.unpack_from(f"<{packed[1]}I", packed, 8)
    return "-".join(map(str, ("S", packed[0], int.from_bytes(packed[2:8], "big"), *parts)))


def entry(sid: str, mask: int, *, kind: int = ALLOW, flags: int = 0, about: uuid.UUID | None = None) -> bytes:
    """Pack one entry of an access control list; ``about`` names an attribute or property set (an object entry)."""
    body = struct.pack("<I", mask)
    if about is not None:
        body += struct.pack("<I", 1) + about.bytes_le
    body += sid_bytes(sid)
    return struct.pack("<BBH", kind, flags, 4 + len(body)) + body


def mailbox_descriptor(*entries: bytes) -> bytes:
    """Pack a mailbox's security descriptor as Exchange writes it: owner and group are Self, which has its own entry."""
    owner = sid_bytes("S-1-5-10")
    dacl = (entry("S-1-5-10", 0x20001, flags=CONTAINER_INHERIT), *entries)
    size = 8 + sum(map(len, dacl))
    start = 20 + 2 * len(owner)
    header = struct.pack("<BBHIIII", 1, 0, 0x8004, 20, 20 + len(owner), 0, start)
    return header + owner + owner + struct.pack("<BBHHH", 2, 0, size, len(dacl), 0) + b"".join(dacl)


def full_access(sid: str, *, allow: bool = True) -> bytes:
    """Pack the entry that Add-MailboxPermission leaves for FullAccess (or its denial)."""
    return entry(sid, 0x1, kind=ALLOW if allow else DENY, flags=CONTAINER_INHERIT)


class Administrator:
    """One connection as an administrator; a context manager. Every refusal raises ldap3's LDAPOperationResult."""

    def __init__(self, address: str, ca: Path, user: str, password: str, *, port: int = 636) -> None:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(ca), valid_names=[address])
        server = ldap3.Server(address, port, use_ssl=True, tls=tls, get_info=ldap3.NONE, connect_timeout=10)
        self._connection = ldap3.Connection(
            server, user, password, raise_exceptions=True, auto_referrals=False, check_names=False
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 calls ssl.match_hostname
            try:
                self._connection.bind()
            except LDAPOperationResult:
                self.close()
                raise

    def __enter__(self) -> Administrator:  # noqa: PYI034  Self is younger than Python 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.unbind()

    def add(self, dn: str, *classes: str, **attributes: Value) -> str:
        """Add an object, and return its distinguished name; attributes that are None or empty text are left out.

        In a name ``_`` means ``-``, which Python does not allow there.
        """
        values = {_name(name): value for name, value in attributes.items() if value not in (None, "", [])}
        self._connection.add(dn, list(classes), values)
        return dn

    def set(self, dn: str, **attributes: Value) -> None:
        """Replace attributes; None takes one away."""
        changes = {
            _name(name): [
                (ldap3.MODIFY_REPLACE, [] if value is None else value if isinstance(value, list) else [value])
            ]
            for name, value in attributes.items()
        }
        self._connection.modify(dn, changes)

    def extend(self, dn: str, **attributes: Value) -> None:
        """Add values to attributes."""
        changes = {
            _name(name): [(ldap3.MODIFY_ADD, value if isinstance(value, list) else [value])]
            for name, value in attributes.items()
        }
        self._connection.modify(dn, changes)

    def take(self, dn: str, **attributes: Value) -> None:
        """Take values away from attributes."""
        changes = {
            _name(name): [(ldap3.MODIFY_DELETE, value if isinstance(value, list) else [value])]
            for name, value in attributes.items()
        }
        self._connection.modify(dn, changes)

    def set_password(self, dn: str, password: str) -> None:
        """Set the password, as an administrator's reset (MS-ADTS 3.1.1.3.1.5)."""
        self.set(dn, unicodePwd=f'"{password}"'.encode("utf-16-le"))

    def delete(self, dn: str, *, tree: bool = False) -> None:
        """Delete an object, with all below it if ``tree``."""
        self._connection.delete(dn, controls=[(DELETE_TREE, True, None)] if tree else None)

    def read(self, dn: str, *names: str, controls: Any = None) -> dict[str, list[bytes]]:
        """Return an object's attributes, raw, by the names asked for; all of them if none is named."""
        self._connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=list(names) or ["*"], controls=controls)
        raw = self._connection.response[0]["raw_attributes"]
        return {name: list(values) for name, values in raw.items() if values}

    def exists(self, dn: str) -> bool:
        """Whether there is such an object."""
        try:
            self.read(dn, "1.1")
        except LDAPNoSuchObjectResult:
            return False
        return True

    def number(self, dn: str, name: str) -> int:
        """Return an attribute as an integer, 0 where it is absent."""
        return int(next(iter(self.read(dn, name).get(name, [])), b"0"))

    def sid(self, dn: str) -> str:
        """Return an object's SID."""
        return sid_text(self.read(dn, "objectSid")["objectSid"][0])

    def find(self, base: str, filter_text: str, *names: str) -> dict[str, dict[str, list[bytes]]]:
        """Return what a filter finds below ``base``: raw attributes by distinguished name."""
        self._connection.search(base, filter_text, ldap3.SUBTREE, attributes=list(names) or ["*"])
        return {
            found["dn"]: {name: list(values) for name, values in found["raw_attributes"].items() if values}
            for found in self._connection.response
            if found["type"] == "searchResEntry"
        }

    # --- rights ---

    def permit(self, dn: str, *entries: bytes) -> None:
        """Put entries at the head of an object's access control list."""
        control = ldap3.protocol.microsoft.security_descriptor_control(sdflags=DACL_ONLY)
        packed = self.read(dn, "nTSecurityDescriptor", controls=control)["nTSecurityDescriptor"][0]
        (start,) = struct.unpack_from("<I", packed, 16)
        _, pad, size, count, more = struct.unpack_from("<BBHHH", packed, start)
        added = b"".join(entries)
        head = struct.pack(
            "<BBHHH", 4, pad, size + len(added), count + len(entries), more
        )  # 4: may hold object entries
        dacl = head + added + packed[start + 8 : start + size]
        whole = struct.pack("<BBHIIII", packed[0], 0, struct.unpack_from("<H", packed, 2)[0], 0, 0, 0, 20) + dacl
        self._connection.modify(dn, {"nTSecurityDescriptor": [(ldap3.MODIFY_REPLACE, [whole])]}, controls=control)

    def reload_schema(self) -> None:
        """Let new schema objects count at once (MS-ADTS 3.1.1.3.3.13)."""
        self._connection.modify("", {"schemaUpdateNow": [(ldap3.MODIFY_ADD, ["1"])]})


def sub_code(address: str, ca: Path, user: str, password: str, *, port: int = 636) -> str:
    """Sign in, and return why it is refused: the sub-code of the diagnostic message, empty if it is not."""
    try:
        Administrator(address, ca, user, password, port=port).close()
    except LDAPInvalidCredentialsResult as refused:
        return str(refused.message).partition(" data ")[2].partition(",")[0]
    return ""


def _name(keyword: str) -> str:
    return re.sub("_", "-", keyword)
