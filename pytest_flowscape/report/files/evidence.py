"""evidence.json: the facts as the servers stated them, without judgement and without any secret."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path, PurePath
from typing import Any

from pytest_flowscape.core.own_state import private_folder
from pytest_flowscape.core.secret import MASK, Secret
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.report.files import writing

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
    """Write evidence.json into ``folder`` (created private), whole or not at all, and return its path.

    ``room_facts`` maps a room's or user's address to its facts by name.
    ``clean`` takes secrets out of a text: a server may have sent one back in an
    error message. Raises OSError.
    """
    encoder = _Encoder(clean)
    rooms = ((_key(address), encoder.encode(facts)) for address, facts in room_facts.items())
    site = site_facts and {n: encoder.encode(getattr(site_facts, n)) for n in _fields(SiteFacts)}
    document = {"schema": SCHEMA, "site": site, "rooms": rooms}
    return writing.atomic_write(private_folder(folder) / NAME, writing.json_pieces(document))


def encode(value: Any) -> Any:
    """Return a fact as plain JSON values.

    Dataclasses become objects; bytes become text where they are printable
    UTF-8, else ``hex:`` and their hexadecimal digits; aware times become ISO
    8601 in UTC; durations seconds; enums their value; sets sorted lists.
    Anything else becomes its type's name in angle brackets, never its repr,
    which might hold what no file may hold.
    """
    return _Encoder(str).encode(value)


class _Encoder:
    """Encodes facts, every text cleaned."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = lru_cache(maxsize=10_000)(clean)  # thousands of rooms say the same

    def encode(self, value: Any) -> Any:
        if value is None or type(value) in (bool, int):
            return value
        if type(value) is str:
            return self._clean(value)
        if isinstance(value, Enum):
            return self.encode(value.value)
        if isinstance(value, Mapping):
            return {_key(key): self.encode(one) for key, one in value.items()}
        if isinstance(value, AbstractSet):
            return sorted((self.encode(one) for one in value), key=str)
        if isinstance(value, (list, tuple)):
            return [self.encode(one) for one in value]
        if is_dataclass(value) and not isinstance(value, type):
            return {name: self.encode(getattr(value, name)) for name in _fields(type(value))}
        scalar = value if isinstance(value, (str, int)) else _scalar(value)
        return self._clean(str(scalar)) if isinstance(scalar, str) else scalar


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


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
    if value.tzinfo is None:  # its zone is not known, so none is added
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
    encoded = key if type(key) is str else encode(key)
    return encoded if isinstance(encoded, str) else str(encoded)
