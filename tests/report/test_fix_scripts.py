"""The scripts as PowerShell: readable as a whole, every value one literal, every change on a leash."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from pytest_flowscape.report.fixes.script_text import COMMANDS, assignment, literal
from pytest_flowscape.report.text import printable
from tests.report import powershell
from tests.report.fix_cases import CASES, Case, causes_in_suites, scripts

PLAIN = "plain"
HOSTILE = (
    "<script>alert(1)</script>",
    "'; Remove-Mailbox 'x' -Confirm:$false; '",
    "\u2019; Remove-Mailbox \u2018x\u201a\u201b",
    "''\u2019'\u2018\u201a\u201b'",
    '"; Remove-Mailbox "x\u201c\u201d\u201e',
    "$(Remove-Mailbox x) $account @{} `whoami`",
    "`'; Remove-Mailbox x #",
    "\u202egnp.exe@example.test \u200b\u2066",
    "x" * 300,
    "'" * 300,
    "=cmd|' /C calc'!A0",
    "+1",
    "-Identity *",
    "@'",
    "two\nlines; Remove-Mailbox x\r\n# \u2028\u2029\x85end",
    "<# #> #requires -Version 99",
    "SIG # Begin signature block",
    "nul \x00 escape \x1b[31m tab\t",
    "{target} {account} {email} {hostname} {0}",
    "C:\\dir\\",
    "\u4f1a\u8b70\u5ba4",
    "\ud800 lone surrogate",
)
# what changes something, by PowerShell's approved verbs
CHANGES = re.compile(r"^(Set|Add|New|Remove|Enable|Disable|Clear|Unlock|Import|Update|Start|Stop|Move)-")
OF_THE_SHELL = {"New-Object", "Import-Module"}  # they change nothing outside of the script
texts = st.text(
    st.one_of(st.sampled_from(list("'\u2018\u2019\u201a\u201b\"\u201c`$(){};#@\n\r\u202e =-")), st.characters())
)
each_case = pytest.mark.parametrize("case", CASES, ids=str)


def test_every_cause_of_the_suites_is_a_case() -> None:
    assert causes_in_suites() - {case.cause for case in CASES} == set()


# --- the readers themselves -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "$x = 'a'b'",
        "$x = 'a\u2019; Remove-Mailbox b'",
        "$x = '\u201b'",
    ],
)
def test_the_tokenizer_sees_where_a_literal_ends_too_early(source: str) -> None:
    try:
        found = list(powershell.tokens(source))
    except powershell.UnclosedError:
        return
    assert len(found) != 2


def test_the_tokenizer_reads_what_is_right() -> None:
    source = "$x = 'it''s \u2018\u2018 \"$(1)\" # no' # yes 'no'\nGet-X \"a `\" b\" a#b"
    assert [(token.kind, token.text) for token in powershell.tokens(source)] == [
        ("code", "$x ="),
        ("literal", 'it\'s \u2018 "$(1)" # no'),
        ("comment", "# yes 'no'"),
        ("code", "Get-X"),
        ("expandable", '"a `" b"'),
        ("code", "a#b"),
    ]


def test_the_grammar_sees_what_is_wrong() -> None:
    assert powershell.faults("$x = @('a'\nfoo")
    assert powershell.faults("if ($x) { Get-X")
    assert not powershell.faults("$x = @(\n'a'\n'b'\n)")


# --- values ---------------------------------------------------------------------------------------


@given(texts)
@settings(max_examples=300, deadline=None)
@example("'")
@example("\u2019'")
def test_any_text_is_one_literal_that_holds_exactly_it(text: str) -> None:
    found = list(powershell.tokens(f"$x = {literal(text)}"))
    assert [(token.kind, token.text) for token in found[1:]] == [("literal", printable(text))]
    assert len(literal(text).splitlines()) == 1


@pytest.mark.parametrize("name", ["a b", "x;y", "", "$x", "x\n"])
def test_a_variable_is_a_plain_word(name: str) -> None:
    with pytest.raises(ValueError, match="not a variable name"):
        list(assignment(name, "value"))


@cache
def plain_tokens(case: Case) -> dict[str, list[powershell.Token]]:
    return {name: list(powershell.tokens(text)) for name, text in scripts([case], PLAIN).items()}


def assert_only_data_differs(case: Case, value: str) -> None:
    """A value changes the contents of literals and of comments, and of nothing else."""
    written = scripts([case], value)
    plain = plain_tokens(case)
    assert written.keys() == plain.keys()
    shown = printable(value)
    for name, source in written.items():
        found = list(powershell.tokens(source))
        assert len(found) == len(plain[name])
        for mine, theirs in zip(found, plain[name], strict=True):
            assert mine.kind == theirs.kind
            if mine.kind == "literal" and theirs.text.startswith(PLAIN):
                assert mine.text == shown + theirs.text.removeprefix(PLAIN)
            elif mine.kind != "comment":
                assert mine.text == theirs.text
        assert not powershell.faults(source)
        # the grammar, which knows the apostrophe alone, reads the same values
        assert powershell.verbatim(source) == [token.text for token in found if token.kind == "literal"]


@each_case
def test_hostile_values_stay_data_in_every_fix(case: Case) -> None:
    assert_only_data_differs(case, " ".join(HOSTILE))
    assert_only_data_differs(case, "".join(reversed(HOSTILE)))


@pytest.mark.parametrize("id_", ["PERMISSION-1", "ROOM-1", "IMPERSONATION-1", "ACCOUNT-2", "ACCOUNT-3"])
def test_each_hostile_value_by_itself_stays_data(id_: str) -> None:
    case = next(one for one in CASES if one.requirement == id_)
    for value in HOSTILE:
        assert_only_data_differs(case, value)


@given(st.sampled_from(CASES), texts.filter(lambda text: text.strip() and not text.startswith(PLAIN)))
@settings(max_examples=60, deadline=None)
def test_any_value_stays_data_in_any_fix(case: Case, value: str) -> None:
    assert_only_data_differs(case, value)


def test_all_fixes_together_are_a_script_each() -> None:
    written = scripts(CASES)
    assert set(written) == {"exchange.ps1", "active-directory.ps1"}
    for source in written.values():
        assert not powershell.faults(source)
        kinds = {token.kind for token in powershell.tokens(source)}
        assert kinds == {"code", "literal", "comment"}  # no string that PowerShell would fill in


# --- the commands ---------------------------------------------------------------------------------


def all_commands() -> list[tuple[str, str]]:
    return [command for source in scripts(CASES).values() for command in powershell.commands(source)]


def test_every_change_can_be_rehearsed_and_stops_at_an_error() -> None:
    changing = [whole for name, whole in all_commands() if CHANGES.match(name) and name not in OF_THE_SHELL]
    names = {whole.split()[0] for whole in changing}
    assert {"Add-MailboxPermission", "New-ManagementScope", "Set-Mailbox", "Enable-ADAccount"} <= names
    for whole in changing:
        # the session's own view of the forest is no change: it has to be in force in a rehearsal too
        wanted = "-WhatIf:$false" if "Set-ADServerSettings" in whole else "-WhatIf:$WhatIfPreference"
        assert wanted in whole, whole
        assert "-ErrorAction Stop" in whole, whole


def test_every_file_of_commands_is_used_and_holds_no_value() -> None:
    used = "\n".join(scripts(CASES).values())
    for path in COMMANDS.glob("*.ps1"):
        if path.stem == "calendar_accept":  # for a requirement to come
            continue
        first = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
        assert first in used, path.name


@pytest.mark.parametrize("path", sorted(COMMANDS.glob("*.ps1")), ids=lambda path: path.stem)
def test_commands_run_nothing_that_they_put_together(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.isascii()
    code = " ".join(token.text for token in powershell.tokens(source) if token.kind == "code")
    assert not re.search(r"Invoke-(Expression|Command|WebRequest)|\biex\b|ScriptBlock\]::|Add-Type|Start-Process", code)
    assert code.count("&") == (path.stem == "both_start")  # the step that Invoke-Step is given
    assert {token.kind for token in powershell.tokens(source)} <= {"code", "literal", "comment"}


@pytest.mark.parametrize("path", sorted(COMMANDS.glob("*.ps1")), ids=lambda path: path.stem)
def test_what_changes_is_counted_and_asked_for_first_and_can_be_undone(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    changing = [
        place
        for place, line in enumerate(lines)
        if CHANGES.match(line.split("= @(")[-1].strip()) and "Set-ADServerSettings" not in line
    ]
    if path.stem.endswith(("_start", "_end")) or not changing:
        return
    asked = [place for place, line in enumerate(lines) if "Confirm-Change -What" in line]
    assert asked, path.name
    assert min(asked) < min(changing)
    # nothing takes back that somebody looked, was unlocked, or got a new password
    if path.stem != "calendar_repair":
        assert any("Write-Undo" in line for line in lines), path.name


def test_converting_to_a_room_is_asked_for_one_by_one() -> None:
    (line,) = [whole for name, whole in all_commands() if name == "Set-Mailbox" and "-Type Room" in whole]
    assert "-Confirm " in line


def test_no_mailbox_is_asked_for_without_a_name() -> None:
    for name, whole in all_commands():
        if name in {
            "Get-Mailbox",
            "Get-User",
            "Get-CASMailbox",
            "Get-MailboxPermission",
            "Get-DistributionGroupMember",
        }:
            assert "-Identity" in whole, whole
        if name in {"Get-ADUser", "Get-DistributionGroup"}:
            assert "-Identity" in whole or "-Filter" in whole, whole
