"""The page in a real browser: quiet, complete by keyboard, accessible in light and dark."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.page.fix import TRIAL, literal, split_fix
from tests.browser.conftest import Opened, clipboard
from tests.browser.sites import SITES, requirements

SECONDS_FOR_ONE_TEST = 500
Opener = Callable[..., Opened]
Writer = Callable[[str], Path]


def results(page: Path) -> dict[str, Any]:
    """Return the results.json beside a page."""
    read: dict[str, Any] = json.loads((page.parent / "results.json").read_text(encoding="utf-8"))
    return read


def rooms_shown(opened: Opened) -> list[str]:
    """Return the rooms that the matrix shows."""
    return list(opened.page.locator(".fs-grid[data-kind=room] tbody th > bdi").all_inner_texts())


def test_the_first_screen_says_what_to_do(typical: Path, open_page: Opener) -> None:
    opened = open_page(typical)
    seen = opened.page.evaluate(
        """() => [...document.querySelectorAll('.fs-word, .fs-head dd, .fs-sections li, .fs-card .fs-copy')]
            .filter((one) => one.getBoundingClientRect().bottom <= innerHeight).map((one) => one.innerText)"""
    )
    assert seen[0] == "NOT ACCEPTED"
    assert {"Demo Customer", "demo-typical", "booking not exercised"} <= set(seen)
    assert any(text.startswith("24 of 24") for text in seen)
    assert seen.count("Copy") >= 2
    assert len([text for text in seen if "passed" in text]) == 8
    assert "For the Active Directory administrator" in opened.page.locator("#fix h3").first.inner_text()
    opened.expect_quiet()


def test_no_error_no_request_and_nothing_hidden_to_the_side(typical: Path, open_page: Opener) -> None:
    for width in (1400, 1000, 400):
        opened = open_page(typical, width=width)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        opened.expect_quiet()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", ["typical", "incomplete"])
def test_axe_finds_nothing_serious(name: str, colours: str, typical: Path, page_of: Writer, open_page: Opener) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened = open_page(typical if name == "typical" else page_of(name), colours=colours)
    page = opened.page
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is (colours == "dark")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.click("#show_all_details")
    expect_accessible(Axe().run(page).response)
    page.locator(".fs-grid[data-kind=room] .fs-cell[data-word='not measured']").first.click()
    assert page.locator("#fs-dialog").is_visible()
    expect_accessible(Axe().run(page).response)


def expect_accessible(response: dict[str, Any]) -> None:
    """Fail on a fault that axe calls serious or critical; the others are told."""
    assert len(response["violations"]) < 50
    bad = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert bad == []


def test_the_matrix_is_filtered_by_text_and_state(typical: Path, open_page: Opener) -> None:
    opened = open_page(typical)
    page, told = opened.page, results(typical)
    wrong = {o["target"] for o in told["outcomes"] if o["outcome"] in ("failed", "not measured") and "@" in o["target"]}
    rooms = {o["target"] for o in told["outcomes"] if o["requirement"] == "ROOM-1"}
    assert set(rooms_shown(opened)) == rooms
    box = page.locator(".fs-grid[data-kind=room]")
    box.locator("select").select_option("!")
    assert set(rooms_shown(opened)) == wrong & rooms
    box.locator("select").select_option("failed")
    failed = {o["target"] for o in told["outcomes"] if o["outcome"] == "failed"}
    assert set(rooms_shown(opened)) == failed & rooms
    box.locator("input").fill("OSLO")
    assert rooms_shown(opened) == ["oslo@demo.test"]
    assert box.locator("[role=status]").inner_text() == "1 of 24 rooms"
    box.locator("input").fill("no such room")
    assert rooms_shown(opened) == []
    box.get_by_role("button", name="Show all again").click()
    assert set(rooms_shown(opened)) == rooms
    opened.expect_quiet()


def test_a_cell_tells_everything_by_keyboard_alone(typical: Path, open_page: Opener) -> None:
    opened = open_page(typical)
    page = opened.page
    page.locator(".fs-grid[data-kind=room] input").fill("bergen")
    page.keyboard.press("Tab")  # the state
    page.keyboard.press("Tab")
    focused = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    if page.evaluate(focused) == "Show all again":
        page.keyboard.press("Tab")
    assert page.evaluate(focused) == "ROOM-1, bergen@demo.test: passed"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "PERMISSION-1, bergen@demo.test: failed"
    page.keyboard.press("Enter")
    dialog = page.locator("#fs-dialog")
    shown = dialog.inner_text()
    found = next(
        o
        for o in results(typical)["outcomes"]
        if (o["requirement"], o["target"]) == ("PERMISSION-1", "bergen@demo.test")
    )
    for text in (found["expected"], found["found"], found["consequence"], found["owner"], "ErrorItemNotFound"):
        assert text in shown
    for label in ("Expected", "Found", "Evidence", "If not fixed", "Fix", "Undo", "Waiting time", "Read more"):
        assert f"\n{label}\n" in shown
    assert "Add-MailboxPermission -Identity 'bergen@demo.test'" in shown
    assert dialog.locator("a").get_attribute("href").startswith("https://learn.microsoft.com/")
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate(focused) == "PERMISSION-1, bergen@demo.test: failed"
    opened.expect_quiet()


def test_pytests_own_table_works_by_keyboard_and_counts_in_our_words(typical: Path, open_page: Opener) -> None:
    opened = open_page(typical)
    page = opened.page
    row = page.locator("#results-table tbody.failed", has_text="PERMISSION-1").first
    assert not row.locator(".log").is_visible()
    row.locator("td.col-outcome").focus()
    page.keyboard.press("Enter")
    row = page.locator("#results-table tbody.failed", has_text="PERMISSION-1").first
    assert "Add-MailboxPermission" in row.locator(".log").inner_text()
    counted = dict(
        reversed(text.strip().split(" ", 1)) for text in page.locator(".filters label:visible").all_inner_texts()
    )
    totals = {word: str(count) for word, count in results(typical)["totals"].items() if count}
    assert counted == totals
    page.locator(".filters").get_by_label("passed").uncheck()
    assert page.locator("#results-table tbody.passed").count() == 0
    assert page.locator("#results-table tbody.failed").count() == int(totals["failed"])
    opened.expect_quiet()


def test_one_click_copies_the_commands_as_a_trial(typical: Path, open_page: Opener) -> None:
    opened = open_page(typical)
    page = opened.page
    card = page.locator(".fs-card[data-requirement=PERMISSION-1]").first
    with clipboard(opened) as copied:
        card.locator(".fs-copy").first.click()
        page.wait_for_function("document.querySelector('.fs > [role=status]').textContent === 'Copied'")
        text = copied()
        assert TRIAL in text
        assert "Add-MailboxPermission -Identity 'bergen@demo.test' -User 'DEMO\\svc-flowscape'" in text
        assert "Add-MailboxPermission -Identity 'oslo@demo.test'" in text
        assert "# Undo: Remove-MailboxPermission" in text
        assert "# Waiting time: " in text
        # whatever is no command stands behind a number sign
        inside = text[text.index("& {") : text.rindex("}")]
        assert all(line.startswith("#") or not line for line in text.replace(inside + "}", "").split("\n"))
        page.get_by_label("real changes").check()
        card.locator("summary").click()
        block = card.locator(".fs-command").first
        assert "$WhatIfPreference = $false" in block.locator("code").inner_text()
        block.locator(".fs-copy").click()
        page.wait_for_function("document.querySelector('.fs > [role=status]').textContent === 'Copied'")
        assert copied().rstrip() == block.locator("code").inner_text().rstrip()
    opened.expect_quiet()


def test_a_card_leads_into_the_matrix(typical: Path, open_page: Opener) -> None:
    opened = open_page(typical)
    page = opened.page
    card = page.locator(".fs-card[data-requirement=PERMISSION-1]").first
    card.locator("summary").click()
    card.locator("button[data-show]").click()
    assert rooms_shown(opened) == ["bergen@demo.test", "oslo@demo.test"]
    page.get_by_role("button", name="Details of ACCOUNT-4").click()
    assert "userAccountControl" in page.locator("#fs-dialog").inner_text()
    opened.expect_quiet()


def test_the_script_puts_a_fix_together_as_the_tool_does(page_of: Writer, open_page: Opener) -> None:
    made = SITES["1000"]()
    (found,) = [one for one in findings(made.result.outcomes, requirements()) if one.word is Word.FAILED]
    ((template, targets),) = found.fixes
    assert len(targets) > 30
    opened = open_page(page_of("1000"))
    with clipboard(opened) as copied:
        opened.page.locator(".fs-card .fs-command .fs-copy").first.click()
        opened.page.wait_for_function("document.querySelector('.fs > [role=status]').textContent === 'Copied'")
        (part,) = [part for part in split_fix(template, made.site).parts if part.command]
        assert copied().splitlines() == part.text([literal(target, made.site) for target in targets]).splitlines()
    opened.expect_quiet()


def test_an_incomplete_run_says_what_to_do_and_is_not_green(page_of: Writer, open_page: Opener) -> None:
    opened = open_page(page_of("incomplete"))
    page = opened.page
    assert page.locator(".fs-word").inner_text() == "INCOMPLETE"
    assert "fs-good" not in page.locator(".fs-verdict").get_attribute("class")
    section = page.locator("#missing")
    assert section.locator("h2").inner_text() == "What is missing for a verdict"
    assert "MSExchangeServicesAppPool" in section.inner_text()
    assert section.evaluate("(one) => one.getBoundingClientRect().top") < 900
    said = page.locator("#exceptions").inner_text()
    for text in ("expired: not applied", "not needed: remove it", "ends within 30 days", "A. Admin", "ticket 4711"):
        assert text in said
    opened.expect_quiet()


def test_without_javascript_the_essentials_read(page_of: Writer, open_page: Opener) -> None:
    page = open_page(page_of("1000"), java_script_enabled=False).page
    text = page.locator("body").inner_text()
    for said in ("NOT ACCEPTED", "Add-MailboxPermission", "Sign-off", "Results by requirement", "needs JavaScript"):
        assert said in text
    assert page.locator(".fs-copy:visible").count() == 0
