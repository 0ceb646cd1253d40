"""Ask GetFolder about several mailboxes at once, and judge none of them on another's account.

Exchange stops a batch at some errors; every later id is then answered by
ErrorBatchProcessingStopped (Microsoft page "ResponseCode"). Such an answer, a
missing one, or a count that differs means *not asked*: the others are asked
again without the mailbox that stopped it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pytest_flowscape.facts import FolderAnswer, Kind, MailboxAnswer, Trouble
from pytest_flowscape.facts.policy import ASKED_AGAIN, MAY_BE_ONE_MAILBOX
from pytest_flowscape.probes.ews import get_folder
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import DistinguishedFolder

Folders = dict[str, tuple[FolderAnswer, ...]]
Read = Callable[[Envelope], "Folders | Trouble"]
TroubleIn = Callable[["Folders | Trouble"], "Trouble | None"]

CURABLE = ASKED_AGAIN - {Kind.NOT_ASKED}  # that one the batch itself sees to


@dataclass(frozen=True)
class Batch:
    """The folders that are asked of every mailbox.

    ``ask`` sends one GetFolder, as ``Conversation.ask`` does with the functions
    given. ``note`` hears of throttling that only one mailbox met.
    """

    names: Sequence[str]
    ask: Callable[[Sequence[DistinguishedFolder], Read, TroubleIn], Folders | Trouble]
    note: Callable[[Trouble], None]
    impersonated: str = ""

    def run(self, addresses: Sequence[str]) -> dict[str, MailboxAnswer]:
        """Return one answer for every address, in the order given."""
        asked = list(dict.fromkeys(addresses))
        found: dict[str, MailboxAnswer] = {}
        waiting, alone = list(asked), list[str]()
        while len(waiting) > 1:
            settled, apart = self._together(waiting)
            found.update(settled)
            alone += apart
            waiting = [address for address in waiting if address not in settled and address not in apart]
        for address in (*waiting, *alone):
            found[address] = self._alone(address)
        return {address: found[address] for address in asked}

    def _together(self, addresses: list[str]) -> tuple[dict[str, MailboxAnswer], list[str]]:
        """Ask these in one request: who is answered by it, and who must be asked alone; at least one of them is."""
        found = self._ask(addresses, lambda _: None)
        if isinstance(found, Trouble):
            if found.kind in MAY_BE_ONE_MAILBOX:
                return {}, addresses
            return {address: MailboxAnswer(address, self.impersonated, (), found) for address in addresses}, []
        settled: dict[str, MailboxAnswer] = {}
        apart: list[str] = []
        for address, folders in found.items():
            cured = _first_curable(folder.trouble for folder in folders)
            if cured is not None:
                self.note(cured)
            if cured is not None or _is_cut_short(folders):
                apart.append(address)
            elif not all(map(_is_not_asked, folders)):
                settled[address] = MailboxAnswer(address, self.impersonated, folders)
        return (settled, apart) if settled or apart else ({}, addresses)

    def _alone(self, address: str) -> MailboxAnswer:
        found = self._ask([address], _unanswered)
        if isinstance(found, Trouble):
            return MailboxAnswer(address, self.impersonated, (), found)
        return MailboxAnswer(address, self.impersonated, found[address])

    def _ask(self, addresses: Sequence[str], trouble_in: TroubleIn) -> Folders | Trouble:
        wanted = [DistinguishedFolder(name, address) for address in addresses for name in self.names]
        size = len(self.names)

        def read(envelope: Envelope) -> Folders | Trouble:
            folders = get_folder.read(envelope, [folder.name for folder in wanted])
            if isinstance(folders, Trouble):
                return folders
            return {address: folders[at * size : (at + 1) * size] for at, address in enumerate(addresses)}

        return self.ask(wanted, read, trouble_in)


def _unanswered(found: Folders | Trouble) -> Trouble | None:
    """Return the trouble that leaves open what another try may answer."""
    if isinstance(found, Trouble):
        return found
    troubles = [folder.trouble for folders in found.values() for folder in folders if folder.trouble]
    if all(trouble.kind is Kind.NOT_ASKED for trouble in troubles):
        return next(iter(troubles), None)
    return _first_curable(troubles)


def _is_not_asked(folder: FolderAnswer) -> bool:
    return folder.trouble is not None and folder.trouble.kind is Kind.NOT_ASKED


def _first_curable(troubles: Iterable[Trouble | None]) -> Trouble | None:
    return next((trouble for trouble in troubles if trouble is not None and trouble.kind in CURABLE), None)


def _is_cut_short(folders: Sequence[FolderAnswer]) -> bool:
    """Whether some folders were answered, none with a trouble, and the rest were not asked."""
    asked = [folder for folder in folders if not _is_not_asked(folder)]
    return 0 < len(asked) < len(folders) and all(folder.trouble is None for folder in asked)
