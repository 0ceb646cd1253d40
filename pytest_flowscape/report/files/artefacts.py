"""Write what a run leaves behind one by one: what goes wrong with one of them is told and costs none of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def written_apart(writers: Mapping[str, Callable[[], object]], *, clean: Callable[[str], str] = str) -> tuple[str, ...]:
    """Write each artefact, and give one sentence for each that could not be written. Nothing is raised.

    The keys are names in the report folder. ``clean`` takes secrets out of
    what an error says. The file of an earlier run may still be there; the
    sentence says so.
    """
    troubles = {name: _trouble(write) for name, write in writers.items()}
    return tuple(
        f"{name} could not be written, do not use one of an earlier run: {clean(trouble)}"
        for name, trouble in troubles.items()
        if trouble
    )


def _trouble(write: Callable[[], object]) -> str:
    """Write, and give what went wrong, empty if nothing did."""
    try:
        write()
    except Exception as error:  # noqa: BLE001  whatever it is, the other files are the customer's record
        known = error.strerror if isinstance(error, OSError) else None
        return known or f"{type(error).__name__}: {error}"
    return ""
