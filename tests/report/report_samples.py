"""Made-up sites, requirements, outcomes and facts for the tests of the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from pytest_flowscape.facts import (
    AddressTried,
    Bind,
    Certificate,
    DirectoryEntry,
    DirectoryView,
    Endpoint,
    Host,
    Kind,
    SignIn,
    SiteFacts,
    Trouble,
    Vantage,
)
from pytest_flowscape.facts.footprint import Footprint
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result, expected_pairs, judge_run
from pytest_flowscape.report.files.results import RunInfo
from pytest_flowscape.requirement import Level, Owner, Per, Requirement
from pytest_flowscape.site.model import Exchange, PasswordSource, Room, ServiceAccount, Site, Users

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'; Remove-Mailbox 'x",
    "\u2019; Remove-Mailbox \u2018x\u201a\u201b",
    "$(Remove-Mailbox x) `whoami`",
    "\u202egnp.exe@example.test",
    "&amp; {{ 7*7 }} {email} {% raw %}",
    "=cmd|' /C calc'!A0",
    '" onmouseover="alert(1)',
    "two\nlines\tand\x1b[31mred",
    "x" * 300,
    "\u4f1a\u8b70\u5ba4" * 40,
)
FULL_ACCESS = """Give the account FullAccess to the room, in the Exchange Management Shell:
Add-MailboxPermission -Identity '{target}' -User '{account}' -AccessRights FullAccess -InheritanceType All -WhatIf
# undo: Remove-MailboxPermission -Identity '{target}' -User '{account}' -AccessRights FullAccess
It takes up to two hours until every server knows."""


def requirement(id_: str, per: Per = Per.SITE, owner: Owner = Owner.EXCHANGE, **more: object) -> Requirement:
    fields: dict[str, object] = {
        "title": f"what {id_} asks for in a few words",
        "text": f"{id_} MUST hold.",
        "level": Level.RECOMMENDED if id_.startswith("ADVICE") else Level.REQUIRED,
        "consequence": "Bookings made at the panel do not reach the room's calendar",
        "fix": f"Do what {id_} asks for, on {{target}}.",
        "link": "https://learn.microsoft.com/exchange",
        "guide": "1",
        **more,
    }
    return Requirement(id=id_, per=per, owner=owner, **fields)  # type: ignore[arg-type]


REQUIREMENTS = {
    one.id: one
    for one in (
        requirement("HOST-1", owner=Owner.NETWORK),
        requirement("HOST-2", owner=Owner.NETWORK),
        requirement("HOST-3"),
        *(requirement(f"ACCOUNT-{n}", owner=Owner.DIRECTORY) for n in range(1, 7)),
        requirement("ROOM-1", Per.ROOM),
        requirement("ROOM-2", Per.ROOM),
        requirement("PERMISSION-1", Per.ROOM, fix=FULL_ACCESS, title="the service account has FullAccess to the room"),
        requirement("IMPERSONATION-1", Per.ROOM),
        requirement("IMPERSONATION-2", Per.USER),
        requirement("IMPERSONATION-3"),
        requirement("CALENDAR-1", Per.ROOM),
        requirement("HANDOVER-1", owner=Owner.INSTALLER),
        requirement("ADVICE-1", owner=Owner.INSTALLER),
        requirement("ADVICE-2", owner=Owner.INSTALLER),
        requirement("ADVICE-3"),
    )
}


def site(rooms: int = 4, **more: object) -> Site:
    fields: dict[str, object] = {
        "customer": "Contoso Ltd",
        "name": "Headquarters",
        "contact": "A. Admin",
        "exchange": Exchange("mail.contoso.test"),
        "service_account": ServiceAccount(
            "CONTOSO\\svc-flowscape", "svc-flowscape@contoso.test", PasswordSource("env", "FLOWSCAPE_PASSWORD")
        ),
        "rooms": tuple(Room(f"room{n:04}@contoso.test") for n in range(rooms)),
        "users": Users(("ann@contoso.test", "bob@contoso.test")),
        **more,
    }
    return Site(path=Path("site.ini"), **fields)  # type: ignore[arg-type]


def outcome(id_: str, target: str = "site", word: Word = Word.PASSED, **more: object) -> Outcome:
    level = "recommended" if id_.startswith("ADVICE") else "required"
    return replace(Outcome(id_, target, word, level=level), **more)  # type: ignore[arg-type]


def failure(id_: str, target: str = "site", found: str = "no access to calendar", **more: object) -> Outcome:
    return failure_of(REQUIREMENTS[id_], target, found, **more)


def failure_of(known: Requirement, target: str, found: str, **more: object) -> Outcome:
    """Return a failure with the requirement's own fix, owner and consequence, unless others are given."""
    fields: dict[str, object] = {
        "level": known.level.value,
        "expected": "Read, Modify, CreateContents and CreateHierarchy on five folders",
        "found": found,
        "owner": known.owner.value,
        "fix": known.fix,
        "consequence": known.consequence,
        **more,
    }
    return Outcome(known.id, target, Word.FAILED, **fields)  # type: ignore[arg-type]


def result(
    where: Site,
    changed: Iterable[Outcome] = (),
    *,
    word: Word = Word.PASSED,
    other_failed: int = 0,
    notes: tuple[str, ...] = (),
    requirements: dict[str, Requirement] = REQUIREMENTS,
    leave_out: tuple[str, ...] = (),
) -> Result:
    """Judge a run where every pair has ``word`` but those of ``changed``, and ``leave_out`` was not run."""
    expected = expected_pairs(requirements.values(), where)
    outcomes = {
        (pair.requirement.id, pair.target): outcome(pair.requirement.id, pair.target, word)
        for pair in expected
        if pair.requirement.id not in leave_out
    }
    outcomes |= {(one.requirement, one.target): one for one in changed}
    return judge_run(expected, outcomes, where, rooms_chosen=len(where.rooms), other_failed=other_failed, notes=notes)


def footprint() -> Footprint:
    """What a small run may have asked: two connections, one of them by NTLM, and one throttling answer."""
    return Footprint(
        http={
            ("GetFolder", "without credentials", 401): 10,
            ("GetFolder", "delegate", 401): 4,
            ("GetFolder", "delegate", 200): 3,
            ("GetFolder", "impersonated", 200): 44,
            ("GetFolder", "impersonated", 500): 1,
            ("SyncFolderItems", "impersonated", 200): 2,
        },
        mailboxes={"": {"delegate": 1}, "svc-flowscape@contoso.test": {"delegate": 1}, "x@y.test": {"impersonated": 2}},
        ews_connections=13,
        ews_sign_ins=2,
        throttled=1,
        retries=1,
        ldap={("bind", 0): 1, ("search", 0): 3},
        ldap_connections=1,
    )


def run_info(**more: object) -> RunInfo:
    fields: dict[str, object] = {
        "started": NOON,
        "ended": NOON.replace(minute=3),
        "run_id": "5f2c0a3e",
        "tool_version": "0.1.0",
        "command_users": "installer",
        "footprint": footprint(),
        "workers": 2,
        **more,
    }
    return RunInfo(**fields)  # type: ignore[arg-type]


def site_facts() -> SiteFacts:
    names = ("mail.contoso.test",)
    leaf = Certificate(
        "CN=mail.contoso.test",
        "CN=Contoso Issuing CA",
        names,
        NOON,
        NOON.replace(year=2027),
        "ab" * 32,
    )
    return SiteFacts(
        vantage=Vantage("panel-01", "installer", "Windows 11", "3.12.1", "pytest-flowscape 0.1.0", "5f2c0a3e", NOON),
        host=Host(
            "mail.contoso.test",
            443,
            addresses=(
                AddressTried("192.0.2.10", "IPv4", tls_version="TLSv1.3"),
                AddressTried("2001:db8::10", "IPv6", trouble=Trouble(Kind.REFUSED, "refused")),
            ),
            certificate=leaf,
            trusted_by="operating system",
            source_address="192.0.2.99",
        ),
        endpoint=Endpoint("https://mail.contoso.test/EWS/Exchange.asmx", 401, ("Negotiate", "NTLM")),
        sign_in=SignIn(
            "CONTOSO\\svc-flowscape",
            tried=True,
            way="Negotiate",
            server_version="15.2.1748.10",
            front_ends=("EX1", "EX2"),
        ),
        directory=DirectoryView(
            bind=Bind("ldaps://dc01.contoso.test:636", "CONTOSO\\svc-flowscape"),
            account=DirectoryEntry(
                "CN=svc,DC=contoso,DC=test",
                attributes={"objectguid": (bytes(range(250, 256)),), "mail": (b"svc-flowscape@contoso.test",)},
                unreadable=frozenset({"pwdlastset", "givenname"}),
            ),
        ),
    )
