"""One LDAP connection over TLS: open it, bind once with a password, search page by page.

Here ldap3 is kept in check. The socket is ours, so TLS follows the one trust
rule and every step has a deadline; the library never opens a connection by
itself, never follows a referral, and does not keep the password. Its
exceptions end here: they drag frames along whose locals show the password.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NoReturn

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Certificate, DirectoryEntry, Kind, Trouble
from pytest_flowscape.facts.footprint import BIND, SEARCH, STARTTLS
from pytest_flowscape.facts.policy import LDAP_BYTES, LDAP_FINAL
from pytest_flowscape.probes.bounded_socket import BoundedSocket
from pytest_flowscape.probes.certificates import describe
from pytest_flowscape.probes.directory.lending import restrain
from pytest_flowscape.probes.ledger import LDAP, LEDGER
from pytest_flowscape.probes.network import (
    Address,
    Deadline,
    HandshakeFailed,
    bare_host,
    connect,
    resolve,
    start_tls,
    trouble_of,
)
from pytest_flowscape.probes.trust import tls_context
from pytest_flowscape.site.model import DirectoryServer

START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511 4.14.1
PAGED_RESULTS = "1.2.840.113556.1.4.319"  # RFC 2696
PAGE = 500  # a domain controller sends at most 1,000 entries at once (MaxPageSize)
REFUSALS = frozenset((7, 8, 13, 14, 32, 34, 48, 49, 50, 53))  # RFC 4511 A.1: answers about this sign-in
INVALID_CREDENTIALS = 49
SEARCH_RESULT_ENTRY = 4  # RFC 4511 4.5.2
NOBODY = "an empty user name or password signs in as nobody and is not sent"
SUB_CODE = re.compile(r"\bdata ([0-9a-fA-F]+)\b")


class SearchFailed(Exception):  # noqa: N818  caught in this package; the trouble tells what it is
    """A search got no complete answer; ``again`` tells whether trying once more may help."""

    def __init__(self, trouble: Trouble, *, again: bool = False) -> None:
        self.trouble = trouble
        self.again = again
        super().__init__(trouble.said)


@dataclass(frozen=True)
class Query:
    """One search: ``whole`` is the subtree below ``base``, else the base object alone. ``limit`` ends it early."""

    base: str
    filter: str
    attributes: tuple[str, ...]
    whole: bool = True
    limit: int | None = None


def _library() -> Any:
    """Import ldap3 where it is first needed; 2.9.1 uses deprecated names of pyasn1, no error where warnings are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ldap3  # noqa: PLC0415
    return ldap3


class Channel:
    """One connection to one server, over TLS before anything is said on it. Made by ``open_channel``."""

    def __init__(self, server: DirectoryServer, connection: Any, certificate: Certificate | None) -> None:
        self.server = server
        self.certificate = certificate
        self.searches = 0
        self._connection = connection
        self._socket: BoundedSocket = connection.socket

    def bind(self, username: str, password: Secret, deadline: Deadline) -> Trouble | None:
        r"""Do one simple bind; None if it succeeded. The connection is closed if not.

        ``username`` goes as given; Active Directory takes a UPN or DOMAIN\user
        (MS-ADTS 5.1.1.1.1). The password goes as UTF-8, unprepared. An empty
        name or password is never sent: it would succeed as nobody (RFC 4513 5.1.2).
        """
        if not username or not password.reveal():
            self.close()
            return Trouble(Kind.OTHER, NOBODY)
        connection = self._connection
        trouble: Trouble | None
        try:
            connection.user = username
            # as bytes: the library would change a text by SASLprep
            connection.password = password.reveal().encode()
            self._socket.until(deadline)
            number = LEDGER.asked(BIND)
            result = connection.bind(read_server_info=False)[1]
            LEDGER.told(number, int(result["result"]))
        except Exception as error:  # noqa: BLE001  see the module's docstring
            trouble = self._trouble(error)
        except BaseException as interruption:  # noqa: BLE001
            raise interruption.with_traceback(None)  # noqa: B904  the library's frames stay behind
        else:
            trouble = _bind_trouble(result)
        finally:
            connection.password = None
            connection.request = connection.response = None
        if trouble is not None:
            self.close()
        return trouble

    def search(self, query: Query, deadline: Deadline) -> tuple[DirectoryEntry, ...]:
        """Return all entries found, page by page; references to other servers are passed over.

        Raises SearchFailed for any answer but success, without entries: half an
        answer would make what is missing look absent.
        """
        entries: list[DirectoryEntry] = []
        cookie: bytes | None = None
        while True:
            try:
                found, cookie = self._page(query, cookie, deadline)
            except SearchFailed:
                raise
            except Exception as error:  # noqa: BLE001  see the module's docstring
                failed = SearchFailed(self._trouble(error), again=True)
                self.close()
            else:
                entries += found
                if cookie and (query.limit is None or len(entries) < query.limit):
                    continue
                return tuple(entries)
            raise failed

    def _page(
        self, query: Query, cookie: bytes | None, deadline: Deadline
    ) -> tuple[list[DirectoryEntry], bytes | None]:
        library = _library()
        connection = self._connection
        if connection.closed:
            raise SearchFailed(Trouble(Kind.RESET, "the connection was closed"), again=True)
        self._socket.until(deadline)
        self.searches += 1
        number = LEDGER.asked(SEARCH)
        with _kept_plain(connection):
            connection.search(
                query.base,
                query.filter,
                library.SUBTREE if query.whole else library.BASE,
                dereference_aliases=library.DEREF_NEVER,
                attributes=list(query.attributes),
                paged_size=(query.limit or PAGE) if query.whole else None,
                paged_criticality=True,
                paged_cookie=cookie,
            )
            result, response, connection.response = connection.result, connection.response, None
        LEDGER.told(number, int(result["result"]))
        if result["result"]:
            raise _refused_search(result)
        entries = [self._entry(item) for item in response or () if item.get("type") == "searchResEntry"]
        paging = (result.get("controls") or {}).get(PAGED_RESULTS) or {}
        return entries, (paging.get("value") or {}).get("cookie") or None

    def _entry(self, item: dict[str, Any]) -> DirectoryEntry:
        """Keep names in lower case, without options (``;range=0-1499``)."""
        attributes = {
            name.partition(";")[0].lower(): tuple(bytes(value) for value in values)
            for name, values in item["raw_attributes"].items()
            if values
        }
        return DirectoryEntry(dn=str(item["dn"]), server=str(self.server), attributes=attributes)

    def lend(self, seconds: float) -> Any:
        """Return the library's own signed-in connection, for clients that are not ours; each answer within ``seconds``.

        It searches, and cannot write, sign in again or open another connection.
        """
        connection = self._connection
        self._socket.each(seconds)
        restrain(connection)
        return connection

    def _trouble(self, error: Exception) -> Trouble:
        # the library says "closed" for every error of a socket
        return trouble_of(TimeoutError()) if self._socket.late else _trouble(error)

    def close(self) -> None:
        """Say goodbye and close; never raises for what the network does."""
        with contextlib.suppress(Exception):
            if not self._connection.closed:
                self._socket.until(Deadline(1.0))
                self._connection.unbind()
        self._socket.close()


def open_channel(server: DirectoryServer, ca_file: Path | None, deadline: Deadline) -> Channel:
    """Connect and agree on TLS, at once (LDAPS) or by StartTLS, with the first address that can be reached.

    Sends no credentials. Raises OSError as ``network.trouble_of`` reads it.
    """
    host = bare_host(server.host)
    addresses = resolve(host, server.port, deadline)
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for at, address in enumerate(addresses):
        try:
            return _open(server, host, address, ca_file, deadline.part(1 / (len(addresses) - at)))
        except OSError as error:  # noqa: PERF203  few, and each is a connection
            # the first address stands for all, but a certificate tells more than a closed port
            if at == 0 or isinstance(error, ssl.SSLCertVerificationError):
                failure = error
    raise failure


def _open(server: DirectoryServer, host: str, address: Address, ca_file: Path | None, deadline: Deadline) -> Channel:
    context = _context(ca_file)
    sock = connect(address, deadline)
    LEDGER.connected(LDAP)
    try:
        secured = start_tls(sock if server.tls else _asked_for_tls(server, sock, deadline), context, host, deadline)
    except BaseException:
        sock.close()
        raise
    der = secured.getpeercert(binary_form=True)
    return Channel(
        server, _connection(server, BoundedSocket(secured, deadline, LDAP_BYTES)), describe(der) if der else None
    )


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return tls_context(ca_file)
    except OSError:
        problem = f"the file of trusted certificates cannot be used: {ca_file}"
    raise HandshakeFailed(problem)


def _asked_for_tls(server: DirectoryServer, sock: socket.socket, deadline: Deadline) -> socket.socket:
    """Ask on a clear connection for TLS (StartTLS); the socket is then ready for the handshake."""
    bounded = BoundedSocket(sock, deadline, LDAP_BYTES)
    connection = _connection(server, bounded)
    try:
        number = LEDGER.asked(STARTTLS)
        result = connection.extended(START_TLS)[1]
        LEDGER.told(number, int(result["result"]))
    except Exception:  # noqa: BLE001  see the module's docstring
        result = None if bounded.late else {"result": "none", "description": "no answer understood"}
    if result is None:
        raise TimeoutError("no answer in time")
    if result["result"]:
        raise HandshakeFailed(f"the server does not start TLS: {_words(result)}")
    return sock


def _connection(server: DirectoryServer, sock: BoundedSocket) -> Any:
    """Make a connection of the library around an open socket; it can open none itself."""
    library = _library()
    connection = library.Connection(
        library.Server(bare_host(server.host), port=server.port, get_info=library.NONE),
        authentication=library.SIMPLE,
        client_strategy=library.SAFE_SYNC,
        auto_bind=library.AUTO_BIND_NONE,
        auto_referrals=False,
        auto_range=False,
        auto_escape=False,
        read_only=True,
        check_names=False,
        return_empty_attributes=False,
        raise_exceptions=False,
    )
    connection.open = _refuse_to_open  # a bind on a closed connection would connect anew, without TLS
    connection.strategy._outstanding = {}  # noqa: SLF001  what its own open() prepares
    connection.socket = sock
    connection.closed = False
    connection.listening = True
    return connection


@contextlib.contextmanager
def _kept_plain(connection: Any) -> Iterator[None]:
    """Have the library give entries as they came: it makes text of every value, which nobody here reads.

    And for other threads, which there are none of, it copies every entry deeply.
    """
    strategy = connection.strategy
    strategy.thread_safe = False
    strategy.decode_response_fast = partial(_decoded, strategy.decode_response_fast)
    try:
        yield
    finally:
        strategy.thread_safe = True
        del strategy.decode_response_fast  # the class's own again


def _decoded(decode: Callable[[Any], dict[str, Any]], message: Mapping[str, Any]) -> dict[str, Any]:
    """Take over for entries without controls; each part of a message is (class, constructed, tag, value)."""
    if message["protocolOp"] != SEARCH_RESULT_ENTRY or message["controls"]:
        return decode(message)
    name, listed, *_ = message["payload"]
    attributes = {
        _text(attribute[3][0][3]): [bytes(value[3]) for value in attribute[3][1][3]] for attribute in listed[3]
    }
    return {"type": "searchResEntry", "dn": _text(name[3]), "raw_attributes": attributes}


@lru_cache(maxsize=4096)
def _text(name: bytes) -> str:
    """Read a name as the library does, also one that is not UTF-8."""
    from ldap3.utils.conv import to_unicode  # noqa: PLC0415  where a search is, the library is

    return str(to_unicode(name, from_server=True))


def _refuse_to_open(*_args: object, **_options: object) -> NoReturn:
    raise ConnectionError("the connection is closed")


# --- what an answer means -----------------------------------------------------------------------


def _bind_trouble(result: dict[str, Any]) -> Trouble | None:
    code = int(result["result"])
    if code == 0:
        return None
    message = _message(result)
    told = SUB_CODE.search(message) if code == INVALID_CREDENTIALS else None
    sub_code = told[1].lower() if told else ""
    kind = Kind.BIND_REFUSED if code in REFUSALS else Kind.OTHER
    said = _words(result) + (f", data {sub_code}" if sub_code else "")
    return Trouble(kind, said, message=message, ldap_result=code, sub_code=sub_code)


def _refused_search(result: dict[str, Any]) -> SearchFailed:
    code = int(result["result"])
    trouble = Trouble(Kind.SEARCH, _words(result), message=_message(result), ldap_result=code)
    return SearchFailed(trouble, again=code not in LDAP_FINAL)


def _message(result: dict[str, Any]) -> str:
    return str(result.get("message") or "").replace("\x00", "").strip()


def _words(result: dict[str, Any]) -> str:
    return f"LDAP result {result['result']} ({result.get('description') or 'unknown'})"


def _ended(error: Exception) -> bool:
    return type(error).__name__ in {"LDAPSessionTerminatedByServerError", "LDAPSocketReceiveError"}


def _trouble(error: Exception) -> Trouble:
    """Return what broke, without the library's words: they may quote what was sent."""
    if isinstance(error, OSError):
        return trouble_of(error)
    if _ended(error):
        return Trouble(Kind.RESET, "the server closed the connection")
    return Trouble(Kind.MALFORMED, f"the directory's answer is not understood ({type(error).__name__})")
