"""Reasoning about the front ends behind one hostname: which were seen, which does not answer as the others do.

A balancer spreads connections over several servers, and Exchange names the one
that answered in the header X-FEServer. A front end counts as bad when it gave
no good answer in two rounds of looks, a pause apart, while others did; so one
that restarts is not blamed, and one that is only late never is. Pure functions
of facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_flowscape.facts import FrontEndLook, Kind, Trouble

UNNAMED = "an unnamed front end"
PAUSE = 2.0  # seconds between the rounds of looks
TOO_MANY = 429  # RFC 6585 4
BOTH = frozenset((False, True))  # the first round and the second, as in FrontEndLook.again


@dataclass(frozen=True)
class FrontEnd:
    """What one front end answered over all looks; ``name`` is empty where it sent none.

    ``ways`` are those of its last good answer, ``said`` the last trouble.
    ``bad_in`` are the rounds with a bad answer, ``wrong_in`` those among them
    in which it was wrong and not only late.
    """

    name: str
    good: int = 0
    bad_in: frozenset[bool] = frozenset()
    wrong_in: frozenset[bool] = frozenset()
    ways: tuple[str, ...] = ()
    said: str = ""

    def __str__(self) -> str:
        """Name it, and say what is wrong with it if anything is."""
        return ": ".join(filter(None, (self.name or UNNAMED, self.said)))

    @property
    def steadily_bad(self) -> bool:
        """Whether it was wrong in both rounds, and never good; of the nameless, some are."""
        return self.wrong_in == BOTH and not (self.name and self.good)


def seen(looks: Iterable[FrontEndLook]) -> tuple[FrontEnd, ...]:
    """Return every front end that answered, by name, those without a name together at the end."""
    by_name: dict[str, list[FrontEndLook]] = {}
    for look in looks:
        by_name.setdefault(look.name, []).append(look)
    return tuple(_sum_up(name, by_name[name]) for name in sorted(by_name, key=lambda name: (not name, name)))


def _sum_up(name: str, looks: Sequence[FrontEndLook]) -> FrontEnd:
    good = [look for look in looks if look.trouble is None]
    bad = [(look.again, look.trouble) for look in looks if look.trouble is not None]
    return FrontEnd(
        name,
        good=len(good),
        bad_in=frozenset(again for again, _ in bad),
        wrong_in=frozenset(again for again, trouble in bad if not _late(trouble)),
        ways=good[-1].ways if good else (),
        said=bad[-1][1].said if bad else "",
    )


def _late(trouble: Trouble) -> bool:
    """Whether it was only late: silent, as just started, or asking to come back later than we did."""
    return trouble.kind is Kind.SILENT or trouble.status == TOO_MANY or (trouble.back_off or 0.0) > PAUSE


def some_good(looks: Iterable[FrontEndLook]) -> bool:
    """Whether any answer was good."""
    return any(look.trouble is None for look in looks)


def bad(looks: Sequence[FrontEndLook]) -> tuple[FrontEnd, ...]:
    """Return the front ends that are steadily bad while others are good; none where all are alike."""
    return tuple(one for one in seen(looks) if one.steadily_bad) if some_good(looks) else ()


def doubtful(looks: Sequence[FrontEndLook]) -> tuple[FrontEnd, ...]:
    """Return those of which nothing can be said: bad whenever they were met, yet not wrong in both rounds.

    The nameless are among them where something was bad in both rounds, or where
    no second round was made: had there been a bad one, it would have been met again.
    """
    if not some_good(looks):
        return ()
    once = not any(look.again for look in looks)
    found = (one for one in seen(looks) if one.said and not one.steadily_bad)
    return tuple(one for one in found if (not one.good if one.name else once or one.bad_in == BOTH))


def unsteady(looks: Sequence[FrontEndLook]) -> tuple[FrontEnd, ...]:
    """Return those that answered badly at first and well later, or badly without a name and never again."""
    if not some_good(looks):
        return ()
    left = {*bad(looks), *doubtful(looks)}
    return tuple(one for one in seen(looks) if one.said and one not in left)


def ways_of_all(looks: Sequence[FrontEndLook]) -> tuple[str, ...]:
    """Return the ways to sign in that every good answer offered, in the order of the first."""
    good = [look for look in looks if look.trouble is None]
    if not good:
        return ()
    shared = set.intersection(*({way.lower() for way in look.ways} for look in good))
    return tuple(way for way in good[0].ways if way.lower() in shared)


def unlike(looks: Sequence[FrontEndLook]) -> tuple[FrontEnd, ...]:
    """Return the front ends with good answers, where they do not all offer the same ways; else none."""
    good = [one for one in seen(looks) if one.good]
    offers = {frozenset(way.lower() for way in look.ways) for look in looks if look.trouble is None}
    return tuple(good) if len(offers) > 1 else ()


def unseen(looks: Sequence[FrontEndLook], expected: Iterable[str]) -> tuple[str, ...]:
    """Return the expected names that answered no look, compared by host name without domain, in any case."""
    known = {_short(look.name) for look in looks}
    return tuple(name for name in expected if _short(name) not in known)


def _short(name: str) -> str:
    return name.strip().lower().partition(".")[0]
