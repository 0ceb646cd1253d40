"""Faults that Exchange itself may make: errors, answers to something else, and hostile XML."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from pytest_flowscape.probes.ews.connection import REQUEST_ID
from tests.faults.ews_proxy import EwsTurn, Fault
from tests.faults.wire import answer
from tests.faults.wire_faults import change_body, instead
from tests.probes.ews_samples import fault as soap_fault

CODES = rb"<m:ResponseCode>.*?</m:ResponseCode>"
IDS = rb"<t:FolderId [^>]*?/>|<m:SyncState>.*?</m:SyncState>"
_MESSAGE = re.compile(rb"<m:(\w+)ResponseMessage .*?</m:\1ResponseMessage>", re.DOTALL)
_ADDRESS = re.compile(rb"[\w.+-]+@demo\.test")


def fault(code: str, values: str = "") -> Fault:
    """Return what answers a SOAP fault."""
    return instead(answer(500, soap_fault(code, values=values)))


def errors(code: str) -> Fault:
    """Return what answers this error to everything in the request, as messages and not as a fault."""
    error = (
        b'<m:\\1ResponseMessage ResponseClass="Error"><m:MessageText>Words.</m:MessageText>'
        b"<m:ResponseCode>" + code.encode() + b"</m:ResponseCode>"
        b"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:\\1ResponseMessage>"
    )
    return change_messages(lambda messages: [_MESSAGE.sub(error, one) for one in messages])


def change_messages(change: Callable[[list[bytes]], list[bytes]]) -> Fault:
    """Return what answers with other response messages; an answer without messages stays as it is."""

    def change_in(body: bytes) -> bytes:
        messages = [match[0] for match in _MESSAGE.finditer(body)]
        if not messages:
            return body
        start, end = body.index(messages[0]), body.rindex(messages[-1]) + len(messages[-1])
        return body[:start] + b"".join(change(messages)) + body[end:]

    return change_body(change_in)


def leave_out(pattern: bytes) -> Fault:
    """Return what leaves an element out of every message."""
    return change_body(lambda body: re.sub(pattern, b"", body, flags=re.DOTALL))


def other_mailbox(turn: EwsTurn) -> None:
    """Return the answer to another request, for another mailbox, right in itself: each room gets the next one's."""
    rooms = turn.proxy.mailboxes
    following = {room.encode(): rooms[(at + 1) % len(rooms)].encode() for at, room in enumerate(rooms)}
    body = _ADDRESS.sub(lambda found: following.get(found[0], found[0]), turn.request.body)
    turn.reply(turn.upstream.ask(turn.request.with_body(body).with_header(REQUEST_ID, str(uuid.uuid4()))))


def stale(turn: EwsTurn) -> None:
    """Answer what was asked before, or nothing where nothing was."""
    reply = turn.answer()
    turn.reply(turn.proxy.last_answer(turn.request.body) or reply.with_body(b""))


def other_operation(turn: EwsTurn) -> None:
    """Answer as if another operation had been asked."""
    body = turn.answer().body
    new = b"SyncFolderItems" if b"GetFolder" in body else b"GetFolder"
    for old in (b"GetFolder", b"SyncFolderItems"):
        body = body.replace(b"m:" + old + b"Response", b"m:" + new + b"Response") if old != new else body
    turn.reply(answer(200, body))


# --- hostile XML --------------------------------------------------------------------------------

BOMB = b"".join(
    b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10 if level else b"0123456789") for level in range(9)
)


def doctype(inside: bytes, reference: bytes) -> Fault:
    """Return what declares entities before the answer, and refers to one inside it."""

    def change(body: bytes) -> bytes:
        root = body.partition(b"?>")[2] if body.startswith(b"<?xml") else body
        root = root.replace(b"<m:ResponseCode>NoError", b"<m:ResponseCode>NoError" + reference, 1)
        return b"<!DOCTYPE x [" + inside + b"]>" + root

    return change_body(change)


def deep(body: bytes) -> bytes:
    """Nest elements a hundred thousand deep inside an answer that is right otherwise."""
    nested = b"<t:Extra>" * 100_000 + b"</t:Extra>" * 100_000
    return body.replace(b"<m:ResponseMessages>", nested + b"<m:ResponseMessages>", 1)


def wide(body: bytes) -> bytes:
    """Add a million elements that nobody asked for."""
    return body.replace(b"<m:ResponseMessages>", b"<x/>" * 1_000_000 + b"<m:ResponseMessages>", 1)


def extra_elements(body: bytes) -> bytes:
    """Add elements that a later version may have; a reader that goes by names is not disturbed."""
    body = body.replace(b"</t:FolderId>", b"</t:FolderId><t:FromTheFuture>1</t:FromTheFuture>")
    body = body.replace(b"<m:ResponseCode>", b"<m:FromTheFuture><m:More/></m:FromTheFuture><m:ResponseCode>")
    return body.replace(b"<m:ResponseMessages>", b"<m:Before/><m:ResponseMessages>")
