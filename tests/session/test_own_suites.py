"""A customer's tests beside ours: facts by name, requirements of their own, and the guards at collection."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.judging.catalogue import guard, load_requirements, suites_folder
from pytest_flowscape.requirement import Requirement
from tests.acceptance import accept, read_site
from tests.judging.requirement_samples import declared
from tests.simulator.harness import Simulator

DECLARED = """
from pytest_flowscape.facts import Holders
from pytest_flowscape.requirement import Owner, Per, expect, requirement

@requirement({id!r}, title="t", per=Per.ROOM, owner=Owner.EXCHANGE, consequence="c", fix="f", link="l", guide="g")
def test_of_ours(room_entry: Holders) -> None:
    '''Every room MUST be named by us.'''
    expect({holds}, expected="our name", found="another")
"""
PLAIN = """
def test_every_room_is_named(room, room_entry):
    assert room.email in room_entry.address

def test_every_user(user):
    assert "@" in user
"""


def own(simulator: Simulator, folder: Path, text: str, *more: str):  # noqa: ANN201  Finished
    (folder / "test_own.py").write_text(text)
    return accept(simulator.site, str(suites_folder()), "test_own.py", *more, cwd=folder)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_plain_tests_get_rooms_users_and_facts(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    done = own(simulator, tmp_path, PLAIN, "-n", workers)
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output
    rooms, users = done.results["site"]["rooms"]["configured"], 3
    ours = done.results["totals"]["passed"]
    assert ours + done.results["totals"]["not requested"] == len(done.results["outcomes"])
    assert f"{ours + rooms + users} passed" in done.output


def test_a_requirement_of_their_own_counts_as_another_test(simulator: Simulator, tmp_path: Path) -> None:
    assert own(simulator, tmp_path, DECLARED.format(id="ROOM-90", holds="True")).code == 0
    done = own(simulator, tmp_path, DECLARED.format(id="ROOM-90", holds="False"))
    assert (done.code, done.verdict) == (1, "ACCEPTED"), done.output
    assert "other test" in done.output


def test_an_id_of_ours_cannot_be_taken_not_even_where_ours_is_deselected(simulator: Simulator, tmp_path: Path) -> None:
    for more in ((), ("-k", "test_of_ours")):
        done = own(simulator, tmp_path, DECLARED.format(id="ROOM-1", holds="True"), *more)
        assert done.code == 4, done.output
        assert "both declare ROOM-1" in done.output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_fixture_of_the_same_name_lets_no_room_pass(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    first, *_, last = (room.email for room in read_site(simulator.site).rooms)
    lines = (
        "import pytest, types",
        "@pytest.fixture",
        "def room():",
        f"    return types.SimpleNamespace(email={first!r})",
    )
    (tmp_path / "conftest.py").write_text("\n".join(lines) + "\n")
    simulator.plant(f"PERMISSION-1:{last}")
    done = accept(simulator.site, "-n", workers, cwd=tmp_path)
    assert done.verdict != "ACCEPTED", done.output
    assert done.code == 1
    assert ("PERMISSION-1", last) in done.outcomes("failed")


def test_a_copied_suite_that_was_changed_passes_nothing(simulator: Simulator, tmp_path: Path) -> None:
    copied = tmp_path / "mysuites"
    copied.mkdir()
    first = "    entries.refuse_own(room_as_delegate"
    changed = 0
    for path in suites_folder().glob("*.py"):
        text = path.read_text(encoding="utf-8")
        changed += first in text
        (copied / path.name).write_text(text.replace(first, f"    return\n{first}"), encoding="utf-8")
    assert changed == 1
    last = read_site(simulator.site).rooms[-1].email
    simulator.plant(f"PERMISSION-1:{last}")
    done = accept(simulator.site, "mysuites", cwd=tmp_path)
    assert ("PERMISSION-1", last) in done.outcomes("failed"), done.output
    assert done.code == 1


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_breaks_beside_the_requirements_is_counted(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_here\n")
    arguments = (str(suites_folder()), "test_broken.py", "-n", workers, "--continue-on-collection-errors")
    done = accept(simulator.site, *arguments, cwd=tmp_path)
    assert (done.code, done.verdict) == (1, "ACCEPTED"), done.output
    assert "1 other test" in done.output


def test_one_test_one_requirement(simulator: Simulator, tmp_path: Path) -> None:
    text = DECLARED.format(id="ROOM-90", holds="True")
    line = next(line for line in text.splitlines() if line.startswith("@requirement"))
    done = own(simulator, tmp_path, text.replace(line, line + "\n" + line.replace("ROOM-90", "ROOM-91")))
    assert done.code == 4
    assert "one test, one requirement" in done.output


def test_a_stray_ini_that_hides_the_suites_is_a_usage_error(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\npython_functions = check_*\n")
    done = accept(simulator.site, cwd=tmp_path)
    assert done.code == 4, done.output
    assert "python_functions" in done.output
    assert simulator.count("ews.requests") == 0


@pytest.mark.parametrize(
    ("catalogue", "said"),
    [
        ([declared("ROOM-1"), declared("ROOM-1")], "Two tests declare"),
        ([declared("ROOM-1", title=" ")], "empty title"),
        ([declared("room1")], "not a requirement id"),
        ([declared("ROOM-1", needs=("ROOM-2",))], "does not exist"),
        ([declared("ROOM-1", needs=("ROOM-2",)), declared("ROOM-2", needs=("ROOM-1",))], "needs itself"),
    ],
    ids=["twice", "empty", "form", "dangling", "circle"],
)
def test_guards(catalogue: list[Requirement], said: str) -> None:
    with pytest.raises(pytest.UsageError) as caught:
        guard(catalogue)
    assert said in " ".join(map(str, caught.value.args))


def test_our_own_catalogue_is_sound() -> None:
    guard([judged.requirement for judged in load_requirements().values()])
