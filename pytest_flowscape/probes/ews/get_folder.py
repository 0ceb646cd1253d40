"""GetFolder: ask for distinguished folders, and read their ids, effective rights and permissions in the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from lxml import etree

from pytest_flowscape.facts import FolderAnswer, Kind, PermissionEntry, Trouble
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import (
    MESSAGES,
    TYPES,
    DistinguishedFolder,
    add,
    add_folder,
    envelope_of,
    to_bytes,
)

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

T = TypeVar("T")
OPERATION = "GetFolder"
_T, _M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"
_NO_RIGHTS = {"UserId", "PermissionLevel", "CalendarPermissionLevel"}  # in a Permission
_FULL = {"true", "1", "All", "FullDetails"}
_LONG = 20_000  # bytes


def request(
    wanted: Sequence[DistinguishedFolder], *, impersonate: str = "", rights: bool = False, permissions: bool = False
) -> bytes:
    """Build GetFolder: IdOnly, with EffectiveRights and PermissionSet where asked for."""
    envelope, body = envelope_of(impersonate)
    operation = add(body, MESSAGES, OPERATION)
    shape = add(operation, MESSAGES, "FolderShape")
    add(shape, TYPES, "BaseShape", "IdOnly")
    fields = [name for name, on in (("EffectiveRights", rights), ("PermissionSet", permissions)) if on]
    if fields:
        more = add(shape, TYPES, "AdditionalProperties")
        for name in fields:
            add(more, TYPES, "FieldURI").set("FieldURI", f"folder:{name}")
    ids = add(operation, MESSAGES, "FolderIds")
    for folder in wanted:
        add_folder(ids, folder)
    return to_bytes(envelope)


def read(envelope: Envelope, names: Sequence[str]) -> tuple[FolderAnswer, ...] | Trouble:
    """Return one FolderAnswer for each name, in the order asked; Trouble if the count differs from what was asked."""
    count = len(envelope.messages)
    if count != len(names):
        return Trouble(Kind.NOT_ASKED, f"{count} answers came for {len(names)} questions")
    return tuple(_folder(envelope, message, name) for message, name in zip(envelope.messages, names, strict=True))


def _folder(envelope: Envelope, message: etree._Element, name: str) -> FolderAnswer:
    trouble = answers.message_trouble(message, envelope.http, OPERATION)
    if trouble is not None:
        return FolderAnswer(name, trouble=trouble)
    listed = message.find(f"{_M}Folders")
    folder = None if listed is None else next((child for child in listed if isinstance(child.tag, str)), None)
    identity = None if folder is None else folder.find(f"{_T}FolderId")
    if folder is None or identity is None or not identity.get("Id"):
        said = "a success without a folder"
        return FolderAnswer(name, trouble=Trouble(Kind.MALFORMED, said, status=envelope.http.status))
    rights = folder.find(f"{_T}EffectiveRights")
    entries = folder.find(f"{_T}PermissionSet")
    return FolderAnswer(
        name,
        identity.get("Id", ""),
        None if rights is None else _keep_once(_effective_rights, rights),
        None if entries is None else _permissions(entries),
    )


def _permissions(entries: etree._Element) -> tuple[PermissionEntry, ...]:
    found = (entry for kind in ("Permission", "CalendarPermission") for entry in entries.iter(f"{_T}{kind}"))
    return tuple(_keep_once(_permission, entry) for entry in found)


def _keep_once(read_text: _lru_cache_wrapper[T], element: etree._Element) -> T:
    """Read an element; what thousands of folders have alike is kept once, unless it is too long to be kept."""
    text = etree.tostring(element, with_tail=False)
    once: Callable[[bytes], T] = read_text if len(text) <= _LONG else read_text.__wrapped__
    return once(text)


@lru_cache(maxsize=1000)
def _permission(text: bytes) -> PermissionEntry:
    """Read a Permission or CalendarPermission; EditItems, DeleteItems and ReadItems count only when full."""
    entry = etree.fromstring(text)
    user = entry.find(f"{_T}UserId")
    who = {} if user is None else dict(reversed(tuple(answers.children(user))))
    children = tuple(answers.children(entry))
    rights = dict(reversed(children))
    sid, smtp = who.get("SID", ""), who.get("PrimarySmtpAddress", "")
    level = rights.get("PermissionLevel") or rights.get("CalendarPermissionLevel", "")
    full = {key: value in _FULL for key, value in children if key not in _NO_RIGHTS}
    return PermissionEntry(who.get("DistinguishedUser") or sid or smtp, level, full, sid=sid, smtp=smtp)


@lru_cache(maxsize=1000)
def _effective_rights(text: bytes) -> Mapping[str, bool]:
    return {name: value in _FULL for name, value in answers.children(etree.fromstring(text))}
