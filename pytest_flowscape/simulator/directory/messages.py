"""LDAP messages on the wire: framing and decoding with ldaptor's codec, strictly.

ldaptor waits for more where a message is damaged inside and prints unknown
tags; here both are ``DamagedError``, and the connection ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ldaptor.protocols import pureber, pureldap

LIMIT = 10 * 1024 * 1024  # MaxReceiveBuffer's default
SEQUENCE = 0x30
HEADER = 2  # tag and first octet of the length
SHORT_FORM = 0x80
OCTET_STRING, SET_OF = 0x04, 0x31


class DamagedError(Exception):
    """These bytes are not an LDAP message."""


class _Strict(pureber.BERDecoderContext):  # type: ignore[misc]  # ldaptor has no types
    """The universal types, and an error for every other tag."""

    def lookup_id(self, id: int) -> Any:  # noqa: A002 - ldaptor's name
        """Return the class for a tag. Raises DamagedError if there is none."""
        found = super().lookup_id(id)
        if found is None:
            raise DamagedError(f"unknown tag 0x{id:02x}")
        return found


def _context() -> Any:
    operations = pureldap.LDAPBERDecoderContext(fallback=_Strict())
    message = pureldap.LDAPBERDecoderContext_LDAPMessage(fallback=operations, inherit=operations)
    return pureldap.LDAPBERDecoderContext_TopLevel(inherit=message, fallback=_Strict())


CONTEXT = _context()
BROKEN = (
    pureber.BERException,
    pureber.BERExceptionInsufficientData,
    pureber.UnknownBERTag,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def message_length(buffer: bytes) -> int:
    """Return the length of the buffer's first message, 0 while it is incomplete. Raises DamagedError if it is none."""
    if buffer and buffer[0] != SEQUENCE:
        raise DamagedError("no LDAP message")
    if len(buffer) < HEADER:
        return 0
    length, header = buffer[1], HEADER
    if length & SHORT_FORM:
        octets = length & 0x7F
        if not 1 <= octets <= 4:
            raise DamagedError("indefinite or absurd length")
        header += octets
        if len(buffer) < header:
            return 0
        length = int.from_bytes(buffer[HEADER:header], "big")
    if length > LIMIT:
        raise DamagedError("message too long")
    return header + length if len(buffer) >= header + length else 0


def decode(message: bytes) -> Any:
    """Decode a complete message into ldaptor's LDAPMessage. Raises DamagedError if its value is not a request."""
    try:
        decoded, _length = pureber.berDecodeObject(CONTEXT, message)
    except BROKEN as error:
        raise DamagedError("cannot be decoded") from error
    if not isinstance(decoded, pureldap.LDAPMessage) or not isinstance(decoded.value, pureldap.LDAPProtocolRequest):
        raise DamagedError("no request")
    return decoded


def encode(value: Any, number: int, controls: list[tuple[str, None, bytes]] | None = None) -> bytes:
    """Encode one answer."""
    return bytes(pureldap.LDAPMessage(value, controls=controls, id=number).toWire())


class FoundEntry(pureldap.LDAPSearchResultEntry):  # type: ignore[misc]  # ldaptor has no types
    """A SearchResultEntry (RFC 4511 4.5.2), written without an object of ldaptor for every value.

    With thousands of rooms ldaptor's are most of what this directory does; the bytes are the same.
    """

    def toWire(self) -> bytes:  # noqa: N802 - ldaptor's name
        """Encode the name and the attributes with their values."""
        listed = b"".join(_attribute(name.encode(), values) for name, values in self.attributes)
        content = _element(OCTET_STRING, self.objectName.encode()) + _element(SEQUENCE, listed)
        return _element(self.tag | pureber.STRUCTURED, content)


def _attribute(name: bytes, values: Iterable[bytes]) -> bytes:
    content = b"".join([_element(OCTET_STRING, value) for value in values])
    return _element(SEQUENCE, _element(OCTET_STRING, name) + _element(SET_OF, content))


def _element(tag: int, content: bytes) -> bytes:
    """Write tag, length and content (X.690 8.1)."""
    length = len(content)
    if length < SHORT_FORM:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, SHORT_FORM | len(octets))) + octets + content
