"""The files in fixes/: whose finding stands where, their form on disk, and nothing left of an earlier run."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.report import groups
from pytest_flowscape.report.files.all import write_each
from pytest_flowscape.report.fixes import scripts
from pytest_flowscape.report.fixes.steps import STEPS, file_of_step
from pytest_flowscape.requirement import Owner
from tests.report import report_samples as samples
from tests.report.fix_cases import CASES, REQUIREMENTS, Case, around, documents, failures, is_required

EXCHANGE, DIRECTORY, NETWORK = "exchange.ps1", "active-directory.ps1", "network.txt"
FILE_OF = {Owner.EXCHANGE.value: EXCHANGE, Owner.DIRECTORY.value: DIRECTORY, Owner.NETWORK.value: NETWORK}


def case(id_: str, cause: str) -> Case:
    (found,) = [one for one in CASES if (one.requirement, one.cause) == (id_, cause)]
    return found


def finding_of(one: Case) -> groups.Finding:
    (finding,) = around([one], samples.site(2)).findings
    return finding


def bring_up_to_date(folder: Path, *cases: Case, rooms: int = 3) -> tuple[str, ...]:
    """Write fixes/ for these cases; give the sentences about what could not be written."""
    site = samples.site(rooms)
    found = groups.findings([one for each in cases for one in failures(each, site)], REQUIREMENTS)
    return write_each(scripts.writers(folder, found, site, samples.site_facts(), samples.run_info()))


def there(folder: Path) -> set[str]:
    return {path.name for path in (folder / "fixes").glob("*")}


# --- whose finding stands where -------------------------------------------------------------------


@pytest.mark.parametrize("one", CASES, ids=str)
def test_each_finding_stands_in_the_file_of_whoever_has_to_act(one: Case) -> None:
    written = documents([one])
    assert (FILE_OF.get(one.owner) in written) or one.owner == Owner.INSTALLER.value
    finding = finding_of(one)
    assert set(written) == {file_of_step(finding), FILE_OF.get(one.owner, "")} - {""}
    for text in written.values():
        assert one.requirement in text
        level = "required" if is_required(one) else "recommended"
        assert f"{one.requirement} ({level}" in text
        assert finding.link in text


@pytest.mark.parametrize("one", CASES, ids=str)
def test_undo_and_waiting_time_stand_beside_whatever_is_changed(one: Case) -> None:
    for text in documents([one]).values():
        if "Fill in" in text or "WhatIf:" in text:
            assert "Undo: " in text
            assert "Waiting time: " in text


def test_commands_stand_in_the_script_of_their_shell_and_the_owner_is_told_where() -> None:
    written = documents([case("ACCOUNT-1", "name-missing")])
    assert "Set-User" in written[EXCHANGE]
    assert "Set-User -" not in written[DIRECTORY]
    assert "The commands are in exchange.ps1" in written[DIRECTORY]
    written = documents([case("ACCOUNT-5", "smart-card")])
    assert set(written) == {DIRECTORY}


def test_all_but_these_have_commands() -> None:
    by_hand = {str(one) for one in CASES if one.owner != Owner.INSTALLER.value and not file_of_step(finding_of(one))}
    network = {f"HOST-1-{cause}" for cause in ("host-unresolvable", "host-refused", "host-silent", "host-no-tls")}
    pages = {"ACCOUNT-5-page-before-sign-in", "ACCOUNT-5-page-after-sign-in", "HOST-2-tls-missing-intermediate"}
    folders = {f"IMPERSONATION-{number}-no-folder-opens" for number in (1, 2, 3)}
    assert by_hand == network | pages | folders | {"ACCOUNT-3-group-managed"}


def test_requirements_name_every_step_and_no_other() -> None:
    named = {step for known in REQUIREMENTS.values() for step in known.steps.values()}
    assert named == set(STEPS)
    causes = {cause for known in REQUIREMENTS.values() for cause in known.steps} - {""}
    assert causes <= {one.cause for one in CASES}


def test_what_people_have_to_do_by_hand_stands_there_in_words() -> None:
    text = documents([case("IMPERSONATION-1", "no-folder-opens")])[EXCHANGE]
    assert "# By hand:" in text
    assert "Invoke-Step" not in text


def test_a_finding_that_is_not_failed_is_in_no_file(tmp_path: Path) -> None:
    site = samples.site(2)
    outcomes = [Outcome("PERMISSION-1", room.email, Word.NOT_MEASURED, found="no answer") for room in site.rooms]
    found = groups.findings(outcomes, REQUIREMENTS)
    assert not write_each(scripts.writers(tmp_path, found, site, None, samples.run_info()))
    assert there(tmp_path) == set()


def test_many_rooms_are_one_list_and_one_loop() -> None:
    site = samples.site(500)
    context = around([case("PERMISSION-1", "no-access"), case("PERMISSION-1", "top-folder-only")], site)
    text = scripts.document(EXCHANGE, context, samples.run_info())
    assert text.count("'room0499@contoso.test'") == 1
    assert text.count("Add-MailboxPermission") == 1
    assert text.count("Invoke-Step '") == 1
    assert len(text.splitlines()) < 500 + 200


def test_a_role_that_is_missing_is_given_for_everybody_whose_mailbox_is_in_order() -> None:
    site = samples.site(3)
    gone = site.rooms[0].email
    outcomes = [
        *failures(case("IMPERSONATION-1", "no-role"), site, targets=[site.rooms[1].email]),
        *failures(case("ROOM-1", "missing"), site, targets=[gone]),
    ]
    context = scripts.FixContext(site, None, groups.findings(outcomes, REQUIREMENTS))
    members = (
        scripts.document(EXCHANGE, context, samples.run_info()).partition("$members = @(")[2].partition("    )")[0]
    )
    assert gone not in members
    for address in (*(room.email for room in site.rooms[1:]), *site.users.addresses, site.service_account.email):
        assert f"'{address}'" in members


def test_a_scope_that_leaves_somebody_out_gets_only_these() -> None:
    site = samples.site(3)
    context = around([case("IMPERSONATION-3", "out-of-scope")], site)
    text = scripts.document(EXCHANGE, context, samples.run_info())
    assert f"$members = @(\n        '{site.service_account.email}'\n    )" in text


def test_what_only_a_person_can_decide_is_off_until_it_is_filled_in() -> None:
    text = documents([case("ROOM-2", "alias")])[EXCHANGE]
    assert "$decided = $false" in text
    assert "The first fix is the site file" in text
    assert "$thumbprint = ''" in documents([case("HOST-2", "tls-name")])[EXCHANGE]
    assert "$remove = @()" in documents([case("ADVICE-3", "unscoped")])[EXCHANGE]


def test_the_account_is_named_as_the_directory_told_it() -> None:
    text = scripts.document(
        DIRECTORY,
        around([case("ACCOUNT-4", "password-expires")], samples.site(), samples.site_facts()),
        samples.run_info(),
    )
    assert "$server = 'dc01.contoso.test'" in text
    assert "$identity = 'CN=svc,DC=contoso,DC=test'" in text
    # nobody told anything: the name has to do, and an empty server stops the step
    text = scripts.document(
        DIRECTORY, around([case("ACCOUNT-4", "password-expires")], samples.site()), samples.run_info()
    )
    assert "$server = ''" in text
    assert "$identity = ''" in text
    assert "$account = 'CONTOSO\\svc-flowscape'" in text


# --- on disk --------------------------------------------------------------------------------------


def test_the_files_are_utf_8_with_mark_and_windows_line_ends(tmp_path: Path) -> None:
    assert not bring_up_to_date(tmp_path, *CASES)
    assert there(tmp_path) == {EXCHANGE, DIRECTORY, NETWORK}
    for path in (tmp_path / "fixes").iterdir():
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\xef\xbb\xbf") == 1
        assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r") > 10
        assert content.endswith(b"\r\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_the_files_are_private_to_the_user(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert not bring_up_to_date(tmp_path / "site", *CASES)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "site" / "fixes").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "site" / "fixes").iterdir()}
    assert modes == {0o600}


def test_nothing_of_an_earlier_run_stays(tmp_path: Path) -> None:
    both = case("PERMISSION-1", "no-access"), case("HOST-1", "host-refused")
    bring_up_to_date(tmp_path, *both)
    assert there(tmp_path) == {EXCHANGE, NETWORK}
    assert scripts.by_owner(tmp_path) == {
        "Exchange administrator": "fixes/exchange.ps1",
        "network administrator": "fixes/network.txt",
    }
    bring_up_to_date(tmp_path, both[1])
    assert there(tmp_path) == {NETWORK}
    bring_up_to_date(tmp_path)
    assert not (tmp_path / "fixes").exists()
    assert scripts.by_owner(tmp_path) == {}


def test_a_file_of_somebody_else_is_left_where_it_is(tmp_path: Path) -> None:
    bring_up_to_date(tmp_path, case("PERMISSION-1", "no-access"))
    (tmp_path / "fixes" / "undo.txt").write_text("UNDO: ...", encoding="utf-8")
    bring_up_to_date(tmp_path)
    assert there(tmp_path) == {"undo.txt"}


def test_a_link_leads_nothing_elsewhere(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    report = tmp_path / "report"
    report.mkdir()
    (report / "fixes").symlink_to(shared, target_is_directory=True)
    bring_up_to_date(report, case("PERMISSION-1", "no-access"))
    assert there(report) == {EXCHANGE}
    assert list(shared.iterdir()) == []


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_up_to_date(tmp_path, case("PERMISSION-1", "no-access"), rooms=2)
    path = tmp_path / "fixes" / EXCHANGE
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = bring_up_to_date(tmp_path, case("PERMISSION-1", "no-access"), rooms=9)
    assert said == (
        "fixes/exchange.ps1 could not be written, do not use one of an earlier run: No space left on device",
    )
    assert path.read_bytes() == before
    assert there(tmp_path) == {EXCHANGE}


def test_one_file_that_cannot_be_written_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / "fixes" / EXCHANGE).mkdir(parents=True)
    said = bring_up_to_date(tmp_path, *CASES)
    assert len(said) == 1
    assert said[0].startswith("fixes/exchange.ps1 could not be written, do not use one of an earlier run: ")
    assert (tmp_path / "fixes" / DIRECTORY).is_file()
    assert (tmp_path / "fixes" / NETWORK).is_file()
