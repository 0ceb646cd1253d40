"""The README's first screen: exactly two commands, each in a code block of its own; CI runs exactly these."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = "python3 -m venv .venv && .venv/bin/pip install '.[demo]' && .venv/bin/pytest --flowscape-demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest tests"
FENCED = re.compile(r"^(`{3,}|~{3,})[^\n]*\n(.*?)^\1[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)


def first_screen() -> str:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    head, heading, _ = text.partition("\n## ")
    assert heading, "the README has no second-level heading"
    return head


def test_first_screen_holds_exactly_the_two_commands() -> None:
    blocks = [block.strip() for _, block in FENCED.findall(first_screen())]
    assert blocks == [DEMO, TESTS]


def test_first_screen_fits_a_screen() -> None:
    lines = first_screen().splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 120


def test_windows_forms_do_without_the_operator_that_powershell_5_lacks() -> None:
    rows = [line for line in first_screen().splitlines() if r".venv\Scripts" in line]
    assert [re.search(r"pytest (\S+)`", row)[1] for row in rows] == ["--flowscape-demo", "tests"]  # type: ignore[index]
    assert "'.[demo]'" in rows[0]
    assert "-e '.[dev]'" in rows[1]
    assert not any("&&" in row for row in rows)


def test_the_ci_script_takes_the_test_command_from_the_readme() -> None:
    script = (REPOSITORY / ".ci/run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert "pytest tests" not in script, "take the command from the README"
