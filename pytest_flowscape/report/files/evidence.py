"""evidence.json: the facts as they were told, without judgement and without any secret."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path, PurePath
from typing import Any

from pytest_flowscape.core.own_state import private_folder
from pytest_flowscape.core.secret import MASK, Secret
from pytest_flowscape.facts import FolderAnswer, SiteFacts
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
    """Write evidence.json into ``folder`` (created private), whole or not at all, and give its path.

    ``room_facts`` maps a room's or user's address to its facts by name.
    ``clean`` takes secrets out of a text: a server may have sent one back to us
    in an error message. Raises OSError.
    """
    encoder = _Encoder(clean)
    rooms = ((_key(address), writing.Json(encoder.text(facts))) for address, facts in room_facts.items())
    site = site_facts and {n: writing.Json(encoder.text(getattr(site_facts, n))) for n in _fields(SiteFacts)}
    document = {"schema": SCHEMA, "site": site, "rooms": rooms}
    return writing.atomic_write(private_folder(folder) / NAME, writing.json_pieces(document))


def encode(value: Any) -> Any:
    """Return a fact as plain JSON values.

    Dataclasses become objects; bytes become text where they are printable
    UTF-8, else ``hex:`` and their hexadecimal digits; aware times become ISO
    8601 in UTC; durations seconds; enums their value; sets sorted lists.
    Anything else becomes its type's name in angle brackets, never its repr,
    which might tell what no file may hold.
    """
    return _Encoder(str).encode(value)


class _Encoder:
    """Encodes facts, every text cleaned; what is the same for thousands of rooms is encoded once."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = lru_cache(maxsize=10_000)(clean)
        self._quoted = lru_cache(maxsize=10_000)(lambda text: writing.json_text(self._clean(text)))
        self._shared: dict[int, tuple[Any, str]] = {}  # with the fact itself, so that its id stays its own

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
            return self._fields(value)
        scalar = value if isinstance(value, (str, int)) else _scalar(value)
        return self._clean(str(scalar)) if isinstance(scalar, str) else scalar

    def _fields(self, value: Any) -> dict[str, Any]:
        kind: type = type(value)
        return {name: self.encode(getattr(value, name)) for name in _fields(kind)}

    def text(self, value: Any) -> str:
        """Return what ``encode`` gives as JSON at once; what thousands of folders share is written once."""
        if value is None:
            return "null"
        kind: type = type(value)
        if kind is str:
            return self._quoted(value)
        if kind is bytes:
            return self._quoted(_bytes(value))
        if kind is tuple:
            return f"[{', '.join([self.text(one) for one in value])}]" if value else "[]"
        if isinstance(value, Mapping):
            return _object([f"{_name(_key(key))}: {self.text(one)}" for key, one in value.items()])
        if is_dataclass(value) and kind is not type:
            once, text = self._once, self.text
            return _object(
                [
                    begin + (once if shared else text)(getattr(value, name))
                    for name, begin, shared in _fields_of_text(kind)
                ]
            )
        return writing.json_text(self.encode(value))

    def _once(self, value: Any) -> str:
        known = self._shared.get(id(value))
        if known is None:
            known = self._shared[id(value)] = value, self.text(value)
        return known[1]


@lru_cache(maxsize=1000)
def _name(key: str) -> str:
    return writing.json_text(key)


def _object(entries: list[str]) -> str:
    return f"{{{', '.join(entries)}}}"


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _fields_of_text(kind: type) -> tuple[tuple[str, str, bool], ...]:
    """Return each field: its name, how its entry begins, and whether many hold the same value."""
    shared = _SHARED.get(kind, ())
    return tuple((name, f'"{name}": ', name in shared) for name in _fields(kind))


_SHARED: Mapping[type, tuple[str, ...]] = {FolderAnswer: ("rights", "permissions")}


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
    encoded = key if type(key) is str else encode(key)
    return encoded if isinstance(encoded, str) else str(encoded)
