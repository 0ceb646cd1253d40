"""Every way in which a requirement can fail, with its fix: what the scripts have to cope with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.judging import remedies
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.outcomes import Outcome
from pytest_flowscape.report import groups
from pytest_flowscape.report.fixes import scripts as fixes
from pytest_flowscape.report.fixes.steps import FixContext
from pytest_flowscape.requirement import Level, Owner, Per
from pytest_flowscape.site.model import Exchange, PasswordSource, Room, ServiceAccount, Site, Users
from suites import test_host, test_permissions, test_rooms
from tests.report import report_samples as samples

REQUIREMENTS = {id_: judged.requirement for id_, judged in load_requirements().items()}
SUITES = Path(test_host.__file__).parent
# stands for a text that is written where it is used; it names everything that can be filled in
INLINE = "By hand for '{target}', '{account}', '{email}' and '{hostname}'. " + remedies.SITE_FILE


@dataclass(frozen=True)
class Case:
    """One requirement that fails by one cause; without ``fix`` or ``owner`` they are the requirement's own."""

    requirement: str
    cause: str
    fix: str = ""
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.requirement}-{self.cause}"

    def __post_init__(self) -> None:
        known = REQUIREMENTS[self.requirement]
        object.__setattr__(self, "fix", self.fix or known.fix)
        object.__setattr__(self, "owner", self.owner or known.owner.value)


def _cases() -> Iterator[Case]:
    installer = Owner.INSTALLER.value
    own = {
        "HOST-1": ("host-unresolvable", "host-refused", "host-silent", "host-no-tls"),
        "HOST-2": ("tls-name", "tls-expired"),
        "HOST-3": ("ews-not-found",),
        "ACCOUNT-1": ("name-missing",),
        "ACCOUNT-3": ("no-mailbox",),
        "ACCOUNT-4": ("must-change", "password-expires", "password-expired"),
        "ACCOUNT-6": ("addresses-differ", "primary-not-one"),
        "ROOM-1": ("missing",),
        "ROOM-2": ("primary-not-one",),
        "PERMISSION-1": ("no-access", "calendar-only", "top-folder-only", "rights-missing"),
        "IMPERSONATION-1": ("no-role",),
        "IMPERSONATION-2": ("no-role",),
        "IMPERSONATION-3": ("out-of-scope",),
        "CALENDAR-1": ("no-calendar", "sync-refused", "no-state", "other-folder"),
        "CALENDAR-2": ("booking-left-behind", "booking-create-ErrorAccessDenied"),
        "HANDOVER-1": ("bind-52e", "bind-525", "ews-refused"),
        "ADVICE-1": ("number-not-stated", "number-differs"),
        "ADVICE-2": ("way-not-stated", "by-mail"),
        "ADVICE-3": ("unscoped",),
    }
    for id_, causes in own.items():
        yield from (Case(id_, cause) for cause in causes)
    yield Case("HOST-2", "tls-missing-intermediate", test_host.CHAIN_FIX)
    yield Case("HOST-2", "tls-unknown-issuer", test_host.TRUST_FIX)
    yield Case("HOST-3", "ews-forbidden", test_host.FORBIDDEN_FIX)
    yield Case("HOST-3", "ews-no-password-way", test_host.WAYS_FIX)
    yield Case("HOST-3", "front-end-bad", test_host.FRONT_END_FIX)
    for state in ("disabled", "locked", "expired"):
        yield Case("ACCOUNT-2", state, remedies.account_state_fix(state))
    yield Case("ACCOUNT-3", "group-managed", INLINE, Owner.DIRECTORY.value)
    for cause, text in remedies.WAY_FIXES.items():
        whose = Owner.NETWORK if cause.startswith("page") else Owner.EXCHANGE
        yield Case("ACCOUNT-5", cause, text, (Owner.DIRECTORY if cause == "smart-card" else whose).value)
    yield Case("ROOM-1", "wrong-type", test_rooms.WRONG_TYPE_FIX)
    yield Case("ROOM-1", "not-a-mailbox", test_rooms.NOT_A_MAILBOX_FIX)
    yield Case("ROOM-1", "online", test_rooms.ONLINE_FIX, installer)
    yield Case("ROOM-2", "held-twice", test_rooms.SHARED_FIX)
    yield Case("ROOM-2", "alias", test_rooms.ALIAS_FIX, installer)
    yield Case("PERMISSION-1", "explicit-deny", test_permissions.DENY_FIX)
    for id_ in ("IMPERSONATION-1", "IMPERSONATION-2"):
        yield Case(id_, "out-of-scope", remedies.TARGET_OUT_OF_SCOPE)
        yield Case(id_, "no-folder-opens", INLINE)
    yield Case("IMPERSONATION-3", "no-folder-opens", INLINE)
    yield Case("CALENDAR-3", "not-followed")
    for cause, text in remedies.ANSWER_FIXES.items():
        yield Case("CALENDAR-3", cause, text)
    for id_, cause in (
        ("ACCOUNT-3", "email-unknown"),
        ("ACCOUNT-3", "email-of-another"),
        ("ACCOUNT-6", "site-file-differs"),
        ("IMPERSONATION-2", "alias"),
        ("IMPERSONATION-2", "no-mailbox"),
        ("HANDOVER-1", "incomplete"),
        ("HANDOVER-1", "other-name-signed-in"),
        ("HANDOVER-1", "two-identities"),
    ):
        yield Case(id_, cause, INLINE, installer)


CASES = tuple(_cases())
_UNMEASURED = {"folder-permissions"}  # causes of what is not measured, which has no fix


def causes_in_suites() -> set[str]:
    """Return every cause that a suite names in so many words."""
    texts = "".join(path.read_text(encoding="utf-8") for path in SUITES.glob("test_*.py"))
    return set(re.findall(r'cause="([a-z0-9-]+)"', texts)) - _UNMEASURED


# --- sites, findings, documents --------------------------------------------------------------------


def site_with(value: str, rooms: Sequence[str] | None = None) -> Site:
    """Make a site whose every text is ``value`` or holds it; its rooms may be named."""
    emails = rooms or (value, f"{value}2")
    return Site(
        path=Path("site.ini"),
        customer=value,
        name=value,
        contact=value,
        exchange=Exchange(value, user_agent=value, front_ends=(value,)),
        service_account=ServiceAccount(value, value, PasswordSource("env", "FLOWSCAPE_PASSWORD")),
        rooms=tuple(Room(email, name=value) for email in emails),
        users=Users((f"{value}3",)),
        password_by=value,
    )


def facts_with(value: str) -> SiteFacts:
    """Make facts in which the directory names the account by ``value``."""
    facts = samples.site_facts()
    assert facts.directory is not None
    assert facts.directory.account is not None
    account = replace(facts.directory.account, dn=value, server="ldaps://dc01.contoso.test:636")
    return replace(facts, directory=replace(facts.directory, account=account))


def failures(case: Case, site: Site, found: str = "not as it should be", targets: Sequence[str] = ()) -> list[Outcome]:
    """Return the outcomes of a case, on every target of the site unless some are named."""
    known = REQUIREMENTS[case.requirement]
    every = {
        Per.SITE: ("site",),
        Per.ROOM: tuple(room.email for room in site.rooms),
        Per.USER: site.users.addresses,
    }[known.per]
    return [
        samples.failure_of(
            known,
            target,
            found,
            expected=f"what {found} is not",
            consequence=found if case.cause == "rights-missing" else known.consequence,
            fix=case.fix,
            owner=case.owner,
            cause=case.cause,
        )
        for target in targets or every
    ]


def around(cases: Sequence[Case], site: Site, facts: SiteFacts | None = None, found: str = "not right") -> FixContext:
    """Return what the scripts are made from, for these cases."""
    outcomes = [outcome for case in cases for outcome in failures(case, site, found)]
    return FixContext(site, facts, groups.findings(outcomes, REQUIREMENTS))


def documents(cases: Sequence[Case], value: str = "plain") -> dict[str, str]:
    """Return the text of each file that holds something, where every text of site, facts and findings is ``value``."""
    context = around(cases, site_with(value), facts_with(value), found=value)
    texts = {name: fixes.document(name, context, samples.run_info()) for name in fixes.NAMES}
    return {name: text for name, text in texts.items() if text}


def scripts(cases: Sequence[Case], value: str = "plain") -> dict[str, str]:
    """Return the scripts among the documents."""
    return {name: text for name, text in documents(cases, value).items() if name.endswith(".ps1")}


def is_required(case: Case) -> bool:
    return REQUIREMENTS[case.requirement].level is Level.REQUIRED
