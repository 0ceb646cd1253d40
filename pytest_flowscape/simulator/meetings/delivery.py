"""From the post to the mailbox: who gets a letter, who gets it besides, and who gets a report of what failed."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from pytest_flowscape.simulator.meetings.attendants import receive
from pytest_flowscape.simulator.meetings.letters import forward, owner, post, put
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Person
from pytest_flowscape.simulator.model_meetings import NOTE, Letter, Posted

_REPORT = "REPORT."


class PostOffice:
    """Delivers the letters of an organisation: those that are due at once, the others by the reactor's clock."""

    def __init__(self, organisation: Organisation, reactor: Any) -> None:
        self._organisation = organisation
        self._reactor = reactor

    def collect(self) -> int:
        """Deliver what is due, and what comes of it; schedule the rest. Returns how many were delivered."""
        delivered = 0
        while True:
            due = next((one for one in self._organisation.letters if one.delay <= 0), None)
            if due is None:
                break
            self._organisation.letters.remove(due)
            deliver(self._organisation, due.letter, datetime.now(timezone.utc))
            delivered += 1
        for waiting in self._organisation.letters:
            if not waiting.scheduled:
                waiting.scheduled = True
                self._reactor.callLater(waiting.delay, self._arrive, waiting)
        return delivered

    def deliver_all(self) -> int:
        """Deliver everything that is under way, however long it should take. Returns how many were delivered."""
        delivered = 0
        while self._organisation.letters:
            for waiting in self._organisation.letters:
                waiting.delay = 0.0
            delivered += self.collect()
        return delivered

    def _arrive(self, posted: Posted) -> None:
        # after a reset it is in no list any more, and never arrives
        posted.delay = 0.0
        self.collect()


def deliver(organisation: Organisation, letter: Letter, now: datetime) -> None:
    """Bring one letter to where it goes by the recipient's settings."""
    mailbox = organisation.holder(letter.to)[0]
    if mailbox is None:
        if not organisation.is_accepted(letter.to):
            organisation.counters["mail.outside"] += 1  # it leaves, and nobody hears of it again
        else:
            _report(organisation, letter, "there is no such recipient")
        return
    flow = mailbox.flow
    sender = letter.sender.address.lower()
    if flow.accepts_only and sender not in flow.accepts_only:
        _report(organisation, letter, "the recipient does not take mail from this sender")
        return
    if flow.moderators and sender not in flow.moderators:
        for address in flow.moderators:
            _ask(organisation, letter, address, now)
        return
    onward = flow.forward_to or flow.forward_smtp
    if onward:
        elsewhere = organisation.holder(onward)[0]
        if elsewhere is not None:
            receive(organisation, elsewhere, forward(letter, onward, letter.sender), now)
        organisation.counters["mail.forwarded"] += 1
        if not flow.deliver_and_forward:
            return
    receive(organisation, mailbox, letter, now)


def _ask(organisation: Organisation, letter: Letter, moderator: str, now: datetime) -> None:
    """Ask a moderator whether a letter may be delivered; nobody here ever agrees."""
    mailbox: Mailbox | None = organisation.holder(moderator)[0]
    if mailbox is None:
        return
    who = Person(letter.to, letter.to)
    kind = "IPM.Note.Microsoft.Approval.Request"
    put(mailbox, "inbox", Letter(NOTE, moderator, who, who, f"Approve: {letter.subject}", kind), {}, now)


def _report(organisation: Organisation, letter: Letter, why: str) -> None:
    """Report to the sender that a letter was not delivered; reports themselves are not reported."""
    if letter.item_class.startswith(_REPORT):
        return
    system = Person("Microsoft Outlook", f"postmaster@{organisation.upn_suffix}")
    sender = organisation.holder(letter.sender.address)[0]
    if sender is None:
        return
    text = f"{letter.to}: {why}."
    kind, subject = f"{_REPORT}{letter.item_class}.NDR", f"Undeliverable: {letter.subject}"
    post(organisation, Letter(NOTE, owner(organisation, sender).address, system, system, subject, kind, text))
