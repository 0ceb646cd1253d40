"""What Windows keeps of a password, and what NTLM proves it with: both are as good as the password, and are scrubbed.

MD4 is RFC 1320; OpenSSL 3 no longer offers it, and nothing is secured with it
here. The two keys are NTOWFv1 and NTOWFv2 of [MS-NLMP] 3.3.1 and 3.3.2.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable

_WORD = 0xFFFFFFFF
Mix = Callable[[int, int, int], int]
# for each round (RFC 1320 3.4): its function, its constant, the order of the words, the shifts
_ROUNDS: tuple[tuple[Mix, int, tuple[int, ...], tuple[int, ...]], ...] = (
    (lambda x, y, z: x & y | ~x & z, 0, tuple(range(16)), (3, 7, 11, 19)),
    (
        lambda x, y, z: x & y | x & z | y & z,
        0x5A827999,
        (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        (3, 5, 9, 13),
    ),
    (
        lambda x, y, z: x ^ y ^ z,
        0x6ED9EBA1,
        (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15),
        (3, 9, 11, 15),
    ),
)


def md4(data: bytes) -> bytes:
    """Return the MD4 digest, 16 bytes."""
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", len(data) * 8)
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for at in range(0, len(padded), 64):
        words = struct.unpack("<16I", padded[at : at + 64])
        a, b, c, d = state
        for mix, constant, order, shifts in _ROUNDS:
            for step, word in enumerate(order):
                turned = (a + mix(b, c, d) + words[word] + constant) & _WORD
                shift = shifts[step % 4]
                a, b, c, d = d, (turned << shift | turned >> (32 - shift)) & _WORD, b, c
        state = [(old + new) & _WORD for old, new in zip(state, (a, b, c, d), strict=True)]
    return struct.pack("<4I", *state)


def nt_hash(password: str) -> bytes:
    """Return the NT hash (NTOWFv1)."""
    return md4(password.encode("utf-16-le", "surrogatepass"))


def ntlm_key(password: str, user: str, domain: str) -> bytes:
    """Return the key of NTLMv2 (NTOWFv2) for a user name as it is sent, in its two parts."""
    name = (user.upper() + domain).encode("utf-16-le", "surrogatepass")
    return hmac.new(nt_hash(password), name, hashlib.md5).digest()


def keys(password: str, usernames: tuple[str, ...]) -> tuple[bytes, ...]:
    r"""Return the NT hash, and the keys for names like ``DOMAIN\user``, ``user@domain`` and ``user``."""
    found = {nt_hash(password): None}
    for name in usernames:
        domain, backslash, user = name.rpartition("\\")
        parts = [(user, domain), (user, domain.upper())] if backslash else [(name, "")]
        mailbox, at, suffix = name.partition("@")
        parts += [(mailbox, suffix), (mailbox, suffix.upper())] if at else []
        found |= dict.fromkeys(ntlm_key(password, *part) for part in parts)
    return tuple(found)
