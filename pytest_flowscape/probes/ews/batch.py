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
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import FolderWanted

Look = Callable[[Envelope], "Trouble | None"]
"""Find the trouble inside an answer that is worth another try."""

CURABLE = ASKED_AGAIN - {Kind.NOT_ASKED}  # that one the batch itself sees to


@dataclass(frozen=True)
class Batch:
    """The folders that are asked of every mailbox.

    ``ask`` sends one GetFolder, again where the given Look finds trouble that
    time may cure. ``note`` is told of throttling that only one mailbox met.
    """

    names: Sequence[str]
    ask: Callable[[Sequence[FolderWanted], Look | None], Envelope | Trouble]
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
        told = self._ask(addresses, None)
        if isinstance(told, Trouble):
            if told.kind in MAY_BE_ONE_MAILBOX:
                return {}, addresses
            return {address: MailboxAnswer(address, self.impersonated, (), told) for address in addresses}, []
        settled: dict[str, MailboxAnswer] = {}
        apart: list[str] = []
        for address, folders in told.items():
            cured = _first(folder.trouble for folder in folders)
            if cured is not None:
                self.note(cured)
            if cured is not None or _cut_short(folders):
                apart.append(address)
            elif not all(map(_not_asked, folders)):
                settled[address] = MailboxAnswer(address, self.impersonated, folders)
        return (settled, apart) if settled or apart else ({}, addresses)

    def _alone(self, address: str) -> MailboxAnswer:
        told = self._ask([address], self._unanswered)
        if isinstance(told, Trouble):
            return MailboxAnswer(address, self.impersonated, (), told)
        return MailboxAnswer(address, self.impersonated, told[address])

    def _unanswered(self, envelope: Envelope) -> Trouble | None:
        """Look whether one mailbox's answer leaves anything open that another try may answer."""
        folders = answers.folders(envelope, self.names)
        if folders is None:
            return Trouble(Kind.NOT_ASKED, f"{len(envelope.messages)} answers came for {len(self.names)} questions")
        troubles = [folder.trouble for folder in folders if folder.trouble]
        if all(trouble.kind is Kind.NOT_ASKED for trouble in troubles):
            return next(iter(troubles), None)
        return _first(troubles)

    def _ask(self, addresses: Sequence[str], look: Look | None) -> dict[str, tuple[FolderAnswer, ...]] | Trouble:
        wanted = [FolderWanted(name, address) for address in addresses for name in self.names]
        envelope = self.ask(wanted, look)
        if isinstance(envelope, Trouble):
            return envelope
        folders = answers.folders(envelope, [folder.name for folder in wanted])
        if folders is None:
            return Trouble(Kind.NOT_ASKED, f"{len(envelope.messages)} answers came for {len(wanted)} questions")
        size = len(self.names)
        return {address: folders[at * size : (at + 1) * size] for at, address in enumerate(addresses)}


def _not_asked(folder: FolderAnswer) -> bool:
    return folder.trouble is not None and folder.trouble.kind is Kind.NOT_ASKED


def _first(troubles: Iterable[Trouble | None]) -> Trouble | None:
    return next((trouble for trouble in troubles if trouble is not None and trouble.kind in CURABLE), None)


def _cut_short(folders: Sequence[FolderAnswer]) -> bool:
    """Whether some folders were answered, none with a trouble, and the rest were not asked."""
    asked = [folder for folder in folders if not _not_asked(folder)]
    return 0 < len(asked) < len(folders) and all(folder.trouble is None for folder in asked)
