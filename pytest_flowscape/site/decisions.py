"""What people decided and signed for in the site file: waivers, attestations, and to test no users."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from pytest_flowscape.site.lines import Block, Mistakes
from pytest_flowscape.site.model import Attestation, Room, Users, Waiver
from pytest_flowscape.site.values import Wrong, address, iso_date, plain, quote

T = TypeVar("T", Waiver, Attestation)

SITE = "site"
SIGNATURE = re.compile(r"(?P<who>\S.*?) (?P<date>[^ :]+) ?: ?(?P<text>\S.*)")
PERMIT = re.compile(r"(?P<who>\S.*?) until (?P<date>[^ :]+) ?: ?(?P<text>\S.*)")


@dataclass(frozen=True)
class Targets:
    """What a decision may be about: each known requirement by its id, and the addresses of this site.

    ``judged_per`` says ``site``, ``room`` or ``user`` for each id. Rooms or
    users that are all faulty excuse an address that is not among them.
    """

    judged_per: Mapping[str, str]
    rooms: tuple[Room, ...]
    users: Users

    def split(self, key: str) -> tuple[str, str]:
        """Split a key into a known requirement id and an address, ``site``, or nothing. Raises Wrong."""
        name, _, target = plain(key).partition(" ")
        requirement = name.upper()
        if requirement not in self.judged_per:
            raise Wrong(
                f"There is no requirement {quote(name)}.", "Write an id from docs/requirements.md, e.g. ROOM-1."
            )
        if not target or target.lower() == SITE:
            return requirement, target.lower()
        return requirement, address(target)

    def check(self, requirement: str, target: str) -> None:
        """Refuse a target that the requirement does not have on this site. Raises Wrong."""
        per = self.judged_per[requirement]
        if per == SITE and target != SITE:
            raise Wrong(f"{requirement} is judged once for the site, not per address.", f"Write {requirement} alone.")
        if per == SITE:
            return
        if target == SITE:
            what = f"{requirement} is judged per {per}, and no address is given."
            raise Wrong(what, f"Write {requirement} and the {per}'s address, one line for each.")
        known = {room.email for room in self.rooms} if per == "room" else set(self.users.addresses)
        if target not in known and (known or self.users.none_by):
            raise Wrong(f"{target} is not a {per} of this site file.", f"Remove the line, or add it to [{per}s].")


def signature(text: str) -> tuple[str, date, str]:
    """Return who signed, when, and what they say, of ``NAME YYYY-MM-DD: text``. Raises Wrong."""
    return _parts(SIGNATURE, text, "Write NAME YYYY-MM-DD: reason, e.g. A. Admin 2026-11-20: no user joined yet.")


def permit(text: str) -> tuple[str, date, str]:
    """Return who permits, through which day, and why, of ``NAME until YYYY-MM-DD: reason``. Raises Wrong."""
    return _parts(PERMIT, text, "Write NAME until YYYY-MM-DD: reason, e.g. A. Admin until 2027-01-31: ticket 4711.")


def _parts(form: re.Pattern[str], text: str, remedy: str) -> tuple[str, date, str]:
    match = form.fullmatch(plain(text))
    if not match:
        raise Wrong("A name, a date or a reason is missing.", remedy)
    return match["who"], iso_date(match["date"]), match["text"]


def read_waivers(block: Block, known: Targets, mistakes: Mistakes) -> tuple[Waiver, ...]:
    """Return the section ``[waivers]``. An expired waiver is not a mistake: the report shows it."""

    def parse(requirement: str, target: str, text: str, line: int) -> Waiver:
        known.check(requirement, target or SITE)
        return Waiver(requirement, target or SITE, *permit(text), line)

    return _read(block, "Waiver", known, parse, mistakes)


def read_attestations(block: Block, known: Targets, mistakes: Mistakes) -> tuple[Attestation, ...]:
    """Return the section ``[attestations]``; without an address one covers every target of its requirement."""

    def parse(requirement: str, target: str, text: str, line: int) -> Attestation:
        if target:
            known.check(requirement, target)
        who, on, how = signature(text)
        if on > date.today():  # noqa: DTZ011  a site file's dates are local
            raise Wrong(f"The date {on.isoformat()} is in the future.", "Write the day on which it was checked.")
        return Attestation(requirement, target, who, on, how, line)

    return _read(block, "Attestation", known, parse, mistakes)


def _read(
    block: Block, word: str, known: Targets, parse: Callable[[str, str, str, int], T], mistakes: Mistakes
) -> tuple[T, ...]:
    found: dict[tuple[str, str], T] = {}
    for entry in block.entries:
        try:
            text = " ".join(piece.text for piece in entry.pieces)
            decision = parse(*known.split(entry.key), text, entry.line)
        except Wrong as wrong:
            mistakes.add(entry.line, f"{word}: {wrong.what}", wrong.instead)
            continue
        first = found.setdefault((decision.requirement, decision.target), decision)
        if first is not decision:
            what = f"{word}: the same requirement and target are already in line {first.line}."
            mistakes.add(entry.line, what, "Remove one of the two.")
    return tuple(found.values())
