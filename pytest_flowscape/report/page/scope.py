"""What the service account can reach, as measured; and when the signed result is no longer valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timezone

from pytest_flowscape.facts import Grant, Kind, MailboxRights, SiteFacts
from pytest_flowscape.facts.directory import NEVER_EXPIRES
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report.page.evidence import answer_text
from pytest_flowscape.site.model import Site


def scope(site: Site, facts: SiteFacts | None, outcomes: Sequence[Outcome]) -> tuple[tuple[str, str], ...]:
    """Return (label, sentence): what impersonation covers and how that was proven, where FullAccess comes from."""
    return (("Impersonation", _impersonation(facts, outcomes)), ("FullAccess", _full_access(site, facts)))


def _impersonation(facts: SiteFacts | None, outcomes: Sequence[Outcome]) -> str:
    canary = facts.out_of_scope if facts else None
    worked = any(o.requirement.startswith("IMPERSONATION-") and o.word is Word.PASSED for o in outcomes)
    if canary is None:
        works = "Works for the rooms and users that passed. " if worked else ""
        return (
            f"{works}Not proven to be limited by a scope: the site file names no mailbox under 'out_of_scope' that "
            "must be refused. Treat it as organisation-wide until this is tested."
        )
    name = canary.impersonated or canary.address
    trouble = canary.first_trouble
    if trouble is None:
        return (
            f"Organisation-wide, or the scope is too wide. Proven: {name}, which must be out of scope, could be opened "
            "by impersonation. Anyone with the password can read and write every mailbox that the role covers."
        )
    if trouble.kind is Kind.IMPERSONATION_REFUSED:
        return f"Limited by a scope. Proven: impersonation of {name} was refused ({answer_text(trouble)})."
    return f"Not proven: impersonation of {name} was neither accepted nor refused ({answer_text(trouble)})."


def _full_access(site: Site, facts: SiteFacts | None) -> str:
    view = facts.directory if facts else None
    if view is None or not view.rights:
        return "Tested by what the account may do in each room. Active Directory was not read: its source is not known."
    sources = Counter(
        _source(view.rights[room.email], view.token_sids) for room in site.rooms if room.email in view.rights
    )
    counts = [f"{count} {'room' if count == 1 else 'rooms'}: {source}" for source, count in sources.most_common(6)]
    rest = len(sources) - 6
    more = f"; {rest} other sources" if rest > 0 else ""
    return "As shown in Active Directory (for information; not used for the verdict). " + "; ".join(counts) + more + "."


def _source(rights: MailboxRights, token: Sequence[str]) -> str:
    """Return where a room's FullAccess comes from; ``token`` are the account's SIDs, its own first."""
    if rights.grant is Grant.GRANTED:
        own = rights.who in token[:1]
        return "granted to the account itself" if own else f"granted to a group it is a member of ({rights.who})"
    if rights.grant is Grant.DENIED:
        return f"denied to {rights.who}"
    if rights.grant is Grant.ABSENT:
        return "no entry for the account (granted on the database, by a group that is not visible, or not at all)"
    return "not readable"


def voids(site: Site, facts: SiteFacts | None, today: date) -> Iterator[tuple[str, str]]:
    """Return (what, when or how) for all that ends the result's validity: dates if known, else events."""
    certificate = facts.host.certificate if facts else None
    if certificate:
        yield "The certificate expires", _when(certificate.not_after, today)
    yield from _account(facts, today)
    for waiver in sorted(site.waivers, key=lambda one: one.until):
        if waiver.until >= today:
            yield f"The waiver of {waiver.requirement} ends ({waiver.target})", _day(waiver.until, today)
    build = facts.sign_in.server_version if facts and facts.sign_in else ""
    yield "Exchange is updated", f"any build other than {build}" if build else "the build is not known"
    yield "A room, a user or the account is moved", "to another database, server, forest or to Exchange Online"
    yield "Permissions, roles or their scope change", "also when the scope's group is moved or renamed"
    yield "The host's address, balancer or front ends change", "network and trust were measured from this machine only"
    yield "A room or a user is added", "what is not listed here was not tested"


def _account(facts: SiteFacts | None, today: date) -> Iterator[tuple[str, str]]:
    entry = facts.directory.account if facts and facts.directory else None
    if entry is None:
        yield "Account and password expire", "not known: the directory was not read"
        return
    if "accountexpires" in entry.unreadable:
        yield "The account expires", "not known: the attribute is not readable"
    else:
        ends = entry.moment("accountExpires")
        yield "The account expires", _when(ends, today) if ends else "never"
    if "useraccountcontrol" in entry.unreadable:
        return
    control = entry.number("userAccountControl")
    computed = "msds-userpasswordexpirytimecomputed"
    if control is not None and control & NEVER_EXPIRES:
        yield "The password expires", "never, as set on the account"
    elif computed not in entry.unreadable and (ends := entry.moment(computed)):
        yield "The password expires", _when(ends, today)


def _when(moment: datetime, today: date) -> str:
    return _day((moment.astimezone(timezone.utc) if moment.tzinfo else moment).date(), today)


def _day(day: date, today: date) -> str:
    left = (day - today).days
    return f"{day.isoformat()} ({'past' if left < 0 else 'today' if left == 0 else f'in {left} days'})"
