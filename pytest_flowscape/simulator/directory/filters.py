"""Filters (RFC 4511 4.5.1.7) as functions of an entry.

Three-valued as Active Directory's are (MS-ADTS 3.1.1.3.1.3.1): a clause on an
attribute that nobody knows or that the reader does not see is undefined
(None), and so is its negation; such a filter finds nothing, with success.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from ldaptor.protocols import pureldap

from pytest_flowscape.simulator.directory.entries import Entry
from pytest_flowscape.simulator.directory.names import name_key, sid_bytes
from pytest_flowscape.simulator.directory.results import PROTOCOL_ERROR, RefusalError, bad_matching
from pytest_flowscape.simulator.directory.schema import Attribute, Syntax, attribute

BIT_AND, BIT_OR = "1.2.840.113556.1.4.803", "1.2.840.113556.1.4.804"
ADDRESSES = ("mail", "proxyaddresses")

Match = Callable[[Entry], bool | None]


@dataclass(frozen=True)
class Filter:
    """A filter ready to use.

    ``addresses``: whatever matches has one of these (lower case) in mail or
    proxyAddresses; None where the filter does not limit them.
    """

    match: Match
    addresses: frozenset[str] | None = None


def compile_filter(node: Any) -> Filter:
    """Return a filter of ldaptor's tree. Raises RefusalError for constructed attributes and unknown matching rules."""
    if isinstance(node, pureldap.LDAPFilter_and):
        return _all_of([compile_filter(child) for child in node])
    if isinstance(node, pureldap.LDAPFilter_or):
        return _any_of(list(node))
    if isinstance(node, pureldap.LDAPFilter_not):
        return _not(compile_filter(node.value).match)
    if isinstance(node, pureldap.LDAPFilter_present):
        return _presence(_attribute(node.value))
    if isinstance(node, pureldap.LDAPFilter_substrings):
        return _substrings(_attribute(node.type), node.substrings)
    if isinstance(node, pureldap.LDAPFilter_extensibleMatch):
        return _extensible(node)
    known, value = _attribute(node.attributeDesc.value), node.assertionValue.value
    if isinstance(node, pureldap.LDAPFilter_greaterOrEqual):
        return _comparison(known, value, lambda value, limit: value >= limit)
    if isinstance(node, pureldap.LDAPFilter_lessOrEqual):
        return _comparison(known, value, lambda value, limit: value <= limit)
    return _equal(known, [value])  # approxMatch is equality (MS-ADTS)


def _attribute(name: bytes) -> Attribute:
    known = attribute(name.decode("utf-8", "replace").partition(";")[0])
    if known.constructed:
        raise bad_matching(known.name)
    return known


def _match_undefined(_entry: Entry) -> None:
    return None


def _all_of(parts: list[Filter]) -> Filter:
    matches = [part.match for part in parts]

    def match(entry: Entry) -> bool | None:
        verdict: bool | None = True
        for one in matches:
            found = one(entry)
            if found is False:
                return False
            verdict = verdict if found else None
        return verdict

    return Filter(match, next((part.addresses for part in parts if part.addresses is not None), None))


def _any_of(nodes: list[Any]) -> Filter:
    # equalities of one attribute become one set, so that 100 addresses cost as much as one
    equalities: dict[Attribute, list[bytes]] = defaultdict(list)
    parts = []
    for node in nodes:
        if isinstance(node, pureldap.LDAPFilter_equalityMatch):
            equalities[_attribute(node.attributeDesc.value)].append(node.assertionValue.value)
        else:
            parts.append(compile_filter(node))
    parts += [_equal(known, values) for known, values in equalities.items()]
    matches = [part.match for part in parts]

    def match(entry: Entry) -> bool | None:
        verdict: bool | None = False
        for one in matches:
            found = one(entry)
            if found:
                return True
            verdict = None if found is None else verdict
        return verdict

    addresses = [part.addresses for part in parts if part.addresses is not None]
    return Filter(match, frozenset().union(*addresses) if len(addresses) == len(parts) else None)


def _not(match: Match) -> Filter:
    def match_not(entry: Entry) -> bool | None:
        found = match(entry)
        return None if found is None else not found

    return Filter(match_not)


def _presence(known: Attribute) -> Filter:
    key = known.name.lower()

    def match(entry: Entry) -> bool | None:
        values = entry.read(key)
        return None if values is None else bool(values)

    return Filter(match)


def _comparable(known: Attribute, value: bytes) -> Hashable:
    """Return a stored or asserted value in the form that compares. Raises ValueError if it has none."""
    if known.syntax is Syntax.NUMBER:
        return int(value)
    if known.syntax is Syntax.BYTES:
        return value
    if known.syntax is Syntax.SID:
        return sid_bytes(value.decode()) if value[:2].upper() == b"S-" else value
    text = value.decode()
    if known.syntax is Syntax.NAME or (known.syntax is Syntax.CATEGORY and "=" in text):
        return name_key(text)
    if known.syntax is Syntax.CATEGORY:
        return (f"cn={text.casefold()}",)
    return text.casefold()


def _comparable_or_none(known: Attribute, value: bytes) -> Any:
    """Return a value as ``_comparable`` does, None where it has no such form: it equals nothing."""
    try:
        found = _comparable(known, value)
    except ValueError:
        return None
    return found[:1] if known.syntax is Syntax.CATEGORY and isinstance(found, tuple) else found


def _equal(known: Attribute, values: list[bytes]) -> Filter:
    key = known.name.lower()
    accepted = {_comparable_or_none(known, value) for value in values} - {None}
    if not accepted:  # nothing that the attribute could hold
        return Filter(_match_undefined)

    def match(entry: Entry) -> bool | None:
        found = entry.read(key)
        if found is None:
            return None
        return any(_comparable_or_none(known, value) in accepted for value in found)

    return Filter(match, frozenset(accepted) if key in ADDRESSES else None)


def _comparison(known: Attribute, value: bytes, holds: Callable[[Any, Any], bool]) -> Filter:
    key = known.name.lower()
    limit = _comparable_or_none(known, value)
    if limit is None:
        return Filter(_match_undefined)

    def match(entry: Entry) -> bool | None:
        found = entry.read(key)
        if found is None:
            return None
        stored = (_comparable_or_none(known, one) for one in found)
        return any(one is not None and holds(one, limit) for one in stored)

    return Filter(match)


def _substrings(known: Attribute, pieces: list[Any]) -> Filter:
    if not pieces:
        raise RefusalError(PROTOCOL_ERROR, "no substring")
    if known.syntax is not Syntax.TEXT:  # Active Directory compares no other syntax by parts
        return Filter(_match_undefined)
    key = known.name.lower()
    texts = [(piece, piece.value.decode("utf-8", "replace").casefold()) for piece in pieces]
    start = "".join(text for piece, text in texts if isinstance(piece, pureldap.LDAPFilter_substrings_initial))
    end = "".join(text for piece, text in texts if isinstance(piece, pureldap.LDAPFilter_substrings_final))
    middle = [text for piece, text in texts if isinstance(piece, pureldap.LDAPFilter_substrings_any)]

    def fits(value: str) -> bool:
        if len(value) < len(start) + len(end) or not (value.startswith(start) and value.endswith(end)):
            return False
        at, stop = len(start), len(value) - len(end)
        for text in middle:
            found = value.find(text, at, stop)
            if found < 0:
                return False
            at = found + len(text)
        return True

    def match(entry: Entry) -> bool | None:
        found = entry.read(key)
        return None if found is None else any(fits(one.decode("utf-8", "replace").casefold()) for one in found)

    return Filter(match)


def _extensible(node: Any) -> Filter:
    if node.type is None:
        return Filter(_match_undefined)
    known = _attribute(node.type.value)
    if node.matchingRule is None:
        return _equal(known, [node.matchValue.value])
    rule = node.matchingRule.value.decode("ascii", "replace")
    if rule not in (BIT_AND, BIT_OR):
        raise bad_matching(f"{known.name} by {rule}")
    bits = _comparable_or_none(known, node.matchValue.value)
    if known.syntax is not Syntax.NUMBER or bits is None:
        return Filter(_match_undefined)
    key = known.name.lower()

    def holds(value: int | None) -> bool:
        if value is None:
            return False
        return (value & bits) == bits if rule == BIT_AND else bool(value & bits)

    def match(entry: Entry) -> bool | None:
        found = entry.read(key)
        return None if found is None else any(holds(_comparable_or_none(known, one)) for one in found)

    return Filter(match)
