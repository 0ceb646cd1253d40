"""The JSON Schema of evidence.json, from the declarations of the facts: a fact that gains a field changes it."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.facts.names import KEPT
from pytest_flowscape.report.files.evidence import SCHEMA
from tools.documents.frame import Part

_PLAIN: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    bytes: {"type": "string", "description": "printable UTF-8, or hex: and hexadecimal digits"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z?$"},
}


def parts() -> Iterator[Part]:
    """Yield the schema."""
    yield Part("docs/schemas/evidence-1.schema.json", json.dumps(_schema(), indent=2) + "\n")


def _schema() -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    site = _shape(SiteFacts, definitions)
    rooms = {name: _shape(kind, definitions) for name, kind in KEPT.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "evidence.json of pytest-flowscape",
        "type": "object",
        "required": ["schema", "site", "rooms"],
        "properties": {
            "schema": {"const": SCHEMA},
            "site": {"anyOf": [site, {"type": "null"}], "description": "null where the run ended before it looked"},
            "rooms": {
                "type": "object",
                "description": "by address of a room or user: facts by name",
                "additionalProperties": {"type": "object", "properties": rooms, "additionalProperties": False},
            },
        },
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _shape(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return {"anyOf": [_shape(one, definitions) for one in arguments]}
    if origin is tuple and arguments[-1] is not Ellipsis:
        items = [_shape(one, definitions) for one in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in {tuple, frozenset}:
        return {"type": "array", "items": _shape(arguments[0], definitions)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _shape(arguments[1], definitions)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [one.value for one in kind]}
    assert dataclasses.is_dataclass(kind), f"no rule for {kind}"
    return _object(kind, definitions)


def _object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}  # a fact that holds one of its own kind ends here
        hints = typing.get_type_hints(kind)
        fields = [field.name for field in dataclasses.fields(kind)]
        definitions[name] = {
            "type": "object",
            "required": fields,
            "properties": {field: _shape(hints[field], definitions) for field in fields},
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}
