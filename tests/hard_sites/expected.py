"""The outcomes of a hard site: the record that tests, documents and the comparison of the plan share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Pair = tuple[str, str]  # requirement id, target


@dataclass(frozen=True)
class Expected:
    """One hard site, by the name of its scenario.

    ``outcomes`` names every pair whose outcome is not *passed* (the booking
    requirements, *not requested* everywhere, apart). ``mentions`` has words
    that the outcome's notes, ``found`` or reason must hold, for the pairs
    that the site touches. ``arguments`` are further options of
    the product's run. ``healthy``: no required requirement fails, and the
    plan can be known beforehand.
    """

    name: str
    healthy: bool
    verdict: str = "ACCEPTED"
    outcomes: Mapping[Pair, str] = field(default_factory=dict)
    mentions: Mapping[Pair, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


def every(requirement: str, targets: tuple[str, ...], outcome: str) -> dict[Pair, str]:
    """Return the same outcome for several targets of a requirement."""
    return {(requirement, target): outcome for target in targets}
