"""Which answers say something about a mailbox, and which only about the circumstances: those are not measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Kind, MailboxAnswer, SyncAnswer, Trouble
from pytest_flowscape.facts.policy import PERSON_FACTS, ROOM_FACTS

__all__ = ["NO_MAILBOX", "PERSON_FACTS", "ROOM_FACTS", "SYNC_CODES", "no_evidence", "usable"]

NO_MAILBOX = "no-mailbox"
# errors that speak of the calendar itself; any other unknown code says nothing about it
SYNC_CODES = ("ErrorCorruptData", "ErrorInvalidSyncStateData", "ErrorSyncFolderNotFound", "ErrorFolderCorrupt")
Answer = TypeVar("Answer")


def usable(answer: Answer, kinds: Sequence[Kind]) -> Answer:
    """Return the answer if every trouble in it may be judged. Raises NotMeasured otherwise.

    An answer of any type has its trouble as ``trouble``, if it can have one.
    Folders that were not asked because an earlier one of the same mailbox
    stopped the batch do no harm: the one that stopped it is the answer.
    """
    whole: Trouble | None = getattr(answer, "trouble", None)
    folders = answer.folders if isinstance(answer, MailboxAnswer) else ()
    troubles = [trouble for trouble in (whole, *(folder.trouble for folder in folders)) if trouble]
    judged = any(trouble.kind in kinds for trouble in troubles)
    for trouble in troubles:
        of_the_calendar = isinstance(answer, SyncAnswer) and trouble.code in SYNC_CODES
        if trouble.kind not in kinds and not of_the_calendar and not (judged and trouble.kind is Kind.NOT_ASKED):
            raise no_evidence(trouble)
    if isinstance(answer, MailboxAnswer) and whole is None and not folders:
        raise NotMeasured("Exchange gave no answer about this mailbox")
    return answer


def no_evidence(trouble: Trouble) -> NotMeasured:
    """Return the NotMeasured for an answer that says nothing about the requirement."""
    if trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY):
        return NotMeasured(f"Exchange does not accept the address: {trouble.said}", cause=NO_MAILBOX)
    return NotMeasured(f"{trouble.kind.value}: {trouble.said}", cause=trouble.kind.name.lower())
