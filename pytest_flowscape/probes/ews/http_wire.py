"""HTTP/1.1 as bytes: write a request to EWS, read its answer as it comes. httptools (llhttp) does the parsing.

Sockets, deadlines and what is to be done about a bad answer are connection.py's.
Limits are looked at while the bytes come, so that no answer can fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httptools

from pytest_flowscape.facts.policy import HEAD_BYTES

PATH = "/EWS/Exchange.asmx"
_NOT_PACKED = ("", "identity")


class NotHttp(Exception):  # noqa: N818  named by what happened
    """The answer is not HTTP, or is not read any further; the text says why."""


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer, whole: status, headers as sent (name, value), body, seconds it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    seconds: float = 0.0

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of every header of that name."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    def header(self, name: str) -> str:
        """Return the first value of a header, empty if it was not sent."""
        return next(iter(self.all(name)), "")

    @property
    def challenges(self) -> tuple[str, ...]:
        """Return the WWW-Authenticate values."""
        return self.all("WWW-Authenticate")


def request_bytes(host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a POST of a body to the EWS address. Raises ValueError for a header that is none (RFC 9110 5.5)."""
    lines = [
        f"POST {PATH} HTTP/1.1",
        f"Host: {host}",
        "Accept-Encoding: identity",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has a line break in it")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


class AnswerReader:
    """Reads one answer out of the bytes that come. The methods called ``on_...`` are for the parser.

    ``whole`` once it is there; ``reusable``: whether the connection can
    then carry another exchange.
    """

    def __init__(self) -> None:
        self.whole = False
        self.reusable = False
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._head_read = False
        self._packed = False
        self._size = 0
        self._parser = httptools.HttpResponseParser(self)
        # RFC 9112 2.2 lets a client take a bare LF for the end of a line, and some boxes write it
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)

    @property
    def status(self) -> int | None:
        """Return the status, None before it is known."""
        return self._status or None

    def feed(self, data: bytes) -> None:
        """Take what has come; nothing is the end of the stream.

        Raises NotHttp, and ConnectionError for an answer that ends before its end.
        """
        if not data:
            self._end()
            return
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.whole:
                said = "an upgrade" if isinstance(error, httptools.HttpParserUpgrade) else error
                raise NotHttp(f"the answer is not HTTP as expected ({said})") from None
            self.reusable = False  # whatever follows a whole answer belongs to no request of ours
        if not self._head_read and self._size > HEAD_BYTES:
            raise NotHttp(f"the head of the answer is larger than {HEAD_BYTES // 1024} kB")
        if self._packed:
            # never unpacked: what was not asked for may be made to fill the memory
            raise NotHttp("the answer came compressed, which was not asked for")

    def answer(self, seconds: float) -> HttpAnswer:
        """Return the answer, once it is whole."""
        return HttpAnswer(self._status, tuple(self._headers), bytes(self._body), seconds)

    def _values(self, name: str) -> Iterable[str]:
        return (value for key, value in self._headers if key.lower() == name)

    def _end(self) -> None:
        """RFC 9112 6.3: without a length, the body ends where the connection does."""
        if not self._head_read or any(
            True for name in ("content-length", "transfer-encoding") for _ in self._values(name)
        ):
            raise ConnectionError("the connection ended within the answer")
        self.whole, self.reusable = True, False

    # --- for the parser -----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin an answer; after a whole one it is one too many."""
        if self.whole:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header as it was sent."""
        if not self.whole:
            self._headers.append((name.decode("latin-1"), value.decode("latin-1").strip()))

    def on_headers_complete(self) -> None:
        """Know the status."""
        if not self.whole:
            self._status = self._parser.get_status_code()
            self._head_read = self._status >= 200  # before it come answers that only announce one
            self._packed = any(value.strip().lower() not in _NOT_PACKED for value in self._values("content-encoding"))

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body."""
        if not self.whole:
            self._body += part

    def on_message_complete(self) -> None:
        """End an answer."""
        if self.whole:
            return
        if self._head_read:
            self.whole, self.reusable = True, self._parser.should_keep_alive()
        else:
            self._headers.clear()
            self._body.clear()
