"""Page, results.json, JUnit, terminal and exit code say the same, whatever became of each pair.

Every set of outcome words is gone through with what the report is made by;
whole runs, serial and with workers, are gone through for those that differ.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from itertools import chain, combinations, cycle
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result, exit_code, expected_pairs, judge_run
from pytest_flowscape.report.files import results
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.page import page
from pytest_flowscape.report.terminal import summary
from pytest_flowscape.requirement import Requirement
from tests.report.report_samples import REQUIREMENTS, failure, outcome, run_info, site
from tests.report.report_schema import faults
from tests.report.staged import Pair, Stage, level, outcomes, pairs

SETS = list(chain.from_iterable(combinations(Word, size) for size in range(1, len(Word) + 1)))
FEW: Mapping[str, Requirement] = {
    id_: REQUIREMENTS[id_] for id_ in ("HOST-1", "ACCOUNT-1", "ROOM-1", "PERMISSION-1", "IMPERSONATION-2", "ADVICE-1")
}
CODES = {"ACCEPTED": 0, "ACCEPTED WITH EXCEPTIONS": 0, "NOT ACCEPTED": 1, "INCOMPLETE": 10}
GREEN = "\x1b[32m"


def verdict(words: Mapping[Pair, Word]) -> str:
    """Say what the verdict must be: the rules once more, apart from the product's own."""
    required = {word for (id_, _), word in words.items() if not id_.startswith("ADVICE")}
    if Word.FAILED in required:
        return "NOT ACCEPTED"
    if Word.NOT_RUN in words.values() or Word.NOT_MEASURED in required or Word.PASSED not in required:
        return "INCOMPLETE"
    return "ACCEPTED WITH EXCEPTIONS" if required & {Word.WAIVED, Word.ATTESTED} else "ACCEPTED"


def given_outcome(pair: Pair, word: Word) -> Outcome:
    if word is Word.FAILED:
        return failure(*pair)
    notes = (f"{word.value} by A. Admin: because",) if word in (Word.WAIVED, Word.ATTESTED) else ()
    return outcome(*pair, word, notes=notes, found="" if word is Word.PASSED else "so it was found")


def judge(words: Mapping[Pair, Word]) -> tuple[Any, Result]:
    where = site(2, users=site().users.__class__(("ann@contoso.test",)))
    expected = expected_pairs(FEW.values(), where)
    assert {(one.requirement.id, one.target) for one in expected} == set(words)
    read = {pair: given_outcome(pair, word) for pair, word in words.items() if word is not Word.NOT_RUN}
    return where, judge_run(expected, read, where, rooms_chosen=2)


def few_pairs() -> tuple[list[Pair], list[Pair]]:
    """Return seven required pairs, one for each word, and a recommended one."""
    rooms = ("room0000@contoso.test", "room0001@contoso.test")
    required = [("HOST-1", "site"), ("ACCOUNT-1", "site"), *(("ROOM-1", one) for one in rooms)]
    required += [*(("PERMISSION-1", one) for one in rooms), ("IMPERSONATION-2", "ann@contoso.test")]
    return required, [("ADVICE-1", "site")]


def assign(some: tuple[Word, ...], advice: Word) -> dict[Pair, Word]:
    required, recommended = few_pairs()
    return {**dict(zip(required, cycle(some), strict=False)), recommended[0]: advice}


CASES = [(some, Word.PASSED) for some in SETS] + [
    ((Word.PASSED,), advice) for advice in Word if advice is not Word.PASSED
]


@pytest.mark.parametrize(("some", "advice"), CASES, ids=[f"{'+'.join(s)} advice {a.value}" for s, a in CASES])
def test_every_set_of_words_is_told_alike(some: tuple[Word, ...], advice: Word) -> None:
    words = assign(some, advice)
    where, result = judge(words)
    expected = verdict(words)
    counts = Counter(word.value for word in words.values())
    assert result.verdict.value == expected
    assert exit_code(result) == CODES[expected]
    document = results.as_json(result, FEW, where, None, run_info())
    assert faults(document, "results-1") == []
    assert (document["verdict"], document["not_run"]) == (expected, counts["not run"])
    assert {word: count for word, count in document["totals"].items() if count} == counts
    assert outcomes(document) == words
    found = findings(result.outcomes, FEW)
    lines = summary.lines(result, found, where, Path("reports/x"), requirements=FEW)
    assert [line for _, line in lines if line.startswith("Verdict:")] == [f"Verdict: {expected}"]
    table = table_counts([line for _, line in lines], [word for word in Word if counts[word.value]])
    assert table == {id_: Counter(words[pair] for pair in words if pair[0] == id_) for id_ in FEW}
    shown = lxml.html.fromstring(page.render(result, found, where, FEW))
    assert_page(shown, expected, words)
    good = {kind for kind, _ in lines} & {summary.GOOD}
    assert bool(good) == (expected == "ACCEPTED")


def table_counts(lines: list[str], words: list[Word]) -> dict[str, Counter[Word]]:
    """Read the table of the closing text, its folded rows too."""
    columns = [word for word in summary._COLUMNS if word in words or word in summary._ALWAYS]
    found: dict[str, Counter[Word]] = {}
    everything = [*chain.from_iterable(few_pairs())]
    for line in lines:
        id_, *rest = line.split() or [""]
        if (
            id_ in FEW
            and len(rest) > len(columns)
            and all(cell.isdigit() or cell == "-" for cell in rest[-len(columns) :])
        ):
            numbers = [0 if cell == "-" else int(cell) for cell in rest[-len(columns) :]]
            found[id_] = Counter({word: n for word, n in zip(columns, numbers, strict=True) if n})
        passed = re.match(r"\d+ requirements passed on every target: (.*)", line)
        if passed:
            for name in passed[1].split(", "):
                found[name] = Counter({Word.PASSED: sum(pair[0] == name for pair in everything)})
    return found


def assert_page(shown: Any, expected: str, words: Mapping[Pair, Word]) -> None:
    """Hold the page against the outcomes: its verdict, its numbers by section, and its looks."""
    top = shown.find_class("fs")[0]
    assert top.get("data-verdict") == expected
    assert int(top.get("data-checks")) == len(words)
    [box] = shown.find_class("fs-verdict")
    assert box.find_class("fs-word")[0].text_content() == expected
    style = {"ACCEPTED": "fs-good", "ACCEPTED WITH EXCEPTIONS": "fs-mixed", "NOT ACCEPTED": "fs-bad"}
    assert style.get(expected, "fs-warn") in box.get("class").split()
    assert ("fs-good" in box.get("class").split()) == (expected == "ACCEPTED")
    assert ("\u2713" in box.text_content()) == expected.startswith("ACCEPTED")
    counted: Counter[str] = Counter()
    for one in shown.xpath("//ul[contains(@class, 'fs-sections')]//*[@data-word]"):
        counted[one.get("data-word")] += int(one.get("data-count"))
    assert counted == Counter(word.value for word in words.values())


# --- whole runs -----------------------------------------------------------------------------------

ALL = tuple(Word)
WHOLE = {
    "all passed": ((Word.PASSED,), Word.PASSED),
    "every word": (ALL, Word.PASSED),
    "every word, advice failed": (ALL, Word.FAILED),
    "not measured": ((Word.PASSED, Word.NOT_MEASURED), Word.PASSED),
    "not run": ((Word.PASSED, Word.NOT_RUN), Word.PASSED),
    "waived": ((Word.PASSED, Word.WAIVED), Word.PASSED),
    "attested": ((Word.PASSED, Word.ATTESTED), Word.PASSED),
    "only by a person's word": ((Word.WAIVED, Word.ATTESTED), Word.PASSED),
    "nothing measured": ((Word.NOT_MEASURED, Word.NOT_REQUESTED), Word.NOT_MEASURED),
    "advice failed": ((Word.PASSED,), Word.FAILED),
    "advice not measured": ((Word.PASSED,), Word.NOT_MEASURED),
    "advice not run": ((Word.PASSED,), Word.NOT_RUN),
}


WITH_WORKERS = ("all passed", "every word, advice failed", "not run")
RUNS = [(name, "0") for name in WHOLE] + [(name, "2") for name in WITH_WORKERS]


@pytest.mark.parametrize(("name", "workers"), RUNS)
def test_a_whole_run_tells_it_alike(name: str, workers: str, tmp_path: Path) -> None:
    some, advice = WHOLE[name]
    turn = cycle(some)
    words = {pair: advice if level(pair) == "recommended" else next(turn) for pair in pairs()}
    stage = Stage(tmp_path, words)
    done = stage.run("-n", workers, "--junitxml=junit.xml", "--color=yes")
    expected = verdict(words)
    assert (done.verdict, done.code) == (expected, CODES[expected]), done.output
    assert outcomes(done.results) == words
    assert faults(done.results, "results-1") == []
    assert_terminal(done.output, expected, words)
    suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert_junit(suite, words)
    assert properties(suite)["verdict"] == expected
    assert properties(suite)["not_run"] == str(list(words.values()).count(Word.NOT_RUN))
    assert properties(suite)["outcomes_digest"] == done.digest
    assert_page(lxml.html.parse(done.folder / "acceptance.html").getroot(), expected, words)


def assert_terminal(output: str, expected: str, words: Mapping[Pair, Word]) -> None:
    plain = re.sub(r"\x1b\[\d*m", "", output)
    assert re.findall(r"^Verdict: (.*)$", plain, re.MULTILINE) == [expected]
    last, said = output.splitlines()[-1], plain.splitlines()[-1]
    counts = Counter(words.values())
    advice = sum(word is Word.FAILED and level(pair) == "recommended" for pair, word in words.items())
    counts[Word.FAILED] -= advice
    for word, count in counts.items():
        assert (f"{count} {word.value}" in said) == bool(count)
    assert ("advice" in said) == bool(advice)
    if not expected.startswith("ACCEPTED"):
        assert not last.startswith(GREEN)  # the colour of pytest's own closing line
        [line] = [line for line in output.splitlines() if "Verdict: " in line]
        assert GREEN not in line
    assert last.startswith(GREEN) <= expected.startswith("ACCEPTED")


# what a reader that knows JUnit's own words only must see: (element, its type)
JUNIT = {
    Word.PASSED: None,
    Word.FAILED: "failure",
    Word.NOT_MEASURED: "error",
    Word.NOT_REQUESTED: "skipped",
    Word.WAIVED: "skipped",
    Word.ATTESTED: "skipped",
}


def properties(element: ET.Element) -> dict[str, str]:
    return {one.get("name", ""): one.get("value", "") for one in element.findall("properties/property")}


def assert_junit(suite: ET.Element, words: Mapping[Pair, Word]) -> None:
    read: dict[Pair, Word] = {}
    for case in suite.iter("testcase"):
        own = properties(case)
        pair, word = (own["requirement"], own["target"]), Word(own["outcome"])
        assert pair not in read
        read[pair] = word
        assert own["owner"]
        assert own["level"] == level(pair)
        ends = [one for one in case if one.tag in ("failure", "error", "skipped")]
        # what is recommended decides nothing, so it turns nobody's pipeline red
        advice = own["level"] == "recommended" and word in (Word.FAILED, Word.NOT_MEASURED)
        tag = "skipped" if advice else JUNIT[word]
        assert [one.tag for one in ends] == ([tag] if tag else []), (pair, word)
        for one in ends:
            assert one.get("message")
            if word in (Word.WAIVED, Word.ATTESTED):
                assert ("W. Waiver" if word is Word.WAIVED else "V. Voucher") in one.get("message", "")
            elif tag == "skipped":
                assert "no access" in one.get("message", "")
    assert read == {pair: word for pair, word in words.items() if word is not Word.NOT_RUN}
    assert int(suite.get("errors", "")) == sum(
        word is Word.NOT_MEASURED and level(pair) == "required" for pair, word in words.items()
    )
