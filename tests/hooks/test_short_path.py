"""The shorter way through pytest tells what pytest's own way tells, and is left as soon as somebody listens."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import Finished, accept
from tests.simulator.harness import Simulator

# a hook that does nothing but be there, in front of what pytest itself does
LISTENER = """
def {hook}({arguments}):
    with open({heard!r}, "a") as heard:
        heard.write(str({told}) + "\\n")
"""
# failed, not measured because of that, not measured by itself
UNWELL = ("PERMISSION-1:atlas@demo.test", "ROOM-2:bergen@demo.test", "IMPERSONATION-1:aurora@demo.test")


def listened(
    simulator: Simulator, folder: Path, hook: str, arguments: str, told: str, *more: str
) -> tuple[Finished, list[str]]:
    """Accept with a plugin of somebody else around, and give what it heard."""
    heard = folder / "heard"
    heard.touch()
    (folder / "listener.py").write_text(
        LISTENER.format(hook=hook, arguments=arguments, told=told, heard=str(heard)), encoding="utf-8"
    )
    done = accept(simulator.site, "-p", "listener", *more, cwd=folder, env={"PYTHONPATH": str(folder)})
    return done, heard.read_text().splitlines()


def judged(done: Finished) -> list[dict[str, Any]]:
    """Return the outcomes as results.json has them, without what every run has of its own."""
    return [{key: value for key, value in one.items() if key != "seconds"} for one in done.results["outcomes"]]


def cases(path: Path) -> list[tuple[str, str, list[tuple[str, str]], list[tuple[str, str]]]]:
    """Return the test cases of a JUnit file: name, class, properties, and what went wrong."""
    return [
        (
            case.get("name", ""),
            case.get("classname", ""),
            [(one.get("name", ""), one.get("value", "")) for one in case.iter("property")],
            [(one.tag, f"{one.get('message')} {one.text}") for one in case if one.tag != "properties"],
        )
        for case in ET.parse(path).getroot().iter("testcase")
    ]


def counted(done: Finished) -> str:
    (line,) = re.findall(r"=+ (.*) in [0-9.]+s.*=+", done.output)
    return str(line)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_both_ways_tell_the_same(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    told = []
    for way in ("short", "long"):
        simulator.reset()
        simulator.plant(*UNWELL)
        folder = tmp_path / way
        folder.mkdir()
        arguments = ("-n", workers, f"--junitxml={folder / 'junit.xml'}")
        if way == "short":
            done = accept(simulator.site, *arguments, cwd=folder)
        else:
            done, heard = listened(simulator, folder, "pytest_runtest_teardown", "item", "item.nodeid", *arguments)
            assert len(heard) == len(set(heard)) == len(judged(done))  # nothing went past the listener
        told.append((judged(done), sorted(cases(folder / "junit.xml")), counted(done), done.code))
        page = (done.folder / "acceptance.html").read_text(encoding="utf-8")
        assert page.count("is-failed") > 0
    short, long = told
    assert short[0] == long[0]
    assert short[1] == long[1]
    assert short[2:] == long[2:]
    words = {one["outcome"] for one in short[0]}
    assert {"passed", "failed", "not measured", "not requested"} <= words


@pytest.mark.parametrize(
    ("hook", "arguments", "told"),
    [
        ("pytest_runtest_call", "item", "item.nodeid"),
        ("pytest_runtest_teardown", "item", "item.nodeid"),
        ("pytest_fixture_setup", "fixturedef", "fixturedef.argname"),
        ("pytest_runtest_logreport", "report", "(report.nodeid, report.when)"),
    ],
)
def test_whoever_listens_hears_all_of_it(
    hook: str, arguments: str, told: str, simulator: Simulator, tmp_path: Path
) -> None:
    done, heard = listened(simulator, tmp_path, hook, arguments, told)
    assert done.code == 0, done.output
    passed = len(done.outcomes("passed"))
    if hook == "pytest_fixture_setup":
        assert heard.count("room_as_owner") > 0
    elif hook == "pytest_runtest_logreport":
        assert sum("'setup'" in line for line in heard) == len(judged(done))
    else:
        assert len(heard) >= passed


def test_options_that_show_the_phases_show_them(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "--setup-show", cwd=tmp_path)
    assert done.code == 0, done.output
    assert "SETUP    F room_as_owner" in done.output
    assert "TEARDOWN F room_as_owner" in done.output


BESIDE = """
import pytest

@pytest.fixture(scope="module")
def opened():
    yield []

def test_beside(opened):
    opened.append(1)

@pytest.mark.parametrize("number", range(3))
def test_more(opened, number):
    assert opened in ([], [1])

def test_of_a_room(room, room_as_owner):
    assert room_as_owner.address == room.email
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_customers_tests_have_their_fixtures_beside_it(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    for name in ("one/test_beside.py", "other/test_beside_too.py"):
        (tmp_path / name).write_text(BESIDE.replace("test_beside", "test_first"), encoding="utf-8")
    added = [f"--flowscape-add={name}" for name in ("one", "other")]
    done = accept(simulator.site, "-n", workers, *added, cwd=tmp_path)
    assert done.code == 0, done.output
    assert "previous item was not torn down" not in done.output
    assert f"{2 * (4 + 6) + len(done.outcomes('passed'))} passed" in done.output


def test_an_error_of_the_check_itself_is_told_with_its_traceback(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from pytest_flowscape.judging import judge\n"
        "def decide(self, id_, target):\n"
        "    raise ZeroDivisionError('of the judge')\n"
        "judge.Judge.decide = decide\n",
        encoding="utf-8",
    )
    done = accept(simulator.site, "-p", "broken", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.code != 0
    assert "ZeroDivisionError: of the judge" in done.output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_shorter_way_is_taken(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    """Pytest's own way names the test that runs in the environment."""
    heard = tmp_path / "heard"
    (tmp_path / "looks.py").write_text(
        "import os\n"
        "from pytest_flowscape.judging import judge\n"
        "decide = judge.Judge.decide\n"
        "def looks(self, id_, target):\n"
        f"    with open({str(heard)!r}, 'a') as file:\n"
        "        file.write(str('PYTEST_CURRENT_TEST' in os.environ) + '\\n')\n"
        "    return decide(self, id_, target)\n"
        "judge.Judge.decide = looks\n",
        encoding="utf-8",
    )
    done = accept(simulator.site, "-n", workers, "-p", "looks", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.code == 0, done.output
    assert set(heard.read_text().split()) == {"False"}
