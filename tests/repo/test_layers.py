"""What import-linter cannot check: which library is imported where, and which imports must be lazy."""

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
