"""Dependencies: the lock file satisfies pyproject.toml, has hashes, and no licence binds a customer."""

from __future__ import annotations

import re
from email.message import Message

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.documents import licences
from tools.documents.frame import ROOT
from tools.documents.licences import LOCK, direct, licence, licences_on_page, locked_versions, tomllib

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
    versions = locked_versions().get(canonicalize_name(requirement.name), set())
    assert versions, REFRESH
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions), REFRESH


def test_every_locked_package_has_its_hashes() -> None:
    text = LOCK.read_text(encoding="utf-8")
    entries = list(ENTRY.finditer(text))
    assert len(entries) == len(re.findall(r"(?m)^[A-Za-z0-9]", text)) > 50
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry["rest"]), entry["name"]
    assert not re.search(r"https?://|file:", text), "it must not name a package index"


def test_none_is_under_the_gpl() -> None:
    for name in {*locked_versions(), *direct()}:
        for text in {licence(name), licences_on_page()[name]}:
            assert text, name
            assert not re.search(r"(?<!L)GPL|Affero|(?<!Lesser )General Public", text), (name, text)


def test_a_licence_that_is_not_wanted_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(licences.ELSEWHERE, "colorama", "AGPL-3.0")
    with pytest.raises(AssertionError, match="colorama"):
        test_none_is_under_the_gpl()


def test_a_version_that_is_not_locked_changes_nothing_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    [page] = licences.parts()
    relicensed = Message()
    relicensed["License-Expression"] = "Another"
    monkeypatch.setattr(licences.importlib.metadata, "version", lambda _: "0.0")
    monkeypatch.setattr(licences.importlib.metadata, "metadata", lambda _: relicensed)
    assert [page] == list(licences.parts())
    monkeypatch.setattr(licences.importlib.metadata, "version", lambda name: min(locked_versions()[name]))
    assert "| pytest | Another |" in next(licences.parts()).text
