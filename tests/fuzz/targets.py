"""What is fuzzed: each target takes bytes from a stranger, and lets nothing out but the project's own errors.

An error of the project's own is an answer, and so is a fact or a Trouble; what
else comes out of ``run`` is a finding. So is an input that takes long.
"""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

from pytest_flowscape.booking import slots
from pytest_flowscape.core.errors import FlowscapeError, NotMeasured, SiteFileError
from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import DirectoryEntry, Holders, ResolvedName, Trouble
from pytest_flowscape.facts.names import FIVE_FOLDERS
from pytest_flowscape.facts.policy import LDAP_BYTES
from pytest_flowscape.gathering.why_closed import why_account
from pytest_flowscape.judging import entries, full_access, resolve_names
from pytest_flowscape.judging.usable_answers import PERSON_FACTS, usable
from pytest_flowscape.judging.verdict import expected_pairs
from pytest_flowscape.probes.bounded_socket import BoundedSocket
from pytest_flowscape.probes.directory import view
from pytest_flowscape.probes.directory.ldap3_connection import connection_on
from pytest_flowscape.probes.directory.search import Channel, Query, SearchFailed
from pytest_flowscape.probes.directory.security_descriptor import decide, read_dacl, sid_text
from pytest_flowscape.probes.directory.sight import Sight
from pytest_flowscape.probes.ews import (
    answers,
    availability,
    item_answers,
    resolve_names as names_resolved,
    sync_folder_items,
)
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.batch import Batch
from pytest_flowscape.probes.ews.http_wire import AnswerReader, HttpAnswer, NotHttp
from pytest_flowscape.probes.ews.sign_in import schemes
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.report.files.evidence import encode
from pytest_flowscape.site.model import DirectoryServer
from tests.acceptance import read_site
from tests.fuzz import seeds

ROOM, NOW = "atlas@demo.test", datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
STATUSES = (200, 500, 503, 401, 302)
SIDS = ("S-1-5-21-1-2-3-1105", "S-1-5-11")


@dataclass(frozen=True)
class Target:
    """One target: what it does with bytes, and good inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


@cache
def folder() -> Path:
    """Return a folder of this process."""
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


# --- files of the customer ----------------------------------------------------------------------


def site_file(data: bytes) -> None:
    _load("site.ini", data, data)


def room_list(data: bytes) -> None:
    _load("rooms.csv", data, seeds.SITE_WITH_LIST)


def _load(name: str, data: bytes, site: bytes) -> None:
    (folder() / "rooms.csv").write_bytes(seeds.LIST)
    (folder() / "site.ini").write_bytes(site)
    (folder() / name).write_bytes(data)
    try:
        found = read_site(folder() / "site.ini")
    except SiteFileError as error:
        _assert_text(*error.mistakes, error)
        return
    assert found.rooms
    assert found.slug
    expected_pairs([], found)


# --- Exchange -----------------------------------------------------------------------------------


def http_answer(data: bytes) -> None:
    """Read what comes on a connection in pieces, whose size is the first byte, and at once: the answer is the same."""
    if data:
        stream = data[1:]
        assert _read(stream, 1 + data[0] % 64) == _read(stream, len(stream) or 1)


def _read(stream: bytes, size: int) -> tuple[object, ...] | None:
    reader = AnswerReader()
    try:
        for at in range(0, len(stream), size):
            if reader.whole:
                break
            reader.feed(stream[at : at + size])
        if not reader.whole:
            reader.feed(b"")
    except (NotHttp, ConnectionError) as error:
        _assert_text(error)
        return None
    answer = reader.answer(0.0)
    _encode(answer.headers)
    return answer.status, answer.headers, answer.body


def ews_answer(data: bytes) -> None:
    """Read an answer: the first byte chooses the status, the second the size of a header; the rest is the body."""
    if len(data) < 2:
        return
    status, size = STATUSES[data[0] % len(STATUSES)], data[1] % 64
    value = data[2 : 2 + size].decode("latin-1")
    headers = tuple((name, value) for name in ("WWW-Authenticate", "Retry-After", "Content-Type", "Location"))
    answer = HttpAnswer(status, headers, data[2 + size :])
    schemes(answer.challenges)
    envelope = answers.read(answer)
    answers.version_of(answer)
    if isinstance(envelope, Trouble):
        _encode(envelope)
        return
    _folders(envelope)
    _others(envelope)


def _folders(envelope: Envelope) -> None:
    """Let the envelope answer for two rooms, as owner and as delegate, and judge the answers."""
    for impersonate in ("", ROOM):
        rooms = [ROOM] if impersonate else [ROOM, "aurora@demo.test"]
        found = Batch(FIVE_FOLDERS, lambda _, read, __: read(envelope), lambda _: None, impersonate).run(rooms)
        for answer in found.values():
            _encode(answer)
            try:
                usable(answer, PERSON_FACTS)
                lacking = full_access.beyond_the_owner(full_access.missing_rights(answer), answer)
                assert lacking is None or str(lacking)
                list(full_access.differences(answer, answer))
            except NotMeasured as error:
                _assert_text(error.reason)


def _others(envelope: Envelope) -> None:
    for trouble in answers.troubles(envelope):
        _encode(trouble)
    _encode(sync_folder_items.read(envelope, ROOM, ROOM))
    name = names_resolved.read(envelope, ROOM)
    _encode(name)
    _judge_name(resolve_names.account_names, name)
    _judge_name(resolve_names.room_addresses, name)
    item_answers.items([envelope])
    list(item_answers.changes([envelope]))
    free = availability.read(envelope, ROOM)
    _encode(free)
    found = slots.find_night_slot(lambda *_: free, NOW, None)
    assert isinstance(found, (Trouble, slots.Slot))


def _judge_name(judge: Callable[[ResolvedName], object], name: ResolvedName) -> None:
    try:
        judge(name)
    except NotMeasured as error:
        _assert_text(error.reason)


def _assert_text(*errors: object) -> None:
    """Assert that errors of the project's own have a text."""
    assert errors
    assert all(str(error) for error in errors)


def _encode(fact: object) -> None:
    """Encode a fact as evidence.json does."""
    json.dumps(encode(fact), allow_nan=False)


# --- the directory ------------------------------------------------------------------------------


def ldap_answer(data: bytes) -> None:
    """Read bytes from a directory that closes behind them; by the first they answer a bind or a search."""
    here, there = socket.socketpair()
    with there:
        bounded = BoundedSocket(here, Deadline(5), LDAP_BYTES)
        connection = connection_on(bounded, DirectoryServer("localhost", 636, tls=True))
        channel = Channel(DirectoryServer("localhost", 636, tls=True), connection, None)
        there.sendall(data[1:60000])
        there.shutdown(socket.SHUT_WR)
        try:
            if data[:1] == b"b":
                trouble = channel.bind("user", Secret("password"), Deadline(5))
                _encode(trouble)
            else:
                query = Query("DC=demo,DC=test", "(mail=*)", ("mail", "proxyAddresses"))
                for entry in channel.search(query, Deadline(5)):
                    _judge(entry)
        except SearchFailed as failed:
            _encode(failed.trouble)
        finally:
            channel.close()


NAMES = tuple(dict.fromkeys((*view.ACCOUNT_ATTRIBUTES, *view.HOLDER_ATTRIBUTES)))


def ldap_entry(data: bytes) -> None:
    """Read attributes of one object: a byte for the name, one for the length, then the value."""
    found: dict[str, list[bytes]] = {}
    at = 0
    while at + 2 <= len(data):
        name, size = NAMES[data[at] % len(NAMES)].lower(), data[at + 1]
        found.setdefault(name, []).append(data[at + 2 : at + 2 + size])
        at += 2 + size
    _judge(DirectoryEntry("CN=A,DC=demo,DC=test", attributes={name: tuple(v) for name, v in found.items()}))


def _judge(entry: DirectoryEntry) -> None:
    """Read all of an entry, as a room's, a user's and the service account's."""
    _encode(entry)
    joined = view.join([ROOM], [entry], [entry])
    holders = view.with_unreadable(joined[ROOM], NAMES, Sight().after([entry]), forest_wide=True)
    held = Holders(ROOM, by_proxy=(entry,))
    _encode(view.mailbox_rights(held, SIDS))
    entries.all_holders(holders)
    view.token_sids(entry)
    view.master_sids(entry)
    view.when_changed(entry.attributes)
    for username in ("DEMO\\svc", "svc@demo.test", "svc"):
        view.is_another(entry, username)
        view.is_proven(entry, username)
    why_account(entry, 5, NOW)
    entries.is_group_managed(entry)
    entries.addresses_of(entry)
    for name in NAMES:
        entry.moment(name)
        try:
            entries.number(entry, name)
        except FlowscapeError as error:
            _assert_text(error)


def descriptor(data: bytes) -> None:
    """Read a security descriptor, and the same bytes as a SID: damage raises ValueError."""
    try:
        grant, who = decide(read_dacl(data), SIDS)
        assert grant
        assert not who or who.startswith("S-1-")
    except ValueError as error:
        _assert_text(error)
    try:
        assert sid_text(data).startswith("S-1-")
    except ValueError as error:
        _assert_text(error)


TARGETS: Mapping[str, Target] = {
    "site": Target(site_file, seeds.SITES),
    "rooms": Target(room_list, seeds.LISTS),
    "http": Target(http_answer, seeds.HTTP),
    "ews": Target(ews_answer, seeds.EWS),
    "ldap-wire": Target(ldap_answer, seeds.LDAP),
    "ldap-entry": Target(ldap_entry, seeds.entries(NAMES)),
    "descriptor": Target(descriptor, seeds.DESCRIPTORS),
}
