"""The mark on everything that a run writes: a tag that is never used twice, and a subject that people understand."""

from __future__ import annotations

import uuid

SUBJECT = "Flowscape acceptance test"
BODY = (
    "Written by an acceptance test of this room, which removes it within seconds. "
    "If it is still here, nobody needs it: it may be deleted."
)


def new_tag(run_id: str) -> str:
    """Give a tag of its own for one item: the run's id, so that people find the run, and a number by chance."""
    return f"{run_id}/{uuid.uuid4().hex}"


def subject_of(tag: str) -> str:
    """Give the subject of the item with this tag; it holds the tag, for whoever looks at the calendar."""
    return f"{SUBJECT} {tag}"
