"""House rules that no linter knows: names, paths of this machine, links that lead somewhere."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo import tree
from tests.repo.tree import REPOSITORY, files, modules, relative

LEFT_OVER = (".orig", ".rej", ".bak")
FORBIDDEN = {  # except in this file, which names them
    "a path of one machine": re.compile(r"(?<![\w.])/(root|work|home/\w+|Users/\w+)/|[A-Z]:\\Users\\"),
    "a package host": re.compile(
        r"pypi\.org|pythonhosted\.org|npmjs\.org|deb\.debian\.org|--index-url|proxy\.golang\.org", re.IGNORECASE
    ),
}


def test_nothing_is_left_over_from_patching_or_merging() -> None:
    folders = ("pytest_flowscape", "suites", "tests", "docs", "examples", "benchmarks")
    left = [path for folder in folders for path in (REPOSITORY / folder).rglob("*") if path.suffix in LEFT_OVER]
    assert [relative(path) for path in left] == []


def test_the_walk_sees_the_repository() -> None:
    found = {relative(path) for path in files()}
    assert {"README.md", "pyproject.toml", ".ci/run", "pytest_flowscape/plugin.py", "suites/__init__.py"} <= found


def test_no_module_is_a_grab_bag() -> None:
    assert [relative(path) for path in modules() if path.stem in {"utils", "util", "helpers", "common", "misc"}] == []


def test_every_module_opens_with_its_role() -> None:
    silent = []
    for path in modules():
        text = path.read_text(encoding="utf-8").lstrip()
        if text and not text.startswith(('"""', 'r"""')):
            silent.append(relative(path))
    assert silent == []


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_no_file_holds(what: str) -> None:
    found = [
        f"{relative(path)}:{number}: {line.strip()[:100]}"
        for path in files()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


def test_what_is_forbidden_would_be_found() -> None:
    assert FORBIDDEN["a path of one machine"].search("see /root/x")
    assert FORBIDDEN["a path of one machine"].search("at C:\\Users\\me")
    assert FORBIDDEN["a package host"].search("from https://pypi.org/simple")
    assert not FORBIDDEN["a path of one machine"].search("docs/work/x, pytest_flowscape/root/y")


def test_the_changelog_has_this_version() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    version = re.search(r'^version = "([^"]+)"', (REPOSITORY / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version
    headings = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert headings[:1] == ["Unreleased"]
    assert version[1] in headings
    package = (REPOSITORY / "pytest_flowscape/__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{version[1]}"' in package


# --- links --------------------------------------------------------------------------------------

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Return a document's anchors as GitHub makes them from its headings."""
    titles = HEADING.findall(CODE.sub(lambda match: match[0].strip("`"), path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def broken_links(path: Path) -> list[str]:
    broken = []
    for target in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue  # links into the web are not followed
        file, _, anchor = target.partition("#")
        led = (path.parent / file).resolve() if file else path
        if not led.exists() or (anchor and anchor not in anchors(led)):
            broken.append(f"{relative(path)}: {target}")
    return broken


def test_every_link_between_documents_resolves() -> None:
    documents = [path for path in files() if path.suffix == ".md"]
    assert len(documents) >= 7
    assert [link for path in documents for link in broken_links(path)] == []


def test_a_broken_link_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "REPOSITORY", tmp_path)
    document = tmp_path / "a.md"
    document.write_text("# One `two`\n[ok](a.md#one-two) [bad](b.md) [bad](#three) `[code](c.md)`\n", encoding="utf-8")
    assert broken_links(document) == ["a.md: b.md", "a.md: #three"]


# --- the CI script ------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows may have no bash")
def test_the_ci_script_is_strict_and_executable() -> None:
    script = REPOSITORY / ".ci/run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    checked = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
