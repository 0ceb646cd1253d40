"""Which mailbox each folder id belongs to, shared between the processes of a run in its private folder.

A server that answers for one room from another's mailbox is found out by the
id; with workers the two rooms may be asked by different processes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import MailboxAnswer, ResolvedName, SyncAnswer
from pytest_flowscape.judging.entries import OWN_MAILBOX

SHARED = "calendar"  # the folder whose ids the processes share: one of each mailbox is enough


class FolderIds:
    """The mailboxes for which each folder id was seen; on a healthy site it is one.

    ``folder`` is the run's private one where several processes share it, else
    None. In it each id has a folder, and each address a file. ``comparable``:
    this server gives a folder the same id whoever asks for it, as it has shown
    on the account's own mailbox; then what a room's owner sees and what the
    service account sees must be the same folders.
    """

    def __init__(self, folder: Path | None, *, comparable: bool = False) -> None:
        self._folder = folder / "folder-ids" if folder else None
        self._comparable = comparable
        self._holds: dict[str, frozenset[str]] = {}
        self._owners: dict[str, dict[str, str]] = {}  # the ids that a room's owner saw, by the folder's name

    def note(self, answers: Iterable[MailboxAnswer | SyncAnswer | ResolvedName]) -> None:
        """Remember whose folders were seen, before any of the chunk is judged."""
        for answer in answers:
            if isinstance(answer, MailboxAnswer) and answer.impersonated:
                named = {folder.name: folder.folder_id for folder in answer.folders if folder.folder_id}
                self._owners[answer.address] = named
            for folder in answer.folders if isinstance(answer, MailboxAnswer) else ():
                if folder.folder_id:
                    self._add(folder.folder_id, answer.address)
                    if folder.name == SHARED:
                        self._share(folder.folder_id, answer.address)

    def require_own(self, answer: MailboxAnswer) -> MailboxAnswer:
        """Return the answer if its folders are the mailbox's own, and differ; else it says nothing about the mailbox.

        Raises NotMeasured.
        """
        ids = [folder.folder_id for folder in answer.folders if folder.folder_id]
        if len(ids) != len(set(ids)):
            raise NotMeasured("Exchange gives several folders the same id", cause=OWN_MAILBOX)
        owners = self._owners.get(answer.address, {}) if self._comparable and not answer.impersonated else {}
        found = {folder.name: folder.folder_id for folder in answer.folders if folder.folder_id}
        if any(owners.get(name, identity) != identity for name, identity in found.items()):
            raise NotMeasured("Exchange shows other folders than the mailbox's own", cause=OWN_MAILBOX)
        for identity in ids:
            holders = self._add(identity, answer.address) | self._elsewhere(identity, answer.address)
            if len(holders) > 1:
                said = f"Exchange answers for {' and '.join(sorted(holders))} from one mailbox"
                raise NotMeasured(said, cause=OWN_MAILBOX)
        return answer

    def _add(self, identity: str, address: str) -> frozenset[str]:
        """Add an address to those of an id, and return them all; the ids of one mailbox share the same set."""
        known = self._holds.get(identity)
        if known is None or address not in known:
            alone = _alone(address)
            known = self._holds[identity] = alone if known is None else known | alone
        return known

    def _share(self, identity: str, address: str) -> None:
        if self._folder is not None:
            folder = self._folder / _digest(identity)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _digest(address)).write_text(address, encoding="utf-8")

    def _elsewhere(self, identity: str, address: str) -> set[str]:
        """Return the other addresses for which any process saw this id."""
        folder = self._folder / _digest(identity) if self._folder else None
        if folder is None or not folder.is_dir():
            return set()
        # the name decides whose it is: a file may be empty still, written by another process at this moment
        others = (file for file in folder.iterdir() if file.name != _digest(address))
        return {file.read_text(encoding="utf-8") or "another mailbox" for file in others}


def comparable(own: MailboxAnswer | None, itself: MailboxAnswer | None) -> bool:
    """Whether the account's calendar has one id, asked for by name and by impersonation."""
    if own is None or itself is None:
        return False
    one, other = (
        {folder.folder_id for folder in answer.folders if folder.name == SHARED and folder.folder_id}
        for answer in (own, itself)
    )
    return bool(one) and one == other


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@lru_cache(maxsize=100)
def _alone(address: str) -> frozenset[str]:
    return frozenset((address,))
