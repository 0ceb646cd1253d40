"""What an EWS operation gets, and how it answers: a response message for each id, and a batch that may stop early."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.envelope import M, Refusal, Request, refusal_message
from pytest_flowscape.simulator.ews.limits import MailboxSessions
from pytest_flowscape.simulator.model import Organisation

# a list of response messages, or the whole response where it has none
Content = list[etree._Element] | etree._Element  # noqa: SLF001  lxml's name for its type
# after one of these the rest of a batch is not processed (EWS reference, "ResponseCode")
STOPS_BATCH = ("ErrorAccessDenied", "ErrorMailboxMoveInProgress", "ErrorMailboxStoreUnavailable")


@dataclass(frozen=True)
class Call:
    """One request under way: the site, who asks, what is asked, and the store sessions that it opens."""

    organisation: Organisation
    caller: Caller
    request: Request
    sessions: MailboxSessions

    @property
    def body(self) -> etree._Element:
        """Return the operation's element."""
        return self.request.body


Operation = Callable[[Call], Content]


def answer_each(
    name: str,
    elements: Iterable[etree._Element],
    perform: Callable[[etree._Element], etree._Element],
    *empty: str,
) -> list[etree._Element]:
    """Answer each element by ``perform``, in order; a Refusal becomes its response message.

    A code of STOPS_BATCH leaves every later element unprocessed. ``empty``
    names elements that the schema wants in a refusal too. Raises Refusal (a
    fault) for what the schema forbids.
    """
    answers: list[etree._Element] = []
    stopped = False
    for element in elements:
        try:
            if stopped:
                raise Refusal("ErrorBatchProcessingStopped")  # noqa: TRY301  one way to write a refusal
            answers.append(perform(element))
        except Refusal as refusal:  # noqa: PERF203  each id has an answer of its own
            if refusal.code == "ErrorSchemaValidation":
                raise
            stopped = stopped or refusal.code in STOPS_BATCH
            answers.append(refusal_message(name, refusal, *(M(child) for child in empty)))
    return answers
