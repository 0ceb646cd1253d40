"""A copy of the repository gets one more requirement with a new fact: five files, one command, and it works everywhere.

What CONTRIBUTING.md promises is done here to a copy. The runs are real: the
copy's own simulator, product and tests.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from tests.acceptance import Finished, accept, call, without_pytest
from tests.repo.tree import NOT_OURS, REPOSITORY
from tests.simulator.harness import Simulator

SECONDS_FOR_ONE_TEST = 600
SLOW = 300.0  # seconds for the copy's own tests
ID, ROOM = "CALENDAR-4", "atlas@demo.test"
TOMORROW = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011  a site file's dates are local

# each file with (the line before which a text comes, empty for the end; the text)
ADDED = {
    "pytest_flowscape/facts/bookings.py": [
        (
            "",
            '''

@dataclass(frozen=True)
class RoomProcessing:
    """Whether a room answers requests by itself; None where its settings do not show it."""

    address: str
    automatic: bool | None = None
    trouble: Trouble | None = None

    @staticmethod
    def shown_by(settings: CalendarSettings) -> RoomProcessing:
        value = settings.automate_processing
        return RoomProcessing(settings.address, None if value is None else value == 2, settings.trouble)
''',
        )
    ],
    "pytest_flowscape/facts/names.py": [
        (
            "from pytest_flowscape.facts.mailboxes import ",
            "from pytest_flowscape.facts.bookings import RoomProcessing\n",
        ),
        ('    Request(NAMES, "ResolveNames"', '    Request("processing", "GetUserConfiguration", RoomProcessing),\n'),
        (
            '    Fact("user", USER',
            '    Fact("room_processing", ROOM, Side.EWS, "How a room answers requests.", requests=("processing",)),\n',
        ),
    ],
    "pytest_flowscape/gathering/rooms.py": [
        (
            "from pytest_flowscape.gathering.folder_ids import ",
            "from pytest_flowscape.facts.bookings import RoomProcessing\n",
        ),
        (
            "    NAMES: lambda",
            '    "processing": lambda ews, of: {of[0]: RoomProcessing.shown_by(ews.calendar_settings(of[0]))},\n',
        ),
    ],
    "pytest_flowscape/simulator/faults.py": [
        (
            "",
            f'''

@fault("{ID}")
def stop_processing(runtime: Runtime, target: str) -> None:
    """Leave every request to a person."""
    runtime.mailbox(target).automate_processing = 0
''',
        )
    ],
    "suites/test_calendar.py": [
        (
            "",
            f'''

from pytest_flowscape.facts.bookings import RoomProcessing


@requirement(
    "{ID}",
    title="Room answers requests by itself",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Bookings wait for a person.",
    fix=ACCEPT_FIX,
    link="https://learn.microsoft.com/en-us/powershell/module/exchange/set-calendarprocessing",
    guide="Room resources",
    needs=("PERMISSION-1",),
)
def test_answers_by_itself(room_processing: RoomProcessing) -> None:
    """Each room MUST answer requests by itself."""
    expect(room_processing.automatic is True, expected="automatic answers", found="none", cause="not-automatic")
''',
        )
    ],
}
GENERATED = {
    "docs/requirements.md",
    "docs/for-administrators.md",
    "docs/hard-sites.md",
    "docs/schemas/evidence-1.schema.json",
}


def hashes(root: Path) -> dict[str, str]:
    """Return what each file below a folder holds, by its path."""
    return {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def add(root: Path) -> None:
    """Add the requirement to the copy."""
    for name, places in ADDED.items():
        path = root / name
        text = path.read_text(encoding="utf-8")
        for before, more in places:
            assert not before or text.count(f"\n{before}") == 1, (name, before)
            at = text.index(f"\n{before}") + 1 if before else len(text)
            text = text[:at] + more + text[at:]
        path.write_text(text, encoding="utf-8")


def in_copy(root: Path, *arguments: str) -> str:
    """Run a module of the copy, and return what it printed."""
    done = call([sys.executable, "-m", *arguments], cwd=root, env=without_pytest(), timeout=SLOW)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def evidence(done: Finished, target: str, id_: str) -> str:
    """Return the evidence in a cell of the page."""
    page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="fs-data">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    table = next(one for one in data["tables"] if id_ in one["ids"])
    row = [target_[0] for target_ in table["targets"]].index(target)
    cell = data["cells"][table["cells"][row][table["ids"].index(id_)]]
    return str(data["texts"][cell[4]])


def test_one_more_requirement_is_five_files_and_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "copy"
    others = shutil.ignore_patterns(*NOT_OURS, "*_cache", "*.egg-info", "*.png")
    shutil.copytree(REPOSITORY, root, ignore=others)
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.chdir(root)  # the first place where ``python -m`` looks
    before = hashes(root)
    add(root)
    in_copy(root, "tools.documents")
    after = hashes(root)
    assert {name for name in after if after[name] != before.get(name)} == {*ADDED, *GENERATED}
    assert len(ADDED) == 5
    assert f"\n## {ID}" in (root / "docs/requirements.md").read_text(encoding="utf-8")

    # on a healthy site it passes everywhere, and its fault alone makes it fail, by the copy's own tests
    in_copy(root, "pytest", "tests/suites/test_faults.py", "-q", "-k", ID, "-p", "no:cacheprovider")
    with Simulator(tmp_path / "simulator", rooms=2) as simulator:
        done = accept(simulator.site, cwd=tmp_path)
        assert (done.verdict, done.code) == ("ACCEPTED", 0), done.output
        rooms = {target for id_, target in done.outcomes("passed") if id_ == ID}
        assert len(rooms) == 2
        assert "automatic: True" in evidence(done, ROOM, ID)

        # waived in a site file; its evidence is in its own cell and in no other
        simulator.plant(f"{ID}:{ROOM}")
        line = f"\n[waivers]\n{ID} {ROOM} = A. Admin until {TOMORROW}: answered by a person until then\n"
        site = tmp_path / "site.ini"
        site.write_text(simulator.site.read_text(encoding="utf-8") + line, encoding="utf-8")
        done = accept(site, "-n", "2", cwd=tmp_path)
        assert (done.verdict, done.code) == ("ACCEPTED WITH EXCEPTIONS", 0), done.output
        assert done.outcomes("waived") == {(ID, ROOM)}
        assert "automatic: False" in evidence(done, ROOM, ID)
        assert "automatic" not in evidence(done, ROOM, "CALENDAR-1")
        kept = json.loads((done.folder / "evidence.json").read_text(encoding="utf-8"))["rooms"]
        assert {room: facts["processing"]["automatic"] for room, facts in kept.items() if "processing" in facts} == {
            room: room != ROOM for room in rooms
        }
