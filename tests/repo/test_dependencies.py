"""What is installed along: the lock file satisfies pyproject.toml, hashes hold it, and no licence binds a customer."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.documents import licences
from tools.documents.licences import LOCK, PAGE, ROOT, direct, licence, locked, tomllib

ENTRY = re.compile(r"(?m)^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)(?P<rest>(?:.*\\\n)*.*\n)")
REFRESH = "refresh it: CONTRIBUTING.md, The lock file"


def wanted() -> list[Requirement]:
    text = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = text["project"]
    lines = [*project["dependencies"], *text["build-system"]["requires"]]
    lines += [line for extra in project["optional-dependencies"].values() for line in extra]
    found = [Requirement(line) for line in dict.fromkeys(lines)]
    return [one for one in found if canonicalize_name(one.name) != canonicalize_name(project["name"])]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_the_lock_file_satisfies_the_project(requirement: Requirement) -> None:
    versions = locked().get(canonicalize_name(requirement.name), set())
    assert versions, REFRESH
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions), REFRESH


def test_every_locked_package_is_held_to_its_hashes() -> None:
    text = LOCK.read_text(encoding="utf-8")
    entries = list(ENTRY.finditer(text))
    assert len(entries) == len(re.findall(r"(?m)^[A-Za-z0-9]", text)) > 50
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry["rest"]), entry["name"]
    assert not re.search(r"https?://|file:", text), "no package index belongs into it"


def test_the_page_of_licences_names_every_package() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named, needed = text.split("## Needed by those")
    rows = dict(re.findall(r"(?m)^\| ([a-z0-9-]+) \| (.+?) \|", named))
    rows.pop("package")
    assert set(rows) == set(direct()), "run: python -m tools.documents.licences > docs/licences.md"
    assert {name: licence(name) for name in rows} == rows
    assert set(re.findall(r"[a-z0-9-]+", needed)) >= set(locked()) - set(direct())


def test_none_is_under_the_gpl() -> None:
    for name in {*locked(), *direct()}:
        said = licence(name)
        assert said, name
        assert not re.search(r"(?<!L)GPL|Affero|(?<!Lesser )General Public", said), (name, said)


def test_a_licence_that_is_not_wanted_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(licences.ELSEWHERE, "colorama", "AGPL-3.0")
    with pytest.raises(AssertionError, match="colorama"):
        test_none_is_under_the_gpl()
