"""A real Chromium for the page: opened as a file, watched for errors and requests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import accept, without_pytest
from tests.browser.writer import NAME
from tests.simulator.harness import skip_or_fail

WRITING = 400.0  # seconds for the page of five thousand rooms, on a machine with much else to do
# a container has no user namespaces for Chromium's own sandbox; the pages are ours
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


ABSENT = "{} is not installed: the page is not tested in a browser"


def program_path(name: str) -> str:
    """Return the path of a program; skips, or fails in CI, where it is missing."""
    return shutil.which(name) or skip_or_fail(ABSENT.format(name))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    program = program_path("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail(ABSENT.format("playwright"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Opened:
    """An open page, what its console said, and what it asked for beside its own file."""

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def expect_quiet(self) -> None:
        """Fail where the console said anything, or something was fetched."""
        assert (self.console, self.requests) == ([], [])


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Open a file in a context of its own; ``colours`` is light or dark, ``width`` in pixels."""
    contexts: list[Any] = []

    def open_file(path: Path, *, colours: str = "light", width: int = 1280, **more: Any) -> Opened:
        context = chromium.new_context(
            color_scheme=colours, viewport={"width": width, "height": 900}, offline=True, **more
        )
        contexts.append(context)
        watched = Opened(context.new_page())
        watched.page.on("console", lambda message: watched.console.append(f"{message.type}: {message.text}"))
        watched.page.on("pageerror", lambda error: watched.console.append(f"error: {error}"))
        watched.page.on("request", lambda requests: watched.requests.append(requests.url))
        watched.page.goto(path.as_uri())
        watched.requests = [url for url in watched.requests if url != path.as_uri()]
        return watched

    yield open_file
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Write the page of a made-up site, each once, in a process of its own."""
    pages: dict[str, Path] = {}

    def write(name: str) -> Path:
        if name not in pages:
            folder = tmp_path_factory.mktemp(f"site-{name}")
            command = [sys.executable, "-m", "tests.browser.writer", name, str(folder)]
            here = Path(__file__).parents[2]
            made = subprocess.run(
                command,
                cwd=here,
                env={**without_pytest(), "PYTHONPATH": str(here)},
                capture_output=True,
                text=True,
                timeout=WRITING,
                check=False,
            )
            assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-4000:]
            pages[name] = folder / NAME
        return pages[name]

    return write


@pytest.fixture(scope="session")
def typical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a whole run against the simulator, with the mistakes that customers make."""
    folder = tmp_path_factory.mktemp("typical")
    done = accept("--flowscape-demo=typical", cwd=folder)
    assert done.code == 1, done.output
    return done.folder / NAME


@contextmanager
def clipboard(opened: Opened) -> Iterator[Callable[[], str]]:
    """Return what reads the clipboard of the page's context."""
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield lambda: str(opened.page.evaluate("navigator.clipboard.readText()"))
