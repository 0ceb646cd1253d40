"""evidence.json: the facts as they were told, without judgement and without any secret."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.report import files
from pytest_flowscape.secret import MASK, Secret

SCHEMA = "flowscape-evidence/1"
NAME = "evidence.json"
HEX = "hex:"


def write(
    folder: Path,
    site_facts: SiteFacts | None,
    room_facts: Mapping[str, Mapping[str, Any]],
    *,
    clean: Callable[[str], str] = str,
) -> Path:
    """Write evidence.json into ``folder`` (created private), whole or not at all, and give its path.

    ``room_facts`` maps a room's or user's address to its facts by name.
    ``clean`` takes secrets out of a text: a server may have sent one back to us
    in an error message. Raises OSError.
    """
    document = _cleaned({"schema": SCHEMA, "site": encode(site_facts), "rooms": encode(room_facts)}, clean)
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return files.atomic_write(files.private_folder(folder) / NAME, text + "\n")


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(one, clean) for key, one in value.items()}
    if isinstance(value, list):
        return [_cleaned(one, clean) for one in value]
    return clean(value) if isinstance(value, str) else value


def encode(value: Any) -> Any:
    """Give a fact as plain JSON values.

    Dataclasses become objects; bytes become text where they are printable
    UTF-8, else ``hex:`` and their hexadecimal digits; aware times become ISO
    8601 in UTC; durations seconds; enums their value; sets sorted lists.
    Anything else becomes its type's name in angle brackets, never its repr,
    which might tell what no file may hold.
    """
    if isinstance(value, Enum):
        return encode(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {_key(key): encode(one) for key, one in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((encode(one) for one in value), key=str)
    if isinstance(value, (list, tuple)):
        return [encode(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    return _scalar(value)


def _scalar(value: object) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, (bytes, bytearray)):
        return _bytes(bytes(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
    return f"<{type(value).__name__}>"


def _moment(value: datetime) -> str:
    if value.tzinfo is None:  # which zone was not told, so none is added
        return value.isoformat()
    return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def _bytes(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return HEX + value.hex()
    # text that looks like our own prefix is written in hexadecimal too, so that it can be read back
    return text if text.isprintable() and not text.startswith(HEX) else HEX + value.hex()


def _key(key: object) -> str:
    encoded = encode(key)
    return encoded if isinstance(encoded, str) else str(encoded)
