"""Which step of which script mends a finding: one table, by requirement and cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.report.fixes.script_text import DIRECTORY, EXCHANGE, Step
from pytest_flowscape.report.groups import Finding
from pytest_flowscape.site.model import Site

# the order in which the steps make sense: first what others need
ORDER = (
    "account_state",
    "account_password",
    "account_smart_card",
    "certificate",
    "sign_in_ways",
    "ews_look",
    "account_name",
    "account_mailbox",
    "account_address",
    "account_ews",
    "account_policy",
    "room_create",
    "room_type",
    "room_primary",
    "room_shared",
    "recipient_look",
    "impersonation",
    "permission",
    "permission_deny",
    "calendar_repair",
    "calendar_look",
    "calendar_accept",
    "impersonation_narrow",
)
GROUP, SCOPE = "Flowscape-Impersonation", "Flowscape"
# rooms that no role can cover yet: nobody, or not this mailbox, has the address
_NO_MAILBOX_YET = {
    ("ROOM-1", "missing"),
    ("ROOM-1", "online"),
    ("ROOM-1", "not-a-mailbox"),
    ("ROOM-2", "alias"),
    ("ROOM-2", "held-twice"),
    ("ROOM-2", "primary-not-one"),
    ("IMPERSONATION-2", "alias"),
    ("IMPERSONATION-2", "no-mailbox"),
}


@dataclass(frozen=True)
class Around:
    """What a step may take its values from: the site, what the servers told, and the run's other failures."""

    site: Site
    facts: SiteFacts | None
    findings: Sequence[Finding]


Maker = Callable[[Finding, Around], Step]


def step_for(finding: Finding, around: Around) -> Step | None:
    """Return the step that mends a finding, None where only people can."""
    maker = _MAKERS.get((finding.requirement, finding.cause)) or _MAKERS.get((finding.requirement, ""))
    return maker(finding, around) if maker else None


def has_step(finding: Finding) -> bool:
    """Whether there is a step for a finding."""
    return (finding.requirement, finding.cause) in _MAKERS or (finding.requirement, "") in _MAKERS


def file_of_step(finding: Finding) -> str:
    """Return the name of the script that has the step for a finding, empty where there is none."""
    if not has_step(finding):
        return ""
    return DIRECTORY if (finding.requirement, finding.cause) in _IN_DIRECTORY else EXCHANGE


def account_values(around: Around) -> Mapping[str, str]:
    """Return what the steps in the directory share: controller, distinguished name, sign-in name of the account.

    The controller is the one that told of the account, else the first of the
    site file; the name is empty where nobody told it.
    """
    view = around.facts.directory if around.facts else None
    entry = view.account if view else None
    asked = [entry.server] if entry and not entry.from_catalog else []
    asked += [view.bind.server] if view else []
    if around.site.directory:
        servers = around.site.directory.servers
        asked += [str(one) for one in sorted(servers, key=lambda one: one.is_global_catalog)]
    hosts = (urlsplit(server).hostname or "" for server in asked)
    return {
        "server": next(filter(None, hosts), ""),
        "identity": entry.dn if entry else "",
        "account": around.site.service_account.username,
    }


def _rooms(commands: str) -> Maker:
    return lambda finding, _: Step(EXCHANGE, commands, {"rooms": finding.targets})


def _account(commands: str) -> Maker:
    return lambda _, around: Step(EXCHANGE, commands, {"email": around.site.service_account.email})


def _servers(commands: str, *remarks: str) -> Maker:
    return lambda _, around: Step(EXCHANGE, commands, {"servers": around.site.exchange.front_ends}, remarks)


def _directory(commands: str) -> Maker:
    return lambda _finding, _around: Step(DIRECTORY, commands)


def _certificate(_: Finding, around: Around) -> Step:
    return Step(
        EXCHANGE,
        "certificate",
        {"servers": around.site.exchange.front_ends, "thumbprint": ""},
        ("Fill in: the front ends, all of them, and the 40 digits of the certificate's thumbprint.",),
    )


def _name(_finding: Finding, _around: Around) -> Step:
    remark = "Fill in: the first and the last name; one that is left empty stays as it is."
    return Step(EXCHANGE, "account_name", {"firstName": "", "lastName": ""}, (remark,))


def _ews(_: Finding, around: Around) -> Step:
    return Step(EXCHANGE, "account_ews", {"userAgent": around.site.exchange.user_agent})


def _create(finding: Finding, around: Around) -> Step:
    names = {room.email: room.name for room in around.site.rooms}
    rooms = tuple(
        {"Address": target, "Name": names.get(target, "") or target.partition("@")[0]} for target in finding.targets
    )
    return Step(EXCHANGE, "room_create", {"rooms": rooms})


def _primary(finding: Finding, _: Around) -> Step:
    return Step(EXCHANGE, "room_primary", {"decided": True, "rooms": finding.targets})


def _alias(finding: Finding, _: Around) -> Step:
    remark = (
        "The first fix is the site file: write the primary address there, and nothing changes on the servers. Only if "
        "the configured address is to become the primary one: set $decided = $true."
    )
    return Step(EXCHANGE, "room_primary", {"decided": False, "rooms": finding.targets}, (remark,), key="room_alias")


def _shared(finding: Finding, _: Around) -> Step:
    remark = "Fill in: the distinguished names of the mailboxes that lose the address, after the step has shown them."
    return Step(EXCHANGE, "room_shared", {"takeFrom": (), "rooms": finding.targets}, (remark,))


def _impersonation(finding: Finding, around: Around) -> Step:
    site = around.site
    targets = finding.targets if finding.requirement != "IMPERSONATION-3" else ()
    if finding.cause == "no-role":
        # a scoped role covers who is in the group and nobody else
        absent = {
            target
            for one in around.findings
            if (one.requirement, one.cause) in _NO_MAILBOX_YET
            for target in one.targets
        }
        everybody = (*(room.email for room in site.rooms), *site.users.addresses)
        targets = tuple(dict.fromkeys(target for target in everybody if target not in absent))
    members = tuple(dict.fromkeys((*targets, site.service_account.email)))
    remark = (
        "Where the site has a group and a scope for this already, write their names here. Rooms and users whose "
        "mailbox is not in order yet are left out of the members; run the acceptance again when it is."
    )
    return Step(EXCHANGE, "impersonation", {"groupName": GROUP, "scopeName": SCOPE, "members": members}, (remark,))


def _narrow(_finding: Finding, _around: Around) -> Step:
    remark = "Fill in: the names of the assignments to be removed, after the step has shown them."
    return Step(EXCHANGE, "impersonation_narrow", {"remove": ()}, (remark,))


_IN_DIRECTORY: Mapping[tuple[str, str], str] = {
    ("ACCOUNT-2", "disabled"): "account_state",
    ("ACCOUNT-2", "locked"): "account_state",
    ("ACCOUNT-2", "expired"): "account_state",
    ("ACCOUNT-4", "must-change"): "account_password",
    ("ACCOUNT-4", "password-expires"): "account_password",
    ("ACCOUNT-4", "password-expired"): "account_password",
    ("ACCOUNT-5", "smart-card"): "account_smart_card",
}
# the cause "" stands for every cause of the requirement that has no row of its own
_MAKERS: Mapping[tuple[str, str], Maker] = {
    **{pair: _directory(commands) for pair, commands in _IN_DIRECTORY.items()},
    ("HOST-2", "tls-name"): _certificate,
    ("HOST-2", "tls-expired"): _certificate,
    ("HOST-2", "tls-unknown-issuer"): _certificate,
    ("HOST-3", "ews-no-password-way"): _servers("sign_in_ways", "Fill in: the front ends, all of them."),
    ("HOST-3", ""): _servers("ews_look", "The front ends that are to be looked at one by one may be filled in."),
    ("ACCOUNT-1", ""): _name,
    ("ACCOUNT-3", "no-mailbox"): _account("account_mailbox"),
    ("ACCOUNT-5", "forbidden-after-sign-in"): _ews,
    ("ACCOUNT-5", "way-refused"): lambda _finding, _around: Step(EXCHANGE, "account_policy"),
    ("ACCOUNT-6", "addresses-differ"): _account("account_address"),
    ("ACCOUNT-6", "primary-not-one"): _account("account_address"),
    ("ROOM-1", "missing"): _create,
    ("ROOM-1", "wrong-type"): _rooms("room_type"),
    ("ROOM-1", "not-a-mailbox"): _rooms("recipient_look"),
    ("ROOM-2", "primary-not-one"): _primary,
    ("ROOM-2", "alias"): _alias,
    ("ROOM-2", "held-twice"): _shared,
    ("PERMISSION-1", ""): _rooms("permission"),
    ("PERMISSION-1", "explicit-deny"): _rooms("permission_deny"),
    ("IMPERSONATION-1", "no-role"): _impersonation,
    ("IMPERSONATION-1", "out-of-scope"): _impersonation,
    ("IMPERSONATION-2", "no-role"): _impersonation,
    ("IMPERSONATION-2", "out-of-scope"): _impersonation,
    ("IMPERSONATION-3", "out-of-scope"): _impersonation,
    ("CALENDAR-1", ""): _rooms("calendar_repair"),
    ("CALENDAR-2", ""): _rooms("calendar_look"),
    ("CALENDAR-3", ""): _rooms("calendar_accept"),
    ("ADVICE-3", ""): _narrow,
}
