"""The documents name every hard site, and its proof."""

from __future__ import annotations

import re

from tests.hard_sites.test_hard_sites import test_a_hard_site_has_its_outcomes as proof
from tools.documents.frame import ROOT
from tools.documents.hard_sites import SITES, WORKERS

DOCS = ROOT / "docs"
SECTION = "## Hard sites"


def table(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_the_proof_that_the_document_names_is_there() -> None:
    text = (DOCS / "hard-sites.md").read_text(encoding="utf-8")
    assert f"tests/hard_sites/test_hard_sites.py::{proof.__name__}" in text
    marks = {mark.args[0]: mark.args[1] for mark in proof.pytestmark}  # type: ignore[attr-defined]
    assert tuple(marks["workers"]) == WORKERS


def test_no_healthy_site_fails_and_no_broken_one_is_accepted() -> None:
    for site in SITES:
        required = {word for (id_, _), word in site.outcomes.items() if not id_.startswith("ADVICE")}
        broken = "failed" in required
        assert not (site.healthy and broken), site.name
        assert broken == (site.verdict == "NOT ACCEPTED"), site.name
        assert site.verdict == "INCOMPLETE" or broken or not required & {"not measured", "not run"}, site.name


def test_the_page_for_administrators_has_a_row_for_every_hard_site() -> None:
    text = (DOCS / "for-administrators.md").read_text(encoding="utf-8")
    section = text.partition(f"{SECTION}\n")[2].partition("\n## ")[0]
    cells_of_rows = [line.strip("|").split("|") for line in table(section)[2:]]
    names = [name for cells in cells_of_rows for name in re.findall(r"`([a-z0-9-]+)`", cells[-1])]
    assert sorted(names) == sorted(site.name for site in SITES)
    assert all(len(cells) == 3 and cells[1].strip().endswith(".") for cells in cells_of_rows)
