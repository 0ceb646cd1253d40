"""Made-up sites for the page, judged without any server: big ones, an incomplete one, one with hostile names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from pytest_flowscape.facts import FolderAnswer, Kind, MailboxAnswer, SiteFacts, SyncAnswer, Trouble
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Expected, Result, expected_pairs, judge_run
from pytest_flowscape.requirement import Per, Requirement
from pytest_flowscape.site.model import Attestation, Room, Site, Waiver
from tests.report.report_samples import NOON, failure_of, site, site_facts

HOSTILE = (
    "<script>window.wasRun = 1</script>",
    '"><img src=x onerror="window.wasRun = 1">',
    "</script><script>window.wasRun = 1</script>",
    'it\'s a "quote" \u2018a\u2019 \u201ab\u201b \u201cc\u201d',
    "$(window.wasRun) ${window.wasRun} `whoami`",
    "'; Remove-Mailbox 'x",
    "\u202emoc.elpmaxe@moor\u202c\u200f",
    "x" * 300,
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "{{ 7 * 7 }} {% raw %} {target} {email}",
    "&lt;b&gt; &#60;",
)
RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")
FOLDERS = ("msgfolderroot", "inbox", "calendar", "deleteditems", "sentitems")
DENIED = Trouble(
    Kind.NO_ACCESS,
    "ErrorAccessDenied: Access is denied. Check credentials and try again.",
    code="ErrorAccessDenied",
    message="Access is denied. Check credentials and try again.",
)


@dataclass
class Judged:
    """A site with its result and facts, as a run would have them at its end."""

    site: Site
    result: Result
    facts: SiteFacts = field(default_factory=site_facts)
    target_facts: dict[str, dict[str, Any]] = field(default_factory=dict)


def requirements() -> dict[str, Requirement]:
    """Return the product's own requirements, with their texts and fixes."""
    return {id_: judge_site.requirement for id_, judge_site in load_requirements().items()}


def judge_site(
    where: Site, change: Callable[[Expected, int], Outcome | None], facts: SiteFacts | None = None, **more: Any
) -> Judged:
    """Judge a run in which every pair passed but those that ``change`` makes an outcome of."""
    outcomes: dict[tuple[str, str], Outcome] = {}
    expected = expected_pairs(requirements().values(), where)
    for number, pair in enumerate(expected):
        key = (pair.requirement.id, pair.target)
        passed = Outcome(*key, Word.PASSED, pair.requirement.level.value)
        made = change(pair, number)
        if made is None or made.word is not Word.NOT_RUN:
            outcomes[key] = made or passed
    result = judge_run(expected, outcomes, where, rooms_chosen=len(where.rooms), **more)
    target_facts = {room.email: mailbox_facts(room.email, denied=False) for room in where.rooms}
    return Judged(where, result, facts or site_facts(), target_facts)


def mailbox_facts(address: str, *, denied: bool) -> dict[str, Any]:
    """Return what EWS may have told of a mailbox."""
    rights = dict.fromkeys(RIGHTS, True)
    folders = tuple(FolderAnswer(name, f"id-{name}", rights, trouble=DENIED if denied else None) for name in FOLDERS)
    return {
        "delegate": MailboxAnswer(address, folders=folders),
        "owner": MailboxAnswer(address, address, folders),
        "sync": SyncAnswer(address, address, sync_state="x"),
    }


def gap(pair: Expected, found: str, cause: str = "", because: str = "") -> Outcome:
    """Return a pair that was not measured."""
    known = pair.requirement
    return Outcome(
        known.id, pair.target, Word.NOT_MEASURED, known.level.value, found=found, cause=cause, because=because
    )


def big(rooms: int) -> Judged:
    """Return a big site in which every thirtieth room lacks FullAccess, and here and there something else is wrong."""
    where = site(0, name=f"{rooms} rooms", expected_rooms=rooms)
    names = tuple(Room(f"room.{n:05}@contoso.test", f"Meeting room {n}", f"Building {n % 40}") for n in range(rooms))
    where = replace(where, rooms=names)

    def change(pair: Expected, number: int) -> Outcome | None:
        if pair.requirement.opt_in:
            return Outcome(pair.requirement.id, pair.target, Word.NOT_REQUESTED, found="nothing is booked without --x")
        if pair.requirement.id == "PERMISSION-1" and number % 30 == 0:
            return failure_of(pair.requirement, pair.target, "no access to any of the five folders", cause="no-access")
        if pair.requirement.id == "CALENDAR-1" and number % 200 == 0:
            return gap(pair, "throttled: ErrorServerBusy", "throttled")
        return None

    found = judge_site(where, change)
    for one in found.result.outcomes:
        if one.word is Word.FAILED:
            found.target_facts[one.target] = mailbox_facts(one.target, denied=True)
    return found


def worst(rooms: int) -> Judged:
    """Return a big site in which every room fails everything, each in its own words."""
    where = site(rooms, name=f"{rooms} rooms, all wrong")

    def change(pair: Expected, number: int) -> Outcome | None:
        if pair.requirement.per is not Per.ROOM or pair.requirement.opt_in:
            return None
        return failure_of(
            pair.requirement,
            pair.target,
            f"an answer in words of its own, number {number}: ErrorAccessDenied",
            cause="no-access",
        )

    return judge_site(where, change)


def incomplete() -> Judged:
    """Return a site whose EWS answered 503, with a waiver that ended, one that nobody needs, and an attestation."""
    today = NOON.date()
    where = site(
        12,
        name="Branch office",
        waivers=(
            Waiver("ACCOUNT-4", "site", "A. Admin", today - timedelta(days=3), "ticket 4711"),
            Waiver("ROOM-2", "room0001@contoso.test", "B. Boss", today + timedelta(days=10), "is being renamed"),
        ),
        attestations=(Attestation("ACCOUNT-1", "", "A. Admin", date(2026, 11, 19), "seen in the console"),),
    )

    def change(pair: Expected, number: int) -> Outcome | None:
        known = pair.requirement
        if known.id == "ACCOUNT-1":
            said = "attested by A. Admin on 2026-11-19: seen in the console"
            return Outcome(known.id, pair.target, Word.ATTESTED, found="not readable", notes=(said,))
        if known.id == "HANDOVER-1":
            return Outcome(known.id, pair.target, Word.NOT_RUN)
        if known.id.startswith(("HOST-3", "PERMISSION", "IMPERSONATION", "CALENDAR")):
            return gap(pair, "EWS is temporarily unavailable (HTTP 503)", "ews-unavailable")
        return None

    return judge_site(where, change)


def hostile() -> Judged:
    """Return a site where every name, finding, note and decision is hostile."""
    where = site(0, customer=HOSTILE[0], name=HOSTILE[2], contact=HOSTILE[1])
    where = replace(
        where,
        rooms=tuple(Room(name, name, name) for name in HOSTILE),
        waivers=tuple(Waiver("ROOM-1", name, name, NOON.date(), name) for name in HOSTILE),
        password_by=HOSTILE[4],
    )

    def change(pair: Expected, number: int) -> Outcome | None:
        known, name = pair.requirement, pair.target
        if known.id == "PERMISSION-1":
            return failure_of(pair.requirement, pair.target, name, cause=name, notes=(name,))
        if known.id == "ROOM-1":
            return Outcome(known.id, name, Word.WAIVED, found=name, notes=(f"waived by {name}",))
        if known.id == "ROOM-2":
            return gap(pair, name)
        if known.id == "CALENDAR-1":
            return Outcome(known.id, name, Word.PASSED, notes=(name,))
        return None

    found = judge_site(where, change, notes=HOSTILE, other_failed=1)
    for name in HOSTILE:
        trouble = replace(DENIED, code=name, message=name)
        found.target_facts[name] = {"delegate": MailboxAnswer(name, trouble=trouble)}
    return found


SITES: Mapping[str, Callable[[], Judged]] = {
    "1000": lambda: big(1000),
    "5000": lambda: big(5000),
    "5000-worst": lambda: worst(5000),
    "incomplete": incomplete,
    "hostile": hostile,
}
