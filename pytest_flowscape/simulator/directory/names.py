"""Distinguished names and SIDs in the two forms that a directory compares and sends them in."""

from __future__ import annotations

import re
from functools import lru_cache

_ESCAPED = re.compile(rb"\\([0-9a-fA-F]{2}|.)", re.DOTALL)
_RDN_END = re.compile(r"((?:[^\\,]|\\.)*)(?:,|$)", re.DOTALL)


def unescape(value: str) -> str:
    """Undo the escapes of RFC 4514 2.4 in one attribute value."""

    def octet(match: re.Match[bytes]) -> bytes:
        found = match[1]
        return bytes((int(found, 16),)) if len(found) == 2 else found

    return _ESCAPED.sub(octet, value.strip().encode()).decode("utf-8", "replace")


@lru_cache(maxsize=65_536)
def name_key(name: str) -> tuple[str, ...]:
    """Return a distinguished name in the form that compares, nearest part first. Raises ValueError if it is none.

    Case and blanks around commas and equal signs do not count; "" is the empty tuple (the rootDSE).
    """
    if not name.strip():
        return ()
    parts = []
    at = 0
    while at <= len(name):
        match = _RDN_END.match(name, at)
        if match is None:
            raise ValueError(f"not a distinguished name: {name!r}")
        kind, separator, value = match[1].partition("=")
        if not separator or not kind.strip() or not value.strip():
            raise ValueError(f"not a distinguished name: {name!r}")
        parts.append(f"{kind.strip()}={unescape(value)}".casefold())
        if match.end() == len(name) and not name[match.start() : match.end()].endswith(","):
            break
        at = match.end()
    return tuple(parts)


@lru_cache(maxsize=65_536)
def parent(name: str) -> str:
    """Return the distinguished name one level up, "" above the last one."""
    match = _RDN_END.match(name)
    return name[match.end() :].strip() if match else ""


def common_name(name: str) -> str:
    """Return the value of a distinguished name's first part."""
    match = _RDN_END.match(name)
    return unescape(match[1].partition("=")[2]) if match else ""


@lru_cache(maxsize=65_536)
def sid_bytes(text: str) -> bytes:
    """Pack a SID written as S-1-... (MS-DTYP 2.4.2.2). Raises ValueError if it is none."""
    prefix, *numbers = text.split("-")
    if prefix.upper() != "S" or len(numbers) < 2 or not all(part.isdecimal() for part in numbers):
        raise ValueError(f"not a SID: {text!r}")
    revision, authority, *parts = (int(part) for part in numbers)
    packed = b"".join(part.to_bytes(4, "little") for part in parts)
    return bytes((revision, len(parts))) + authority.to_bytes(6, "big") + packed
