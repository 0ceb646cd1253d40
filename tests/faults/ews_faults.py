"""The kinds of faults in answers to EWS requests: what the wire, the boxes in between and Exchange itself may do.

``TOLD`` names for each the Kind of trouble that the product must make of it;
None where the answer can still be understood and must change nothing.
"""

from __future__ import annotations

import gzip
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from pytest_flowscape.facts import Kind
from pytest_flowscape.probes.ews.connection import REQUEST_ID
from tests.faults.ews_proxy import Fault, Point, Turn
from tests.faults.wire import Message, answer
from tests.probes.ews_samples import fault as soap_fault

SIGNED_IN = (Point.SIGN_IN, Point.OWN_FOLDERS, Point.IMPERSONATED, Point.DELEGATE, Point.SYNC)
OF_ROOMS = (Point.IMPERSONATED, Point.DELEGATE, Point.SYNC)
OPERATIONS = (Point.OWN_FOLDERS, Point.IMPERSONATED, Point.DELEGATE, Point.SYNC)
EVERYWHERE = (Point.HOST_PROBE, Point.CHALLENGE, *SIGNED_IN)
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Please sign in</form></body></html>"
TRICKLE_SECONDS = 0.05
NOISE = bytes(range(256)) * 8


ALWAYS = frozenset(
    (
        "late",
        "silent",
        "reset",
        "answer lost",
        "garbled HTTP",
        "503, Retry-After 0",
        "502, a page",
        "500, a page",
        "200, a page",
        "403",
        "404",
        "busy",
        "mailbox moves",
        "unknown code",
        "half of a batch",
        "answer to another mailbox",
        "entity bomb",
    )
)


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault: what it does, the Kind that it is to the product (None: nothing), and where it can be.

    ``lasting``: another try is of no use. The server asks to wait for longer
    than a request may take in all.
    ``soap``: Exchange itself says it, to whoever is signed in.
    ``spares``: what was a success is still understood. ``moves``: a finding may
    come that is another mailbox's, or that the requirement itself makes of it;
    nothing in the answer tells.
    """

    name: str
    fault: Fault
    told: Kind | None
    where: tuple[Point, ...] = EVERYWHERE
    lasting: bool = False
    soap: bool = False
    spares: bool = False
    moves: bool = False

    @property
    def always(self) -> bool:
        """Whether it is tried in every run of the tests: one or two of each sort are."""
        return self.name in ALWAYS


# --- the wire -----------------------------------------------------------------------------------


def late(turn: Turn) -> None:
    """Answer late, but in time."""
    told = turn.answer()
    threading.Event().wait(0.15)
    turn.send(told)


def lost(turn: Turn) -> None:
    """Let the request arrive, and lose its answer."""
    turn.answer()
    turn.reset()


def truncated(turn: Turn) -> None:
    """Send half of the answer, and close."""
    told = turn.answer().encoded()
    turn.raw(told[: len(told) // 2])
    turn.close()


def short_body(turn: Turn) -> None:
    """Promise more than is sent, and close."""
    told = turn.answer()
    turn.raw(told.encoded(length=len(told.body) + 1000))
    turn.close()


def half_a_head(turn: Turn) -> None:
    turn.raw(b"HTTP/1.1 20")
    turn.close()


def trickle(turn: Turn) -> None:
    """Send the answer a byte now and then: it would take minutes."""
    for byte in turn.answer().encoded():
        if turn.proxy.ending.wait(TRICKLE_SECONDS):
            break
        turn.raw(bytes((byte,)))
    turn.close()


def _endless(head: bytes, piece: bytes) -> Fault:
    def fault(turn: Turn) -> None:
        turn.over = True
        turn.raw(head)
        while not turn.proxy.ending.is_set():
            turn.raw(piece)

    return fault


def raw(data: bytes, *, close: bool = True) -> Fault:
    def fault(turn: Turn) -> None:
        turn.raw(data)
        if close:
            turn.close()

    return fault


# --- boxes in between ---------------------------------------------------------------------------


def instead(told: Message, *, forward: bool = False) -> Fault:
    """Answer this in place of the server, which sees the request only where ``forward`` says so."""

    def fault(turn: Turn) -> None:
        if forward:
            turn.answer()
        turn.send(told)

    return fault


def page(status: int, *headers: tuple[str, str]) -> Fault:
    return instead(answer(status, PAGE, *headers, kind="text/html; charset=utf-8"))


def _changed(change: Callable[[Turn, Message], Message]) -> Fault:
    return lambda turn: turn.send(change(turn, turn.answer()))


def _body(change: Callable[[bytes], bytes]) -> Fault:
    return _changed(lambda _, told: told.with_body(change(told.body)))


def compressed(_: Turn, told: Message) -> Message:
    """Compress an answer although nobody asked for it."""
    bomb = gzip.compress(told.body + b" " * 30_000_000)
    return Message(told.line, (*told.headers, ("Content-Encoding", "gzip")), bomb)


# --- Exchange itself ----------------------------------------------------------------------------


def busy(turn: Turn) -> None:
    turn.send(answer(500, soap_fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">60</t:Value>')))


def error(code: str) -> Fault:
    """Answer every question of the request by this error, as messages and not as a fault."""

    def change(body: bytes) -> bytes:
        told = (
            b'<m:\\1ResponseMessage ResponseClass="Error"><m:MessageText>Words.</m:MessageText>'
            b"<m:ResponseCode>" + code.encode() + b"</m:ResponseCode>"
            b"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:\\1ResponseMessage>"
        )
        return _with_messages(body, lambda found: [_MESSAGE.sub(told, one) for one in found])

    return _body(change)


_MESSAGE = re.compile(rb"<m:(\w+)ResponseMessage .*?</m:\1ResponseMessage>", re.DOTALL)


def _with_messages(body: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Return the answer with other response messages; as it is where it has none."""
    found = [match[0] for match in _MESSAGE.finditer(body)]
    if not found:
        return body
    start, end = body.index(found[0]), body.rindex(found[-1]) + len(found[-1])
    return body[:start] + b"".join(change(found)) + body[end:]


def messages(change: Callable[[list[bytes]], list[bytes]]) -> Fault:
    return _body(lambda body: _with_messages(body, change))


def without(pattern: bytes) -> Fault:
    """Leave an element out of every message."""
    return _body(lambda body: re.sub(pattern, b"", body, flags=re.DOTALL))


CODES = rb"<m:ResponseCode>.*?</m:ResponseCode>"
IDS = rb"<t:FolderId [^>]*?/>|<m:SyncState>.*?</m:SyncState>"


def classless(body: bytes) -> bytes:
    return body.replace(b'ResponseClass="Success"', b"")


_ADDRESS = re.compile(rb"[\w.+-]+@demo\.test")


def other_mailbox(turn: Turn) -> None:
    """Return the answer to another request, for another mailbox, right in itself: each room gets the next one's."""
    rooms = turn.proxy.mailboxes
    following = {room.encode(): rooms[(at + 1) % len(rooms)].encode() for at, room in enumerate(rooms)}
    asked = _ADDRESS.sub(lambda found: following.get(found[0], found[0]), turn.request.body)
    turn.send(turn.upstream.ask(turn.request.with_body(asked).with_header(REQUEST_ID, str(uuid.uuid4()))))


def stale(turn: Turn) -> None:
    """Answer what was asked before, or something of another operation where nothing was."""
    told = turn.answer()
    turn.send(turn.proxy.before(turn.request.body) or told.with_body(b""))


def other_operation(turn: Turn) -> None:
    """Answer as if another operation had been asked."""
    body = turn.answer().body
    new = b"SyncFolderItems" if b"GetFolder" in body else b"GetFolder"
    for old in (b"GetFolder", b"SyncFolderItems"):
        body = body.replace(b"m:" + old + b"Response", b"m:" + new + b"Response") if old != new else body
    turn.send(answer(200, body))


# --- hostile XML --------------------------------------------------------------------------------

_BOMB = b"".join(
    b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10 if level else b"0123456789") for level in range(9)
)


def _with_doctype(inside: bytes, reference: bytes) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        root = body.partition(b"?>")[2] if body.startswith(b"<?xml") else body
        root = root.replace(b"<m:ResponseCode>NoError", b"<m:ResponseCode>NoError" + reference, 1)
        return b"<!DOCTYPE x [" + inside + b"]>" + root

    return change


def deep(body: bytes) -> bytes:
    """Nest elements a hundred thousand deep inside an answer that is right otherwise."""
    nested = b"<t:Extra>" * 100_000 + b"</t:Extra>" * 100_000
    return body.replace(b"<m:ResponseMessages>", nested + b"<m:ResponseMessages>", 1)


def wide(body: bytes) -> bytes:
    """Add a million elements that nobody asked for."""
    return body.replace(b"<m:ResponseMessages>", b"<x/>" * 1_000_000 + b"<m:ResponseMessages>", 1)


def extra_elements(body: bytes) -> bytes:
    """Add elements that a later version may have; whoever reads by name is not disturbed."""
    body = body.replace(b"</t:FolderId>", b"</t:FolderId><t:FromTheFuture>1</t:FromTheFuture>")
    body = body.replace(b"<m:ResponseCode>", b"<m:FromTheFuture><m:More/></m:FromTheFuture><m:ResponseCode>")
    return body.replace(b"<m:ResponseMessages>", b"<m:Before/><m:ResponseMessages>")


def _found(status: int, *headers: tuple[str, str], kind: str = "text/plain") -> Fault:
    return instead(answer(status, b"", *headers, kind=kind))


HOUR = _found(503, ("Retry-After", "3600"))


def _kinds() -> tuple[FaultKind, ...]:
    json = instead(answer(200, b'{"error": "service"}', kind="application/json"))
    return (
        FaultKind("late", late, None),
        FaultKind("silent", Turn.hold, Kind.SILENT, (Point.CONNECTION, *EVERYWHERE)),
        FaultKind("reset", Turn.reset, Kind.RESET, (Point.CONNECTION, *EVERYWHERE)),
        FaultKind("closed", Turn.close, Kind.RESET, (Point.CONNECTION, *EVERYWHERE)),
        FaultKind("not TLS", raw(NOISE), Kind.TLS_OTHER, (Point.CONNECTION,)),
        FaultKind("answer lost", lost, Kind.RESET),
        FaultKind("truncated", truncated, Kind.RESET),
        FaultKind("shorter than promised", short_body, Kind.RESET),
        FaultKind("half a head", half_a_head, Kind.MALFORMED),
        FaultKind("garbled HTTP", raw(NOISE), Kind.MALFORMED),
        FaultKind("garbled body", _body(lambda body: body[:40] + NOISE + body[40:]), Kind.MALFORMED, SIGNED_IN),
        FaultKind("trickling", trickle, Kind.SILENT),
        FaultKind("endless head", _endless(b"HTTP/1.1 200 OK\r\n", b"X-More: more\r\n" * 100), Kind.MALFORMED),
        FaultKind("endless 100 Continue", _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), Kind.SILENT),
        FaultKind(
            "endless body",
            _endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"FFFF\r\n" + b"x" * 0xFFFF + b"\r\n"),
            Kind.MALFORMED,
        ),
        FaultKind("503, Retry-After 0", _found(503, ("Retry-After", "0")), Kind.THROTTLED),
        FaultKind("503, Retry-After an hour", HOUR, Kind.THROTTLED, lasting=True),
        FaultKind("503", _found(503), Kind.UNAVAILABLE),
        FaultKind("502, a page", page(502), Kind.UNAVAILABLE),
        FaultKind("504", _found(504), Kind.UNAVAILABLE),
        FaultKind("429", _found(429), Kind.THROTTLED),
        FaultKind("500, a page", page(500), Kind.HTTP),
        FaultKind("200, a page", page(200), Kind.LOGIN_PAGE),
        FaultKind("302", _found(302, ("Location", "https://elsewhere.test/adfs/ls")), Kind.LOGIN_PAGE),
        FaultKind("440", page(440), Kind.LOGIN_PAGE),
        FaultKind("403", _found(403), Kind.FORBIDDEN),
        FaultKind("404", page(404), Kind.NOT_FOUND),
        FaultKind("empty body", _found(200), Kind.MALFORMED),
        FaultKind("JSON", json, Kind.MALFORMED),
        FaultKind("wrong content type", _changed(lambda _, told: told.with_body(told.body, "text/html")), None),
        FaultKind("gzip bomb", _changed(compressed), Kind.MALFORMED),
        FaultKind("busy", busy, Kind.THROTTLED, soap=True),
        FaultKind("busy, no time told", instead(answer(500, soap_fault("ErrorServerBusy"))), Kind.THROTTLED, soap=True),
        FaultKind(
            "transient",
            instead(answer(500, soap_fault("ErrorInternalServerTransientError"))),
            Kind.TRANSIENT,
            soap=True,
        ),
        FaultKind(
            "timeout expired", instead(answer(500, soap_fault("ErrorTimeoutExpired"))), Kind.TRANSIENT, soap=True
        ),
        FaultKind("unknown fault", instead(answer(500, soap_fault("ErrorFromTheFuture"))), Kind.OTHER, soap=True),
        FaultKind("transient in messages", error("ErrorInternalServerTransientError"), Kind.TRANSIENT, SIGNED_IN),
        FaultKind("mailbox moves", error("ErrorMailboxMoveInProgress"), Kind.TRANSIENT, SIGNED_IN),
        FaultKind("timeout in messages", error("ErrorTimeoutExpired"), Kind.TRANSIENT, SIGNED_IN),
        FaultKind("unknown code", error("ErrorFromTheFuture"), Kind.OTHER, SIGNED_IN),
        FaultKind("batch stopped", error("ErrorBatchProcessingStopped"), Kind.NOT_ASKED, SIGNED_IN),
        FaultKind("half of a batch", messages(lambda all_: all_[: len(all_) // 2]), Kind.NOT_ASKED, SIGNED_IN),
        FaultKind("one more answer", messages(lambda all_: [*all_, all_[-1]]), Kind.NOT_ASKED, SIGNED_IN),
        FaultKind("without codes", without(CODES), Kind.OTHER, OPERATIONS, spares=True),
        FaultKind("without ids", without(IDS), Kind.MALFORMED, SIGNED_IN, moves=True),
        FaultKind(
            "without a class", _body(lambda b: b.replace(b'ResponseClass="Success"', b"")), Kind.OTHER, SIGNED_IN
        ),
        FaultKind("extra elements", _body(extra_elements), None, SIGNED_IN),
        FaultKind("answer to another mailbox", other_mailbox, Kind.MALFORMED, OF_ROOMS),
        FaultKind("the answer before", stale, Kind.MALFORMED, OPERATIONS),
        FaultKind("answer to another operation", other_operation, Kind.MALFORMED, SIGNED_IN),
        FaultKind("deeply nested", _body(deep), Kind.MALFORMED, SIGNED_IN),
        FaultKind("a million elements", _body(wide), None, (Point.SYNC,)),
        FaultKind("entity bomb", _body(_with_doctype(_BOMB, b"&e8;")), Kind.MALFORMED, SIGNED_IN),
        FaultKind(
            "entity of a file",
            _body(_with_doctype(b'<!ENTITY x SYSTEM "file:///etc/hostname">', b"&x;")),
            Kind.MALFORMED,
            SIGNED_IN,
        ),
    )


KINDS = _kinds()
