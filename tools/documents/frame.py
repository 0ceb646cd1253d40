"""A generated document: a whole file, or a block between two marks in a page that is written by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "python -m tools.documents"


@dataclass(frozen=True)
class Part:
    """What a generator writes: ``path`` from the repository's root, and the whole text or that of one named block."""

    path: str
    text: str
    block: str = ""

    def put_into(self, document: str) -> str:
        """Return the document with this part up to date. Raises ValueError if it has no marks for the block."""
        if not self.block:
            return self.text
        begin, end = f"<!-- begin {self.block}: {COMMAND} -->\n", f"\n<!-- end {self.block} -->\n"
        before, first, rest = document.partition(begin)
        _, second, after = rest.partition(end)
        if not first or not second:
            raise ValueError(f"{self.path} lacks the marks {begin.strip()} and {end.strip()}")
        return f"{before}{begin}{self.text}{end}{after}"


def rewrite(root: Path, parts: Iterable[Part]) -> list[str]:
    """Write the parts into the documents below ``root`` (UTF-8, line feeds); return the paths of what changed."""
    changed: dict[str, None] = {}
    for part in parts:
        path = root / part.path
        document = path.read_text(encoding="utf-8") if path.exists() else ""
        text = part.put_into(document)
        if text != document:
            path.write_bytes(text.encode("utf-8"))
            changed[part.path] = None
    return list(changed)
