"""Restriction: the expressions by which FindItem and FindFolder choose.

The expressions are the store's restrictions ([MS-OXCDATA] 2.12). Of a property
that is not there MAPI leaves the comparison undefined: here it satisfies none.
Texts are compared without case, and of several values one is enough. Contains
compares as its attributes say.
"""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, Refusal, attribute
from pytest_flowscape.simulator.ews.item_values import comparable

Predicate = Callable[[Any], bool]
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": operator.eq,
    "IsNotEqualTo": operator.ne,
    "IsGreaterThan": operator.gt,
    "IsGreaterThanOrEqualTo": operator.ge,
    "IsLessThan": operator.lt,
    "IsLessThanOrEqualTo": operator.le,
}
_PATHS = ("FieldURI", "IndexedFieldURI", "ExtendedFieldURI")
_CONTAINMENTS: dict[str, Callable[[str, str], bool]] = {
    "FullString": operator.eq,
    "Prefixed": str.startswith,
    "Substring": operator.contains,
    "PrefixOnWords": lambda text, part: any(word.startswith(part) for word in text.split()),
    "ExactPhrase": lambda text, part: f" {part} " in f" {text} ",
}


@dataclass(frozen=True)
class Path:
    """A property that can be searched by: how its value is had from what is searched, and how a constant is read."""

    value: Callable[[Any], Any]
    parse: Callable[[str], Any]


# finds what a path element of a request means; raises Refusal ErrorUnsupportedPathForQuery
Paths = Callable[[etree._Element], Path]  # noqa: SLF001  lxml's name for its type


def read_restriction(body: etree._Element, paths: Paths) -> Predicate:
    """Read the Restriction of a request; without one everything satisfies it.

    Raises Refusal: ErrorUnsupportedPathForQuery, ErrorInvalidValueForProperty,
    ErrorContainsFilterWrongType, or ErrorInvalidRestriction.
    """
    element = body.find("m:Restriction/*", NS)
    return (lambda _: True) if element is None else _expression(element, paths)


def _expression(element: etree._Element, paths: Paths) -> Predicate:
    name = etree.QName(element).localname
    if name in ("And", "Or"):
        parts = [_expression(child, paths) for child in element]
        every = all if name == "And" else any
        return lambda subject: every(part(subject) for part in parts)
    if name == "Not":
        inner = _expression(element[0], paths)
        return lambda subject: not inner(subject)
    if name == "Exists":
        path = paths(_path(element))
        return lambda subject: path.value(subject) is not None
    if name == "Contains":
        return _contains(element, paths)
    if name in _COMPARISONS:
        return _comparison(element, paths, _COMPARISONS[name])
    raise Refusal("ErrorInvalidRestriction")


def _path(element: etree._Element) -> etree._Element:
    found = next((child for child in element if etree.QName(child).localname in _PATHS), None)
    if found is None:
        raise Refusal("ErrorInvalidRestriction")
    return found


def _comparison(element: etree._Element, paths: Paths, compare: Callable[[Any, Any], bool]) -> Predicate:
    path = paths(_path(element))
    against = element.find("t:FieldURIOrConstant/*", NS)
    if against is None:
        raise Refusal("ErrorInvalidRestriction")
    if etree.QName(against).localname != "Constant":
        other = paths(against)
        return lambda subject: _any(path.value(subject), _first(other.value(subject)), compare)
    try:
        constant_value = _first(path.parse(attribute(against, "Value")))
    except ValueError as error:
        raise Refusal("ErrorInvalidValueForProperty") from error
    return lambda subject: _any(path.value(subject), constant_value, compare)


def _first(value: Any) -> Any:
    return next(iter(_members(value)), None)


def _members(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, bytes) else comparable(value)


def _any(value: Any, constant_value: Any, compare: Callable[[Any, Any], bool]) -> bool:
    return constant_value is not None and any(compare(member, constant_value) for member in _members(value))


def _contains(element: etree._Element, paths: Paths) -> Predicate:
    path = paths(_path(element))
    constant = element.find("t:Constant", NS)
    if constant is None:
        raise Refusal("ErrorInvalidRestriction")
    fold = _folding(element.get("ContainmentComparison", "Exact"))
    holds = _CONTAINMENTS[element.get("ContainmentMode", "FullString")]
    constant_value = fold(attribute(constant, "Value"))

    def contains(subject: Any) -> bool:
        value = path.value(subject)
        texts = _texts(value)
        if value is not None and texts is None:
            raise Refusal("ErrorContainsFilterWrongType")
        return any(holds(fold(text), constant_value) for text in texts or ())

    return contains


def _texts(value: Any) -> list[str] | None:
    """Return the texts of a value, None where it is not text."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for member in value for text in _texts(getattr(member, "person", member)) or []]
    named = [getattr(value, name) for name in ("text", "name", "address") if hasattr(value, name)]
    return named or None


def _folding(comparison: str) -> Callable[[str], str]:
    case = "IgnoreCase" in comparison or comparison == "Loose"
    marks = "NonSpacing" in comparison or comparison == "Loose"

    def fold(text: str) -> str:
        if marks:
            apart = unicodedata.normalize("NFD", text)
            text = "".join(c for c in apart if not unicodedata.combining(c))
        return text.casefold() if case else text

    return fold
