"""A walker for the part of JSON Schema that our two schemas use; an unknown keyword is an error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
_KNOWN = {
    *("$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum", "pattern", "minimum"),
    *("required", "properties", "additionalProperties", "items", "anyOf"),
}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def faults(document: Any, name: str) -> list[str]:
    """Give every place where a document does not follow docs/schemas/NAME.schema.json."""
    root = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return list(_walk(document, root, root, "$"))


def _walk(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> Any:
    assert set(schema) <= _KNOWN, f"{path}: the walker does not know {set(schema) - _KNOWN}"
    if "$ref" in schema:
        yield from _walk(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, path)
        return
    if "anyOf" in schema and all(list(_walk(value, one, root, path)) for one in schema["anyOf"]):
        yield f"{path}: fits none of anyOf"
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is(value, one) for one in types):
        yield f"{path}: {type(value).__name__} is not {types}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema and isinstance(value, (int, float)) and value < schema["minimum"]:
        yield f"{path}: {value} is too small"
    if isinstance(value, dict):
        yield from _members(value, schema, root, path)
    if isinstance(value, list) and "items" in schema:
        for place, one in enumerate(value):
            yield from _walk(one, schema["items"], root, f"{path}[{place}]")


def _members(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], path: str) -> Any:
    properties = schema.get("properties", {})
    yield from (f"{path}: {key} is missing" for key in schema.get("required", ()) if key not in value)
    extra = schema.get("additionalProperties", True)
    for key, one in value.items():
        if key in properties:
            yield from _walk(one, properties[key], root, f"{path}.{key}")
        elif extra is False:
            yield f"{path}: {key} is not described"
        elif isinstance(extra, dict):
            yield from _walk(one, extra, root, f"{path}.{key}")


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, _TYPES[name])
