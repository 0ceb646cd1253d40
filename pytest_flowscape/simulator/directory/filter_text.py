"""A search's filter as text (RFC 4515), for the log; ldaptor 21's own cannot write what came over the wire."""

from __future__ import annotations

from typing import Any

from ldaptor.protocols import pureldap

_SETS = {pureldap.LDAPFilter_and: "&", pureldap.LDAPFilter_or: "|"}
_SPECIAL = b"*()\\\0"


def filter_text(node: Any) -> str:
    """Return the text of a filter of and, or, not, equality and presence; the name of its kind for any other one."""
    kind = type(node)
    if kind in _SETS:
        return f"({_SETS[kind]}{''.join(filter_text(part) for part in node)})"
    if kind is pureldap.LDAPFilter_not:
        return f"(!{filter_text(node.value)})"
    if kind is pureldap.LDAPFilter_present:
        return f"({_text(node.value)}=*)"
    if kind is pureldap.LDAPFilter_equalityMatch:
        return f"({_text(node.attributeDesc.value)}={_escape(node.assertionValue.value)})"
    return f"({kind.__name__})"


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _escape(value: bytes | str) -> str:
    raw = value if isinstance(value, bytes) else value.encode()
    return "".join(chr(b) if b < 0x80 and b not in _SPECIAL else f"\\{b:02x}" for b in raw)
