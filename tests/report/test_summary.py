"""The closing text: at most 50 lines of 100 columns, and it never says less than the verdict."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result, Verdict
from pytest_flowscape.report import footprint, groups
from pytest_flowscape.report.powershell import render_fix
from pytest_flowscape.report.terminal import summary
from pytest_flowscape.report.terminal.columns import cut, fold, fold_command, pad, text_width
from pytest_flowscape.requirement import Per, Requirement
from pytest_flowscape.site.model import Site, Users
from tests.report import report_samples
from tests.report.report_samples import FULL_ACCESS, HOSTILE, REQUIREMENTS, failure, outcome, requirement, result, site

FOLDER = Path("reports") / "headquarters"


def closing_of(
    judged: Result, where: Site, requirements: dict[str, Requirement] = REQUIREMENTS
) -> list[tuple[str, str]]:
    found = groups.findings(judged.outcomes, requirements)
    lines = summary.lines(judged, found, where, FOLDER, requirements=requirements)
    assert len(lines) <= 50
    assert all(text_width(text) <= 100 and "\n" not in text for _, text in lines), lines
    assert {kind for kind, _ in lines} <= {"plain", "good", "bad", "warn", "head"}
    return lines


def text_of(lines: list[tuple[str, str]]) -> str:
    return "\n".join(text for _, text in lines)


def test_an_accepted_run_shows_every_requirement_and_only_the_two_columns() -> None:
    where = site()
    lines = closing_of(result(where), where)
    text = text_of(lines)
    assert lines[0] == ("head", lines[0][1])
    assert lines[0][1].split() == ["Requirement", "passed", "failed"]
    assert all(any(line.startswith(id_) for _, line in lines) for id_ in REQUIREMENTS)
    assert ("good", "Verdict: ACCEPTED") in lines
    assert "What to fix" not in text
    assert "(recommended)" in text
    assert text.isascii()


def test_columns_are_there_only_for_words_that_occur() -> None:
    where = site()
    changed = [
        outcome("ACCOUNT-1", word=Word.ATTESTED, notes=("attested",)),
        outcome("ACCOUNT-2", word=Word.WAIVED, notes=("waived",)),
    ]
    head = text_of([line for line in closing_of(result(where, changed), where) if line[0] == "head"])
    assert "attested" in head
    assert "waived" in head
    assert "measured" not in head
    assert "run" not in head


def test_a_finding_names_target_owner_and_a_command_that_can_be_copied() -> None:
    where = site()
    lines = closing_of(result(where, [failure("PERMISSION-1", where.rooms[0].email)]), where)
    text = text_of(lines)
    assert "PERMISSION-1 on room0000@contoso.test: no access to calendar [Exchange administrator]" in text
    command = text[text.index("Add-MailboxPermission") :].replace(" `\n      ", " ").split("\n")[0]
    assert command == render_fix(FULL_ACCESS, target="room0000@contoso.test", site=where).split("\n")[1]
    assert ("bad", "Verdict: NOT ACCEPTED") in lines


def test_ten_findings_are_all_named_with_what_to_do() -> None:
    where = site(12)
    rooms = ("ROOM-1", "ROOM-2", "PERMISSION-1", "IMPERSONATION-1", "CALENDAR-1")
    others = ("HOST-2", "ACCOUNT-1", "ACCOUNT-4", "ACCOUNT-6", "HANDOVER-1")
    bad = [failure(id_, where.rooms[n].email, fix=FULL_ACCESS) for n, id_ in enumerate(rooms)]
    bad += [failure(id_, fix="Ask {account}.") for id_ in others]
    text = text_of(closing_of(result(where, bad), where))
    assert text.count("Give the account FullAccess") == 5
    assert text.count("Ask CONTOSO\\svc-flowscape.") == 5
    assert text.count("Add-MailboxPermission") == text.count("-InheritanceType All -WhatIf") >= 3
    assert "Read the whole fix in the report before you run anything." in text
    assert "more finding" not in text


CONVERT = """This disables the account of whoever owns the mailbox, so make sure that no person uses it any longer,
and convert one room at a time, never many at once, as nobody can tell afterwards whose account it was before.{more}
Get-MailboxStatistics -Identity '{target}'
Set-Mailbox -Identity '{target}' -Type Room -Confirm
To undo: enable the account."""


@pytest.mark.parametrize("more", ["", " Think about it twice." * 12 + " Ask first."], ids=["short", "long"])
@pytest.mark.parametrize("number", range(1, 31, 2))
def test_no_command_stands_without_the_words_that_lead_to_it(number: int, more: str) -> None:
    where = site(number)
    fix = CONVERT.replace("{more}", more)
    bad = [
        failure("ROOM-1", room.email, fix=fix, cause=str(n), owner=f"owner {n}") for n, room in enumerate(where.rooms)
    ]
    lines = [line for _, line in closing_of(result(where, bad), where)]
    assert any("This disables the account" in line for line in lines)
    text_ = " ".join(line.strip() for line in lines)
    for part in text_.split("[owner")[1:]:
        if "Set-Mailbox" in part:
            assert "whose account it was before" in part
            assert ("Ask first." in part) is bool(more)
            assert "-Type Room -Confirm" in part


def test_several_commands_stand_whole_or_not_at_all() -> None:
    fix = "\n".join(["Do all of this:", *(f"  Set-Step{n} -Identity '{{target}}'" for n in range(9))])
    for number in range(1, 20):
        where = site(number)
        bad = [failure("ROOM-1", room.email, fix=fix, owner=f"owner {n}") for n, room in enumerate(where.rooms)]
        text = text_of(closing_of(result(where, bad), where))
        steps = [text.count(f"Set-Step{n}") for n in range(9)]
        assert len(set(steps)) == 1


def test_words_that_only_tell_the_shell_are_left_out_before_the_findings_are() -> None:
    where = site(17)
    shell = "Open the Exchange Management Shell."
    known = {
        id_: replace(one, fix=f"{shell} Then mind the case of {id_}.\n  Set-Thing -Identity '{{target}}'")
        for id_, one in REQUIREMENTS.items()
    }
    fix = known["ROOM-1"].fix
    bad = [failure("ROOM-1", room.email, cause=str(n), owner=f"o{n}", fix=fix) for n, room in enumerate(where.rooms)]
    text = text_of(closing_of(result(where, bad, requirements=known), where, known))
    assert text.count("Then mind the case of ROOM-1.") == 17
    # only the few that are told in full have it
    assert text.count(shell) < 6


@pytest.mark.parametrize("causes", ["one", "each its own"])
def test_five_thousand_failures_stay_within_fifty_lines(causes: str) -> None:
    where = site(5000)
    bad = [
        failure("PERMISSION-1", room.email, cause="" if causes == "one" else str(n), found=f"finding {n}")
        for n, room in enumerate(where.rooms)
    ]
    judged = result(where, bad)
    begun = time.perf_counter()
    text = text_of(closing_of(judged, where))
    assert time.perf_counter() - begun < 5
    if causes == "one":
        assert "and 4999 more" in text
    else:
        shown = text.count("PERMISSION-1 on ")
        assert shown >= 5
        assert text.count("Add-MailboxPermission") == text.count("-InheritanceType All -WhatIf") >= 2
        assert f"and {5000 - shown} more findings: see the report" in text
    assert "Verdict: NOT ACCEPTED" in text


def test_everything_wrong_at_once_stays_within_fifty_lines() -> None:
    where = site(300)
    many = {f"ROOM-{n}": requirement(f"ROOM-{n}", Per.ROOM, fix=FULL_ACCESS) for n in range(1, 60)}
    changed: list[Outcome] = []
    for n, id_ in enumerate(many):
        for m, room in enumerate(where.rooms[:40]):
            word = list(Word)[(n + m) % 6]
            notes = (f"{word.value} by somebody for reason {n} {m}",)
            changed.append(outcome(id_, room.email, word, found=f"{id_} {m}" * 30, owner="o" * 90, notes=notes))
    judged = result(where, changed, requirements=many, notes=("n" * 500,) * 30, leave_out=("ROOM-9",), other_failed=7)
    lines = closing_of(judged, where, many)
    text = text_of(lines)
    assert sum(line.startswith("ROOM-") and " on " in line for line in text.split("\n")) >= 3
    assert "see the report" in text
    assert "Verdict: NOT ACCEPTED, and 7 other tests failed" in text
    assert f"Not run: {judged.not_run} of {len(judged.outcomes)} checks" in text
    assert all(title in text for title in ("What to fix", "Not measured", "Exceptions", "Notes"))


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_on_their_line(value: str) -> None:
    where = site(1, customer=value, name=value)
    bad = failure("PERMISSION-1", where.rooms[0].email, found=value, expected=value, consequence=value, owner=value)
    text = text_of(closing_of(result(where, [bad], notes=(value,)), where))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "Verdict: NOT ACCEPTED" in text


WORDS = [
    ({}, Verdict.ACCEPTED, "good"),
    ({"ACCOUNT-1": Word.ATTESTED}, Verdict.ACCEPTED_WITH_EXCEPTIONS, "warn"),
    ({"ACCOUNT-1": Word.WAIVED}, Verdict.ACCEPTED_WITH_EXCEPTIONS, "warn"),
    ({"ACCOUNT-1": Word.NOT_MEASURED}, Verdict.INCOMPLETE, "warn"),
    ({"ACCOUNT-1": Word.NOT_RUN}, Verdict.INCOMPLETE, "warn"),
    ({"ADVICE-1": Word.FAILED}, Verdict.ACCEPTED, "good"),
    ({"ACCOUNT-1": Word.FAILED, "HOST-1": Word.NOT_MEASURED}, Verdict.NOT_ACCEPTED, "bad"),
]


@pytest.mark.parametrize(("words", "verdict", "kind"), WORDS, ids=range(len(WORDS)))
def test_the_verdict_line_has_the_verdicts_word_and_only_acceptance_is_green(
    words: dict[str, Word], verdict: Verdict, kind: str
) -> None:
    where = site()
    judged = result(where, [outcome(id_, word=word, notes=("by A",)) for id_, word in words.items()])
    assert judged.verdict is verdict
    lines = closing_of(judged, where)
    assert (kind, f"Verdict: {verdict.value}") in lines
    if kind != "good":
        assert "Verdict" not in text_of([line for line in lines if line[0] == "good"])


def test_an_accepted_run_in_which_another_test_failed_is_not_green() -> None:
    where = site()
    kind, line = summary.verdict_line(result(where, other_failed=1))
    assert (kind, line) == ("bad", "Verdict: ACCEPTED, and 1 other test failed")


def test_no_users_by_decision_is_an_exception() -> None:
    where = site(users=Users(none_by="A. Admin", none_reason="rooms only"))
    text = text_of(closing_of(result(where), where))
    assert "- No users are tested, by decision of A. Admin: rooms only" in text
    assert "Verdict: ACCEPTED WITH EXCEPTIONS" in text


# --- columns ------------------------------------------------------------------------------------


def test_a_long_command_is_folded_outside_its_literals_only() -> None:
    command = "Set-Mailbox -Identity 'a name with many words and a '' quote' -EmailAddressPolicyEnabled $false"
    lines = fold_command(command, 60, indent="  ")
    assert len(lines) > 1
    assert all(len(line) <= 60 for line in lines)
    assert all(line.endswith(" `") for line in lines[:-1])
    assert all(line.count("'") % 2 == 0 for line in lines), "a literal was broken"
    assert " ".join(line.removesuffix(" `").strip() for line in lines) == command


def test_a_command_with_a_piece_too_wide_is_not_folded() -> None:
    assert fold_command(f"Get-Mailbox -Identity '{'x' * 100}'", 60) == []


@pytest.mark.parametrize("text", [*HOSTILE, "", "short"], ids=range(len(HOSTILE) + 2))
@pytest.mark.parametrize("width", [4, 10, 99])
def test_no_text_is_wider_than_asked(text: str, width: int) -> None:
    assert text_width(cut(text, width)) <= width
    assert text_width(pad(text, width)) == width
    folded = fold(text, width, indent="  ", limit=2)
    assert 1 <= len(folded) <= 2
    assert all(text_width(line) <= width for line in folded)


def test_the_footprint_is_one_line_that_counts_the_own_mailbox_once() -> None:
    where = site()
    said = footprint.line(report_samples.footprint(), where.service_account.email)
    assert said == "Footprint: 50 EWS requests, 2 mailboxes, 3 sign-ins (0 refused), 3 searches, 1 throttled, 0 writes"
    found = summary.lines(result(where), (), where, FOLDER, requirements=REQUIREMENTS, footprint=said)
    assert [text for _, text in found if text.startswith("Footprint")] == [cut(said, 100)]
    assert text_width(said) <= 100
