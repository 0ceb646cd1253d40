"""The outermost report wrapper: free text is scrubbed, ids and words are not, whatever the password is."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_flowscape.core.secret import encodings
from pytest_flowscape.hooks.scrubbing import Scrubber, scrub_debug
from pytest_flowscape.judging.outcomes import Outcome, Word


def cleaned(password: str, **more: Any) -> Any:
    outcome = Outcome(
        "ROOM-1", "atlas@customer.com", Word.FAILED, found=f"said {password}!", notes=(f"and {password}",)
    )
    report = SimpleNamespace(
        longrepr=f"a {password} b",
        longreprtext=f"a {password} b",
        sections=[("log", password)],
        flowscape=outcome.as_json(),
    )
    for name, value in more.items():
        setattr(report, name, value)
    Scrubber(encodings(password)).clean(report)
    return report


@pytest.mark.parametrize("password", ["failed", "passed", "required", "atlas", "ROOM-1", "site", "S3cret&<x>"])
def test_any_word_may_be_a_password(password: str) -> None:
    report = cleaned(password)
    outcome = Outcome.from_json(report.flowscape)
    assert (outcome.requirement, outcome.target, outcome.word) == ("ROOM-1", "atlas@customer.com", Word.FAILED)
    assert outcome.level == "required"
    assert password not in outcome.found
    assert password not in outcome.notes[0]
    assert password not in report.longrepr
    assert password not in report.sections[0][1]


def test_a_skip_keeps_its_three_parts() -> None:
    report = cleaned("S3cret", longrepr=("file.py", 3, "Skipped: S3cret"), wasxfail="because S3cret")
    assert report.longrepr[:2] == ("file.py", 3)
    assert "S3cret" not in report.longrepr[2]
    assert "S3cret" not in report.wasxfail


def test_what_debug_writes_is_scrubbed_and_written_by_one_thread_at_a_time() -> None:
    """A text file of Python that two threads write to may hold pieces of memory."""
    texts: list[str] = []
    writing, met = threading.Lock(), threading.Event()

    def write(text: str) -> None:
        if not writing.acquire(blocking=False):
            met.set()
            return
        met.wait(0.2)  # the other thread would come now
        texts.append(text)
        writing.release()

    root: Any = SimpleNamespace(_writer=write)
    root.setwriter = lambda writer: setattr(root, "_writer", writer)
    ended: list[Any] = []
    config: Any = SimpleNamespace(trace=SimpleNamespace(root=root), add_cleanup=ended.append)
    scrub_debug(config, encodings("hunter22"))
    threads = [threading.Thread(target=root._writer, args=(f"{name} hunter22",)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not met.is_set()
    assert sorted(texts) == ["a ********", "b ********"]
    ended.pop()()
    assert root._writer is write
