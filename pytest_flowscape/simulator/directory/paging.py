"""Paged results (RFC 2696) as a domain controller sends them: cookies belong to one connection and one search."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ldaptor.protocols import pureber

from pytest_flowscape.simulator.directory.entries import Entry
from pytest_flowscape.simulator.directory.results import bad_control
from pytest_flowscape.simulator.directory.root_dse import CONTROLS, DOMAIN_SCOPE, PAGED_RESULTS

OPEN_SEARCHES = 10  # per connection, as MaxResultSetsPerConn


@dataclass(frozen=True)
class Controls:
    """The controls of a request that this server heeds; ``page_size`` None means no paging."""

    page_size: int | None = None
    cookie: bytes = b""
    domain_scope: bool = False  # no references to other naming contexts


def read_controls(controls: list[tuple[bytes, int | None, bytes | None]] | None) -> Controls:
    """Read a request's controls. Raises RefusalError for an unknown critical one, and for a damaged paging control."""
    page_size, cookie, domain_scope = None, b"", False
    for kind, critical, value in controls or ():
        oid = kind.decode("ascii", "replace")
        if oid == PAGED_RESULTS:
            page_size, cookie = _paging(value or b"")
        elif oid == DOMAIN_SCOPE:
            domain_scope = True
        elif critical and oid not in CONTROLS:
            raise bad_control("Unknown critical control")
    return Controls(page_size, cookie, domain_scope)


def _paging(value: bytes) -> tuple[int, bytes]:
    try:
        sequence, _length = pureber.berDecodeObject(pureber.BERDecoderContext(), value)
        size, cookie = sequence
        return int(size.value), bytes(cookie.value)
    except (ValueError, TypeError, AttributeError, AssertionError, pureber.BERExceptionInsufficientData) as error:
        raise bad_control() from error


def paging_control(cookie: bytes) -> tuple[str, None, bytes]:
    """Return the control of an answer; its estimate of the total is 0, "unknown", as a domain controller's is."""
    value = pureber.BERSequence([pureber.BERInteger(0), pureber.BEROctetString(cookie)]).toWire()
    return (PAGED_RESULTS, None, bytes(value))


class OpenSearches:
    """What is left to send of a connection's paged searches, by opaque cookie."""

    def __init__(self) -> None:
        self._left: OrderedDict[bytes, tuple[Any, list[Entry]]] = OrderedDict()

    def keep(self, search: Any, entries: list[Entry]) -> bytes:
        """Keep the rest of a search, and return its cookie, b"" if nothing is left; ``search`` identifies it."""
        if not entries:
            return b""
        cookie = secrets.token_bytes(16)
        self._left[cookie] = (search, entries)
        if len(self._left) > OPEN_SEARCHES:
            self._left.popitem(last=False)
        return cookie

    def resume(self, cookie: bytes, search: Any) -> list[Entry]:
        """Return the rest of a search. Raises RefusalError for an unknown or used cookie, or another search."""
        owner, entries = self._left.pop(cookie, (None, []))
        if owner is None or owner != search:
            raise bad_control()
        return entries
