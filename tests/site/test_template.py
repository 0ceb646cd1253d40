"""The template becomes a site file by three edits, and is refused without them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_flowscape.site.keys import KEYS
from pytest_flowscape.site.rooms import COLUMNS
from pytest_flowscape.site.template import TEMPLATE
from tests.site.config_samples import load, mistakes, only, write

DOCUMENT = Path(__file__).parents[2] / "docs" / "site-file.md"
EDITS = {
    "<mail.customer.com>": "mail.acme.test",
    r"<CUSTOMER\svc-flowscape>": r"ACME\svc-rooms",
    "<svc-flowscape@customer.com>": "svc-rooms@acme.test",
    "<atlas@customer.com>": "atlas@acme.test\n    borneo@acme.test",
    "<a.person@customer.com>": "jane@acme.test",
}


def edited(text: str) -> str:
    for placeholder, value in EDITS.items():
        assert text.count(placeholder) == 1
        text = text.replace(placeholder, value)
    assert "<" not in text
    return text


def test_edited_template_loads(tmp_path: Path) -> None:
    site = load(tmp_path, edited(TEMPLATE))
    assert (site.customer, site.exchange.hostname) == ("acme.test", "mail.acme.test")
    assert [room.email for room in site.rooms] == ["atlas@acme.test", "borneo@acme.test"]
    assert site.service_account.password.kind == "prompt"


def test_unedited_template_is_refused_line_by_line(tmp_path: Path) -> None:
    found = mistakes(tmp_path, TEMPLATE)
    lines = TEMPLATE.splitlines()
    assert [
        lines[mistake.line - 1].partition("=")[2].strip() or lines[mistake.line - 1].strip() for mistake in found
    ] == list(EDITS)
    assert {mistake.instead for mistake in found} == {"Replace it, including the angle brackets."}


@pytest.mark.parametrize("missed", EDITS)
def test_a_missed_edit_is_reported(tmp_path: Path, missed: str) -> None:
    text = edited(TEMPLATE).replace(EDITS[missed], missed)
    assert only(tmp_path, text).line == text[: text.index(missed)].count("\n") + 1


def test_three_edits_are_marked() -> None:
    assert re.findall(r"^# EDIT (\d):", TEMPLATE, re.MULTILINE) == ["1", "2", "3"]


def test_all_commented_lines_load_too(tmp_path: Path) -> None:
    """What the template shows in comments is right: uncommented, it loads."""
    write(tmp_path, "-----BEGIN CERTIFICATE-----\n", "customer-ca.pem")
    write(tmp_path, "email\natlas@customer.com\n", "rooms.csv")
    text = re.sub(r"^# (?=\[directory\]$|\w[\w-]*( \S+@\S+)? =| {4}(?:ldaps|gc):)", "", TEMPLATE, flags=re.MULTILINE)
    text = re.sub(r"addresses =\n    <\S+>\n", "", text).replace("<", "").replace(">", "")
    site = load(tmp_path, text)
    assert site.customer == "Customer Ltd."
    assert site.directory
    assert [server.is_global_catalog for server in site.directory.servers] == [False, True]
    assert site.users.none_by == "A. Admin"
    assert [waiver.requirement for waiver in site.waivers] == ["PERMISSION-1"]
    assert [attestation.requirement for attestation in site.attestations] == ["ACCOUNT-1"]
    assert site.expected_rooms == 42
    assert (site.password_by, site.users.out_of_scope) == ("one-time link", "canary@customer.com")


def test_it_is_short_plain_text() -> None:
    assert TEMPLATE.isascii()
    assert TEMPLATE.endswith("\n")
    assert len(TEMPLATE.splitlines()) <= 70
    assert max(map(len, TEMPLATE.splitlines())) <= 100


def test_the_document_has_every_section_and_key() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `\[(\w+)\]`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(sections) == list(KEYS)
    for name, keys in KEYS.items():
        if keys is not None:
            table = sections[name].partition("| key | value | default |")[2].partition("\n\n")[0]
            assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == keys
    columns = sections["rooms"].partition("| column | value |")[2]
    assert tuple(re.findall(r"^\| `(\w+)` \|", columns, re.MULTILINE)) == COLUMNS
