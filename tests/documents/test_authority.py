"""The page for administrators lists everything that the tool asks: no more and no less than the servers saw."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import accept
from tests.simulator.harness import Simulator
from tools.documents import authority
from tools.documents.authority import ACCOUNT, DOMAIN, FOREST, IMPERSONATED, NOBODY, OBJECT, SYSTEM

EwsSeen = tuple[str, tuple[str, ...], tuple[str, ...], str]
LdapSeen = tuple[str, str, tuple[str, ...]]
ACTING = "somebody, by impersonation"
SECONDS_FOR_ONE_TEST = 400


def listed_ews() -> set[EwsSeen]:
    return {
        (one.operation, one.folders, one.properties, ACTING if one.whom in IMPERSONATED else one.whom)
        for one in authority.ews_requests()
    }


def listed_ldap(*, meeting: bool = False) -> set[LdapSeen]:
    return {
        (base, one.filter, tuple(sorted(name.lower() for name in one.attributes)))
        for one in authority.searches()
        for base in one.bases
        if meeting or not one.when.endswith(authority.MEETING)
    }


def seen_ews(log: list[dict[str, Any]]) -> set[EwsSeen]:
    found = set()
    for entry in log:
        if "sent" in entry:
            sent = entry["sent"]
            whom = ACTING if sent["impersonated"] else ACCOUNT if sent["credentials"] else NOBODY
            found.add((sent["operation"], tuple(sent["folders"]), tuple(sent["properties"]), whom))
    return found


def seen_ldap(log: list[dict[str, Any]]) -> set[LdapSeen]:
    return {
        (
            base(entry),
            authority.general_form(entry["filter"]),
            tuple(sorted(name.lower() for name in entry["attributes"])),
        )
        for entry in log
        if entry["operation"] == "ldap.search"
    }


def base(entry: dict[str, Any]) -> str:
    if entry["scope"] == 0:
        return OBJECT
    dn = entry["base"].lower()
    if dn.startswith("cn=system,"):
        return SYSTEM
    assert not dn or re.fullmatch(r"(dc=[^,]+,?)+", dn), dn
    return DOMAIN if dn else FOREST


def rewritten(simulator: Simulator, folder: Path, change: str) -> Path:
    """Write the site file of one kind of customer."""
    text = simulator.site.read_text(encoding="utf-8")
    if change == "user principal name":
        text = re.sub(r"(?m)^username = .*$", "username = svc-flowscape@demo.test", text)
    if change == "a catalog":
        text = re.sub(r"(?m)^servers = .*$", f"servers = gc://localhost:{simulator.ready['gc_port']}", text)
    if change == "no directory":
        text = re.sub(r"(?ms)^\[directory\].*?(?=^\[)", "", text)
    assert change == "as it is" or text != simulator.site.read_text(encoding="utf-8")
    path = folder / "site.ini"
    path.write_text(text, encoding="utf-8")
    return path


# conditions, the change of the site file, arguments: together they have the run ask all that it asks of most sites
RUNS = [
    ("", "as it is", ("--flowscape-book",)),
    ("missing:atlas@demo.test", "user principal name", ("-n", "2")),
    ("hidden-exchange-attributes", "a catalog", ()),
    ("hidden-exchange-attributes", "as it is", ()),
    ("", "no directory", ()),
]
# and what only some sites are asked
SOME = {
    "linked-mailbox": (
        SYSTEM,
        "(&(objectClass=trustedDomain)(securityIdentifier=VALUE))",
        ("flatname", "trustpartner"),
    ),
    "account-in-child-domain": (FOREST, "(userPrincipalName=VALUE)", ("objectsid",)),
}
# a password policy of the account's own, which the simulated domain has not; tests/real_ad has one
ELSEWHERE = (OBJECT, "(objectClass=*)", ("msds-lockoutthreshold",))


def test_whole_runs_ask_what_is_listed_and_nothing_else(simulator: Simulator, tmp_path: Path) -> None:
    ews: set[EwsSeen] = set()
    ldap: set[LdapSeen] = set()
    for number, (conditions, change, arguments) in enumerate(RUNS):
        simulator.reset()
        simulator.plant(*conditions.split())
        folder = tmp_path / str(number)
        folder.mkdir()
        done = accept(rewritten(simulator, folder, change), *arguments, cwd=folder)
        assert done.results, done.output
        log = simulator.log()
        ews |= seen_ews(log)
        ldap |= seen_ldap(log)
    assert ews == listed_ews()
    assert ldap == listed_ldap() - {*SOME.values(), ELSEWHERE}


def test_a_run_that_invites_rooms_asks_the_directory_for_what_is_listed_too(
    simulator: Simulator, tmp_path: Path
) -> None:
    done = accept(simulator.site, "--flowscape-book=meeting", "-k", "CALENDAR_3 or calendar", cwd=tmp_path)
    assert done.results, done.output
    seen = seen_ldap(simulator.log())
    assert seen <= listed_ldap(meeting=True)
    assert not seen <= listed_ldap()


@pytest.mark.parametrize("scenario", list(SOME))
def test_what_only_some_sites_are_asked_is_listed_too(scenario: str, tmp_path: Path) -> None:
    with Simulator(tmp_path / "site", scenario=scenario) as running:
        change = "user principal name" if scenario == "account-in-child-domain" else "as it is"
        done = accept(rewritten(running, tmp_path, change), cwd=tmp_path)
        assert done.results, done.output
        log = running.log()
    assert seen_ldap(log) <= listed_ldap()
    assert SOME[scenario] in seen_ldap(log)
    assert seen_ews(log) <= listed_ews()
