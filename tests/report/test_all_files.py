"""Each file of the report is written by itself: what goes wrong with one is one sentence, and costs no other."""

from __future__ import annotations

from pytest_flowscape.report.files.all import write_each


def fails(error: Exception) -> object:
    def write() -> None:
        raise error

    return write


def test_what_goes_wrong_is_told_and_the_others_are_written() -> None:
    done: list[str] = []
    said = write_each(
        {
            "first": lambda: done.append("first"),
            "second": fails(OSError(28, "No space left on device", "second")),
            "third": fails(ValueError("it holds s3cret")),
            "fourth": lambda: done.append("fourth"),
        },
        clean=lambda text: text.replace("s3cret", "***"),
    )
    assert done == ["first", "fourth"]
    assert said == (
        "second could not be written, do not use one of an earlier run: No space left on device",
        "third could not be written, do not use one of an earlier run: ValueError: it holds ***",
    )
