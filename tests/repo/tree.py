"""The files of the repository, for the tests that read all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "dist", "build", "__pycache__", "node_modules", ".hypothesis"}
TEXTS = {".py", ".md", ".toml", ".ini", ".cfg", ".css", ".js", ".j2", ".json", ".csv", ".ps1", ".yml", ".yaml", ""}


def files() -> Iterator[Path]:
    """Yield every text file of the repository, without the folders that git ignores."""
    for folder, folders, names in os.walk(REPOSITORY):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info"))]
        here = Path(folder)
        if here.parent == REPOSITORY / "reports" and here.name != "sample":
            folders[:] = []  # a site's own report: output, ignored by git
            continue
        yield from (here / name for name in names if Path(name).suffix in TEXTS)


def modules(*folders: str) -> list[Path]:
    """Return every Python module, or those of some folders at the top."""
    return sorted(path for path in files() if path.suffix == ".py" and (not folders or top(path) in folders))


def top(path: Path) -> str:
    return path.relative_to(REPOSITORY).parts[0]


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()
