"""Every generated document is the one that its generator writes now."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tools.documents import __main__, frame
from tools.documents.frame import COMMAND, ROOT, Part, rewrite

GENERATORS = {module.__name__.rpartition(".")[2]: module for module in __main__.GENERATORS}


def committed(part: Part) -> str:
    return (ROOT / part.path).read_text(encoding="utf-8")


def test_the_command_runs_every_generator() -> None:
    folder = Path(frame.__file__).parent
    assert set(GENERATORS) == {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__", "frame"}


@pytest.mark.parametrize("generator", GENERATORS.values(), ids=GENERATORS)
def test_a_committed_document_is_the_generated_one(generator: ModuleType) -> None:
    parts = list(generator.parts())
    assert parts
    for part in parts:
        assert part.put_into(committed(part)) == committed(part), f"run: {COMMAND}"


def test_a_stale_document_is_rewritten_in_place(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    parts = [part for name in ("faults", "requirements") for part in GENERATORS[name].parts()]
    assert rewrite(tmp_path, parts) == []
    for part in parts:
        path = tmp_path / part.path
        path.write_text(committed(part).replace("|", "!"), encoding="utf-8")
    assert rewrite(tmp_path, parts) == ["docs/faults.md", "docs/requirements.md"]
    for part in parts:
        assert part.text in (tmp_path / part.path).read_text(encoding="utf-8")
    assert (tmp_path / "docs/requirements.md").read_text(encoding="utf-8") == committed(parts[-1])


def test_a_page_without_the_marks_of_a_block_is_refused() -> None:
    part = Part("docs/a.md", "new", block="b")
    text = f"one\n<!-- begin b: {COMMAND} -->\nold\n<!-- end b -->\ntwo\n"
    assert part.put_into(text) == text.replace("old", "new")
    for mark in (f"<!-- begin b: {COMMAND} -->", "<!-- end b -->"):
        with pytest.raises(ValueError, match=r"docs/a\.md lacks the marks"):
            part.put_into(text.replace(mark, ""))
