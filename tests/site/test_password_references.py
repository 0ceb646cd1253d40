"""The references to passwords in a site file: what is taken, and no message that repeats a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.site.model import PasswordSource
from tests.site.config_samples import DIRECTORY, GOOD, load, mistakes, only


@pytest.mark.parametrize(
    "literal",
    [
        "hunter2",
        "pw=hunter2=",
        "my hunter2",
        "prompt hunter2",
        "env:hunter2 x",
        "env: 2hunter2",
        "ldap:hunter2",
        "<hunter2>",
    ],
)
def test_literal_password_is_refused_and_never_repeated(tmp_path: Path, literal: str) -> None:
    mistake = only(tmp_path, GOOD.replace("= prompt", f"= {literal}"))
    assert mistake.line == 8
    assert "env:" in mistake.instead
    assert "hunter2" not in str(mistake)


@pytest.mark.parametrize("empty", ["", "env:", "FILE:", "keyring: "])
def test_empty_password_says_what_to_write(tmp_path: Path, empty: str) -> None:
    mistake = only(tmp_path, GOOD.replace("= prompt", f"= {empty}"))
    assert mistake.line == 8
    assert mistake.instead == "Write env:NAME, file:PATH, keyring:SERVICE or prompt."


@pytest.mark.parametrize(
    "line",
    [
        "password: hunter2xyz",
        "password hunter2xyz",
        "password hunter2xyz =",
        "password: ab=hunter2xyz",
        "passwort = hunter2xyz",
        "hunter2xyz",
        "hunter2xyz = 1",
        "[hunter2xyz]",
        "[hunter2xyz",
    ],
)
def test_password_in_the_wrong_place_is_not_repeated(tmp_path: Path, line: str) -> None:
    text = GOOD.replace("password = prompt", line)
    assert "hunter2xyz" not in "\n".join(map(str, mistakes(tmp_path, text)))


def test_password_that_continues_on_a_second_line_is_not_repeated(tmp_path: Path) -> None:
    found = mistakes(tmp_path, GOOD.replace("= prompt", "=\n   hunter2\n   xyzzy"))
    assert {mistake.line for mistake in found} == {9, 10}
    assert "hunter2" not in str(found) + "".join(map(str, found))
    assert "xyzzy" not in str(found)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("prompt", "prompt", ""),
        ("Prompt", "prompt", ""),
        ("env:A_1", "env", "A_1"),
        ("keyring: my service", "keyring", "my service"),
    ],
)
def test_password_references(tmp_path: Path, text: str, kind: str, name: str) -> None:
    site = load(tmp_path, GOOD.replace("= prompt", f"= {text}"))
    assert site.service_account.password == PasswordSource(kind, name)


def test_directory_password_may_not_share_the_variable(tmp_path: Path) -> None:
    text = GOOD.replace("= prompt", "= env:PW") + DIRECTORY + "username = C\\reader\npassword = env:PW\n"
    assert only(tmp_path, text).line == text.count("\n")


@pytest.mark.parametrize(("line", "missing"), [("username = C\\reader", "password"), ("password = prompt", "username")])
def test_directory_account_is_whole_or_absent(tmp_path: Path, line: str, missing: str) -> None:
    text = GOOD + DIRECTORY + line + "\n"
    mistake = only(tmp_path, text)
    assert (mistake.line, f"without `{missing}`" in mistake.what) == (text.count("\n"), True)
