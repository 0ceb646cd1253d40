"""The page: it agrees with the result, shows nothing but text for whatever a name holds, and keeps its filters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
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
from tests.report.page_run import PYTESTS_OWN, PageRun
from tests.report.report_samples import HOSTILE, REQUIREMENTS, failure, outcome, result, run_info, site, site_facts

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


def parse(markup: str) -> Parsed:
    reader = Parsed()
    reader.feed(markup)
    reader.close()
    return reader


def write_page(
    pytester: pytest.Pytester, where: Site, judged: Result, tests: str = ""
) -> tuple[str, list[dict[str, Any]]]:
    """Return the page of a run with ``tests`` of somebody else's, and its rows as the page's script reads them."""
    pytester.makepyfile(tests)
    run = PageRun(html.AcceptancePage(where, REQUIREMENTS), judged, lambda: page.Content(site_facts(), run_info()))
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "--html=page.html", "--self-contained-html", plugins=[run])
    markup = Path("page.html").read_text(encoding="utf-8")
    (blob,) = [attrs["data-jsonblob"] for _, attrs in parse(markup).tags if "data-jsonblob" in attrs]
    assert blob is not None
    data = json.loads(blob)
    assert data["environment"] == {}
    return markup, [row for rows in data["tests"].values() for row in rows]


def own_part(markup: str) -> Parsed:
    """Read the part of the page that is ours, up to the filters."""
    return parse(markup[markup.index('<div class="fs"') : markup.index('<p class="run-count">')])


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
        failure(id_) if word is Word.FAILED else outcome(id_, word=word, found="why", notes=("by A. Admin",))
        for id_, word in per_site.items()
    ]
    judged = result(where, changed, other_failed=other_failed)
    assert judged.verdict is verdict
    found = groups.findings(judged.outcomes, REQUIREMENTS)
    markup = page.render(judged, found, where, REQUIREMENTS, page.Content(run=run_info()))
    body = parse(markup)
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
        failure("PERMISSION-1", rooms[0]),
        failure("ADVICE-1", found="24 rooms are configured, 26 expected"),
        outcome("CALENDAR-1", rooms[2], Word.NOT_MEASURED, found="throttled", cause="throttled"),
        outcome("ACCOUNT-1", word=Word.ATTESTED, notes=("attested by A. Admin",)),
        outcome("ACCOUNT-2", word=Word.WAIVED, notes=("waived by A. Admin",)),
        outcome("ACCOUNT-4", notes=("the account expires on 2027-08-01",)),
        outcome("ADVICE-3", word=Word.NOT_REQUESTED, found="no out_of_scope mailbox"),
    ]


def test_the_written_page_has_a_row_in_our_words_that_pytests_filters_can_show(pytester: pytest.Pytester) -> None:
    where = site()
    judged = result(where, everything(where), leave_out=("HANDOVER-1",))
    markup, rows = write_page(pytester, where, judged, "def test_own():\n    assert False\n")
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
    assert escape(PYTESTS_OWN) not in row["log"]
    (passed,) = [row for row in rows if row["testId"] == "HOST-1 site"]
    assert passed["log"] == ""
    (noted,) = [row for row in rows if row["testId"] == "ACCOUNT-4 site"]
    assert noted["log"] == "note: the account expires on 2027-08-01"
    body = own_part(markup)
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
    judged = result(where, [failure("HOST-1"), failure("HOST-2"), failure("HOST-3")])
    markup, rows = write_page(pytester, where, judged)
    passed = groups.totals(judged.outcomes)[Word.PASSED]
    assert passed > 5
    assert Counter(row["result"] for row in rows) == {"passed": 5, "failed": 1}
    assert f"{passed - 5 + 2} more results are not listed here" in own_part(markup).text
    assert f'<span class="passed">{passed} passed' in markup
    assert '<span class="failed">3 failed' in markup


def test_the_text_of_a_check_that_broke_stays(pytester: pytest.Pytester) -> None:
    where = site()
    broken = outcome("HOST-1", word=Word.NOT_MEASURED, found="the check itself failed: KeyError: x", cause="internal")
    _, rows = write_page(pytester, where, result(where, [broken]))
    (row,) = [row for row in rows if row["testId"] == "HOST-1 site"]
    assert escape(PYTESTS_OWN) in row["log"]


def test_hostile_names_are_text_everywhere(pytester: pytest.Pytester) -> None:
    where = replace(site(0, customer=HOSTILE[0], name=HOSTILE[1], contact=HOSTILE[8]), rooms=tuple(map(Room, HOSTILE)))
    more = {"owner": HOSTILE[0], "consequence": HOSTILE[1], "expected": HOSTILE[8]}
    changed = [failure("PERMISSION-1", value, found=value, cause=value, notes=(value,), **more) for value in HOSTILE]
    changed += [outcome("ROOM-1", value, Word.NOT_MEASURED, found=value) for value in HOSTILE]
    changed += [outcome("ROOM-2", value, Word.WAIVED, found=value, notes=(value,)) for value in HOSTILE]
    judged = result(where, changed, notes=HOSTILE)
    extra = (
        "import pytest\n@pytest.mark.parametrize('x', ['<img src=x onerror=alert(1)>'])\ndef test_own(x):\n    pass\n"
    )
    markup, rows = write_page(pytester, where, judged, extra)

    inside = "".join(cell for row in rows for cell in row["resultsTableRow"]) + "".join(row["log"] for row in rows)
    for part in (parse(markup), parse(inside)):
        scripted = [attrs for _, attrs in part.tags if any(name.startswith("on") for name in attrs)]
        # pytest-html's own button
        assert all((attrs["class"] or "").split() == ["summary__reload__button", "hidden"] for attrs in scripted)
        assert not [attrs for tag, attrs in part.tags if tag == "img" and attrs.get("src")]
    assert [attrs.get("type") for tag, attrs in parse(markup).tags if tag == "script"] == [
        "application/json",
        None,
        None,
    ]
    assert {tag for tag, _ in parse(inside).tags} == {"td"}
    text = own_part(markup).text
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
    text = parse(
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
    bad = failure("PERMISSION-1", where.rooms[0].email)
    for link, count in (("https://learn.microsoft.com/x", 1), ("javascript:alert(1)", 0)):
        known = {**REQUIREMENTS, "PERMISSION-1": replace(REQUIREMENTS["PERMISSION-1"], link=link)}
        judged = result(where, [bad], requirements=known)
        markup = page.render(judged, groups.findings(judged.outcomes, known), where, known)
        assert sum(tag == "a" for tag, _ in parse(markup).tags) == count
