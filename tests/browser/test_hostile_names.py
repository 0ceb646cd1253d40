"""Hostile names are text in the page: shown as they are, never run, never markup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_flowscape.report.text import visible
from tests.browser.conftest import Opened
from tests.browser.sites import HOSTILE

SECONDS_FOR_ONE_TEST = 500


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_text(name: str, page_of: Callable[[str], Path], open_page: Callable[..., Opened]) -> None:
    opened = open_page(page_of("hostile"))
    page, shown = opened.page, visible(name)
    box = page.locator(".fs-grid[data-kind=room]")
    assert shown in box.locator("tbody th > bdi").all_text_contents()
    assert any(shown in text for text in page.locator(".fs-card summary").all_text_contents())
    row = box.locator("tbody tr").nth(box.locator("tbody th > bdi").all_text_contents().index(shown))
    for number in range(4):
        row.locator(".fs-cell").nth(number).click()
        assert shown in page.locator("#fs-dialog .fs-on").text_content()
        assert page.locator("#fs-dialog script, #fs-dialog img").count() == 0
        page.keyboard.press("Escape")
    assert page.evaluate("window.wasRun") is None
    assert page.locator("main script:not(#fs-data)").count() == 1
    opened.expect_quiet()


def test_the_whole_page_holds_no_element_of_a_name(
    page_of: Callable[[str], Path], open_page: Callable[..., Opened]
) -> None:
    opened = open_page(page_of("hostile"))
    page = opened.page
    page.click("#show_all_details")
    assert page.locator("img[src=x], b").count() == 0
    assert page.evaluate("[...document.querySelectorAll('*')].some((one) => one.onerror || one.onmouseover)") is False
    assert page.evaluate("document.title").startswith("Acceptance report: <script>")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    # what a command holds of a name is inside one single-quoted literal, its quotes doubled
    code = page.locator(".fs-card code").all_text_contents()
    assert any("-Identity '''; Remove-Mailbox ''x'" in text for text in code)
    assert any("\u2018\u2018a\u2019\u2019 " in text for text in code)
    opened.expect_quiet()


def test_no_script_but_the_pages_own_may_run(page_of: Callable[[str], Path], open_page: Callable[..., Opened]) -> None:
    opened = open_page(page_of("hostile"))
    page = opened.page
    page.evaluate(
        """() => { const one = document.createElement('script'); one.textContent = 'window.wasRun = 2';
            document.body.append(one);
            document.body.insertAdjacentHTML('beforeend', '<p onclick="window.wasRun = 3" id="bad">x</p>');
            document.getElementById('bad').click(); }"""
    )
    assert page.evaluate("window.wasRun") is None
    assert all("Content Security Policy" in said for said in opened.console)
    assert opened.console
