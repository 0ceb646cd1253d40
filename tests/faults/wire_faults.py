"""Faults of the wire and of boxes in between: late, lost, truncated and endless answers, pages and statuses."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable

from tests.faults.ews_proxy import EwsTurn, Fault
from tests.faults.wire import Message, answer

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Please sign in</form></body></html>"
TRICKLE_SECONDS = 0.05
NOISE = bytes(range(256)) * 8


def late(turn: EwsTurn) -> None:
    """Answer late, but in time."""
    reply = turn.answer()
    threading.Event().wait(0.15)
    turn.reply(reply)


def lose(turn: EwsTurn) -> None:
    """Let the request arrive, and lose its answer."""
    turn.answer()
    turn.reset()


def truncate(turn: EwsTurn) -> None:
    """Send half of the answer, and close."""
    data = turn.answer().encode()
    turn.send(data[: len(data) // 2])
    turn.close()


def short_body(turn: EwsTurn) -> None:
    """Promise more than is sent, and close."""
    reply = turn.answer()
    turn.send(reply.encode(length=len(reply.body) + 1000))
    turn.close()


def half_a_head(turn: EwsTurn) -> None:
    turn.send(b"HTTP/1.1 20")
    turn.close()


def trickle(turn: EwsTurn) -> None:
    """Send the answer a byte now and then: it would take minutes."""
    for byte in turn.answer().encode():
        if turn.ending.wait(TRICKLE_SECONDS):
            break
        turn.send(bytes((byte,)))
    turn.close()


def endless(head: bytes, piece: bytes) -> Fault:
    """Return the fault that never stops sending."""

    def fault(turn: EwsTurn) -> None:
        turn.over = True
        turn.send(head)
        while not turn.ending.is_set():
            turn.send(piece)

    return fault


def noise(turn: EwsTurn) -> None:
    turn.send(NOISE)
    turn.close()


def instead(reply: Message) -> Fault:
    """Return the fault that answers this in place of the server, which does not see the request."""
    return lambda turn: turn.reply(reply)


def page(status: int) -> Fault:
    return instead(answer(status, PAGE, kind="text/html; charset=utf-8"))


def empty(status: int, *headers: tuple[str, str]) -> Fault:
    """Return the fault that answers a status and nothing else."""
    return instead(answer(status, b"", *headers, kind="text/plain"))


def change_answer(change: Callable[[Message], Message]) -> Fault:
    """Return the fault that changes the server's answer."""
    return lambda turn: turn.reply(change(turn.answer()))


def change_body(change: Callable[[bytes], bytes]) -> Fault:
    """Return the fault that changes the body of the server's answer."""
    return change_answer(lambda reply: reply.with_body(change(reply.body)))


def compress(reply: Message) -> Message:
    """Compress an answer although nobody asked for it."""
    bomb = gzip.compress(reply.body + b" " * 30_000_000)
    return Message(reply.line, (*reply.headers, ("Content-Encoding", "gzip")), bomb)
