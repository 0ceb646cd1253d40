"""What became of removing items, and the reasons for which one is left; the same for bookings and meetings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_flowscape.facts import StepTaken, Trouble, Written

CHECK = "look that nothing is left"
NOT_TOUCHED = "it was not touched, as the mailbox holds tagged items that no journal here knows"


@dataclass(frozen=True)
class Removal:
    """What became of removing: ``left`` are (item, reason), ``steps`` what was done."""

    removed: tuple[Written, ...] = ()
    left: tuple[tuple[Written, str], ...] = ()
    strangers: tuple[Written, ...] = ()
    steps: tuple[StepTaken, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether a look showed that nothing is left."""
        return not self.left and not self.strangers


def unknown_items(strangers: Sequence[Written]) -> str:
    """Return the sentence about tagged items of somebody else, empty for none."""
    return f"tagged items that no journal here knows: {'; '.join(map(str, strangers))}" if strangers else ""


def unseen_reason(trouble: Trouble) -> str:
    """Return the reason of an item that may be left."""
    return f"it could not be seen whether it is gone: {trouble.said}"


def left_reason(trouble: Trouble | None) -> str:
    """Return the reason of an item that is left, ``trouble`` being the answer to its removal."""
    return trouble.said if trouble else "it is still there"
