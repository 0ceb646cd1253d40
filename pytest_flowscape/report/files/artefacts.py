"""Write the files of a run one by one: a failure is reported and does not affect the other files."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def write_each(writers: Mapping[str, Callable[[], object]], *, clean: Callable[[str], str] = str) -> tuple[str, ...]:
    """Write each file, and return one sentence for each that could not be written. Nothing is raised.

    The keys are names in the report folder. ``clean`` takes secrets out of
    an error message. The file of an earlier run may still be there; the
    sentence says so.
    """
    troubles = {name: _trouble(write) for name, write in writers.items()}
    return tuple(
        f"{name} could not be written, do not use one of an earlier run: {clean(trouble)}"
        for name, trouble in troubles.items()
        if trouble
    )


def _trouble(write: Callable[[], object]) -> str:
    """Write, and return what went wrong, empty if nothing did."""
    try:
        write()
    except Exception as error:  # noqa: BLE001  the other files are the customer's record
        known = error.strerror if isinstance(error, OSError) else None
        return known or f"{type(error).__name__}: {error}"
    return ""
