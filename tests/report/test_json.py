"""results.json and evidence.json: what they say, that they follow their schemas, and how they are written."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.core.own_state import private_folder
from pytest_flowscape.core.secret import MASK, Secret
from pytest_flowscape.facts import Bind, FolderAnswer, Grant, Kind, MailboxAnswer, PermissionEntry, Trouble
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result
from pytest_flowscape.report import groups
from pytest_flowscape.report.files import evidence, results, writing
from pytest_flowscape.site.model import PasswordSource, Room, Site
from tests.report.report_samples import (
    HOSTILE,
    NOON,
    REQUIREMENTS,
    failure,
    outcome,
    result,
    run_info,
    site,
    site_facts,
)
from tests.report.report_schema import faults

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits")


def read(path: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def mixed_result(where: Site) -> Result:
    rooms = [room.email for room in where.rooms]
    return result(
        where,
        [
            failure("PERMISSION-1", rooms[0]),
            failure("PERMISSION-1", rooms[1], found="something else"),
            failure("ADVICE-1"),
            outcome("CALENDAR-1", rooms[2], Word.NOT_MEASURED, found="throttled", cause="throttled"),
            outcome("ACCOUNT-1", word=Word.ATTESTED, notes=("attested by A",)),
            outcome("ACCOUNT-2", word=Word.WAIVED, notes=("waived by A",)),
            outcome("ADVICE-3", word=Word.NOT_REQUESTED, found="no out_of_scope mailbox"),
        ],
        notes=("-n cut to 4",),
        leave_out=("HANDOVER-1",),
        other_failed=2,
    )


@pytest.mark.parametrize("facts", [None, site_facts()], ids=["no facts", "facts"])
def test_results_follow_the_schema(tmp_path: Path, facts: object) -> None:
    where = site()
    judged = mixed_result(where)
    path = results.write(tmp_path, judged, REQUIREMENTS, where, facts, run_info())  # type: ignore[arg-type]
    assert path == tmp_path / "results.json"
    assert faults(read(path), "results-1") == []


def test_the_schema_finds_what_is_wrong() -> None:
    where = site()
    document = results.as_json(mixed_result(where), REQUIREMENTS, where, None, run_info())
    del document["verdict"]
    document["outcomes"][0]["outcome"] = "fine"
    document["surplus"] = 1
    document["not_run"] = True
    assert len(faults(document, "results-1")) == 4


def test_results_agree_with_the_result(tmp_path: Path) -> None:
    where = site()
    judged = mixed_result(where)
    document = read(results.write(tmp_path, judged, REQUIREMENTS, where, site_facts(), run_info()))
    outcomes: list[dict[str, str]] = document["outcomes"]  # type: ignore[assignment]
    assert [Outcome.from_json(one) for one in outcomes] == list(judged.outcomes)
    assert document["verdict"] == "NOT ACCEPTED"
    counted = Counter(one["outcome"] for one in outcomes)
    assert document["totals"] == {word.value: counted[word.value] for word in Word}
    assert document["not_run"] == counted["not run"] == 1
    assert document["other_failed"] == 2
    lines = sorted(f"{one['requirement']}\t{one['target']}\t{one['outcome']}\n" for one in outcomes)
    assert document["outcomes_digest"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    for entry in document["requirements"]:  # type: ignore[attr-defined]
        own = Counter(one["outcome"] for one in outcomes if one["requirement"] == entry["id"])
        assert entry["counts"] == {word.value: own[word.value] for word in Word}
    pairs = [
        (pair["requirement"], pair["target"])
        for finding in document["findings"]  # type: ignore[attr-defined]
        for pair in finding["pairs"]
    ]
    expected = [(o["requirement"], o["target"]) for o in outcomes if o["outcome"] in ("failed", "not measured")]
    assert sorted(pairs) == sorted(expected)
    assert document["run"]["started"] == "2026-11-20T12:00:00Z"  # type: ignore[index]
    assert document["site"]["rooms"] == {"chosen": 4, "configured": 4, "expected": None, "measured": 4}  # type: ignore[index]


def test_a_run_that_measured_nothing_says_so() -> None:
    where = site()
    document = results.as_json(result(where, word=Word.NOT_MEASURED), REQUIREMENTS, where, None, run_info())
    assert document["verdict"] == "INCOMPLETE"
    assert document["site"]["rooms"]["measured"] == 0
    assert document["site"]["users"]["measured"] == 0


def test_no_reference_to_a_password_is_resolved_or_told(tmp_path: Path) -> None:
    where = site()
    account = replace(where.service_account, password=PasswordSource("env", "MARKER_OF_THE_SOURCE"))
    where = replace(where, service_account=account, exchange=replace(where.exchange, proxy="http://u:MARKER_P@proxy"))
    text = results.write(tmp_path, mixed_result(where), REQUIREMENTS, where, site_facts(), run_info()).read_text(
        "utf-8"
    )
    assert "MARKER" not in text


@pytest.mark.parametrize("value", [*HOSTILE, "lone surrogate \udc80"], ids=range(len(HOSTILE) + 1))
def test_hostile_values_are_data(tmp_path: Path, value: str) -> None:
    where = replace(site(0, customer=value), rooms=(Room(value),))
    judged = result(where, [failure("PERMISSION-1", value, found=value)]) if "\udc80" not in value else result(site())
    path = results.write(tmp_path, judged, REQUIREMENTS, where, None, run_info(command_users=value))
    document = read(path)
    assert document["site"]["customer"] == value  # type: ignore[index]
    assert document["run"]["by"] == value  # type: ignore[index]


# --- evidence -----------------------------------------------------------------------------------


def test_evidence_follows_the_schema(tmp_path: Path) -> None:
    rooms = {"room0000@contoso.test": {"owner": MailboxAnswer("room0000@contoso.test")}}
    path = evidence.write(tmp_path, site_facts(), rooms)
    document = read(path)
    assert faults(document, "evidence-1") == []
    assert document["rooms"]["room0000@contoso.test"]["owner"]["folders"] == []  # type: ignore[index]
    account = document["site"]["directory"]["account"]  # type: ignore[index]
    assert account["unreadable"] == ["givenname", "pwdlastset"]
    assert account["attributes"] == {"objectguid": ["hex:fafbfcfdfeff"], "mail": ["svc-flowscape@contoso.test"]}
    assert document["site"]["vantage"]["started"] == "2026-11-20T12:00:00Z"  # type: ignore[index]
    assert faults(read(evidence.write(tmp_path, None, {})), "evidence-1") == []


@dataclass(frozen=True)
class Odd:
    """A fact with something that no fact should hold."""

    thing: object


ENCODED = [
    (None, None),
    (True, True),
    (b"text", "text"),
    (b"\x00\x01", "hex:0001"),
    (b"\xff", "hex:ff"),
    (b"hex:00", "hex:6865783a3030"),
    (b"", ""),
    (b"two\nlines", "hex:74776f0a6c696e6573"),
    (datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))), "2026-01-01T12:00:00Z"),
    (NOON.replace(tzinfo=None), "2026-11-20T12:00:00"),
    (date(2026, 1, 1), "2026-01-01"),
    (timedelta(minutes=2), 120.0),
    (float("nan"), "nan"),
    (Grant.DENIED, "denied"),
    (Word.NOT_RUN, "not run"),
    (frozenset({"b", "a"}), ["a", "b"]),
    ({1: (2, 3)}, {"1": [2, 3]}),
    (Path("site.ini"), "site.ini"),
    (Odd(Bind("dc", "u", tried=False)), {"thing": {"server": "dc", "username": "u", "as_service_account": True}}),
    (Odd(Secret("MARKER")), {"thing": MASK}),
    (Odd(Odd), {"thing": "<type>"}),
    (object(), "<object>"),
]


@pytest.mark.parametrize(("value", "encoded"), ENCODED, ids=range(len(ENCODED)))
def test_every_kind_of_fact_is_encoded(value: object, encoded: object) -> None:
    found = evidence.encode(value)
    if isinstance(encoded, dict) and isinstance(encoded.get("thing"), dict):
        assert found["thing"].items() >= encoded["thing"].items()
        return
    assert found == encoded
    json.dumps(found, allow_nan=False)


def test_a_room_is_written_as_it_is_encoded(tmp_path: Path) -> None:
    """Whatever is in its facts, and also where folders share their rights; secrets are taken out of both."""
    rights = {"Read": True, "Delete": False}
    entries = (PermissionEntry("Default", "None", {"CanCreateItems": False}, sid='S-"1"', smtp="caf\u00e9\udc80"),)
    trouble = Trouble(Kind.NO_ACCESS, "no MARKER \u2028 here", status=200, values={"a": "MARKER"}, back_off=0.5)
    folders = tuple(FolderAnswer(name, name, rights, entries) for name in ("inbox", "calendar"))
    answer = MailboxAnswer("a@b.test", "a@b.test", (*folders, FolderAnswer("sentitems", trouble=trouble)))
    facts: dict[str, Any] = {f"fact {at}": value for at, (value, _) in enumerate(ENCODED)}
    facts |= {"owner": answer, "delegate": replace(answer, impersonated=""), "trouble": trouble}
    path = evidence.write(tmp_path, None, {"a@b.test": facts}, clean=lambda text: text.replace("MARKER", MASK))
    written = path.read_text("utf-8")
    assert "MARKER" not in written
    told = json.loads(json.dumps(evidence.encode(facts)).replace("MARKER", MASK))
    assert json.loads(written)["rooms"]["a@b.test"] == told


# --- files --------------------------------------------------------------------------------------


@POSIX
def test_folder_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = writing.report_folder(tmp_path / "reports", site())
        written = writing.atomic_write(folder / "a.json", "{}")
        copied = writing.copy(written, folder / "b.json")
        public = folder / "acceptance.html"
        public.write_text("x", encoding="utf-8")
        writing.make_private(public)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in (written, copied, public)] == [0o600] * 3


@POSIX
def test_the_sites_own_folder_is_closed_again_and_a_named_one_keeps_its_mode(tmp_path: Path) -> None:
    own = tmp_path / "headquarters"
    own.mkdir()
    own.chmod(0o755)
    assert writing.report_folder(tmp_path, site()) == own
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    named = tmp_path / "named"
    named.mkdir()
    named.chmod(0o755)
    private_folder(named)
    assert stat.S_IMODE(named.stat().st_mode) == 0o755


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = writing.atomic_write(tmp_path / "results.json", "old")

    def refuse(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="no space"):
        writing.atomic_write(path, "new")
    monkeypatch.undo()
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Head Quarters", "head-quarters"),
        ("../../etc", "etc"),
        ("NUL", "nul-site"),
        ("x" * 300, "x" * 80),
        ("/", "site"),
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str, folder: str) -> None:
    assert writing.report_folder(tmp_path, site(name=name)) == tmp_path / folder


def test_line_ends_are_kept(tmp_path: Path) -> None:
    assert writing.atomic_write(tmp_path / "x", "a\nb\r\n").read_bytes() == b"a\nb\r\n"


def test_findings_cover_every_pair_once() -> None:
    where = site()
    judged = mixed_result(where)
    pairs = [pair for one in groups.findings(judged.outcomes, REQUIREMENTS) for pair in one.pairs]
    assert len(pairs) == len(set(pairs)) == 4
