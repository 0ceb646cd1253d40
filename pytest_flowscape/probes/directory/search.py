"""One LDAP connection: bind once with a password, search page by page.

Here ldap3 is kept in check. The socket is ours, so TLS follows the one trust
rule and every step has a deadline; the library never opens a connection by
itself, never follows a referral, and does not keep the password. Its
exceptions end here: they drag frames along whose locals show the password.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Certificate, DirectoryEntry, Kind, Trouble
from pytest_flowscape.facts.footprint import BIND, SEARCH
from pytest_flowscape.facts.policy import LDAP_FINAL
from pytest_flowscape.probes.bounded_socket import BoundedSocket
from pytest_flowscape.probes.directory.ldap3_connection import library, plain_entries
from pytest_flowscape.probes.directory.ldap_results import bind_trouble, error_trouble, search_trouble
from pytest_flowscape.probes.directory.lending import restrain
from pytest_flowscape.probes.ledger import LEDGER
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.site.model import DirectoryServer

PAGED_RESULTS = "1.2.840.113556.1.4.319"  # RFC 2696
PAGE = 500  # a domain controller sends at most 1,000 entries at once (MaxPageSize)
NOBODY = "an empty user name or password signs in as nobody and is not sent"


class SearchFailed(Exception):  # noqa: N818  caught in this package; the trouble says what it is
    """A search got no complete answer; ``again``: whether trying once more may help."""

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


class Channel:
    """One connection to one server, over TLS before anything is said on it. Made by ``tls_channel``."""

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
            number = LEDGER.note_operation(BIND)
            result = connection.bind(read_server_info=False)[1]
            LEDGER.note_result(number, int(result["result"]))
        except Exception as error:  # noqa: BLE001  see the module's docstring
            trouble = self._trouble(error)
        except BaseException as interruption:  # noqa: BLE001
            raise interruption.with_traceback(None)  # noqa: B904  the library's frames stay behind
        else:
            trouble = bind_trouble(result)
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
        ldap3 = library()
        connection = self._connection
        if connection.closed:
            raise SearchFailed(Trouble(Kind.RESET, "the connection was closed"), again=True)
        self._socket.until(deadline)
        self.searches += 1
        number = LEDGER.note_operation(SEARCH)
        with plain_entries(connection):
            connection.search(
                query.base,
                query.filter,
                ldap3.SUBTREE if query.whole else ldap3.BASE,
                dereference_aliases=ldap3.DEREF_NEVER,
                attributes=list(query.attributes),
                paged_size=(query.limit or PAGE) if query.whole else None,
                paged_criticality=True,
                paged_cookie=cookie,
            )
            result, response, connection.response = connection.result, connection.response, None
        LEDGER.note_result(number, int(result["result"]))
        if result["result"]:
            raise SearchFailed(search_trouble(result), again=int(result["result"]) not in LDAP_FINAL)
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
        return error_trouble(TimeoutError() if self._socket.late else error)

    def close(self) -> None:
        """Unbind and close; never raises for what the network does."""
        with contextlib.suppress(Exception):
            if not self._connection.closed:
                self._socket.until(Deadline(1.0))
                self._connection.unbind()
        self._socket.close()
