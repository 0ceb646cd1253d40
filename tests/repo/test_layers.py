"""What import-linter cannot check: which library is imported where, which imports must be lazy, and circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# a library, and the only places of the product that may import it
CONFINED = {
    "ldap3": ("pytest_flowscape/probes/directory",),
    "spnego": ("pytest_flowscape/probes/ews/",),
    "lxml": ("pytest_flowscape/probes/ews/",),
    "urllib3": ("pytest_flowscape/probes/", "pytest_flowscape/booking/client/"),
    "truststore": ("pytest_flowscape/probes/trust.py",),
    "keyring": ("pytest_flowscape/site/password_sources.py",),
    "xdist": ("pytest_flowscape/hooks/scheduling.py",),
    "exchangelib": ("pytest_flowscape/booking/client/",),
    "requests": ("pytest_flowscape/booking/client/",),
    "twisted": (),
    "ldaptor": (),
    "trustme": (),
}


def product() -> Iterator[Path]:
    """Return every module of the product: the simulator may import anything."""
    for folder in ("pytest_flowscape", "suites"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            if "simulator" not in path.relative_to(REPOSITORY).parts:
                yield path


def imported(node: ast.AST) -> set[str]:
    """Return the top-level packages that a node and everything in it import."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in inner.names}
        elif isinstance(inner, ast.ImportFrom) and inner.module and not inner.level:
            found.add(inner.module.partition(".")[0])
    return found


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("library", sorted(CONFINED))
def test_library_is_imported_only_where_it_belongs(library: str) -> None:
    users = {path.relative_to(REPOSITORY).as_posix() for path in product() if library in imported(parsed(path))}
    assert {user for user in users if not user.startswith(CONFINED[library] or ("-",))} == set()
    assert users or not CONFINED[library], "no module imports it: remove the line"


def test_the_plugin_module_imports_pytest_alone() -> None:
    module = parsed(REPOSITORY / "pytest_flowscape/plugin.py")
    at_once = set().union(*(imported(node) for node in module.body if isinstance(node, (ast.Import, ast.ImportFrom))))
    assert at_once == {"__future__", "pytest"}


def test_suites_import_this_package_pytest_and_the_standard_library_alone() -> None:
    import sys

    found = set().union(*(imported(parsed(path)) for path in (REPOSITORY / "suites").glob("*.py")))
    assert found - sys.stdlib_module_names <= {"pytest_flowscape", "pytest"}


def import_graph(root: Path, package: str) -> dict[str, set[str]]:
    """Return which modules each module of a package imports, also inside functions; not those for types alone."""
    paths = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (root / package).rglob("*.py")
    }
    return {name: set(imported_modules(parsed(path))) & paths.keys() - {name} for name, path in paths.items()}


def imported_modules(node: ast.AST) -> Iterator[str]:
    """Return the modules that a node and everything in it import, and names that may be modules."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.If) and ast.unparse(inner.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            yield from (str(inner.module), *(f"{inner.module}.{alias.name}" for alias in inner.names))
        yield from imported_modules(inner)


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one circle, empty if there is none."""
    left = dict(graph)
    while free := [name for name, found in left.items() if not found & left.keys()]:
        for name in free:
            del left[name]
    if not left:
        return []
    walk = [min(left)]
    while walk[-1] not in walk[:-1]:
        walk.append(min(left[walk[-1]] & left.keys()))
    return walk[walk.index(walk[-1]) :]


def test_no_circle_among_files() -> None:
    graph = import_graph(REPOSITORY, "pytest_flowscape")
    assert len(graph) > 200
    assert graph["pytest_flowscape.booking.steps"], "the graph has no edges"
    assert circle_in(graph) == []


def test_a_circle_among_files_would_be_found(tmp_path: Path) -> None:
    texts = {
        "__init__": "",
        "a": "from p import b",
        "b": "def f():\n    import p.c\n",
        "c": "from p.a import X",
        "d": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.e\nimport p.a",
        "e": "import p.d",
    }
    (tmp_path / "p").mkdir()
    for name, text in texts.items():
        (tmp_path / "p" / f"{name}.py").write_text(text, encoding="utf-8")
    graph = import_graph(tmp_path, "p")
    assert circle_in(graph) == ["p.a", "p.b", "p.c", "p.a"]
    graph["p.c"].clear()
    assert circle_in(graph) == []
