"""The table of docs/hard-sites.md, from the records in tests/hard_sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.hard_sites import directory_sites, exchange_sites
from tests.hard_sites.expected import Expected
from tools.documents.frame import Part

SITES: tuple[Expected, ...] = (*directory_sites.SITES, *exchange_sites.SITES)
HEAD = ("| site | verdict | requirements that it touches | cases |", "|---|---|---|---|")
ORDER = ("failed", "not measured", "attested", "waived", "not run", "passed")
WORKERS = ("0", "2")


def parts() -> Iterator[Part]:
    """Yield the table."""
    yield Part("docs/hard-sites.md", "\n".join((*HEAD, *map(_row, SITES))), block="hard sites")


def _row(site: Expected) -> str:
    cases = ", ".join(f"`[{site.name}-{workers}]`" for workers in WORKERS)
    return f"| `{site.name}` | {site.verdict} | {'; '.join(_outcomes(site)) or 'none: all passed'} | {cases} |"


def _outcomes(site: Expected) -> Iterator[str]:
    """Yield each outcome with its requirements, and with their number of targets if that is more than one."""
    words = dict.fromkeys(site.mentions, "passed") | dict(site.outcomes)
    assert set(words.values()) <= set(ORDER)
    for outcome in ORDER:
        targets = Counter(requirement for (requirement, _), word in words.items() if word == outcome)
        if targets:
            others = {requirement for (requirement, _), word in words.items() if word != outcome}
            yield f"{outcome}: {', '.join(_counted(*one, one[0] in others) for one in sorted(targets.items()))}"


def _counted(requirement: str, count: int, has_other_outcomes: bool) -> str:
    several = count > 1 or has_other_outcomes
    return f"{requirement} ({count} target{'s' * (count > 1)})" if several else requirement
