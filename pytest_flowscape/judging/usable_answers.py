"""Which answers say something about a mailbox, and which only about the circumstances: those are not measured."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Kind, MailboxAnswer, Trouble
from pytest_flowscape.facts.policy import PERSON_FACTS, ROOM_FACTS

__all__ = ["NO_MAILBOX", "PERSON_FACTS", "ROOM_FACTS", "SYNC_CODES", "said_nothing", "usable"]

NO_MAILBOX = "no-mailbox"
# errors that speak of the calendar itself; any other unknown code says nothing about it
SYNC_CODES = ("ErrorCorruptData", "ErrorInvalidSyncStateData", "ErrorSyncFolderNotFound", "ErrorFolderCorrupt")


def usable(answer: MailboxAnswer, kinds: Sequence[Kind]) -> MailboxAnswer:
    """Return the answer back if every trouble in it may be judged; raises NotMeasured otherwise.

    Folders that were not asked because an earlier one of the same mailbox
    stopped the batch do no harm: the one that stopped it is the answer.
    """
    troubles = [trouble for trouble in (answer.trouble, *(folder.trouble for folder in answer.folders)) if trouble]
    told = any(trouble.kind in kinds for trouble in troubles)
    for trouble in troubles:
        if trouble.kind not in kinds and not (told and trouble.kind is Kind.NOT_ASKED):
            raise said_nothing(trouble)
    if answer.trouble is None and not answer.folders:
        raise NotMeasured("Exchange gave no answer about this mailbox")
    return answer


def said_nothing(trouble: Trouble) -> NotMeasured:
    """Make the NotMeasured for an answer that says nothing about the requirement."""
    if trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY):
        return NotMeasured(f"Exchange does not accept the address: {trouble.said}", cause=NO_MAILBOX)
    return NotMeasured(f"{trouble.kind.value}: {trouble.said}", cause=trouble.kind.name.lower())
