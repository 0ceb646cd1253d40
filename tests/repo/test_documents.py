"""Compare what the documents say about the product with the product."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.judging.verdict import EXIT_INCOMPLETE, Verdict
from pytest_flowscape.plugin import pytest_addoption
from pytest_flowscape.probes.directory.view import account_attributes, holder_attributes

REPOSITORY = Path(__file__).resolve().parents[2]


def text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def rows(name: str) -> list[list[str]]:
    """Return the cells of every table row of a document."""
    lines = [line for line in text(name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("key", sorted(CAUSES))
def test_every_cause_is_in_the_table_of_causes(key: str) -> None:
    cause = CAUSES[key]
    found = [row for row in rows("docs/for-administrators.md") if cause.sentence in row[0].split(";<br>")]
    assert found, f"no row for: {cause.sentence}"
    assert any((cause.failed or "nothing") == row[1] for row in found)


def test_every_outcome_and_verdict_is_explained() -> None:
    first = {row[0] for row in rows("docs/for-administrators.md")}
    assert {word.value for word in Word} <= first
    assert {verdict.value for verdict in Verdict} <= first


@pytest.mark.parametrize("name", ["README.md", "docs/ci.md"])
def test_every_exit_code_and_verdict_is_documented(name: str) -> None:
    codes = {row[0] for row in rows(name)}
    assert {"0", "1", "2", "4", str(EXIT_INCOMPLETE)} <= codes
    for verdict in Verdict:
        assert f"`{verdict.value}`" in text(name)


def test_every_attribute_that_the_directory_is_asked_for_is_documented() -> None:
    attributes = {*attributes_judged(), *account_attributes(()), *holder_attributes(())}
    assert len(attributes) > 20
    assert {name for name in attributes if f"`{name}`" not in text("docs/for-administrators.md")} == set()


def test_the_documents_name_every_option_and_no_other() -> None:
    names: set[str] = set()

    class Group:
        def addoption(self, name: str, **_: object) -> None:
            names.add(name)

    class Parser:
        def getgroup(self, *_: str) -> Group:
            return Group()

    pytest_addoption(Parser())  # type: ignore[arg-type]
    documents = ["README.md", *(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "docs").glob("*.md"))]
    documented = {option for name in documents for option in re.findall(r"--flowscape-[a-z-]*[a-z]", text(name))}
    assert documented == names


def test_every_path_that_architecture_names_exists() -> None:
    names = set(re.findall(r"`([a-z_]+/[a-z_/]*)(?:\.py)?`", text("ARCHITECTURE.md")))
    installed = {"history/", "pytest_flowscape/suites"}  # of a report, and of the wheel
    places = (REPOSITORY / "pytest_flowscape", REPOSITORY)
    assert len(names) > 10
    missing = {n for n in names if not any((p / n).is_dir() or (p / f"{n}.py").is_file() for p in places)}
    assert missing == installed
