"""The documents name every hard site, and say of each what its record says."""

from __future__ import annotations

import re

from tests.hard_sites.test_hard_sites import test_a_hard_site_gives_what_it_must as proof
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


def test_administrators_are_told_of_every_hard_site_what_they_will_see() -> None:
    text = (DOCS / "for-administrators.md").read_text(encoding="utf-8")
    section = text.partition(f"{SECTION}\n")[2].partition("\n## ")[0]
    told = [line.strip("|").split("|") for line in table(section)[2:]]
    names = [name for cells in told for name in re.findall(r"`([a-z0-9-]+)`", cells[-1])]
    assert sorted(names) == sorted(site.name for site in SITES)
    assert all(len(cells) == 3 and cells[1].strip().endswith(".") for cells in told)
