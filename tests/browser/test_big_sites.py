"""The page of a thousand and of five thousand rooms: small enough, and open in time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Opened

SECONDS_FOR_ONE_TEST = 900
MAX_BYTES = 10_000_000
TRIES = 3  # other work on the machine is no fault of the page


def seconds_to_open(chromium: Any, path: Path) -> float:
    """Return the seconds from the wish to see the page until the matrix has been painted."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    began = time.monotonic()
    page.goto(path.as_uri())
    page.locator(".fs-cell").first.wait_for()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    took = time.monotonic() - began
    page.close()
    return took


@pytest.mark.parametrize(("name", "limit"), [("1000", 3.0), ("5000", 8.0), ("5000-worst", 8.0)])
def test_a_big_site_opens_in_time(
    name: str, limit: float, page_of: Callable[[str], Path], chromium: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = page_of(name)
    size = path.stat().st_size
    times: list[float] = []
    while not times or (min(times) > limit and len(times) < TRIES):
        times.append(seconds_to_open(chromium, path))
    told = ", ".join(f"{took:.2f}" for took in times)
    with capsys.disabled():
        sys.stdout.write(f"\n{name} rooms: {size / 1e6:.2f} MB, opened in {told} s of {limit:.0f}\n")
    assert size < MAX_BYTES
    assert min(times) <= limit


def test_a_big_matrix_is_paged_and_filtered(page_of: Callable[[str], Path], open_page: Callable[..., Opened]) -> None:
    opened = open_page(page_of("5000"))
    page, box = opened.page, opened.page.locator(".fs-grid[data-kind=room]")
    assert box.locator("tbody tr").count() == 100
    box.get_by_role("button", name="Next").click()
    assert "101 to 200 of 5,000" in box.locator(".fs-pager").inner_text()
    box.locator("input").fill("room.04711@")
    assert box.locator("tbody tr").count() == 1
    box.locator(".fs-cell").first.click()
    assert "room.04711@contoso.test" in page.locator("#fs-dialog").inner_text()
    opened.expect_quiet()
