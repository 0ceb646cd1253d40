"""What people decided and signed for in the site file: waivers, attestations, and to test no users."""

from __future__ import annotations

import re
from datetime import date

from pytest_flowscape.site.lines import Block, Entry, Mistakes
from pytest_flowscape.site.model import Attestation, Room, Users, Waiver
from pytest_flowscape.site.values import Wrong, address, iso_date, plain, shown

SITE = "site"
# What each requirement is judged on. The suites hold the requirements; a test keeps this table equal to them.
JUDGED_PER = {
    "HOST-1": SITE,
    "HOST-2": SITE,
    "HOST-3": SITE,
    "ACCOUNT-1": SITE,
    "ACCOUNT-2": SITE,
    "ACCOUNT-3": SITE,
    "ACCOUNT-4": SITE,
    "ACCOUNT-5": SITE,
    "ACCOUNT-6": SITE,
    "ROOM-1": "room",
    "ROOM-2": "room",
    "PERMISSION-1": "room",
    "IMPERSONATION-1": "room",
    "IMPERSONATION-2": "user",
    "IMPERSONATION-3": SITE,
    "CALENDAR-1": "room",
    "CALENDAR-2": "room",
    "CALENDAR-3": "room",
    "HANDOVER-1": SITE,
    "ADVICE-1": SITE,
    "ADVICE-2": SITE,
    "ADVICE-3": SITE,
}
SIGNED = re.compile(r"(?P<who>\S.*?) (?P<date>[^ :]+) ?: ?(?P<text>\S.*)")
UNTIL = re.compile(r"(?P<who>\S.*?) until (?P<date>[^ :]+) ?: ?(?P<text>\S.*)")


def signed(text: str) -> tuple[str, date, str]:
    """Read ``NAME YYYY-MM-DD: text``: who, when, and what they say."""
    return _read(SIGNED, text, "Write NAME YYYY-MM-DD: and a reason, such as A. Admin 2026-11-20: no user joined yet.")


def granted(text: str) -> tuple[str, date, str]:
    """Read ``NAME until YYYY-MM-DD: reason``: who, through which day, and why."""
    return _read(UNTIL, text, "Write NAME until YYYY-MM-DD: reason, such as A. Admin until 2027-01-31: ticket 4711.")


def _read(form: re.Pattern[str], text: str, remedy: str) -> tuple[str, date, str]:
    match = form.fullmatch(plain(text))
    if not match:
        raise Wrong("A name, a date or a reason is missing.", remedy)
    return match["who"], iso_date(match["date"]), match["text"]


def _requirement_and_target(key: str) -> tuple[str, str]:
    """Split a key into a known requirement id and an address, ``site``, or nothing."""
    name, _, target = plain(key).partition(" ")
    requirement = name.upper()
    if requirement not in JUDGED_PER:
        raise Wrong(f"There is no requirement {shown(name)}.", "Write an id of docs/requirements.md, such as ROOM-1.")
    if not target or target.lower() == SITE:
        return requirement, target.lower()
    return requirement, address(target)


def read_waivers(block: Block, rooms: tuple[Room, ...], users: Users, mistakes: Mistakes) -> tuple[Waiver, ...]:
    """Read the section ``[waivers]``. An expired waiver is no mistake: the report tells it."""
    found: dict[tuple[str, str], Waiver] = {}
    for entry in block.entries:
        try:
            requirement, target = _requirement_and_target(entry.key)
            _check_target(requirement, target or SITE, rooms, users)
            owner, until, reason = granted(_text(entry))
        except Wrong as wrong:
            mistakes.add(entry.line, f"Waiver: {wrong.what}", wrong.instead)
            continue
        waiver = Waiver(requirement, target or SITE, owner, until, reason, entry.line)
        _add(found, waiver, "Waiver", mistakes)
    return tuple(found.values())


def read_attestations(
    block: Block, rooms: tuple[Room, ...], users: Users, mistakes: Mistakes
) -> tuple[Attestation, ...]:
    """Read the section ``[attestations]``; without an address one covers every target of its requirement."""
    found: dict[tuple[str, str], Attestation] = {}
    for entry in block.entries:
        try:
            requirement, target = _requirement_and_target(entry.key)
            if target:
                _check_target(requirement, target, rooms, users)
            who, on, how = signed(_text(entry))
            _not_in_the_future(on)
        except Wrong as wrong:
            mistakes.add(entry.line, f"Attestation: {wrong.what}", wrong.instead)
            continue
        _add(found, Attestation(requirement, target, who, on, how, entry.line), "Attestation", mistakes)
    return tuple(found.values())


def _not_in_the_future(day: date) -> None:
    if day > date.today():  # noqa: DTZ011  a site file's dates are local
        raise Wrong(f"The date {day.isoformat()} is in the future.", "Write the day on which it was checked.")


def _text(entry: Entry) -> str:
    return " ".join(piece.text for piece in entry.pieces)


def _add(
    found: dict[tuple[str, str], Waiver] | dict[tuple[str, str], Attestation],
    decision: Waiver | Attestation,
    word: str,
    mistakes: Mistakes,
) -> None:
    first = found.setdefault((decision.requirement, decision.target), decision)  # type: ignore[arg-type]
    if first is not decision:
        mistakes.add(
            decision.line,
            f"{word}: the same requirement and target stand in line {first.line} already.",
            "Remove one of the two.",
        )


def _check_target(requirement: str, target: str, rooms: tuple[Room, ...], users: Users) -> None:
    """Refuse a target that this site does not have; rooms or users that are all faulty excuse it."""
    per = JUDGED_PER[requirement]
    if per == SITE and target != SITE:
        raise Wrong(f"{requirement} is judged once for the site, not per address.", f"Write {requirement} alone.")
    if per == SITE:
        return
    if target == SITE:
        raise Wrong(
            f"{requirement} is judged per {per}, and no address is named.",
            f"Write {requirement} and the {per}'s address, one line for each.",
        )
    known = {room.email for room in rooms} if per == "room" else set(users.addresses)
    if target not in known and (known or users.none_by):
        raise Wrong(f"{target} is not among the {per}s of this site file.", f"Remove the line, or add it to [{per}s].")
