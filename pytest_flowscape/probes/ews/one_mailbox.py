"""Read an answer that is about one mailbox: the trouble of its message, or the element that it brings."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import MESSAGES

_M = f"{{{MESSAGES}}}"


def trouble_in(envelope: Envelope) -> Trouble | None:
    """Return the trouble of the answer's message, None where it has none."""
    message = next(iter(envelope.messages), None)
    if message is None:  # GetUserAvailability has no list of messages
        message = _first(envelope, "ResponseMessage")
    return None if message is None else answers.message_trouble(message, envelope.http)


def element_in(answer: Envelope | Trouble, name: str, what: str) -> etree._Element | Trouble:
    """Return the first element of that name in the messages' namespace, else why there is none; ``what`` names it."""
    if isinstance(answer, Trouble):
        return answer
    trouble = trouble_in(answer)
    if trouble is not None:
        return trouble
    element = _first(answer, name)
    return malformed(answer, f"an answer without {what}") if element is None else element


def malformed(envelope: Envelope, said: str) -> Trouble:
    """Return the trouble of an answer that cannot be read."""
    return Trouble(Kind.MALFORMED, said, status=envelope.http.status)


def _first(envelope: Envelope, name: str) -> etree._Element | None:
    return None if envelope.body is None else next(envelope.body.iter(f"{_M}{name}"), None)
