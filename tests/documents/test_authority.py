"""The page for administrators lists exactly the requests that the servers saw."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import accept
from tests.simulator.harness import Simulator
from tools.documents import authority
from tools.documents.authority import ACCOUNT, DOMAIN, FOREST, IMPERSONATED, NOBODY, OBJECT, SYSTEM

EwsRow = tuple[str, tuple[str, ...], tuple[str, ...], str]
LdapRow = tuple[str, str, tuple[str, ...]]
ACTING = "someone, by impersonation"
SECONDS_FOR_ONE_TEST = 400


def documented_ews() -> set[EwsRow]:
    return {
        (one.operation, one.folders, one.properties, ACTING if one.whom in IMPERSONATED else one.whom)
        for one in authority.ews_requests()
    }


def documented_ldap(*, meeting: bool = False) -> set[LdapRow]:
    return {
        (base, one.filter, tuple(sorted(name.lower() for name in one.attributes)))
        for one in authority.searches()
        for base in one.bases
        if meeting or not one.when.endswith(authority.MEETING)
    }


def ews_in(log: list[dict[str, Any]]) -> set[EwsRow]:
    found = set()
    for entry in log:
        if "sent" in entry:
            sent = entry["sent"]
            whom = ACTING if sent["impersonated"] else ACCOUNT if sent["credentials"] else NOBODY
            found.add((sent["operation"], tuple(sent["folders"]), tuple(sent["properties"]), whom))
    return found


def ldap_in(log: list[dict[str, Any]]) -> set[LdapRow]:
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


def site_file_for(simulator: Simulator, folder: Path, change: str) -> Path:
    """Write the site file of one kind of customer, and return its path."""
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


# conditions, the change of the site file, arguments: together they make the run ask all that it asks most sites
RUNS = [
    ("", "as it is", ("--flowscape-book",)),
    ("missing:atlas@demo.test", "user principal name", ("-n", "2")),
    ("hidden-exchange-attributes", "a catalog", ()),
    ("hidden-exchange-attributes", "as it is", ()),
    ("", "no directory", ()),
]
# and what it asks only some sites
RARE = {
    "linked-mailbox": (
        SYSTEM,
        "(&(objectClass=trustedDomain)(securityIdentifier=VALUE))",
        ("flatname", "trustpartner"),
    ),
    "account-in-child-domain": (FOREST, "(userPrincipalName=VALUE)", ("objectsid",)),
}
# a password policy for the account alone, which the simulated domain lacks; tests/real_ad has one
ELSEWHERE = (OBJECT, "(objectClass=*)", ("msds-lockoutthreshold",))


def test_whole_runs_ask_what_is_documented_and_nothing_else(simulator: Simulator, tmp_path: Path) -> None:
    ews: set[EwsRow] = set()
    ldap: set[LdapRow] = set()
    for number, (conditions, change, arguments) in enumerate(RUNS):
        simulator.reset()
        simulator.plant(*conditions.split())
        folder = tmp_path / str(number)
        folder.mkdir()
        done = accept(site_file_for(simulator, folder, change), *arguments, cwd=folder)
        assert done.results, done.output
        log = simulator.log()
        ews |= ews_in(log)
        ldap |= ldap_in(log)
    assert ews == documented_ews()
    assert ldap == documented_ldap() - {*RARE.values(), ELSEWHERE}


def test_a_run_that_invites_rooms_asks_the_directory_for_what_is_documented(
    simulator: Simulator, tmp_path: Path
) -> None:
    done = accept(simulator.site, "--flowscape-book=meeting", "-k", "CALENDAR_3 or calendar", cwd=tmp_path)
    assert done.results, done.output
    found = ldap_in(simulator.log())
    assert found <= documented_ldap(meeting=True)
    assert not found <= documented_ldap()


@pytest.mark.parametrize("scenario", list(RARE))
def test_what_a_run_asks_only_some_sites_is_documented(scenario: str, tmp_path: Path) -> None:
    with Simulator(tmp_path / "site", scenario=scenario) as running:
        change = "user principal name" if scenario == "account-in-child-domain" else "as it is"
        done = accept(site_file_for(running, tmp_path, change), cwd=tmp_path)
        assert done.results, done.output
        log = running.log()
    assert ldap_in(log) <= documented_ldap()
    assert RARE[scenario] in ldap_in(log)
    assert ews_in(log) <= documented_ews()
