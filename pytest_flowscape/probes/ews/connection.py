"""One TLS connection to the EWS address and one bounded HTTP exchange on it; redirects are never followed.

Every read and write obeys the deadline of the exchange as a whole, so that a
server that sends one byte now and then cannot hold a run.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections.abc import Mapping

from pytest_flowscape.core.errors import FlowscapeError
from pytest_flowscape.core.secret import MASK
from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.facts.policy import EWS_BYTES
from pytest_flowscape.probes import network
from pytest_flowscape.probes.bounded_socket import BoundedSocket, TooLarge
from pytest_flowscape.probes.ews.http_wire import AnswerReader, HttpAnswer, NotHttp, request_bytes
from pytest_flowscape.probes.ledger import EWS, LEDGER
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.probes.trust import tls_context
from pytest_flowscape.site.model import Exchange

REQUEST_ID = "client-request-id"
_RUNS_PART = 24  # of a GUID: its first four groups, with the hyphen after each
_CHUNK = 16 * 1024  # the most that a TLS record holds
_HTTPS = 443


class Broken(FlowscapeError):  # noqa: N818  named by what happened
    """The exchange gave no HTTP answer; ``trouble`` says why."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.said)


class Authorization(str):
    """An Authorization header's value that shows only its scheme when printed by a traceback or a debugger."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show the scheme and a mask."""
        return repr(f"{self.split(' ', 1)[0]} {MASK}")


class Connection:
    """One connection; not shared by threads. ``avoid`` collects addresses that failed, tried last afterwards."""

    def __init__(self, exchange: Exchange, run_id: str, avoid: set[str] | None = None) -> None:
        self._exchange = exchange
        self._run_id = run_id
        self._avoid = set() if avoid is None else avoid
        self._socket: BoundedSocket | None = None
        self._credentials = False  # whether it has carried any
        host, port = network.bare_host(exchange.hostname), exchange.port
        named = f"[{host}]" if ":" in host else host
        self._host = named if port == _HTTPS else f"{named}:{port}"
        self.peer_certificate = b""

    @property
    def is_open(self) -> bool:
        """Whether another exchange can be tried on it."""
        return self._socket is not None

    @property
    def has_ended(self) -> bool:
        """Whether the other end has closed an idle connection: something can be read, and nothing was asked."""
        return self._socket is not None and self._socket.readable

    def open(self, deadline: Deadline) -> None:
        """Resolve, connect (through the configured proxy only) and do the verified TLS handshake. Raises Broken."""
        started = time.monotonic()
        try:
            secure = self._secure(deadline)
        except OSError as error:
            raise Broken(network.trouble_of(error, time.monotonic() - started)) from None
        self.peer_certificate = secure.getpeercert(binary_form=True) or b""
        self._socket = BoundedSocket(secure, deadline, EWS_BYTES)
        self._credentials = False

    def _secure(self, deadline: Deadline) -> ssl.SSLSocket:
        host, port = network.bare_host(self._exchange.hostname), self._exchange.port
        proxy = network.proxy_for(self._exchange.proxy, host)
        context = tls_context(self._exchange.ca_file)
        sock = self._connect(proxy.host if proxy else host, proxy.port if proxy else port, deadline)
        return network.secure(sock, proxy, (host, port), context, deadline)

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
                LEDGER.note_connection(EWS)
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
        sock = self._socket
        if sock is None:
            raise Broken(Trouble(Kind.RESET, "the connection is closed"))
        own_id = self._request_id()
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
        number = LEDGER.note_request(body, credentials=self._credentials)
        started = time.monotonic()
        reader = AnswerReader()
        try:
            sock.until(deadline)
            sock.sendall(request_bytes(self._host, sent, body))
            while not reader.whole:
                reader.feed(sock.recv(_CHUNK))
            answer = reader.answer(time.monotonic() - started)
            _require_ours(answer, own_id)
        except BaseException as error:  # noqa: BLE001  whatever it is
            raise self._end(error, reader.status, started) from None
        LEDGER.note_status(number, answer.status)
        if not reader.reusable:  # never silently replaced by a connection that is not signed in
            self.close()
        return answer

    def _end(self, error: BaseException, status: int | None, started: float) -> BaseException:
        """Close the connection, and return what to raise in place of an error."""
        self.close()
        if isinstance(error, (NotHttp, TooLarge)):
            return Broken(Trouble(Kind.MALFORMED, str(error), status=status))
        if isinstance(error, Exception) and not isinstance(error, Broken):
            # sockets raise OSError, the libraries in between their own
            return Broken(network.trouble_of(error, time.monotonic() - started))
        # a timeout or Ctrl-C must not show the frames that hold the header
        return error.with_traceback(None)

    def _request_id(self) -> str:
        """Return a GUID: the run's up to its last group, which no other request has.

        Microsoft, "Instrumenting client requests for EWS": each request has its own.
        """
        return f"{self._run_id[:_RUNS_PART]}{secrets.token_hex(6)}"

    def close(self) -> None:
        """Close the connection; harmless if it is closed."""
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()


def _require_ours(answer: HttpAnswer, own_id: str) -> None:
    """Raise Broken for the answer to another request. A server that returns no id proves nothing."""
    returned = [value.strip() for value in answer.all(REQUEST_ID) if value.strip()]
    if returned and own_id not in map(str.lower, returned):
        said = f"the answer to another request: it returns the {REQUEST_ID} {returned[0][:60]}, and {own_id} was sent"
        raise Broken(Trouble(Kind.MALFORMED, said, status=answer.status))
