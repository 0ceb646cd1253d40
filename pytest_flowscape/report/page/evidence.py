"""What was measured for one requirement on one target, in lines for people: codes, rights, attributes.

Facts only, no judgement: those that the requirement's own function takes, and
the attributes that it reads. evidence.json holds everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import singledispatch
from typing import Any

from pytest_flowscape.facts import (
    DirectoryEntry,
    DirectoryView,
    Endpoint,
    FolderAnswer,
    Holders,
    Host,
    MailboxAnswer,
    ResolvedName,
    RoundTrip,
    SignIn,
    SiteFacts,
    SyncAnswer,
    Trouble,
)
from pytest_flowscape.facts.names import FACTS, SITE, Side
from pytest_flowscape.requirement import Per, Requirement

_MAX_VALUE = 200
_MAX_VALUES = 4
_FILETIMES = {"accountexpires", "pwdlastset", "lockouttime", "msds-userpasswordexpirytimecomputed"}


@dataclass(frozen=True)
class Evidence:
    """The facts of a run; ``clean`` takes secrets out of a text, since a server may have sent one back."""

    site_facts: SiteFacts | None = None
    target_facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clean: Callable[[str], str] = str

    def of(self, requirement: Requirement, target: str) -> str:
        """Return the lines about a requirement on a target, joined by line ends; empty where nothing was measured."""
        lines = [line for fact in self._facts(requirement, target) for line in lines_of(fact)]
        if self.site_facts is not None and requirement.reads:
            lines += _directory(requirement, target, self.site_facts)
        # the target's own address is left out: so thousands of rooms share one text
        return self.clean("\n".join(line.replace(f" of {target}: ", ": ") for line in lines))

    def _facts(self, requirement: Requirement, target: str) -> Iterator[object]:
        """Return what was measured of the facts that the requirement's function takes, None where nothing was."""
        site = self.site_facts
        for row in (FACTS[name] for name in requirement.facts if name in FACTS):
            if row.per != SITE:
                yield self.target_facts.get(target, {}).get(row.key)
            elif row.name != "site_facts" or requirement.per is Per.SITE:
                yield getattr(site, row.key, None)
                if row.side is Side.EITHER and site:
                    yield from site.contacts.values()


def answer_text(trouble: Trouble) -> str:
    """Return the exact code of an answer and the words that came with it."""
    status = f"HTTP {trouble.status}" if trouble.status else ""
    ldap = f"LDAP result {trouble.ldap_result}" if trouble.ldap_result is not None else ""
    sub_code = f"data {trouble.sub_code}" if trouble.sub_code else ""
    code = trouble.code or trouble.fault_code
    head = ", ".join(filter(None, (code, status, ldap, sub_code))) or trouble.kind.value
    words = trouble.message or trouble.said
    return f"{head}: {words}" if words and words != head else head


@singledispatch
def lines_of(fact: object) -> Iterator[str]:
    """Return the lines about a fact, field by field for a type without a text of its own; none for None."""
    if is_dataclass(fact) and not isinstance(fact, type):
        for one in fields(fact):
            value = getattr(fact, one.name)
            yield f"{one.name.replace('_', ' ')}: {answer_text(value) if isinstance(value, Trouble) else value}"


@lines_of.register
def _(fact: Host) -> Iterator[str]:
    for tried in fact.addresses:
        yield f"{tried.address}: {answer_text(tried.trouble) if tried.trouble else tried.tls_version or 'TLS'}"
    if not fact.addresses and fact.trouble:
        yield answer_text(fact.trouble)
    for certificate in fact.chain or ((fact.certificate,) if fact.certificate else ()):
        until = certificate.not_after.date().isoformat()
        yield f"{certificate.subject}, issued by {certificate.issuer}, until {until}, SHA-256 {certificate.sha256}"
    if fact.certificate_trouble:
        yield answer_text(fact.certificate_trouble)


@lines_of.register
def _(fact: Endpoint) -> Iterator[str]:
    answer = f"HTTP {fact.status}" if fact.status else "no answer"
    ways = f", WWW-Authenticate: {', '.join(fact.ways)}" if fact.ways else ""
    yield f"POST {fact.url} without credentials: {answer}{ways}"


@lines_of.register
def _(fact: SignIn) -> Iterator[str]:
    if fact.tried:
        answer = answer_text(fact.trouble) if fact.trouble else f"accepted, {fact.way}"
        yield f"Sign-in to EWS as {fact.username}: {answer}"


@lines_of.register
def _(fact: DirectoryView) -> Iterator[str]:
    if fact.bind.trouble:
        yield f"Bind at {fact.bind.server}: {answer_text(fact.bind.trouble)}"


@lines_of.register
def _(fact: ResolvedName) -> Iterator[str]:
    counts = f"{len(fact.contacts)} with exactly this address, {fact.others} others"
    yield f"ResolveNames of {fact.address}: {answer_text(fact.trouble) if fact.trouble else counts}"


@lines_of.register
def _(fact: SyncAnswer) -> Iterator[str]:
    state = "a sync state was returned" if fact.sync_state else "no sync state was returned"
    yield f"SyncFolderItems by impersonation: {answer_text(fact.trouble) if fact.trouble else f'NoError, {state}'}"


@lines_of.register
def _(fact: RoundTrip) -> Iterator[str]:
    for step in (*fact.steps, *fact.removal):
        wrong = answer_text(step.trouble) if step.trouble else step.wrong
        yield f"{step.name}: {wrong or 'done'}{f' ({step.note})' if step.note else ''}"


@lines_of.register
def _(fact: MailboxAnswer) -> Iterator[str]:
    how = (
        f"GetFolder by impersonation of {fact.impersonated}" if fact.impersonated else "GetFolder without impersonation"
    )
    if fact.trouble:
        yield f"{how}: {answer_text(fact.trouble)}"
    by_answer: dict[str, list[str]] = {}
    texts: dict[int, str] = {}  # of rights that several folders share
    for folder in fact.folders:
        text = _folder(folder) if folder.trouble else texts.get(id(folder.rights))
        if text is None:
            text = texts[id(folder.rights)] = _folder(folder)
        by_answer.setdefault(text, []).append(folder.name)
    for text, names in by_answer.items():
        yield f"{how}: {', '.join(names)}: {text}"


def _folder(folder: FolderAnswer) -> str:
    if folder.trouble:
        return answer_text(folder.trouble)
    if folder.rights is None:
        return "NoError"
    held = [name for name, value in folder.rights.items() if value]
    lacking = [name for name, value in folder.rights.items() if not value]
    without = f"; not {', '.join(lacking)}" if lacking else ""
    return f"NoError, EffectiveRights {', '.join(held) or 'none'}{without}"


# --- the directory ------------------------------------------------------------------------------


def _directory(requirement: Requirement, target: str, facts: SiteFacts) -> Iterator[str]:
    view = facts.directory
    if view is None:
        return
    if requirement.per is Per.SITE:
        if view.account is not None:
            yield from _entry(view.account, requirement)
        return
    holders = (view.rooms if requirement.per is Per.ROOM else view.users).get(target)
    if holders is not None:
        yield from _holders(holders, requirement)


def _holders(holders: Holders, requirement: Requirement) -> Iterator[str]:
    if holders.trouble:
        yield f"Directory: {answer_text(holders.trouble)}"
        return
    entries = {entry.dn.lower(): entry for entry in (*holders.by_proxy, *holders.by_mail)}
    for entry in entries.values():
        yield from _entry(entry, requirement)
    if not entries:
        yield "Directory: no object has this address"


def _entry(entry: DirectoryEntry, requirement: Requirement) -> Iterator[str]:
    where = " (global catalog)" if entry.from_catalog else ""
    yield f"Directory{where}: {entry.dn}"
    for name in requirement.reads:
        key = name.lower()
        if key in entry.unreadable:
            yield f"{name}: not readable by this account"
        else:
            yield f"{name}: {_values(entry, key)}"


def _values(entry: DirectoryEntry, key: str) -> str:
    raw = entry.attributes.get(key, ())
    if not raw:
        return "absent"
    moment = entry.moment(key) if key in _FILETIMES else None
    shown = [_value(one) for one in raw[:_MAX_VALUES]]
    more = f" and {len(raw) - _MAX_VALUES} more" if len(raw) > _MAX_VALUES else ""
    return ", ".join(shown) + more + (f" ({moment:%Y-%m-%d %H:%M} UTC)" if moment else "")


def _value(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return f"{len(raw)} bytes"
    return text[:_MAX_VALUE] if text.isprintable() else f"{len(raw)} bytes"
