"""What the results and errors of an LDAP operation mean as Troubles."""

from __future__ import annotations

import re
from typing import Any

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.probes.network import trouble_of

REFUSALS = frozenset((7, 8, 13, 14, 32, 34, 48, 49, 50, 53))  # RFC 4511 A.1: answers about this sign-in
INVALID_CREDENTIALS = 49
SUB_CODE = re.compile(r"\bdata ([0-9a-fA-F]+)\b")


def bind_trouble(result: dict[str, Any]) -> Trouble | None:
    """Return why a bind was refused, None for a success; ``sub_code`` is Active Directory's own."""
    code = int(result["result"])
    if code == 0:
        return None
    message = _message(result)
    found = SUB_CODE.search(message) if code == INVALID_CREDENTIALS else None
    sub_code = found[1].lower() if found else ""
    kind = Kind.BIND_REFUSED if code in REFUSALS else Kind.OTHER
    said = words(result) + (f", data {sub_code}" if sub_code else "")
    return Trouble(kind, said, message=message, ldap_result=code, sub_code=sub_code)


def search_trouble(result: dict[str, Any]) -> Trouble:
    """Return what the result of a failed search is."""
    return Trouble(Kind.SEARCH, words(result), message=_message(result), ldap_result=int(result["result"]))


def error_trouble(error: Exception) -> Trouble:
    """Return what broke, without the library's words: they may quote what was sent."""
    if isinstance(error, OSError):
        return trouble_of(error)
    if type(error).__name__ in {"LDAPSessionTerminatedByServerError", "LDAPSocketReceiveError"}:
        return Trouble(Kind.RESET, "the server closed the connection")
    return Trouble(Kind.MALFORMED, f"the directory's answer is not understood ({type(error).__name__})")


def words(result: dict[str, Any]) -> str:
    """Return a result for people, with its number."""
    return f"LDAP result {result['result']} ({result.get('description') or 'unknown'})"


def _message(result: dict[str, Any]) -> str:
    return str(result.get("message") or "").replace("\x00", "").strip()
