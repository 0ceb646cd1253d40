"""The evidence in a cell of the page: for every requirement it is that of the facts that its own function takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from pytest_flowscape.facts import (
    Bind,
    Certificate,
    DirectoryEntry,
    DirectoryView,
    Endpoint,
    FolderAnswer,
    Holders,
    Host,
    Kind,
    MailboxAnswer,
    ResolvedName,
    RoundTrip,
    SignIn,
    SiteFacts,
    StepTaken,
    SyncAnswer,
    Trouble,
    Vantage,
)
from pytest_flowscape.facts.names import FACTS, SITE, Side
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.requirement import Per
from tests.report.report_samples import site_facts

TARGETS = {Per.SITE: "site", Per.ROOM: "atlas@demo.test", Per.USER: "ann@demo.test"}
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
CATALOGUE = load_requirements()
DIRECTORY = (Side.DIRECTORY, Side.EITHER)
# facts that only tell what was asked for or explain another one
WITHOUT_EVIDENCE = ("notes", "site", "site_facts", "room", "user", "own_folder_ids", "room_rights")


def mark(name: str) -> str:
    """Return what the evidence of a fact holds, and that of no other."""
    return f"<{name}>"


def trouble(name: str) -> Trouble:
    return Trouble(Kind.OTHER, mark(name))


def mailbox(name: str, *, impersonated: str = "") -> MailboxAnswer:
    return MailboxAnswer("a@demo.test", impersonated, trouble=trouble(name))


def entry(name: str) -> DirectoryEntry:
    return DirectoryEntry(f"CN={mark(name)}")


SITE_FACTS = SiteFacts(
    Vantage(),
    Host("mail", 443, certificate=Certificate(mark("host"), "CA", (), NOON, NOON, "")),
    endpoint=Endpoint(mark("endpoint"), 401),
    sign_in=SignIn(mark("sign_in_attempt"), tried=True),
    own_mailbox=mailbox("own_mailbox"),
    self_as_owner=mailbox("self_as_owner", impersonated="svc@demo.test"),
    out_of_scope=mailbox("out_of_scope", impersonated="ceo@demo.test"),
    directory=DirectoryView(
        bind=Bind("dc", "svc"),
        account=entry("account"),
        rooms={TARGETS[Per.ROOM]: Holders(TARGETS[Per.ROOM], (entry("room"),))},
    ),
)
ROOM_FACTS: Mapping[str, Any] = {
    "room_as_owner": mailbox("room_as_owner", impersonated=TARGETS[Per.ROOM]),
    "room_as_delegate": mailbox("room_as_delegate"),
    "room_sync": SyncAnswer("a", trouble=trouble("room_sync")),
    "room_booking": RoundTrip("a", steps=(StepTaken("book", trouble=trouble("room_booking")),)),
    "room_meeting": RoundTrip("a", steps=(StepTaken("invite", trouble=trouble("room_meeting")),)),
    "room_addresses": ResolvedName("a", trouble=trouble("room_addresses")),
}
USER_FACTS = {"user_as_owner": mailbox("user_as_owner", impersonated=TARGETS[Per.USER])}


def by_key(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {FACTS[name].key: fact for name, fact in facts.items()}


EVIDENCE = Evidence(SITE_FACTS, {TARGETS[Per.ROOM]: by_key(ROOM_FACTS), TARGETS[Per.USER]: by_key(USER_FACTS)})


def own(id_: str) -> set[str]:
    """Return what the evidence of a requirement has to name: its facts, and the directory's object if it reads one."""
    record = CATALOGUE[id_].requirement
    rows = [FACTS[name] for name in record.facts if name not in WITHOUT_EVIDENCE]
    names = {row.name for row in rows if row.key and not (row.per == SITE and row.side in DIRECTORY)}
    if record.reads:
        names.add("room" if record.per is Per.ROOM else "account")
    return names


@pytest.mark.parametrize("id_", CATALOGUE)
def test_the_evidence_of_a_requirement_is_that_of_its_own_facts(id_: str) -> None:
    record = CATALOGUE[id_].requirement
    text = EVIDENCE.of(record, TARGETS[record.per])
    every = {"account", "room", *ROOM_FACTS, *USER_FACTS, *(n for n, row in FACTS.items() if row.per == SITE)}
    assert {name for name in every if mark(name) in text} == own(id_)


def test_evidence_has_the_exact_codes_and_no_secret() -> None:
    denied = Trouble(Kind.NO_ACCESS, "x", code="ErrorAccessDenied", message="Access is denied to hunter2.", status=200)
    answer = MailboxAnswer("a@b.test", folders=(FolderAnswer("inbox", trouble=denied), FolderAnswer("calendar")))
    evidence = Evidence(None, {"a@b.test": {"delegate": answer}}, lambda text: text.replace("hunter2", "***"))
    text = evidence.of(CATALOGUE["PERMISSION-1"].requirement, "a@b.test")
    assert "inbox: ErrorAccessDenied, HTTP 200: Access is denied to ***." in text
    assert "calendar: NoError" in text
    assert evidence.of(CATALOGUE["PERMISSION-1"].requirement, "c@d.test") == ""


def test_evidence_of_the_directory_names_what_cannot_be_read() -> None:
    facts = site_facts()
    known = replace(CATALOGUE["ACCOUNT-1"].requirement, reads=("givenName", "mail", "sn"))
    lines = Evidence(facts).of(known, "site").splitlines()
    assert lines == [
        "Directory: CN=svc,DC=contoso,DC=test",
        "givenName: not readable by this account",
        "mail: svc-flowscape@contoso.test",
        "sn: absent",
    ]
