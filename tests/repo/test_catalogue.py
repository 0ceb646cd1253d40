"""The catalogue as a whole: rules for all requirements together, and their fixes."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

import pytest

from pytest_flowscape.judging import remedies
from pytest_flowscape.judging.catalogue import Judged, guard, load_requirements
from pytest_flowscape.report.powershell import is_command, render_fix
from pytest_flowscape.requirement import MARK, TOPICS, Level
from tests.suites import made
from tools.documents import requirements

PLACEHOLDERS = {"target": "a@b.test", "account": "D\\s", "email": "s@b.test", "hostname": "mail.b.test"}
SECTIONS = (
    "Service account",
    "Room resources",
    "Mailbox permissions",
    "Impersonation",
    "Get the hostname",
    "Handover",
)
READS_ONLY = re.compile(r"\s*(\$\w+ = .*|.*\b(Get|Resolve|Test|Invoke)-\w+|whoami\b)")


@pytest.fixture(scope="module")
def catalogue(pytestconfig: pytest.Config) -> Mapping[str, Judged]:
    pytestconfig.addinivalue_line("markers", f"{MARK}(requirement): the requirement that a test function proves")
    return load_requirements()


@pytest.fixture(scope="module")
def fixes(catalogue: Mapping[str, Judged]) -> dict[str, str]:
    """Return every fix text by its place, including those that override a requirement's own."""
    found = {f"{id_} fix": judged.requirement.fix for id_, judged in catalogue.items()}
    modules = {judged.function.__module__: sys.modules[judged.function.__module__] for judged in catalogue.values()}
    for module in (*modules.values(), remedies):
        for name, value in vars(module).items():
            if isinstance(value, str) and (name.endswith("_FIX") or name.isupper()) and "\n" in value:
                found[f"{module.__name__}.{name}"] = value
    found |= {f"way {key}": text for key, text in remedies.WAY_FIXES.items()}
    found |= {f"state {state}": remedies.account_state_fix(state) for state in ("disabled", "locked", "expired")}
    assert len(found) > 2 * len(SECTIONS)
    return found


def test_a_retired_id_is_not_given_again(catalogue: Mapping[str, Judged], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_flowscape.judging.catalogue.RETIRED", frozenset(("ROOM-1",)))
    with pytest.raises(pytest.UsageError, match="ROOM-1 is retired"):
        guard([judged.requirement for judged in catalogue.values()])


def test_an_id_is_retired_when_its_requirement_is_removed(
    catalogue: Mapping[str, Judged], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = {id_: judged for id_, judged in catalogue.items() if id_ != "ADVICE-3"}
    monkeypatch.setattr(requirements, "load_requirements", lambda: left)
    with pytest.raises(ValueError, match=r"RETIRED.*ADVICE-3"):
        list(requirements.parts())
    monkeypatch.setattr(requirements, "RETIRED", frozenset(("ADVICE-3",)))
    assert [part.path for part in requirements.parts()] == [requirements.PATH]


def test_each_suite_holds_the_requirements_of_its_topic(catalogue: Mapping[str, Judged]) -> None:
    for id_, judged in catalogue.items():
        stem = judged.function.__module__.removeprefix("_flowscape_suites_")
        assert stem == f"test_{TOPICS[id_.partition('-')[0]].lower()}", id_


def test_every_field_is_filled_for_a_reader(catalogue: Mapping[str, Judged]) -> None:
    for id_, judged in catalogue.items():
        record = judged.requirement
        assert record.consequence.endswith("."), id_
        assert not record.title.endswith("."), id_
        assert len(record.title) <= 60, id_
        assert record.guide in SECTIONS, id_
        assert record.link.startswith("https://learn.microsoft.com/"), id_
        verb = "MUST" if record.level is Level.REQUIRED else "SHOULD"
        assert re.search(rf"\b{verb}\b", record.text), id_
        assert record.text.endswith("."), id_
        assert (record.level is Level.RECOMMENDED) is id_.startswith("ADVICE-"), id_


def test_needs_name_required_ones_that_come_earlier(catalogue: Mapping[str, Judged]) -> None:
    order = list(catalogue)
    for id_, judged in catalogue.items():
        for need in judged.requirement.needs:
            assert order.index(need) < order.index(id_) or (id_, need) == ("ACCOUNT-3", "ACCOUNT-5"), id_
            assert catalogue[need].requirement.level is Level.REQUIRED


def test_fixes_hold_no_braces_but_the_placeholders(fixes: dict[str, str]) -> None:
    site = made.site()
    for where, text in fixes.items():
        filled = text.format(**PLACEHOLDERS)
        assert not set("{}") & set(filled), where
        assert not set("{}") & set(render_fix(text, target="a@b.test", site=site)), where


def test_every_placeholder_is_one_single_quoted_literal(fixes: dict[str, str]) -> None:
    for where, text in fixes.items():
        for match in re.finditer(r".?\{\w+\}.?", text):
            assert match[0][0] == match[0][-1] == "'", f"{where}: {match[0]}"
            assert match[0][2:-2] in PLACEHOLDERS, where


def test_commands_are_indented_and_prose_is_not(fixes: dict[str, str]) -> None:
    for where, text in fixes.items():
        assert text == text.strip("\n"), where
        for line in text.split("\n"):
            assert line.strip(), where
            assert is_command(line) is line.startswith("  "), f"{where}: {line}"


def test_every_command_that_changes_something_can_be_tried_first_and_undone(fixes: dict[str, str]) -> None:
    changing = 0
    for where, text in fixes.items():
        commands = [line for line in text.split("\n") if line.startswith("  ")]
        changes = [line for line in commands if not READS_ONLY.match(line)]
        for line in changes:
            assert line.endswith(remedies.SAFE), f"{where}: {line}"
        if changes:
            changing += 1
            assert "$WhatIfPreference = $true" in text, where
            assert "undo" in text, where
    assert changing > 10
