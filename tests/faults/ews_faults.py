"""The table of faults in answers to EWS requests: what the wire, the boxes in between and Exchange itself may do."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_flowscape.facts import Kind
from tests.faults import exchange_faults as exchange, wire_faults as wire
from tests.faults.ews_proxy import EwsTurn, Fault, Point
from tests.faults.wire import answer

OPERATIONS = (Point.OWN_FOLDERS, Point.IMPERSONATED, Point.DELEGATE, Point.SYNC)
OF_ROOMS = (Point.IMPERSONATED, Point.DELEGATE, Point.SYNC)
SIGNED_IN = (Point.SIGN_IN, *OPERATIONS)
EVERYWHERE = (Point.HOST_PROBE, Point.CHALLENGE, *SIGNED_IN)


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault: what it does, the kind of trouble that it is to the product, and where it can be.

    ``trouble`` is None where the answer can still be understood and must change
    nothing. ``always``: it is tried in every run of the tests; one or two of
    each sort are. ``lasting``: another try is of no use, as the server asks to
    wait for longer than a request may take in all. ``soap``: Exchange itself
    answers it, to accounts that have signed in. ``spares``: what was a success
    is still understood. ``moves``: a finding may come that is another
    mailbox's, or that the requirement itself makes of it; nothing in the answer
    shows it.
    """

    name: str
    fault: Fault
    trouble: Kind | None
    where: tuple[Point, ...] = EVERYWHERE
    always: bool = False
    lasting: bool = False
    soap: bool = False
    spares: bool = False
    moves: bool = False


ANYWHERE = (Point.CONNECTION, *EVERYWHERE)
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_ENTITY_OF_A_FILE = b'<!ENTITY x SYSTEM "file:///etc/hostname">'
_BACK_OFF = '<t:Value Name="BackOffMilliseconds">60</t:Value>'


def _without_class(body: bytes) -> bytes:
    return body.replace(b'ResponseClass="Success"', b"")


KINDS = (
    FaultKind("late", wire.late, None, always=True),
    FaultKind("silent", EwsTurn.hold, Kind.SILENT, ANYWHERE, always=True),
    FaultKind("reset", EwsTurn.reset, Kind.RESET, ANYWHERE, always=True),
    FaultKind("closed", EwsTurn.close, Kind.RESET, ANYWHERE),
    FaultKind("not TLS", wire.noise, Kind.TLS_OTHER, (Point.CONNECTION,)),
    FaultKind("answer lost", wire.lose, Kind.RESET, always=True),
    FaultKind("truncated", wire.truncate, Kind.RESET),
    FaultKind("shorter than promised", wire.short_body, Kind.RESET),
    FaultKind("half a head", wire.half_a_head, Kind.MALFORMED),
    FaultKind("garbled HTTP", wire.noise, Kind.MALFORMED, always=True),
    FaultKind(
        "garbled body", wire.change_body(lambda body: body[:40] + wire.NOISE + body[40:]), Kind.MALFORMED, SIGNED_IN
    ),
    FaultKind("trickling", wire.trickle, Kind.SILENT),
    FaultKind("endless head", wire.endless(b"HTTP/1.1 200 OK\r\n", b"X-More: more\r\n" * 100), Kind.MALFORMED),
    FaultKind("endless 100 Continue", wire.endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), Kind.SILENT),
    FaultKind("endless body", wire.endless(_CHUNKED, b"FFFF\r\n" + b"x" * 0xFFFF + b"\r\n"), Kind.MALFORMED),
    FaultKind("503, Retry-After 0", wire.empty(503, ("Retry-After", "0")), Kind.THROTTLED, always=True),
    FaultKind("503, Retry-After an hour", wire.empty(503, ("Retry-After", "3600")), Kind.THROTTLED, lasting=True),
    FaultKind("503", wire.empty(503), Kind.UNAVAILABLE),
    FaultKind("502, a page", wire.page(502), Kind.UNAVAILABLE, always=True),
    FaultKind("504", wire.empty(504), Kind.UNAVAILABLE),
    FaultKind("429", wire.empty(429), Kind.THROTTLED),
    FaultKind("500, a page", wire.page(500), Kind.HTTP, always=True),
    FaultKind("200, a page", wire.page(200), Kind.LOGIN_PAGE, always=True),
    FaultKind("302", wire.empty(302, ("Location", "https://elsewhere.test/adfs/ls")), Kind.LOGIN_PAGE),
    FaultKind("440", wire.page(440), Kind.LOGIN_PAGE),
    FaultKind("403", wire.empty(403), Kind.FORBIDDEN, always=True),
    FaultKind("404", wire.page(404), Kind.NOT_FOUND, always=True),
    FaultKind("empty body", wire.empty(200), Kind.MALFORMED),
    FaultKind("JSON", wire.instead(answer(200, b'{"error": "service"}', kind="application/json")), Kind.MALFORMED),
    FaultKind("wrong content type", wire.change_answer(lambda reply: reply.with_body(reply.body, "text/html")), None),
    FaultKind("gzip bomb", wire.change_answer(wire.compress), Kind.MALFORMED),
    FaultKind("busy", exchange.fault("ErrorServerBusy", _BACK_OFF), Kind.THROTTLED, always=True, soap=True),
    FaultKind("busy, no time told", exchange.fault("ErrorServerBusy"), Kind.THROTTLED, soap=True),
    FaultKind("transient", exchange.fault("ErrorInternalServerTransientError"), Kind.TRANSIENT, soap=True),
    FaultKind("timeout expired", exchange.fault("ErrorTimeoutExpired"), Kind.TRANSIENT, soap=True),
    FaultKind("unknown fault", exchange.fault("ErrorFromTheFuture"), Kind.OTHER, soap=True),
    FaultKind("transient in messages", exchange.errors("ErrorInternalServerTransientError"), Kind.TRANSIENT, SIGNED_IN),
    FaultKind("mailbox moves", exchange.errors("ErrorMailboxMoveInProgress"), Kind.TRANSIENT, SIGNED_IN, always=True),
    FaultKind("timeout in messages", exchange.errors("ErrorTimeoutExpired"), Kind.TRANSIENT, SIGNED_IN),
    FaultKind("unknown code", exchange.errors("ErrorFromTheFuture"), Kind.OTHER, SIGNED_IN, always=True),
    FaultKind("batch stopped", exchange.errors("ErrorBatchProcessingStopped"), Kind.NOT_ASKED, SIGNED_IN),
    FaultKind(
        "half of a batch",
        exchange.change_messages(lambda all_: all_[: len(all_) // 2]),
        Kind.NOT_ASKED,
        SIGNED_IN,
        always=True,
    ),
    FaultKind("one more answer", exchange.change_messages(lambda all_: [*all_, all_[-1]]), Kind.NOT_ASKED, SIGNED_IN),
    FaultKind("without codes", exchange.leave_out(exchange.CODES), Kind.OTHER, OPERATIONS, spares=True),
    FaultKind("without ids", exchange.leave_out(exchange.IDS), Kind.MALFORMED, SIGNED_IN, moves=True),
    FaultKind("without a class", wire.change_body(_without_class), Kind.OTHER, SIGNED_IN),
    FaultKind("extra elements", wire.change_body(exchange.extra_elements), None, SIGNED_IN),
    FaultKind("answer to another mailbox", exchange.other_mailbox, Kind.MALFORMED, OF_ROOMS, always=True),
    FaultKind("the answer before", exchange.stale, Kind.MALFORMED, OPERATIONS),
    FaultKind("answer to another operation", exchange.other_operation, Kind.MALFORMED, SIGNED_IN),
    FaultKind("deeply nested", wire.change_body(exchange.deep), Kind.MALFORMED, SIGNED_IN),
    FaultKind("a million elements", wire.change_body(exchange.wide), None, (Point.SYNC,)),
    FaultKind("entity bomb", exchange.doctype(exchange.BOMB, b"&e8;"), Kind.MALFORMED, SIGNED_IN, always=True),
    FaultKind("entity of a file", exchange.doctype(_ENTITY_OF_A_FILE, b"&x;"), Kind.MALFORMED, SIGNED_IN),
)
