"""The steps of the fix scripts: the values of each. Requirements name them, by the cause of a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.judging.judge import NO_ADDRESS
from pytest_flowscape.judging.outcomes import SITE_TARGET
from pytest_flowscape.report.fixes.script_text import DIRECTORY, EXCHANGE, Step, Value
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.site.model import Site

GROUP, SCOPE = "Flowscape-Impersonation", "Flowscape"
# causes of rooms and users whom no role can cover yet: nobody, or not this mailbox, has the address
_NO_MAILBOX_YET = (*NO_ADDRESS, "no-mailbox")


@dataclass(frozen=True)
class FixContext:
    """What a step may take its values from: the site, what the servers reported, and the run's other failures."""

    site: Site
    facts: SiteFacts | None
    findings: Sequence[Finding]


Values = Callable[[Finding, FixContext], Mapping[str, Value]]


@dataclass(frozen=True)
class Kind:
    """One step: the script it belongs to, a remark, its commands if not named like the step, and its values."""

    values: Values
    remark: str = ""
    file: str = EXCHANGE
    commands: str = ""


def step_for(finding: Finding, context: FixContext) -> Step | None:
    """Return the step that repairs a finding, None where only people can."""
    kind = STEPS.get(finding.step)
    if kind is None:
        return None
    remarks = (kind.remark,) if kind.remark else ()
    return Step(kind.file, kind.commands or finding.step, kind.values(finding, context), remarks, key=finding.step)


def place_of(step: Step) -> int:
    """Return where a step comes among all steps: first what others need."""
    return list(STEPS).index(step.commands)


def file_of_step(finding: Finding) -> str:
    """Return the name of the script that has the step for a finding, empty where there is none."""
    return STEPS[finding.step].file if finding.step in STEPS else ""


def account_values(context: FixContext) -> Mapping[str, str]:
    """Return what the steps in the directory share: controller, distinguished name, sign-in name of the account.

    The controller is the one that showed the account, else the first of the
    site file; the name is empty where none did.
    """
    view = context.facts.directory if context.facts else None
    entry = view.account if view else None
    servers = [entry.server] if entry and not entry.from_catalog else []
    servers += [view.bind.server] if view else []
    if context.site.directory:
        configured = sorted(context.site.directory.servers, key=lambda one: one.is_global_catalog)
        servers += map(str, configured)
    hosts = (urlsplit(server).hostname or "" for server in servers)
    return {
        "server": next(filter(None, hosts), ""),
        "identity": entry.dn if entry else "",
        "account": context.site.service_account.username,
    }


def _nothing(_finding: Finding, _context: FixContext) -> Mapping[str, Value]:
    return {}


def _rooms(finding: Finding, _: FixContext) -> Mapping[str, Value]:
    return {"rooms": finding.targets}


def _account(_: Finding, context: FixContext) -> Mapping[str, Value]:
    return {"email": context.site.service_account.email}


def _servers(_: Finding, context: FixContext) -> Mapping[str, Value]:
    return {"servers": context.site.exchange.front_ends}


def _new_rooms(finding: Finding, context: FixContext) -> Mapping[str, Value]:
    names = {room.email: room.name for room in context.site.rooms}
    rooms = tuple(
        {"Address": target, "Name": names.get(target, "") or target.partition("@")[0]} for target in finding.targets
    )
    return {"rooms": rooms}


def _members(finding: Finding, context: FixContext) -> Mapping[str, Value]:
    site = context.site
    targets = tuple(target for target in finding.targets if target != SITE_TARGET)
    if finding.cause == "no-role":
        # a scoped role covers who is in the group and nobody else
        absent = {target for one in context.findings if one.cause in _NO_MAILBOX_YET for target in one.targets}
        everybody = (*(room.email for room in site.rooms), *site.users.addresses)
        targets = tuple(target for target in everybody if target not in absent)
    members = tuple(dict.fromkeys((*targets, site.service_account.email)))
    return {"groupName": GROUP, "scopeName": SCOPE, "members": members}


# in the order in which they make sense: first what others need
STEPS: Mapping[str, Kind] = {
    "account_state": Kind(_nothing, file=DIRECTORY),
    "account_password": Kind(_nothing, file=DIRECTORY),
    "account_smart_card": Kind(_nothing, file=DIRECTORY),
    "certificate": Kind(
        lambda finding, context: {**_servers(finding, context), "thumbprint": ""},
        "Fill in: the front ends, all of them, and the 40 digits of the certificate's thumbprint.",
    ),
    "sign_in_ways": Kind(_servers, "Fill in: the front ends, all of them."),
    "ews_look": Kind(_servers, "Optional: fill in the front ends that are to be checked one by one."),
    "account_name": Kind(
        lambda _finding, _context: {"firstName": "", "lastName": ""},
        "Fill in: the first and the last name; one that is left empty stays as it is.",
    ),
    "account_mailbox": Kind(_account),
    "account_address": Kind(_account),
    "account_ews": Kind(lambda _, context: {"userAgent": context.site.exchange.user_agent}),
    "account_policy": Kind(_nothing),
    "room_create": Kind(_new_rooms),
    "room_type": Kind(_rooms),
    "room_primary": Kind(lambda finding, _: {"decided": True, "rooms": finding.targets}),
    "room_alias": Kind(
        lambda finding, _: {"decided": False, "rooms": finding.targets},
        "The first fix is the site file: write the primary address there, and nothing changes on the servers. Only if "
        "the configured address is to become the primary one: set $decided = $true.",
        commands="room_primary",
    ),
    "room_shared": Kind(
        lambda finding, _: {"takeFrom": (), "rooms": finding.targets},
        "Fill in: the distinguished names of the mailboxes that lose the address, after the step has shown them.",
    ),
    "recipient_look": Kind(_rooms),
    "impersonation": Kind(
        _members,
        "If the site already has a group and a scope for this, write their names here. Rooms and users without a "
        "working mailbox are left out of the members; run the acceptance again once they have one.",
    ),
    "permission": Kind(_rooms),
    "permission_deny": Kind(_rooms),
    "calendar_repair": Kind(_rooms),
    "calendar_look": Kind(_rooms),
    "calendar_accept": Kind(_rooms),
    "impersonation_narrow": Kind(
        lambda _finding, _context: {"remove": ()},
        "Fill in: the names of the assignments to be removed, after the step has shown them.",
    ),
}
