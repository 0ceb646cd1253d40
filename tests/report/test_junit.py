"""JUnit in both families, serially and with workers; the words of the pairs are held against it in test_agreement."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest

from pytest_flowscape.judging.outcomes import Word
from tests.report.report_samples import HOSTILE
from tests.report.staged import Stage, pairs, room
from tests.report.test_agreement import assert_junit, properties

OWN_TEST = """
def test_own():
    assert 0, "not ours"
"""


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_both_families_tell_the_same(family: str, workers: str, tmp_path: Path) -> None:
    words = dict(zip(pairs(), cycle(Word), strict=False))
    stage = Stage(tmp_path, words)
    (tmp_path / "test_own.py").write_text(OWN_TEST, encoding="utf-8")
    more = ("-n", workers, "-o", f"junit_family={family}", "--junitxml=junit.xml", "--flowscape-add=test_own.py")
    done = stage.run(*more)
    suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None, done.output
    [own] = [case for case in suite.iter("testcase") if case.get("name") == "test_own"]
    assert properties(own) == {}
    suite.remove(own)
    assert_junit(suite, words)
    assert properties(suite) == {
        "verdict": "NOT ACCEPTED",
        "not_run": str(Counter(words.values())[Word.NOT_RUN]),
        "other_failed": "1",
        "outcomes_digest": done.digest,
        "run_id": done.results["run"]["id"],
    }
    # xunit1 tells the file beside it, xunit2 does not
    assert all(("file" in case.attrib) == (family == "xunit1") for case in suite.iter("testcase"))


def test_hostile_words_of_a_server_are_text_and_move_no_terminal(tmp_path: Path) -> None:
    found = " | ".join(value for value in HOSTILE if "\n" not in value) + " \x1b]0;title\x07\x1b[2J"
    words = {
        ("HOST-1", "site"): Word.FAILED,
        ("PERMISSION-1", room(0)): Word.NOT_MEASURED,
        ("ROOM-1", room(0)): Word.WAIVED,
        ("ROOM-2", room(0)): Word.ATTESTED,
        ("CALENDAR-2", room(0)): Word.NOT_REQUESTED,
        ("ADVICE-1", "site"): Word.FAILED,
        ("ADVICE-2", "site"): Word.NOT_MEASURED,
    }
    stage = Stage(tmp_path, words, found=found)
    for loud in (("--color=no",), ("-vv", "-rA", "--color=no"), ("-n", "2", "-rA", "--color=no")):
        done = stage.run("--junitxml=junit.xml", *loud)
        assert done.code == 1, done.output
        # no sequence of a terminal, no direction mark; pytest's own are switched off
        assert not {letter for letter in done.output if letter in "\x1b\x07\x9b\u202e\u200f"}, loud
        assert "<script>" in done.output
        suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")
        assert suite is not None
        assert_words(suite, words)
        assert "\x1b" not in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def assert_words(suite: ET.Element, words: dict[tuple[str, str], Word]) -> None:
    told = {}
    for case in suite.iter("testcase"):
        own = properties(case)
        told[own["requirement"], own["target"]] = Word(own["outcome"])
    assert {pair: word for pair, word in told.items() if word is not Word.PASSED} == words
    [failure] = suite.iter("failure")
    assert "<script>alert(1)</script>" in (failure.text or "")
