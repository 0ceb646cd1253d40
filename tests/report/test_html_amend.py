"""The last step on the written page: it amends what it knows, and leaves the rest alone."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import lxml.html
import pytest

from pytest_flowscape.report.page import html, html_amend
from pytest_flowscape.report.page.html_amend import UnknownMarkupError, amend, amended_markup
from tests.report.page_run import PageRun
from tests.report.report_samples import REQUIREMENTS, result, site


@pytest.fixture
def markup(pytester: pytest.Pytester) -> str:
    """A page as this pytest-html writes it, not yet amended."""
    pytester.makepyfile("def test_one():\n    pass\n")
    run = PageRun(html.AcceptancePage(site(), REQUIREMENTS), result(site()))
    pytester.runpytest_inprocess("--html=page.html", "--self-contained-html", plugins=[run])
    return Path("page.html").read_text(encoding="utf-8")


def test_it_amends_language_landmarks_labels_and_order(markup: str) -> None:
    whole = lxml.html.document_fromstring(amended_markup(markup))
    assert whole.get("lang") == "en"
    (main,) = whole.xpath("/html/body/main")
    assert main.xpath(".//h1")[0].text.startswith("Acceptance report")
    boxes = whole.xpath("//input[@type='checkbox'][@name='filter_checkbox']")
    assert len(boxes) >= 7
    assert all(box.getparent().tag == "label" and box.getparent().text_content().strip() for box in boxes)
    assert not any(box.getparent().text_content().strip().endswith(",") for box in boxes)
    # the verdict before whatever pytest-html says of itself
    order = [
        one.get("class") or one.get("id")
        for one in whole.xpath("//*[@class='fs-word' or @id='environment' or @class='fs-made']")
    ]
    assert order[0] == "fs-word"
    assert set(order) == {"fs-word", "fs-made", "environment"}
    assert whole.xpath("//h2[text()='Summary']") == []
    assert whole.xpath("//@onclick") == []
    assert whole.xpath("/html/head/style[contains(., '.fs-verdict')]")


def test_only_the_pages_two_scripts_may_run(markup: str) -> None:
    amended = amended_markup(markup)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', amended)
    scripts = re.findall(r"<script>(.*?)</script>", amended, re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "http" not in policy


CHANGED = {
    "the root": ("<html>", "<html class='x'>"),
    "the body": ("<body>", "<body class='x'>"),
    "a filter": (
        'class="filter" name="filter_checkbox" type="checkbox" data-test-result="error"',
        'class="filter" name="filter_checkbox" data-new>',
    ),
    "the table": ('<table id="results-table">', '<table id="results-table" class="x">'),
    "the summary": ("<h2>Summary</h2>", "<h3>Summary</h3>"),
    "the count": ('<p class="run-count">', '<p class="count">'),
    "a script more": ("</footer>", "<script>1</script></footer>"),
    "the line on itself": ("<p>Report generated on", "<p>Generated on"),
    "the reload": (' onclick="location.reload()"', ""),
    "twice": ("<body>", "<body><body>"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_markup_that_changed_leaves_the_page_as_it_was(what: str, markup: str, tmp_path: Path) -> None:
    old, new = CHANGED[what]
    assert old in markup
    changed = markup.replace(old, new, 1)
    with pytest.raises(UnknownMarkupError):
        amended_markup(changed)
    path = tmp_path / "acceptance.html"
    path.write_text(changed, encoding="utf-8")
    note = amend(path)
    assert note.startswith("acceptance.html was left as pytest-html wrote it")
    assert path.read_text(encoding="utf-8") == changed


def test_a_page_that_is_amended_gives_no_note_and_is_not_amended_twice(markup: str, tmp_path: Path) -> None:
    path = tmp_path / "acceptance.html"
    path.write_text(markup, encoding="utf-8")
    assert amend(path) == ""
    once = path.read_text(encoding="utf-8")
    assert once == amended_markup(markup)
    assert amend(path) != ""
    assert path.read_text(encoding="utf-8") == once


def test_the_terminal_says_that_the_page_was_left(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("def test_one():\n    pass\n")
    monkeypatch.setattr(html_amend, "_TABLE", "<table id='another'>")
    page = html.AcceptancePage(site(), REQUIREMENTS, written=pytester.path / "page.html")
    run = PageRun(page, result(site()))
    done = pytester.runpytest_inprocess("--html=page.html", "--self-contained-html", plugins=[run])
    done.stdout.fnmatch_lines(["*page.html was left as pytest-html wrote it*"])
    assert "ACCEPTED" in (pytester.path / "page.html").read_text(encoding="utf-8")
