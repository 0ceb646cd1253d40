"""HTTP answers as bytes: what is whole, what is broken, what is not HTTP, and when a connection can be used again."""

from __future__ import annotations

import pytest

from pytest_flowscape.facts.policy import HEAD_BYTES
from pytest_flowscape.probes.ews.http_wire import AnswerReader, NotHttp, request_bytes

OK = b"HTTP/1.1 200 OK\r\n"


def read(*parts: bytes) -> AnswerReader:
    reader = AnswerReader()
    for part in parts:
        reader.feed(part)
    return reader


WHOLE: dict[str, tuple[bytes, bytes, bool]] = {
    "length": (OK + b"Content-Length: 3\r\n\r\nabc", b"abc", True),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", b"abc", True),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "close": (OK + b"Connection: close\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
    "announced": (b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" + OK + b"Content-Length: 3\r\n\r\nabc", b"abc", True),
    "not packed": (OK + b"Content-Encoding: Identity\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
    "bare LF": (b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", b"abc", True),
    "two answers": ((OK + b"Content-Length: 3\r\n\r\nabc") * 2, b"abc", False),
    "and more": (OK + b"Content-Length: 3\r\n\r\nabcdef", b"abc", False),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer(name: str) -> None:
    sent, body, reusable = WHOLE[name]
    at_once = read(sent)
    assert (at_once.whole, at_once.answer(0.5).body, at_once.reusable) == (True, body, reusable)
    assert at_once.answer(0.5).seconds == 0.5
    reader = AnswerReader()
    for at in range(len(sent)):
        if reader.whole:
            break
        reader.feed(sent[at : at + 1])
    assert (reader.whole, reader.answer(0).body) == (True, body)
    assert reader.answer(0).status == 200


def test_without_a_length_the_connection_ends_the_body() -> None:
    reader = read(OK + b"X: y\r\n\r\nab", b"c")
    assert not reader.whole
    reader.feed(b"")
    assert reader.whole
    assert not reader.reusable
    assert reader.answer(0).body == b"abc"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 20",
        OK + b"Content-Le",
        OK + b"Content-Length: 3\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["nothing", "status", "head", "body", "chunks", "announced"],
)
def test_an_end_before_the_end(sent: bytes) -> None:
    reader = read(sent) if sent else AnswerReader()
    with pytest.raises(ConnectionError):
        reader.feed(b"")


@pytest.mark.parametrize(
    ("sent", "said", "status"),
    [
        (b"hello\r\n", "not HTTP", None),
        (b"\x15\x03\x01\x00\x02\x02\x28", "not HTTP", None),
        (b"HTTP/9.9 200 OK\r\n", "not HTTP", None),
        (OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "not HTTP", None),
        (OK + b"Content-Length: -1\r\n\r\n", "not HTTP", None),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "not HTTP", 200),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrest", "upgrade", 101),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "compressed", 200),
        (OK + b"X: " + b"y" * HEAD_BYTES, "256 kB", None),
        (OK + b"a: b\r\n" * (HEAD_BYTES // 6), "256 kB", None),
    ],
    ids=[
        "text",
        "TLS",
        "version",
        "two lengths",
        "no length",
        "bad chunk",
        "upgrade",
        "packed",
        "long header",
        "many headers",
    ],
)
def test_what_is_not_read_any_further(sent: bytes, said: str, status: int | None) -> None:
    reader = AnswerReader()
    with pytest.raises(NotHttp, match=said):
        reader.feed(sent)
    assert reader.status == status


def test_headers_are_as_they_were_told() -> None:
    sent = OK + "Set-Cookie: a\r\nset-cookie:  b \r\nX-Name: M\u00fcller\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    answer = read(sent).answer(0)
    assert answer.all("Set-Cookie") == ("a", "b")
    assert answer.header("x-name") == "M\u00fcller"
    assert answer.header("absent") == ""


def test_a_request() -> None:
    sent = request_bytes("mail.test:8443", {"Content-Type": "text/xml", "X-A": "b"}, b"<x/>")
    head, _, body = sent.partition(b"\r\n\r\n")
    assert body == b"<x/>"
    assert head.decode().split("\r\n") == [
        "POST /EWS/Exchange.asmx HTTP/1.1",
        "Host: mail.test:8443",
        "Accept-Encoding: identity",
        "Content-Length: 4",
        "Content-Type: text/xml",
        "X-A: b",
    ]


@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\nb", "a\rb", "\u4f1a"])
def test_no_header_is_smuggled_in(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  UnicodeEncodeError is one
        request_bytes("mail.test", {"X-A": value}, b"")
