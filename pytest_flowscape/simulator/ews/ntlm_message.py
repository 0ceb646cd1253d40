"""Read the little that a server needs from an NTLM AUTHENTICATE message ([MS-NLMP] 2.2.1.3).

pyspnego proves the password; who signs in and whether channel bindings were
sent is read here, before it does.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIGNATURE = b"NTLMSSP\x00"
NEGOTIATE, CHALLENGE, AUTHENTICATE = 1, 2, 3
UNICODE = 0x1
AV_END, AV_CHANNEL_BINDINGS = 0, 10


@dataclass(frozen=True)
class Authenticate:
    """Domain and user as sent, and the MD5 of the channel bindings (16 bytes, empty if not sent)."""

    domain: str
    user: str
    bindings: bytes = b""


def message_type(token: bytes) -> int:
    """Return the type of the NTLM message within ``token`` (bare or wrapped in SPNEGO), 0 where there is none."""
    start = token.find(SIGNATURE)
    if start < 0 or len(token) < start + 12:
        return 0
    kind: int = struct.unpack_from("<I", token, start + 8)[0]
    return kind


def read_authenticate(token: bytes) -> Authenticate | None:
    """Read the AUTHENTICATE message within ``token``, None where there is none or it is damaged."""
    start = token.find(SIGNATURE + struct.pack("<I", AUTHENTICATE))
    if start < 0:
        return None
    message = token[start:]
    try:
        flags = struct.unpack_from("<I", message, 60)[0]
        encoding = "utf-16-le" if flags & UNICODE else "cp437"
        domain = _field(message, 28).decode(encoding)
        user = _field(message, 36).decode(encoding)
        return Authenticate(domain, user, _bindings(_field(message, 20)))
    except (struct.error, UnicodeDecodeError, ValueError):
        return None


def _field(message: bytes, at: int) -> bytes:
    length, _, offset = struct.unpack_from("<HHI", message, at)
    if offset + length > len(message):
        raise ValueError("field beyond the message")
    return message[offset : offset + length]


def _bindings(response: bytes) -> bytes:
    """Find MsvAvChannelBindings in an NTLMv2 response (2.2.2.7: AV pairs begin 16 + 28 bytes in)."""
    at = 44
    while at + 4 <= len(response):
        kind, length = struct.unpack_from("<HH", response, at)
        if kind == AV_END:
            return b""
        if kind == AV_CHANNEL_BINDINGS:
            return response[at + 4 : at + 4 + length]
        at += 4 + length
    return b""
