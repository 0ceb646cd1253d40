"""The journal: on the disk before anything is sent, taken over from dead processes, left alone if it is not ours."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pytest_flowscape.booking.journal import Journal, Writer, find_journals, journal_folder
from pytest_flowscape.facts import Written
from tests.booking.sites import journals, sweep
from tests.simulator.harness import Simulator
from tests.suites import made

HERE = Writer("svc", "mail.customer.com", "panel-pc", "installer")
ITEM = Written("atlas@customer.com", "calendar", "run/1", "Subject", datetime(2031, 3, 5, 2, tzinfo=timezone.utc))


def dead_journal(folder: Path, *items: Written, writer: Writer = HERE) -> Path:
    """Leave a journal as a process that was killed leaves it."""
    journal = Journal.begin(folder, writer, "run")
    for item in items:
        journal.intend(item)
    journal._lock.release()
    return journal.path


def test_what_is_intended_is_on_the_disk_at_once_and_private(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path / "new", HERE, "run")
    journal.intend(ITEM)
    first, second = (json.loads(line) for line in journal.path.read_text("utf-8").splitlines())
    assert (first["kind"], first["machine"], first["user"]) == ("opened", "panel-pc", "installer")
    assert (second["kind"], second["tag"], second["mailbox"]) == ("intended", "run/1", "atlas@customer.com")
    if sys.platform != "win32":
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    journal.mark_gone("run/1")
    journal.end()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_living_process_keeps_its_journal_and_a_dead_one_is_taken_over(tmp_path: Path) -> None:
    alive = Journal.begin(tmp_path, HERE, "run")
    alive.intend(ITEM)
    dead_journal(tmp_path, replace(ITEM, tag="run/2"), replace(ITEM, tag="run/3"))
    found = find_journals(tmp_path, HERE)
    assert set(found.open_items) == {"run/2", "run/3"}
    assert found.alive == {"run/1"}
    assert found.open_items["run/2"] == replace(ITEM, tag="run/2")
    found.mark_gone(["run/2"])
    found.release()
    again = find_journals(tmp_path, HERE)
    assert set(again.open_items) == {"run/3"}
    again.mark_gone(["run/3"])
    again.release()
    alive.end()  # with something open: its file stays
    assert len(list(tmp_path.glob("*.journal"))) == 1
    assert set(find_journals(tmp_path, HERE).open_items) == {"run/1"}


def test_a_line_that_was_cut_off_is_a_request_that_was_not_sent(tmp_path: Path) -> None:
    path = dead_journal(tmp_path, ITEM)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "intended", "tag": "run/2", "mailb')
    assert set(find_journals(tmp_path, HERE).open_items) == {"run/1"}


def test_what_is_known_of_a_meeting_is_kept_and_an_older_journal_is_read(tmp_path: Path) -> None:
    meeting = replace(ITEM, uid="0400", invited="aurora@customer.com", due=("answer",), sent=ITEM.begin)
    path = dead_journal(tmp_path, meeting)
    found = find_journals(tmp_path, HERE)
    assert found.open_items == {"run/1": meeting}
    found.release()
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for name in ("invited", "due", "sent"):
        del lines[1][name]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert find_journals(tmp_path, HERE).open_items == {"run/1": replace(ITEM, uid="0400")}


def test_a_journal_that_was_never_begun_is_removed(tmp_path: Path) -> None:
    (tmp_path / "x.journal").touch()
    found = find_journals(tmp_path, HERE)
    assert (found.not_ours, found.open_items) == ([], {})
    found.release()
    assert list(tmp_path.glob("*.journal")) == []


@pytest.mark.parametrize(
    "other", [replace(HERE, machine="other-pc"), replace(HERE, user="somebody"), replace(HERE, account="another")]
)
def test_a_journal_of_another_place_is_reported_and_left_alone(other: Writer, tmp_path: Path) -> None:
    path = dead_journal(tmp_path, ITEM, writer=other)
    before = path.read_bytes()
    found = find_journals(tmp_path, HERE)
    found.release()
    assert found.open_items == {}
    assert [str(path) in text for text in found.not_ours] == [True]
    assert path.read_bytes() == before


def test_a_damaged_journal_is_reported_and_left_alone(tmp_path: Path) -> None:
    path = dead_journal(tmp_path, ITEM)
    path.write_text("no json\n" + path.read_text("utf-8"), encoding="utf-8")
    found = find_journals(tmp_path, HERE)
    assert found.open_items == {}
    assert "cannot be read" in found.not_ours[0]


def test_one_folder_for_each_account_and_mail_domain(tmp_path: Path) -> None:
    site = made.site()
    twin = replace(site, exchange=replace(site.exchange, hostname="mail2.customer.com"))
    other = replace(site, exchange=replace(site.exchange, hostname="mail.other.com"))
    assert journal_folder(tmp_path, site) == journal_folder(tmp_path, twin) != journal_folder(tmp_path, other)


def test_a_process_that_ends_at_once_gives_up_its_lock(tmp_path: Path) -> None:
    """A real process, gone at once: the operating system gives its lock back."""
    script = (
        "import os, pathlib, sys; from pytest_flowscape.booking.journal import Journal, Writer; "
        "from pytest_flowscape.facts import Written; "
        "j = Journal.begin(pathlib.Path(sys.argv[1]), Writer(*sys.argv[2:]), 'run'); "
        "j.intend(Written('atlas@customer.com', 'calendar', 'run/1', 'Subject')); os._exit(9)"
    )
    arguments = [str(tmp_path), HERE.account, HERE.server, HERE.machine, HERE.user]
    assert subprocess.run([sys.executable, "-c", script, *arguments], check=False).returncode == 9
    assert set(find_journals(tmp_path, HERE).open_items) == {"run/1"}


def test_the_sweep_reports_a_journal_of_another_machine(simulator: Simulator, tmp_path: Path) -> None:
    from tests.acceptance import read_site

    site = read_site(simulator.site)
    folder = journal_folder(tmp_path / "state" / "pytest-flowscape" / "bookings", site)
    dead_journal(folder, ITEM, writer=replace(Writer.here(site), machine="another-pc"))
    done = sweep(simulator, tmp_path)
    assert done.returncode == 1
    assert "LEFT ALONE" in done.stdout
    assert "on another-pc: run --flowscape-sweep there" in " ".join(done.stdout.split())
    assert simulator.log() == []
    assert len(journals(tmp_path)) == 1
