"""One TLS connection to the EWS address and one bounded HTTP exchange on it; redirects are never followed.

urllib3 speaks HTTP over a socket that this module opens. Every read and write
obeys the deadline of the exchange as a whole, so that a server that sends one
byte now and then cannot hold a run.
"""

from __future__ import annotations

import contextlib
import io
import secrets
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from urllib3.connection import HTTPSConnection
from urllib3.response import BaseHTTPResponse
from urllib3.util import wait_for_read

from pytest_flowscape.errors import FlowscapeError
from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.policy import EWS_BYTES
from pytest_flowscape.probes import network
from pytest_flowscape.probes.ledger import EWS, LEDGER
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.probes.trust import tls_context
from pytest_flowscape.secret import MASK
from pytest_flowscape.site import Exchange

PATH = "/EWS/Exchange.asmx"
REQUEST_ID = "client-request-id"
_RUNS_PART = 24  # of a GUID: its first four groups, with the hyphen after each
_CHUNK = 64 * 1024


class Broken(FlowscapeError):  # noqa: N818  named by what happened
    """The exchange gave no HTTP answer; ``trouble`` tells why."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.said)


class Authorization(str):
    """An Authorization header's value that shows only its scheme when printed by a traceback or a debugger."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show the scheme and a mask."""
        return repr(f"{self.split(' ', 1)[0]} {MASK}")


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer, whole: status, headers as told (name, value), body, seconds it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    seconds: float = 0.0

    def all(self, name: str) -> tuple[str, ...]:
        """Give the values of every header of that name."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    def header(self, name: str) -> str:
        """Give the first value of a header, empty if it was not sent."""
        return next(iter(self.all(name)), "")

    @property
    def challenges(self) -> tuple[str, ...]:
        """Give the WWW-Authenticate values."""
        return self.all("WWW-Authenticate")


def request_id(run_id: str) -> str:
    """Give a GUID for one request: the run's up to its last group, which no other request has.

    Microsoft, "Instrumenting client requests for EWS": each request has its own.
    """
    return run_id[:_RUNS_PART] + secrets.token_hex(6)


class Connection:
    """One connection; not shared by threads. ``avoid`` collects addresses that failed, tried last afterwards."""

    def __init__(self, exchange: Exchange, run_id: str, avoid: set[str] | None = None) -> None:
        self._exchange = exchange
        self._run_id = run_id
        self._avoid = set() if avoid is None else avoid
        self._http: HTTPSConnection | None = None
        self._socket: _BoundedSocket | None = None
        self._credentials = False  # whether it has carried any
        self.peer_certificate = b""

    def __enter__(self) -> Connection:  # noqa: PYI034  Self is in typing only from Python 3.11
        """Give the connection, which need not be open yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def is_open(self) -> bool:
        """Tell whether another exchange can be tried on it."""
        return self._http is not None and self._http.sock is not None

    @property
    def has_ended(self) -> bool:
        """Tell whether the other end has closed an idle connection: something can be read, and nothing was asked."""
        return self._socket is not None and wait_for_read(self._socket, timeout=0)  # type: ignore[arg-type]

    def open(self, deadline: Deadline) -> None:
        """Resolve, connect (through the configured proxy only) and do the verified TLS handshake. Raises Broken."""
        started = time.monotonic()
        try:
            secure = self._secure(deadline)
        except OSError as error:
            raise Broken(network.trouble_of(error, time.monotonic() - started)) from None
        self.peer_certificate = secure.getpeercert(binary_form=True) or b""
        self._socket = _BoundedSocket(secure)
        self._credentials = False
        http = HTTPSConnection(network.bare_host(self._exchange.hostname), self._exchange.port)
        http.auto_open = 0  # a connection that ends is never silently replaced by one that is not signed in
        http.set_debuglevel(0)  # a program's global debug level would print headers
        http.sock = self._socket
        self._http = http

    def _secure(self, deadline: Deadline) -> ssl.SSLSocket:
        host, port = network.bare_host(self._exchange.hostname), self._exchange.port
        proxy = network.proxy_for(self._exchange.proxy, host)
        sock = self._connect(proxy.host if proxy else host, proxy.port if proxy else port, deadline)
        try:
            if proxy is not None:
                network.open_tunnel(sock, host, port, deadline)
            return network.start_tls(sock, tls_context(self._exchange.ca_file), host, deadline)
        except BaseException:
            sock.close()
            raise

    def _connect(self, host: str, port: int, deadline: Deadline) -> socket.socket:
        """Connect to the first address that answers, those that failed before last."""
        addresses = list(network.resolve(host, port, deadline))
        addresses.sort(key=lambda address: address.text in self._avoid)
        failed: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                sock = network.connect(address, deadline.part(1 / left))
            except OSError as error:  # noqa: PERF203  each address fails alone
                failed = error
                self._avoid.add(address.text)
            else:
                LEDGER.connected(EWS)
                return sock
        raise failed

    def post(
        self,
        body: bytes,
        deadline: Deadline,
        *,
        headers: Mapping[str, str] | None = None,
        authorization: Authorization | None = None,
    ) -> HttpAnswer:
        """POST a SOAP envelope to the EWS address and read the whole answer by the deadline. Raises Broken.

        An answer of more than EWS_BYTES is broken off, and so is one that
        returns the id of another request: a box in between may mix up answers,
        and not every answer names its mailbox. Whatever interrupts the
        exchange leaves the connection closed, and no library frame (they hold
        the headers) stays on the traceback.
        """
        http, sock = self._http, self._socket
        if http is None or sock is None or http.sock is None:
            raise Broken(Trouble(Kind.RESET, "the connection is closed"))
        own_id = request_id(self._run_id)
        sent = {
            "Content-Type": "text/xml; charset=utf-8",
            "Accept": "text/xml",
            "User-Agent": self._exchange.user_agent,
            REQUEST_ID: own_id,
            f"return-{REQUEST_ID}": "true",
            **(headers or {}),
        }
        if authorization is not None:
            sent["Authorization"] = authorization
            self._credentials = True
        number = LEDGER.sent(body, credentials=self._credentials)
        started = time.monotonic()
        try:
            sock.deadline = deadline
            http.request("POST", PATH, body=body, headers=sent, preload_content=False)
            response = http.getresponse()
            if sock.ended:  # the library takes a head that was cut off for a whole one
                raise ConnectionError("the connection ended within the head of the answer")  # noqa: TRY301
            answer = _read(response, started)
            _require_ours(answer, own_id)
        except Broken:
            self.close()
            raise
        except Exception as error:  # noqa: BLE001  the libraries raise their own, OSError and HTTPException
            self.close()
            raise Broken(network.trouble_of(error, time.monotonic() - started)) from None
        except BaseException as error:  # noqa: BLE001  a timeout or Ctrl-C must not show the frames that hold the header
            self.close()
            raise error.with_traceback(None) from None
        LEDGER.answered(number, answer.status)
        return answer

    def close(self) -> None:
        """Close the connection; harmless if it is closed."""
        http, self._http = self._http, None
        sock, self._socket = self._socket, None
        if http is not None:
            with contextlib.suppress(Exception):
                http.close()
        if sock is not None:
            sock.close_now()


def _read(response: BaseHTTPResponse, started: float) -> HttpAnswer:
    body = bytearray()
    try:
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            # never unpacked: what was not asked for may be made to fill the memory
            raise _not_understood("the answer came compressed, which was not asked for", response)
        while chunk := response.read(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > EWS_BYTES:
                raise _not_understood(f"the answer is larger than {EWS_BYTES // 1024**2} MB", response)
    finally:
        response.close()
    headers = tuple((str(name), str(value)) for name, value in response.headers.iteritems())
    return HttpAnswer(response.status, headers, bytes(body), time.monotonic() - started)


def _require_ours(answer: HttpAnswer, own_id: str) -> None:
    """Raise Broken for the answer to another request. Servers that return no id tell nothing."""
    returned = [value.strip() for value in answer.all(REQUEST_ID) if value.strip()]
    if returned and own_id not in map(str.lower, returned):
        said = f"the answer to another request: it returns the {REQUEST_ID} {returned[0][:60]}, and {own_id} was sent"
        raise Broken(Trouble(Kind.MALFORMED, said, status=answer.status))


def _not_understood(said: str, response: BaseHTTPResponse) -> Broken:
    return Broken(Trouble(Kind.MALFORMED, said, status=response.status))


class _BoundedSocket:
    """A TLS socket for http.client whose every operation ends by ``deadline``."""

    def __init__(self, secure: ssl.SSLSocket) -> None:
        self._secure = secure
        self._readers = 0
        self._closed = False
        self._held = bytearray()
        self.deadline = Deadline(0)
        self.ended = False  # whether the end of what the server sends has been read

    def sendall(self, data: bytes) -> None:
        """Hold what is sent until an answer is read: head and body go out together, in one TLS record."""
        self._held += data

    def flush(self) -> None:
        rest = memoryview(bytes(self._held))
        self._held.clear()
        while rest:
            self._secure.settimeout(self.deadline.require())
            rest = rest[self._secure.send(rest) :]

    def receive_into(self, buffer: Any) -> int:
        if self._held:
            self.flush()
        self._secure.settimeout(self.deadline.require())
        count = self._secure.recv_into(buffer)
        self.ended = self.ended or count == 0
        return count

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> io.BufferedReader:
        assert mode == "rb"
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def settimeout(self, seconds: Any) -> None:
        """Take no timeout from the libraries: the deadline decides."""

    def fileno(self) -> int:
        return self._secure.fileno()

    def release(self) -> None:
        self._readers -= 1
        if self._closed and self._readers <= 0:
            self._secure.close()

    def close(self) -> None:
        """Close once the open readers are done, as a socket does: http.client closes before it reads the body."""
        self._closed = True
        if self._readers <= 0:
            self._secure.close()

    def close_now(self) -> None:
        self._closed = True
        self._secure.close()


class _Reader(io.RawIOBase):
    def __init__(self, owner: _BoundedSocket) -> None:
        self._owner: _BoundedSocket | None = owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return 0 if self._owner is None else self._owner.receive_into(buffer)

    def close(self) -> None:
        owner, self._owner = self._owner, None
        super().close()
        if owner is not None:
            owner.release()
