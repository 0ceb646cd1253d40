"""Hold a document against one of the schemas in docs/schemas/."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@cache
def schema(name: str) -> Any:
    """Return docs/schemas/NAME.schema.json."""
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def faults(document: Any, name: str) -> list[str]:
    """Return every place where a document does not follow docs/schemas/NAME.schema.json."""
    found = Draft202012Validator(schema(name)).iter_errors(document)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]
