"""Whose folders each folder id is, told by all processes of a run to each other in its private folder.

A server that answers for one room from another's mailbox is found out by the
id; with workers the two rooms may be asked by different processes.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from pytest_flowscape.errors import NotMeasured
from pytest_flowscape.facts import MailboxAnswer, ResolvedName, SyncAnswer
from pytest_flowscape.judgement import OWN_MAILBOX

SHARED = "calendar"  # the folder whose ids the processes tell each other: one of each mailbox is enough


class Claims:
    """Who was answered with which folder id; on a healthy site each id has one address.

    ``folder`` is the run's private one where several processes share it, else
    None. In it each id has a folder, and each address a file.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder / "folder-ids" if folder else None
        self._holds: dict[str, set[str]] = {}

    def note(self, answers: Iterable[MailboxAnswer | SyncAnswer | ResolvedName]) -> None:
        """Remember whose folders were seen, before any of the chunk is judged."""
        for answer in answers:
            for folder in answer.folders if isinstance(answer, MailboxAnswer) else ():
                if folder.folder_id:
                    self._holds.setdefault(folder.folder_id, set()).add(answer.address)
                    if folder.name == SHARED:
                        self._tell(folder.folder_id, answer.address)

    def of_itself(self, answer: MailboxAnswer) -> MailboxAnswer:
        """Refuse an answer whose folders are another mailbox's, or one and the same: it tells nothing of this one.

        Raises NotMeasured.
        """
        ids = [folder.folder_id for folder in answer.folders if folder.folder_id]
        if len(ids) != len(set(ids)):
            raise NotMeasured("Exchange gives several folders the same id", cause=OWN_MAILBOX)
        for identity in ids:
            known = self._holds.setdefault(identity, set())
            known.add(answer.address)
            holders = known | self._told(identity, answer.address)
            if len(holders) > 1:
                said = f"Exchange answers for {' and '.join(sorted(holders))} from one mailbox"
                raise NotMeasured(said, cause=OWN_MAILBOX)
        return answer

    def _tell(self, identity: str, address: str) -> None:
        if self._folder is not None:
            folder = self._folder / _hashed(identity)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _hashed(address)).write_text(address, encoding="utf-8")

    def _told(self, identity: str, address: str) -> set[str]:
        """Give the other addresses that any process was answered with this id for."""
        folder = self._folder / _hashed(identity) if self._folder else None
        if folder is None or not folder.is_dir():
            return set()
        # the name decides whose it is: a file may be empty still, written by another process at this moment
        others = (file for file in folder.iterdir() if file.name != _hashed(address))
        return {file.read_text(encoding="utf-8") or "another mailbox" for file in others}


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()
