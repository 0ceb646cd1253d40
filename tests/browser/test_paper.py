"""The page on A4: what is decided and signed first, the matrix after it, the sign-off in one piece."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Opened, program_path

SECONDS_FOR_ONE_TEST = 500


def sheets(opened: Opened, folder: Path) -> list[str]:
    """Print the page and give the text of each sheet."""
    pdftotext = program_path("pdftotext")
    path = folder / "page.pdf"
    opened.page.pdf(path=str(path), prefer_css_page_size=True, print_background=True)
    told = subprocess.run(
        [pdftotext, "-layout", str(path), "-"], capture_output=True, text=True, check=True, timeout=60
    )
    return told.stdout.rstrip("\f").split("\f")


@pytest.mark.parametrize("name", ["typical", "incomplete", "1000"])
def test_paper_has_the_verdict_first_and_the_matrix_last(
    name: str, typical: Path, page_of: Callable[[str], Path], open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    opened = open_page(typical if name == "typical" else page_of(name))
    paper = sheets(opened, tmp_path)
    whole = "\n".join(paper)
    assert ("INCOMPLETE" if name == "incomplete" else "NOT ACCEPTED").split()[-1] in paper[0]
    order = ["Sign-off", "Rooms and requirements", "Measured from"]
    if name != "incomplete":
        order.insert(0, "What to fix now")
        assert "Add-MailboxPermission" in whole  # also of cards that are folded on the screen
    else:
        order.insert(0, "What is missing for a verdict")
    places = [whole.index(text) for text in order]
    assert places == sorted(places)
    (sheet,) = [text for text in paper if "Sign-off" in text]
    for said in ("Outcomes digest", "results.json", "For the customer", "For Flowscape", "Role", "Signature"):
        assert said in sheet
    digest = opened.page.locator(".fs").first.get_attribute("data-digest")
    assert digest in sheet
    # every room of the matrix, not the hundred that the screen shows at a time
    rooms = opened.page.locator("[data-kind=room] .fs-count").inner_text().split()[0].replace(",", "")
    matrix = whole[whole.index("Rooms and requirements") : whole.index("Results by requirement")]
    assert matrix.count("@") >= int(rooms)
    assert "Copy" not in whole.replace("Copy includes", "")


def test_after_printing_the_screen_is_as_before(
    page_of: Callable[[str], Path], open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    opened = open_page(page_of("1000"))
    sheets(opened, tmp_path)
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator("[data-kind=room] tbody tr").count() == 1000
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator("[data-kind=room] tbody tr").count() == 100
    opened.expect_quiet()
