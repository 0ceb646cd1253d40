"""House rules for modules, classes, docstrings and names of constants, as far as no linter knows them."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.repo.tree import REPOSITORY, modules, relative

MAX_MODULE = 300
MAX_MEDIAN = 140
MAX_CLASS = 200
PRODUCT = ("pytest_flowscape", "suites")
ROOT = {"__init__.py", "plugin.py", "requirement.py"}
OLD_DOCSTRING = re.compile(r"(Give|Tell|Say)\b")
OLD_CONSTANT = re.compile(r"_?(MOST|LONGEST|LARGEST|FEWEST)_")


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def large_classes(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno >= MAX_CLASS:
            yield node.name


def old_docstrings(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node) or ""
            if OLD_DOCSTRING.match(text):
                yield text


def old_constants(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and OLD_CONSTANT.match(node.id):
            yield node.id


def test_no_module_is_longer_than_the_house_allows() -> None:
    assert {relative(path) for path in modules() if lines(path) > MAX_MODULE} == set()


def test_most_modules_of_the_product_are_short() -> None:
    lengths = [lines(path) for path in modules(*PRODUCT) if lines(path)]
    assert len(lengths) > 100
    assert statistics.median(lengths) <= MAX_MEDIAN


def test_the_root_of_the_package_holds_three_modules() -> None:
    assert {path.name for path in (REPOSITORY / "pytest_flowscape").glob("*.py")} == ROOT


def test_no_class_is_longer_than_the_house_allows() -> None:
    found = {f"{relative(path)}: {name}" for path in modules() for name in large_classes(parsed(path))}
    assert found == set()


def test_docstrings_say_return_or_whether_or_what_is_done() -> None:
    """``Return ...``, ``Whether ...`` or a verb that says what is done, not ``Give``, ``Tell`` or ``Say``."""
    found = {relative(path) for path in modules(*PRODUCT, "tools") if any(old_docstrings(parsed(path)))}
    assert found == set()


def test_constants_say_max_or_min() -> None:
    assert {relative(path): name for path in modules() for name in old_constants(parsed(path))} == {}


def test_what_breaks_a_rule_would_be_found() -> None:
    body = "\n".join(f"    a{number} = 1" for number in range(MAX_CLASS))
    module = ast.parse(f'"""Tell it."""\nMOST_ROOMS = 1\nclass Long:\n{body}\ndef f():\n    """Telling."""\n')
    assert list(large_classes(module)) == ["Long"]
    assert list(old_docstrings(module)) == ["Tell it."]
    assert list(old_constants(module)) == ["MOST_ROOMS"]
    assert not list(large_classes(ast.parse(f"class Long:\n{body[: body.rindex(chr(10))]}\n")))
