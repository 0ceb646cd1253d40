"""One answer for each id of a request: refusals told apart, and a batch stopped where Exchange stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import M, Refusal, refusal_message
from pytest_flowscape.simulator.ews.target import STOPS_BATCH


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
