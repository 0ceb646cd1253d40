"""What was told about one requirement on one target, in lines for people: the codes, the rights, the attributes.

Facts only, no judgement. A requirement that this module does not know shows
the attributes that it reads, if any; evidence.json holds everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_flowscape.facts import (
    DirectoryEntry,
    FolderAnswer,
    Holders,
    MailboxAnswer,
    RoundTrip,
    SiteFacts,
    SyncAnswer,
    Trouble,
)
from pytest_flowscape.requirement import Per, Requirement

_AS_ITSELF, _IMPERSONATED = "GetFolder without impersonation", "GetFolder by impersonation"
_MAX_VALUE = 200
_MAX_VALUES = 4
_FILETIMES = {"accountexpires", "pwdlastset", "lockouttime", "msds-userpasswordexpirytimecomputed"}
# which of a target's own facts a requirement rests on
_TARGET_FACTS = {
    "PERMISSION-1": ("delegate", "owner"),
    "IMPERSONATION-1": ("owner",),
    "IMPERSONATION-2": ("users",),
    "CALENDAR-1": ("sync",),
    "CALENDAR-2": ("bookings",),
    "CALENDAR-3": ("bookings",),
}


@dataclass(frozen=True)
class Evidence:
    """The facts of a run; ``clean`` takes secrets out of a text, since a server may have sent one back."""

    site_facts: SiteFacts | None = None
    target_facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clean: Callable[[str], str] = str

    def of(self, requirement: Requirement | None, target: str) -> str:
        """Return the lines about a requirement on a target, joined by line ends; empty where nothing was told."""
        if requirement is None:
            return ""
        lines = list(self._lines(requirement, target))
        return self.clean("\n".join(line for line in lines if line))

    def _lines(self, requirement: Requirement, target: str) -> Iterator[str]:
        told = self.target_facts.get(target, {})
        for name in _TARGET_FACTS.get(requirement.id, ()):
            if name in told:
                yield from _fact(told[name], as_itself=name == "delegate")
        facts = self.site_facts
        if facts is None:
            return
        if requirement.per is Per.SITE:
            yield from _of_site(requirement.id, facts)
        yield from _directory(requirement, target, facts)


def said(trouble: Trouble) -> str:
    """Return the exact code of an answer and the words that came with it."""
    status = f"HTTP {trouble.status}" if trouble.status else ""
    ldap = f"LDAP result {trouble.ldap_result}" if trouble.ldap_result is not None else ""
    sub_code = f"data {trouble.sub_code}" if trouble.sub_code else ""
    code = trouble.code or trouble.fault_code
    head = ", ".join(filter(None, (code, status, ldap, sub_code))) or trouble.kind.value
    words = trouble.message or trouble.said
    return f"{head}: {words}" if words and words != head else head


def _fact(fact: object, *, as_itself: bool) -> Iterator[str]:
    if isinstance(fact, MailboxAnswer):
        yield from _mailbox(fact, _AS_ITSELF if as_itself else _IMPERSONATED)
    elif isinstance(fact, SyncAnswer):
        state = "a state came back" if fact.sync_state else "no state came back"
        yield f"SyncFolderItems by impersonation: {said(fact.trouble) if fact.trouble else f'NoError, {state}'}"
    elif isinstance(fact, RoundTrip):
        for step in (*fact.steps, *fact.removal):
            wrong = said(step.trouble) if step.trouble else step.wrong
            yield f"{step.name}: {wrong or 'done'}{f' ({step.note})' if step.note else ''}"


def _mailbox(answer: MailboxAnswer, how: str) -> Iterator[str]:
    if answer.trouble:
        yield f"{how}: {said(answer.trouble)}"
    by_answer: dict[str, list[str]] = {}
    texts: dict[int, str] = {}  # of rights that several folders share
    for folder in answer.folders:
        text = _folder(folder) if folder.trouble else texts.get(id(folder.rights))
        if text is None:
            text = texts[id(folder.rights)] = _folder(folder)
        by_answer.setdefault(text, []).append(folder.name)
    for text, names in by_answer.items():
        yield f"{how}: {', '.join(names)}: {text}"


def _folder(folder: FolderAnswer) -> str:
    if folder.trouble:
        return said(folder.trouble)
    if folder.rights is None:
        return "NoError"
    held = [name for name, value in folder.rights.items() if value]
    lacking = [name for name, value in folder.rights.items() if not value]
    without = f"; not {', '.join(lacking)}" if lacking else ""
    return f"NoError, EffectiveRights {', '.join(held) or 'none'}{without}"


# --- the site -----------------------------------------------------------------------------------


def _of_site(id_: str, facts: SiteFacts) -> Iterator[str]:
    if id_ == "HOST-1":
        for tried in facts.host.addresses:
            yield f"{tried.address}: {said(tried.trouble) if tried.trouble else tried.tls_version or 'TLS'}"
        if not facts.host.addresses and facts.host.trouble:
            yield said(facts.host.trouble)
    elif id_ == "HOST-2":
        yield from _certificates(facts)
    elif id_ == "HOST-3" and facts.endpoint:
        endpoint = facts.endpoint
        answer = f"HTTP {endpoint.status}" if endpoint.status else "no answer"
        ways = f", WWW-Authenticate: {', '.join(endpoint.ways)}" if endpoint.ways else ""
        yield f"POST {endpoint.url} without credentials: {answer}{ways}"
    elif id_ in ("ACCOUNT-3", "ACCOUNT-6") and facts.own_mailbox:
        yield from _mailbox(facts.own_mailbox, _AS_ITSELF)
    elif id_ in ("ACCOUNT-5", "HANDOVER-1") and facts.sign_in and facts.sign_in.tried:
        sign_in = facts.sign_in
        answer = said(sign_in.trouble) if sign_in.trouble else f"accepted, {sign_in.way}"
        yield f"Sign-in to EWS as {sign_in.username}: {answer}"
    elif id_ == "IMPERSONATION-3" and facts.self_as_owner:
        yield from _mailbox(facts.self_as_owner, _IMPERSONATED)
    elif id_ == "ADVICE-3" and facts.out_of_scope:
        yield from _mailbox(facts.out_of_scope, f"{_IMPERSONATED} of {facts.out_of_scope.impersonated}")
    if id_.startswith("ACCOUNT-") and facts.directory and facts.directory.bind.trouble:
        yield f"Bind at {facts.directory.bind.server}: {said(facts.directory.bind.trouble)}"


def _certificates(facts: SiteFacts) -> Iterator[str]:
    for certificate in facts.host.chain or ((facts.host.certificate,) if facts.host.certificate else ()):
        until = certificate.not_after.date().isoformat()
        yield f"{certificate.subject}, issued by {certificate.issuer}, until {until}, SHA-256 {certificate.sha256}"
    if facts.host.certificate_trouble:
        yield said(facts.host.certificate_trouble)


# --- the directory ------------------------------------------------------------------------------


def _directory(requirement: Requirement, target: str, facts: SiteFacts) -> Iterator[str]:
    view = facts.directory
    if view is None or not requirement.reads:
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
        yield f"Directory: {said(holders.trouble)}"
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
