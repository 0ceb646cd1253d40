"""The journal: what a process is about to write is on the disk before it is sent, so that nothing is forgotten.

One file for each process, among the user's own state, in a folder for each
account and mail domain. A lock beside it is held as long as its process lives.
A journal of another machine or user is reported and never swept: only that
machine knows whether its process still lives.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pytest_flowscape.core.own_state import account_key, private_folder
from pytest_flowscape.facts import Sweep, Written
from pytest_flowscape.site.model import Site, account_name
from pytest_flowscape.site.one_run import Run

SUFFIX = ".journal"
OPENED, INTENDED, LEARNT, CLOSED = "opened", "intended", "learnt", "closed"
_ALWAYS = frozenset(("mailbox", "folder", "tag", "subject"))
_MOMENTS = ("begin", "end", "sent")


def journal_folder(base: Path, site: Site) -> Path:
    """Return the folder of this site's account: the same for all servers of one mail domain."""
    return base / account_key(account_name(site.service_account.username), site.exchange.hostname)


@dataclass(frozen=True)
class Writer:
    """Who writes a journal: account, server, and the machine and user that it belongs to."""

    account: str
    server: str
    machine: str
    user: str

    @classmethod
    def here(cls, site: Site) -> Writer:
        """Return the writer that this process is."""
        try:
            user = getpass.getuser()
        except (OSError, KeyError, ImportError):  # no such user entry, as in some containers
            user = str(os.getuid()) if hasattr(os, "getuid") else ""
        return cls(account_name(site.service_account.username), site.exchange.hostname, socket.gethostname(), user)

    def same_place(self, other: Writer) -> bool:
        """Whether another journal is of this machine, user and account."""
        mine, theirs = ((one.account, one.machine.lower(), one.user.lower()) for one in (self, other))
        return mine == theirs


class Journal:
    """The journal of this process, or of a dead one whose lock this one has taken.

    ``open_items`` were meant to be written and are not known to be gone; by tag.
    """

    def __init__(self, path: Path, lock: FileLock, open_items: dict[str, Written]) -> None:
        self.path = path
        self.open_items = open_items
        self._lock = lock

    @classmethod
    def begin(cls, folder: Path, writer: Writer, run_id: str) -> Journal:
        """Begin the journal of this process. Raises OSError if it cannot be written: then nothing may be booked."""
        path = private_folder(folder) / f"{run_id}-{os.getpid()}-{os.urandom(4).hex()}{SUFFIX}"
        lock = FileLock(path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise OSError(f"{path} is locked") from error
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        journal = cls(path, lock, {})
        journal._write(OPENED, vars(writer) | {"run": run_id, "process": os.getpid()})
        _sync_folder(folder)
        return journal

    def intend(self, item: Written) -> None:
        """Note an item before the request that writes it is sent. Raises OSError."""
        self.open_items[item.tag] = item
        self._write(INTENDED, _as_json(item))

    def update(self, item: Written) -> None:
        """Note what has become known of an item: its id, its UID. Raises OSError."""
        self.open_items[item.tag] = item
        self._write(LEARNT, _as_json(item))

    def mark_gone(self, tag: str) -> None:
        """Note that an item is gone; if that cannot be written, a sweep looks for it again, and finds nothing."""
        if self.open_items.pop(tag, None) is not None:
            with contextlib.suppress(OSError):
                self._write(CLOSED, {"tag": tag})

    def end(self) -> None:
        """Release its lock; a journal with nothing open is removed."""
        if not self.open_items:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        self._lock.release()
        if not self.open_items:
            with contextlib.suppress(OSError):
                self.path.with_suffix(".lock").unlink(missing_ok=True)

    def _write(self, kind: str, record: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **record}) + "\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass
class Journals:
    """The journals of a folder as they are found.

    ``dead`` are those of this machine and user whose process is gone, locked by
    this one until ``release``. ``alive`` are the tags that live processes have
    open. ``not_ours`` are sentences about journals that are left alone.
    """

    dead: list[Journal] = field(default_factory=list)
    alive: set[str] = field(default_factory=set)
    not_ours: list[str] = field(default_factory=list)

    @property
    def open_items(self) -> dict[str, Written]:
        """Return what dead processes have left open, by tag."""
        return {tag: item for journal in self.dead for tag, item in journal.open_items.items()}

    def take(self, path: Path, lock: FileLock) -> None:
        """Lock a journal of this machine and user, unless its process lives."""
        try:
            lock.acquire(timeout=0)
        except Timeout:
            held = _read(path)
            self.alive |= set(held[1]) if held else set()
            return
        held = _read(path)  # only now: its process may have written until a moment ago
        self.dead.append(Journal(path, lock, held[1] if held else {}))

    def mark_gone(self, tags: Iterable[str]) -> None:
        """Note that items are gone, wherever they were open."""
        for tag in tags:
            for journal in self.dead:
                journal.mark_gone(tag)

    def update(self, item: Written) -> None:
        """Note what has become known of an open item, wherever it is open. Raises OSError."""
        for journal in self.dead:
            if item.tag in journal.open_items:
                journal.update(item)

    def release(self) -> None:
        """Release their locks; those with nothing open are removed."""
        for journal in self.dead:
            journal.end()
        self.dead = []


def find_journals(folder: Path, writer: Writer) -> Journals:
    """Read every journal of a folder, and lock those whose process is gone."""
    found = Journals()
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        lock = FileLock(path.with_suffix(".lock"))
        try:
            held = _read(path)
            if held is None or writer.same_place(held[0]):
                found.take(path, lock)
            else:
                where = f"user {held[0].user} on {held[0].machine}"
                found.not_ours.append(f"{path} belongs to {where}: run --flowscape-sweep there")
        except (OSError, ValueError, KeyError, TypeError) as error:
            lock.release()
            if path.exists():  # else its process has just ended
                found.not_ours.append(f"{path} cannot be read ({type(error).__name__}); what it lists is not known")
    return found


def sweep_without_server(run: Run) -> Sweep | None:
    """Return the sweep of a run whose journals hold nothing open, None where servers have to be asked."""
    assert run.journals is not None
    journals = find_journals(journal_folder(run.journals, run.site), Writer.here(run.site))
    try:
        return None if journals.open_items else Sweep(not_ours=tuple(journals.not_ours))
    finally:
        journals.release()


def _read(path: Path) -> tuple[Writer, dict[str, Written]] | None:
    """Return who wrote a journal and what it has open, None for an empty one.

    Its last line may be cut off: then nothing was sent for it.
    """
    *lines, _cut_off = path.read_text(encoding="utf-8").split("\n")
    records = [json.loads(line) for line in lines]
    if not records:
        return None
    first, *events = records
    by = Writer(**{name: str(first[name]) for name in Writer.__dataclass_fields__})
    open_items: dict[str, Written] = {}
    for event in events:
        if event["kind"] == CLOSED:
            open_items.pop(event["tag"], None)
        else:
            open_items[event["tag"]] = _from_json(event)
    return by, open_items


def _as_json(item: Written) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in vars(item).items()}


def _from_json(record: dict[str, Any]) -> Written:
    """Read an item; what a journal of an older version does not have gets its default."""
    values = {name: record[name] for name in Written.__dataclass_fields__ if name in _ALWAYS or name in record}
    for name in _MOMENTS:
        values[name] = datetime.fromisoformat(values[name]) if values.get(name) else None
    return Written(**values | {"due": tuple(values.get("due", ()))})


def _sync_folder(folder: Path) -> None:
    """Write the folder's own entry to the disk, where the system has a call for that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
