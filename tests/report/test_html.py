"""The page: it agrees with the result, shows nothing but text for whatever a name holds, and keeps its filters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result, Verdict
from pytest_flowscape.report import groups
from pytest_flowscape.report.files import results
from pytest_flowscape.report.page import html, page
from pytest_flowscape.report.terminal import summary
from pytest_flowscape.site.model import Room, Site
from tests.report.report_samples import HOSTILE, REQUIREMENTS, failed, outcome, result, run_info, site, site_facts

PYTEST_WORDS = {"passed", "skipped", "failed", "error", "xfailed", "xpassed", "rerun"}


@dataclass
class Parsed(HTMLParser):
    """A page as a browser reads it: its elements with attributes, and its text."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    silent: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self.silent = False

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def parsed(markup: str) -> Parsed:
    reader = Parsed()
    reader.feed(markup)
    reader.close()
    return reader


class Driver:
    """Runs one test for every outcome, ending as the acceptance's own reports end."""

    def __init__(self, where: Site, judged: Result) -> None:
        self.page = html.AcceptancePage(where, REQUIREMENTS)
        self.judged = judged

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self.page)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "carried" in metafunc.fixturenames:
            ran = [one for one in self.judged.outcomes if one.word is not Word.NOT_RUN]
            metafunc.parametrize("carried", ran, ids=[str(n) for n in range(len(ran))])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any) -> Generator[None, Any, Any]:
        report = yield
        carried = item.callspec.params.get("carried") if hasattr(item, "callspec") else None
        if carried is None or report.when == "teardown":
            return report
        unmeasured = carried.word is Word.NOT_MEASURED
        if (report.when == "setup") is not unmeasured:
            return report
        report.flowscape = carried.as_json()
        if carried.word in (Word.ATTESTED, Word.NOT_REQUESTED):
            report.outcome, report.longrepr = "skipped", ("x.py", 1, "why")
        elif carried.word is Word.WAIVED or (carried.level == "recommended" and carried.word is not Word.PASSED):
            report.outcome, report.longrepr, report.wasxfail = "skipped", "text", "why"
        elif carried.word is not Word.PASSED:
            report.outcome, report.longrepr = "failed", "pytest's own text"
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self.page.show(self.judged, page.Content(site_facts(), run_info()))


def made(pytester: pytest.Pytester, where: Site, judged: Result, extra: str = "") -> tuple[str, list[dict[str, Any]]]:
    """Return the page of a run, and its rows as the page's script reads them."""
    pytester.makepyfile(f"def test_one(carried):\n    pass\n{extra}")
    pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "--html=page.html", "--self-contained-html", plugins=[Driver(where, judged)]
    )
    markup = Path("page.html").read_text(encoding="utf-8")
    (blob,) = [attrs["data-jsonblob"] for _, attrs in parsed(markup).tags if "data-jsonblob" in attrs]
    assert blob is not None
    data = json.loads(blob)
    assert data["environment"] == {}
    return markup, [row for rows in data["tests"].values() for row in rows]


def drawn(markup: str) -> Parsed:
    """Read the part of the page that is ours, up to the filters."""
    return parsed(markup[markup.index('<div class="fs"') : markup.index('<p class="run-count">')])


CASES: list[tuple[dict[str, Word], int, Verdict]] = [
    ({}, 0, Verdict.ACCEPTED),
    ({}, 2, Verdict.ACCEPTED),
    ({"ACCOUNT-1": Word.ATTESTED}, 0, Verdict.ACCEPTED_WITH_EXCEPTIONS),
    ({"ACCOUNT-1": Word.WAIVED, "ADVICE-3": Word.NOT_REQUESTED}, 0, Verdict.ACCEPTED_WITH_EXCEPTIONS),
    ({"ADVICE-1": Word.FAILED, "ADVICE-2": Word.NOT_MEASURED}, 0, Verdict.ACCEPTED),
    ({"ACCOUNT-1": Word.NOT_MEASURED}, 0, Verdict.INCOMPLETE),
    ({"ACCOUNT-1": Word.NOT_RUN, "ACCOUNT-2": Word.ATTESTED}, 0, Verdict.INCOMPLETE),
    ({"ACCOUNT-1": Word.FAILED}, 0, Verdict.NOT_ACCEPTED),
    ({"ACCOUNT-1": Word.FAILED, "ACCOUNT-2": Word.NOT_RUN, "ACCOUNT-3": Word.NOT_MEASURED}, 1, Verdict.NOT_ACCEPTED),
    (dict(zip(REQUIREMENTS, list(Word)[:6] * 4, strict=False)), 0, Verdict.NOT_ACCEPTED),
]


@pytest.mark.parametrize(("words", "other_failed", "verdict"), CASES, ids=range(len(CASES)))
def test_page_file_and_terminal_agree(words: dict[str, Word], other_failed: int, verdict: Verdict) -> None:
    where = site()
    per_site = {id_: word for id_, word in words.items() if REQUIREMENTS[id_].per.value == "site"}
    changed = [
        failed(id_) if word is Word.FAILED else outcome(id_, word=word, found="why", notes=("by A. Admin",))
        for id_, word in per_site.items()
    ]
    judged = result(where, changed, other_failed=other_failed)
    assert judged.verdict is verdict
    found = groups.findings(judged.outcomes, REQUIREMENTS)
    markup = page.render(judged, found, where, REQUIREMENTS, page.Content(run=run_info()))
    body = parsed(markup)
    document = results.as_json(judged, REQUIREMENTS, where, None, run_info())
    lines = summary.lines(judged, found, where, Path("r"), requirements=REQUIREMENTS)

    shown = next(attrs["class"] for tag, attrs in body.tags if tag == "section")
    assert shown is not None
    assert ("fs-good" in shown) is (verdict is Verdict.ACCEPTED and not other_failed)
    assert document["verdict"] == verdict.value
    assert any(text.startswith(f"Verdict: {verdict.value}") for _, text in lines)
    assert f'<p class="fs-word">{verdict.value}</p>' in markup
    assert judged.digest in body.text
    assert judged.digest == document["outcomes_digest"]
    for word, count in document["totals"].items():
        assert (f" {word} " in body.text[body.text.index("Results by requirement Requirement") :][:200]) is (
            count > 0 or word in {"passed", "failed"}
        )
    totals = [str(count) for word, count in document["totals"].items() if count or word in {"passed", "failed"}]
    assert f"{len(judged.outcomes)} checks in total {' '.join(totals)}" in body.text
    for one in found:
        if one.word is Word.FAILED:
            assert f"{one.requirement} {one.title}" in body.text
            assert any(text.startswith(one.requirement) and one.found in text for _, text in lines)
    assert ("other test" in body.text) is bool(other_failed)
    assert "not exercised" in body.text


def everything(where: Site) -> Sequence[Outcome]:
    rooms = [room.email for room in where.rooms]
    return [
        failed("PERMISSION-1", rooms[0]),
        failed("ADVICE-1", found="24 rooms are configured, 26 expected"),
        outcome("CALENDAR-1", rooms[2], Word.NOT_MEASURED, found="throttled", cause="throttled"),
        outcome("ACCOUNT-1", word=Word.ATTESTED, notes=("attested by A. Admin",)),
        outcome("ACCOUNT-2", word=Word.WAIVED, notes=("waived by A. Admin",)),
        outcome("ACCOUNT-4", notes=("the account expires on 2027-08-01",)),
        outcome("ADVICE-3", word=Word.NOT_REQUESTED, found="no out_of_scope mailbox"),
    ]


def test_the_written_page_has_a_row_in_our_words_that_pytests_filters_can_show(pytester: pytest.Pytester) -> None:
    where = site()
    judged = result(where, everything(where), leave_out=("HANDOVER-1",))
    markup, rows = made(pytester, where, judged, "def test_own():\n    assert False\n")
    assert all(row["result"].lower() in PYTEST_WORDS for row in rows)
    counted = Counter(row["outcome"] for row in rows)
    totals = groups.totals(judged.outcomes)
    expected = {f"{page.SYMBOLS[word]} {word.value}": n for word, n in totals.items() if n and word is not Word.NOT_RUN}
    assert counted == {**expected, "failed": 1}
    assert {row["result"] for row in rows if row["outcome"].endswith(" not requested")} == {"xpassed"}
    assert len({row["testId"] for row in rows}) == len(rows)
    (row,) = [row for row in rows if row["testId"] == "PERMISSION-1 room0000@contoso.test"]
    assert "expected: Read, Modify" in row["log"]
    assert "Add-MailboxPermission -Identity &#x27;room0000@contoso.test&#x27;" in row["log"]
    assert "pytest's own text" not in row["log"]
    (passed,) = [row for row in rows if row["testId"] == "HOST-1 site"]
    assert passed["log"] == ""
    (noted,) = [row for row in rows if row["testId"] == "ACCOUNT-4 site"]
    assert noted["log"] == "note: the account expires on 2027-08-01"
    body = drawn(markup)
    assert "not run HANDOVER-1 site no result in this run Run everything" in body.text
    assert "ACCOUNT-4 : the account expires" in body.text.replace("ACCOUNT-4:", "ACCOUNT-4 :")
    assert "<title" in markup
    assert "Acceptance report: Contoso Ltd - Headquarters</title>" in markup
    labels = markup[markup.index('class="filters"') : markup.index('class="collapse"')]
    for word, count in totals.items():
        if word is not Word.NOT_RUN:
            assert f">{count} {word.value}" in labels
    assert ">1 other tests" in labels


def test_after_many_passed_rows_further_ones_are_counted_only(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "MAX_PLAIN_ROWS", 5)
    monkeypatch.setattr(html, "MAX_ROWS", 1)
    where = site(2)
    judged = result(where, [failed("HOST-1"), failed("HOST-2"), failed("HOST-3")])
    markup, rows = made(pytester, where, judged)
    passed = groups.totals(judged.outcomes)[Word.PASSED]
    assert passed > 5
    assert Counter(row["result"] for row in rows) == {"passed": 5, "failed": 1}
    assert f"{passed - 5 + 2} more results are not listed here" in drawn(markup).text
    assert f'<span class="passed">{passed} passed' in markup
    assert '<span class="failed">3 failed' in markup


def test_the_text_of_a_check_that_broke_stays(pytester: pytest.Pytester) -> None:
    where = site()
    broken = outcome("HOST-1", word=Word.NOT_MEASURED, found="the check itself failed: KeyError: x", cause="internal")
    _, rows = made(pytester, where, result(where, [broken]))
    (row,) = [row for row in rows if row["testId"] == "HOST-1 site"]
    assert "pytest&#x27;s own text" in row["log"]


def test_hostile_names_are_text_everywhere(pytester: pytest.Pytester) -> None:
    where = replace(site(0, customer=HOSTILE[0], name=HOSTILE[1], contact=HOSTILE[8]), rooms=tuple(map(Room, HOSTILE)))
    more = {"owner": HOSTILE[0], "consequence": HOSTILE[1], "expected": HOSTILE[8]}
    changed = [failed("PERMISSION-1", value, found=value, cause=value, notes=(value,), **more) for value in HOSTILE]
    changed += [outcome("ROOM-1", value, Word.NOT_MEASURED, found=value) for value in HOSTILE]
    changed += [outcome("ROOM-2", value, Word.WAIVED, found=value, notes=(value,)) for value in HOSTILE]
    judged = result(where, changed, notes=HOSTILE)
    extra = (
        "import pytest\n@pytest.mark.parametrize('x', ['<img src=x onerror=alert(1)>'])\ndef test_own(x):\n    pass\n"
    )
    markup, rows = made(pytester, where, judged, extra)

    inside = "".join(cell for row in rows for cell in row["resultsTableRow"]) + "".join(row["log"] for row in rows)
    for part in (parsed(markup), parsed(inside)):
        scripted = [attrs for _, attrs in part.tags if any(name.startswith("on") for name in attrs)]
        # pytest-html's own button
        assert all((attrs["class"] or "").split() == ["summary__reload__button", "hidden"] for attrs in scripted)
        assert not [attrs for tag, attrs in part.tags if tag == "img" and attrs.get("src")]
    assert [attrs.get("type") for tag, attrs in parsed(markup).tags if tag == "script"] == [
        "application/json",
        None,
        None,
    ]
    assert {tag for tag, _ in parsed(inside).tags} == {"td"}
    text = drawn(markup).text
    assert all(" ".join(value.split()) in text for value in (*HOSTILE[:5], *HOSTILE[6:9]))
    assert "\u202e" not in markup
    assert "\x1b" not in inside


def test_a_run_without_a_result_shows_no_verdict() -> None:
    markup = page.render(None, (), site(), REQUIREMENTS)
    assert "NO VERDICT" in markup
    assert "Sign-off" not in markup
    assert "ACCEPTED" not in markup


def test_the_page_tells_vantage_footprint_and_sign_off() -> None:
    where = site(expected_rooms=5)
    judged = result(where)
    text = parsed(
        page.render(
            judged,
            (),
            where,
            REQUIREMENTS,
            page.Content(site_facts=site_facts(), run=run_info(), results_sha256="cd" * 32),
        )
    ).text
    for said in (
        "Rooms measured 4 of 4 (the customer expects 5)",
        "Machine panel-01",
        "Addresses not reached 2001:db8::10 (connection refused)",
        "Certificate issuer CN=Contoso Issuing CA",
        "Signed in by Negotiate",
        "Exchange build 15.2.1748.10",
        "EWS GetFolder, delegate 3",
        "EWS GetFolder, impersonated 45",
        "Sign-ins to Exchange 2 accepted, 0 refused",
        "HTTP requests 64, 10 of them without credentials",
        "svc-flowscape@contoso.test 0 2",
        "Writes 0",
        f"{'cd' * 32} results.json",
        "For the customer",
        "Signature",
    ):
        assert said in text


def test_only_a_web_link_becomes_a_link() -> None:
    where = site()
    bad = failed("PERMISSION-1", where.rooms[0].email)
    for link, count in (("https://learn.microsoft.com/x", 1), ("javascript:alert(1)", 0)):
        known = {**REQUIREMENTS, "PERMISSION-1": replace(REQUIREMENTS["PERMISSION-1"], link=link)}
        judged = result(where, [bad], requirements=known)
        markup = page.render(judged, groups.findings(judged.outcomes, known), where, known)
        assert sum(tag == "a" for tag, _ in parsed(markup).tags) == count
