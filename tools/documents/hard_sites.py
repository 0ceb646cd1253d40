"""The table of docs/hard-sites.md, made from the records: ``python -m tools.documents.hard_sites`` prints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.hard_sites import directory_sites, exchange_sites
from tests.hard_sites.expected import Expected

SITES: tuple[Expected, ...] = (*directory_sites.SITES, *exchange_sites.SITES)
DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAD = ("| site | verdict | requirements that it touches | cases |", "|---|---|---|---|")
ORDER = ("failed", "not measured", "attested", "waived", "not run", "passed")
WORKERS = ("0", "2")


def rows(sites: Iterable[Expected] = SITES) -> Iterator[str]:
    """The table, line by line."""
    yield from HEAD
    for site in sites:
        cases = ", ".join(f"`[{site.name}-{workers}]`" for workers in WORKERS)
        yield f"| `{site.name}` | {site.verdict} | {'; '.join(touched(site)) or 'none: all passed'} | {cases} |"


def touched(site: Expected) -> Iterator[str]:
    """Each outcome with its requirements, and on how many rooms or users where that is more than one."""
    told = dict.fromkeys(site.said, "passed") | dict(site.outcomes)
    assert set(told.values()) <= set(ORDER)
    for outcome in ORDER:
        targets = Counter(requirement for (requirement, _), word in told.items() if word == outcome)
        if targets:
            elsewhere = {requirement for (requirement, _), word in told.items() if word != outcome}
            yield f"{outcome}: {', '.join(numbered(*one, one[0] in elsewhere) for one in sorted(targets.items()))}"


def numbered(requirement: str, count: int, elsewhere: bool) -> str:
    """The requirement, and its number of targets if it has several here or another outcome elsewhere."""
    return f"{requirement} ({count} target{'s' * (count > 1)})" if count > 1 or elsewhere else requirement


if __name__ == "__main__":
    print("\n".join(rows()))
