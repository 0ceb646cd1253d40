"""Our reader of security descriptors against Samba's own: the same entries, the same verdict, and damage is noticed."""

from __future__ import annotations

import base64
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from pytest_flowscape.facts import Grant
from pytest_flowscape.probes.directory.security_descriptor import GENERIC_ALL, INHERIT_ONLY, Entry, decide, read_dacl
from tests.simulator.harness import skip_or_fail

SYSTEM_PYTHON = Path("/usr/bin/python3")  # Samba's bindings are built for Debian's own Python alone
SCRIPT = Path(__file__).with_name("access_check.py")
MIN_DECIDED = 5_000  # descriptors on which both give a verdict
MAX_DESCRIPTORS = 6_000  # until there are that many: some hold entries that ours refuses to judge
SEED = 1_000
OBJECT_KINDS = (5, 6)
SACL_OFFSET = slice(12, 16)  # in the header (MS-DTYP 2.4.6)


@dataclass(frozen=True)
class Case:
    """What Samba says of one descriptor; ``entries`` is None without a DACL, ``damaged`` its complaint."""

    data: bytes
    sids: frozenset[str]
    entries: list[Any] | None = None
    granted: bool = False
    damaged: str = ""


class SambaReader:
    """Samba's reader, in a process of the system's Python."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            # isolated: a module of this folder has the name of the bindings
            [SYSTEM_PYTHON, "-I", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **question: object) -> Case:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"Samba's reader ended: {question}"
        answer = json.loads(line)
        data, sids = base64.b64decode(answer.pop("sd")), frozenset(answer.pop("sids"))
        return Case(data, sids, **answer)

    def random(self, number: int) -> Case:
        return self.ask(make=number)

    def read(self, data: bytes, sids: frozenset[str]) -> Case:
        return self.ask(sd=base64.b64encode(data).decode(), sids=sorted(sids))

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            assert self.process.wait(20) == 0
        finally:
            self.process.kill()
            self.process.stdout.close()


def missing() -> str:
    """Return why Samba's bindings cannot be used here, empty if they can."""
    tried = "from samba import security; from samba.ndr import ndr_unpack"
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-I", "-c", tried], capture_output=True, text=True, check=False)
    except OSError:
        return f"there is no {SYSTEM_PYTHON}"
    return "the system's Python has no bindings of Samba (python3-samba)" if done.returncode else ""


@pytest.fixture(scope="module")
def samba_reader() -> Iterator[SambaReader]:
    reason = missing()
    if reason:
        skip_or_fail(reason)
    reader = SambaReader()
    yield reader
    reader.end()


def plain_sid(sid: str) -> str:
    """Spell a large identifier authority alike: twelve digits (MS-DTYP 2.4.2.1) here, as many as needed there."""
    kind, revision, authority, *parts = sid.split("-")
    return "-".join((kind, revision, str(int(authority, 0)), *parts))


def same_entries(entries: tuple[Entry, ...] | None, theirs: list[Any] | None) -> bool:
    """Whether both read the same entries; what ours leaves unread agrees in kind and flags."""
    if entries is None or theirs is None:
        return entries is None and theirs is None
    ours = [(e.kind, e.flags, e.mask, plain_sid(e.sid)) if e.sid else (e.kind, e.flags) for e in entries]
    same = [(k, f, m, plain_sid(s)) if e.sid else (k, f) for e, (k, f, m, s) in zip(entries, theirs, strict=True)]
    return ours == same


def names_an_object_entry(case: Case) -> bool:
    """Whether an entry for kinds of objects speaks of the token and the right: what that means is not known."""
    return any(
        kind in OBJECT_KINDS and not flags & INHERIT_ONLY and mask & (1 | GENERIC_ALL) and sid in case.sids
        for kind, flags, mask, sid in case.entries or ()
    )


def test_agrees_with_samba_on_generated_descriptors(samba_reader: SambaReader) -> None:
    verdicts: Counter[Grant] = Counter()
    decided = 0
    for number in range(SEED, SEED + MAX_DESCRIPTORS):
        case = samba_reader.random(number)
        entries = read_dacl(case.data)
        assert same_entries(entries, case.entries), case
        grant, who = decide(entries, case.sids)
        verdicts[grant] += 1
        if grant is Grant.UNREADABLE:
            assert names_an_object_entry(case), case
            continue
        assert case.granted == (grant is Grant.GRANTED), (case, grant)
        assert not who or who in case.sids
        decided += 1
        if decided == MIN_DECIDED:
            break
    assert decided == MIN_DECIDED
    # only easy cases would prove nothing
    assert min(verdicts[grant] for grant in Grant) >= 100, verdicts


def damage(raw: bytearray, draw: Any) -> bytes:
    """Overwrite, cut, insert, leave out: one to three times."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(raw) - 1, 0)))
        way = draw(st.sampled_from(["overwrite", "overwrite", "overwrite", "cut", "insert", "leave out"]))
        if way == "overwrite" and raw:
            raw[at] = draw(st.sampled_from([0, 1, 2, 4, 8, 16, 0x80, 0xFF]) | st.integers(0, 255))
        elif way == "cut":
            del raw[at:]
        elif way == "insert":
            raw[at:at] = draw(st.binary(min_size=1, max_size=8))
        else:
            del raw[at : at + draw(st.integers(1, 8))]
    return bytes(raw)


@settings(max_examples=1_000, deadline=None, database=None)
@given(st.integers(0, 400), st.data())
def test_damage_is_one_kind_of_error_and_never_a_grant_of_our_own(
    samba_reader: SambaReader, number: int, data: st.DataObject
) -> None:
    whole = samba_reader.random(number)
    raw = damage(bytearray(whole.data), data.draw)
    case = samba_reader.read(raw, whole.sids)
    try:
        entries = read_dacl(raw)
    except ValueError:  # anything else fails the test
        return
    grant, _ = decide(entries, case.sids)
    if case.damaged:
        # only inside an entry of a kind that grants and denies nothing, which ours does not look into: a SACL's, mostly
        assert any(raw[SACL_OFFSET]) or any(not entry.sid for entry in entries or ()), case.damaged
        return
    if entries is None:  # what Windows takes for "everybody" is no grant on a mailbox
        assert grant is Grant.ABSENT
        return
    assert same_entries(entries, case.entries)
    generic = any(entry.mask & GENERIC_ALL for entry in entries)  # Samba has such a right mapped before it checks
    if grant is not Grant.UNREADABLE and not generic:
        assert case.granted == (grant is Grant.GRANTED)
