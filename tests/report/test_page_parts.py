"""The parts of the page by themselves: fixes taken apart, the data of the matrix, next steps, decisions, scope."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pytest_flowscape.facts import (
    DirectoryEntry,
    FolderAnswer,
    Grant,
    Kind,
    MailboxAnswer,
    MailboxRights,
    Trouble,
)
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.report import groups
from pytest_flowscape.report.page.decisions import decisions
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.fix import TRIAL, literal, split_fix
from pytest_flowscape.report.page.matrix import Matrix
from pytest_flowscape.report.page.next_steps import NextStep, next_step
from pytest_flowscape.report.page.scope import scope, voids
from pytest_flowscape.report.powershell import render_fix
from pytest_flowscape.report.text import visible
from pytest_flowscape.site.model import Attestation, Room, Users, Waiver
from tests.report.report_samples import HOSTILE, NOON, REQUIREMENTS, failure, outcome, result, site, site_facts

TODAY = NOON.date()


# --- a fix ----------------------------------------------------------------------------------------


def test_what_is_copied_for_many_is_each_command_for_each() -> None:
    commands = "  Get-A -Identity '{target}'\n  Set-A -Identity '{target}' -WhatIf:$WhatIfPreference"
    template = f"Do it.\n{commands}\nTo undo: Set-B. Waiting time: none."
    fix = split_fix(template, site())
    prose, part = fix.parts
    assert (prose.command, prose.text([])) == (False, "Do it.")
    assert part.text(["a", "b''c"]).splitlines() == [
        "& {",
        f"  {TRIAL}",
        "  Get-A -Identity 'a'",
        "  Set-A -Identity 'a' -WhatIf:$WhatIfPreference",
        "  Get-A -Identity 'b''c'",
        "  Set-A -Identity 'b''c' -WhatIf:$WhatIfPreference",
        "}",
    ]
    assert "and 7 more" in part.text(["a"], 7)
    assert (fix.undo, fix.wait) == ("Set-B.", "None.")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_every_fix_of_the_product_holds_a_hostile_name_as_one_literal(name: str) -> None:
    where = site()
    for judged in load_requirements().values():
        template = judged.requirement.fix
        whole = render_fix(template, target=name, site=where)
        for part in split_fix(template, where).parts:
            text = part.text([literal(name, where)])
            body = [line.strip() for line in text.splitlines() if line.strip() not in ("& {", "}", TRIAL)]
            # nothing but what the whole fix says, with the same quoting
            assert all(line in whole for line in body if part.command)


def test_a_command_that_changes_something_begins_as_a_trial() -> None:
    changing = 0
    for judged in load_requirements().values():
        for part in split_fix(judged.requirement.fix, site()).parts:
            if part.command and "-WhatIf" in part.text(["x"]):
                changing += 1
                assert part.text(["x"]).splitlines()[1].strip() == TRIAL
    assert changing > 10


# --- the matrix -----------------------------------------------------------------------------------


def test_the_data_holds_every_outcome_and_each_text_once() -> None:
    where = site(50)
    wrong = [failure("PERMISSION-1", room.email) for room in where.rooms[:20]]
    judged = result(where, wrong)
    text = Matrix(where, REQUIREMENTS, judged.outcomes, Evidence()).as_json(
        groups.findings(judged.outcomes, REQUIREMENTS)
    )
    data = json.loads(text)
    assert text.count(wrong[0].found) == 1
    seen = set()
    for table in data["tables"]:
        for target, row in zip(table["targets"], table["cells"], strict=True):
            for id_, cell in zip(table["ids"], row, strict=True):
                if cell >= 0:
                    seen.add((id_, target[0], data["words"][data["cells"][cell][0]]))
    assert seen == {(o.requirement, o.target, o.word.value) for o in judged.outcomes}
    (finding,) = data["findings"]
    assert finding["pairs"] == {"room": {"PERMISSION-1": list(range(20))}}


def test_the_data_can_stand_in_a_script() -> None:
    where = replace(site(0), rooms=tuple(map(Room, HOSTILE)))
    judged = result(where, [failure("ROOM-1", name, found=name) for name in HOSTILE])
    text = Matrix(where, REQUIREMENTS, judged.outcomes, Evidence()).as_json(())
    assert not set("<>&\u2028\u2029") & set(text)
    assert [row[0] for row in json.loads(text)["tables"][0]["targets"]] == [visible(name) for name in HOSTILE]


# --- what to do -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [*CAUSES, "unreadable", "internal", *(kind.name.lower() for kind in Kind)])
def test_whatever_is_not_measured_has_a_next_step(cause: str) -> None:
    step = next_step(Word.NOT_MEASURED, cause=cause)
    assert step.owner
    assert step.text.endswith(".")


def test_what_follows_from_a_failure_sends_to_that() -> None:
    assert "Fix HOST-1 first" in next_step(Word.NOT_MEASURED, cause="need", because="HOST-1").text
    assert "Wait" in next_step(Word.NOT_MEASURED, found="waiting for replication or a cache: x").text
    assert next_step(Word.PASSED) == next_step(Word.WAIVED) == NextStep()


# --- decisions, scope, validity -------------------------------------------------------------------


def test_decisions_tell_who_why_until_when_and_whether_they_were_needed() -> None:
    where = site(
        2,
        users=Users((), "C. Chief", TODAY, "no user joined"),
        waivers=(
            Waiver("ROOM-1", "room0000@contoso.test", "A", TODAY + timedelta(days=90), "used"),
            Waiver("ROOM-2", "room0000@contoso.test", "B", TODAY - timedelta(days=1), "old"),
            Waiver("ROOM-2", "room0001@contoso.test", "C", TODAY, "spare"),
        ),
        attestations=(Attestation("ACCOUNT-1", "", "D", TODAY, "seen"), Attestation("ACCOUNT-2", "", "E", TODAY, "x")),
    )
    waived = [
        outcome("ROOM-1", "room0000@contoso.test", Word.WAIVED),
        outcome("PERMISSION-1", "room0000@contoso.test", Word.WAIVED, because="ROOM-1"),
        outcome("ACCOUNT-1", word=Word.ATTESTED),
    ]
    found = decisions(where, result(where, waived).outcomes, TODAY)
    told = {(one.requirement, one.target): (one.who, one.state, one.count, one.soon) for one in found}
    assert told == {
        ("ROOM-2", "room0000@contoso.test"): ("B", "expired", 0, False),
        ("ROOM-2", "room0001@contoso.test"): ("C", "not needed", 0, True),
        ("ACCOUNT-2", "every target"): ("E", "not needed", 0, False),
        ("ROOM-1", "room0000@contoso.test"): ("A", "applied", 2, False),
        ("ACCOUNT-1", "every target"): ("D", "applied", 1, False),
        ("IMPERSONATION-2", "no users"): ("C. Chief", "applied", 0, False),
    }
    assert [one.state for one in found] == sorted(
        (one.state for one in found), key=["expired", "not needed", "applied"].index
    )


REFUSED = Trouble(Kind.IMPERSONATION_REFUSED, "refused", code="ErrorImpersonateUserDenied")


@pytest.mark.parametrize(
    ("canary", "said"),
    [
        (None, "Not proven to be limited by a scope"),
        (
            MailboxAnswer("x@y.test", "x@y.test", (FolderAnswer("inbox"),)),
            "Organisation-wide, or the scope is too wide",
        ),
        (
            MailboxAnswer("x@y.test", "x@y.test", trouble=REFUSED),
            "Limited by a scope. Proven: impersonation of x@y.test was refused",
        ),
        (MailboxAnswer("x@y.test", "x@y.test", trouble=replace(REFUSED, kind=Kind.SILENT)), "Not proven"),
    ],
)
def test_the_scope_says_how_it_was_proven(canary: MailboxAnswer | None, said: str) -> None:
    where = site()
    facts = replace(site_facts(), out_of_scope=canary)
    assert said in dict(scope(where, facts, ()))["Impersonation"]


def test_the_source_of_full_access_is_counted() -> None:
    where, facts = site(3), site_facts()
    assert facts.directory is not None
    own, group = "S-1-5-21-1", "S-1-5-21-2"
    rights = [MailboxRights(Grant.GRANTED, own), MailboxRights(Grant.GRANTED, group), MailboxRights(Grant.UNREADABLE)]
    by_room = {room.email: right for room, right in zip(where.rooms, rights, strict=True)}
    facts = replace(facts, directory=replace(facts.directory, token_sids=(own, group), rights=by_room))
    text = dict(scope(where, facts, ()))["FullAccess"]
    for said in (
        "1 room: granted to the account itself",
        f"a group it is a member of ({group})",
        "1 room: not readable",
    ):
        assert said in text


def test_what_makes_it_void_has_the_dates_that_were_read() -> None:
    facts = site_facts()
    assert facts.directory is not None
    ticks = b"133801632000000000"  # 2025-01-01
    entry = DirectoryEntry("CN=x", attributes={"accountexpires": (ticks,), "useraccountcontrol": (b"66048",)})
    facts = replace(facts, directory=replace(facts.directory, account=entry))
    told = dict(voids(site(waivers=(Waiver("ROOM-1", "a@b.test", "A", TODAY, "x"),)), facts, TODAY))
    assert told["The certificate expires"] == "2027-11-20 (in 365 days)"
    assert told["The account expires"].startswith("2025-01-01 (past")
    assert told["The password expires"] == "never, as set on the account"
    assert told["Exchange is updated"] == "any build other than 15.2.1748.10"
    assert "today" in told["The waiver of ROOM-1 ends (a@b.test)"]
    assert "not known" in dict(voids(site(), None, TODAY))["Account and password expire"]
