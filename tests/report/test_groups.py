"""One cause, one message; and a value in a fix is one PowerShell literal, whatever it holds."""

from __future__ import annotations

import random

import pytest

from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.report import groups
from pytest_flowscape.report.powershell import is_command, render_fix, render_fixes
from tests.report.report_samples import FULL_ACCESS, HOSTILE, REQUIREMENTS, failure, outcome, site

SITE = site()
QUOTES = "'\u2018\u2019\u201a\u201b"


def literals(command: str) -> list[str]:
    """Read a command's single-quoted literals as PowerShell does: any of five quotes opens, closes, or is doubled."""
    found, place = [], 0
    while place < len(command):
        if command[place] not in QUOTES:
            place += 1
            continue
        value, place = "", place + 1
        while True:
            assert place < len(command), f"a literal is not closed: {command}"
            if command[place] not in QUOTES:
                value += command[place]
                place += 1
            elif command[place + 1 : place + 2] and command[place + 1] in QUOTES:
                value += command[place]
                place += 2
            else:
                place += 1
                break
        found.append(value)
    return found


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_is_one_literal(value: str) -> None:
    rendered = render_fix("Get-Mailbox -Identity '{target}' -ErrorAction 'Stop'", target=value, site=SITE)
    identity, action = literals(rendered)
    assert action == "Stop"
    assert rendered.startswith("Get-Mailbox -Identity '")
    assert len(identity) == len(value)
    assert all(now in {was, "\ufffd"} for was, now in zip(value, identity, strict=True))
    assert "\n" not in rendered


def test_values_of_quotes_only_are_one_literal_too() -> None:
    dice = random.Random(7)
    for _ in range(300):
        value = "".join(dice.choices(QUOTES + "a ", k=dice.randint(1, 8)))
        assert literals(render_fix("'{target}'", target=value, site=SITE)) == [value]


def test_every_placeholder_is_filled_once_and_other_braces_stay() -> None:
    template = "foreach ($x in @{a=1}) { '{target}' '{account}' '{email}' '{hostname}' '{other}' }"
    rendered = render_fix(template, target="{email}", site=SITE)
    assert rendered == (
        "foreach ($x in @{a=1}) { '{email}' 'CONTOSO\\svc-flowscape' 'svc-flowscape@contoso.test' "
        "'mail.contoso.test' '{other}' }"
    )


def test_failures_are_grouped_by_requirement_cause_and_owner() -> None:
    rooms = [f"r{n}@contoso.test" for n in range(5)]
    found = groups.findings(
        [
            failure("PERMISSION-1", rooms[0]),
            failure("PERMISSION-1", rooms[1], found="something else"),
            failure("PERMISSION-1", rooms[2], cause="deny"),
            failure("PERMISSION-1", rooms[3], owner="Active Directory administrator"),
            failure("ROOM-1", rooms[4]),
        ],
        REQUIREMENTS,
    )
    assert [(one.requirement, one.cause, one.owner, one.targets) for one in found] == [
        ("ROOM-1", "", "Exchange administrator", (rooms[4],)),
        ("PERMISSION-1", "", "Exchange administrator", (rooms[0], rooms[1])),
        ("PERMISSION-1", "deny", "Exchange administrator", (rooms[2],)),
        ("PERMISSION-1", "", "Active Directory administrator", (rooms[3],)),
    ]
    assert found[1].found == "no access to calendar"
    assert found[1].others == ((rooms[1], "something else"),)


def test_required_failures_come_first_then_recommended_then_unmeasured() -> None:
    found = groups.findings(
        [
            outcome("HOST-3", word=Word.NOT_MEASURED, found="busy"),
            failure("ADVICE-1"),
            failure("HANDOVER-1"),
            failure("HOST-1"),
        ],
        REQUIREMENTS,
    )
    assert [(one.requirement, one.word, one.required) for one in found] == [
        ("HOST-1", Word.FAILED, True),
        ("HANDOVER-1", Word.FAILED, True),
        ("ADVICE-1", Word.FAILED, False),
        ("HOST-3", Word.NOT_MEASURED, True),
    ]


def test_what_one_failure_stopped_is_one_group() -> None:
    stopped = [
        outcome(id_, target, Word.NOT_MEASURED, found=f"needs {id_}", because="HOST-1", cause=cause)
        for id_, cause in (("PERMISSION-1", "need"), ("CALENDAR-1", "host-refused"))
        for target in ("a@contoso.test", "b@contoso.test")
    ]
    (one,) = groups.findings(stopped, REQUIREMENTS)
    assert one.requirements == ("PERMISSION-1", "CALENDAR-1")
    assert one.targets == ("a@contoso.test", "b@contoso.test")
    assert len(one.pairs) == 4
    assert not one.fixes


def test_a_cause_of_the_table_is_one_group_and_any_other_is_one_for_each_requirement() -> None:
    def count(cause: str) -> int:
        pairs = [outcome(id_, word=Word.NOT_MEASURED, found=id_, cause=cause) for id_ in ("ACCOUNT-1", "ACCOUNT-2")]
        return len(groups.findings(pairs, REQUIREMENTS))

    assert count("directory-absent") == 1
    assert count("unreadable") == 2
    assert count("") == 2


def test_commands_are_repeated_for_each_target_and_prose_is_not() -> None:
    text = render_fixes(FULL_ACCESS, targets=["a@x.test", "b@x.test"], site=SITE)
    assert text.count("Give the account FullAccess") == 1
    assert text.count("It takes up to two hours") == 1
    commands = [line for line in text.split("\n") if is_command(line)]
    assert [line.split()[0] for line in commands] == ["Add-MailboxPermission", "#"] * 2
    assert [("a@x.test" in line, "b@x.test" in line) for line in commands] == [(True, False)] * 2 + [(False, True)] * 2


def test_a_command_that_follows_one_with_the_target_stays_beside_it() -> None:
    template = "$id = (Get-Mailbox '{target}').DistinguishedName\nAdd-MailboxPermission -Identity $id -User '{account}'"
    lines = render_fixes(template, targets=["a", "b"], site=SITE).split("\n")
    assert [line.split()[0] for line in lines] == ["$id", "Add-MailboxPermission"] * 2


def test_few_targets_are_shown_and_the_others_are_counted() -> None:
    rooms = [f"r{n}@contoso.test" for n in range(9)]
    (one,) = groups.findings([failure("PERMISSION-1", room) for room in rooms], REQUIREMENTS)
    short = one.fix_text(SITE, limit=3)
    assert short.count("\nAdd-MailboxPermission") == 3
    assert short.endswith("Do the same for 6 more.")
    whole = one.fix_text(SITE)
    assert all(f"'{room}'" in whole for room in rooms)
    assert "more" not in whole
