"""The ldap3 library, kept in check: a connection around a socket of ours, which can open none itself.

It follows no referral, raises nothing for a result, and returns entries as they
came.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, NoReturn

from pytest_flowscape.probes.bounded_socket import BoundedSocket
from pytest_flowscape.probes.network import bare_host
from pytest_flowscape.site.model import DirectoryServer

SEARCH_RESULT_ENTRY = 4  # RFC 4511 4.5.2


def library() -> Any:
    """Import ldap3 where it is first needed; 2.9.1 uses deprecated names of pyasn1, no error where warnings are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ldap3  # noqa: PLC0415
    return ldap3


def connection_on(sock: BoundedSocket, server: DirectoryServer) -> Any:
    """Make a connection of the library around an open socket; it can open none itself."""
    ldap3 = library()
    connection = ldap3.Connection(
        ldap3.Server(bare_host(server.host), port=server.port, get_info=ldap3.NONE),
        authentication=ldap3.SIMPLE,
        client_strategy=ldap3.SAFE_SYNC,
        auto_bind=ldap3.AUTO_BIND_NONE,
        auto_referrals=False,
        auto_range=False,
        auto_escape=False,
        read_only=True,
        check_names=False,
        return_empty_attributes=False,
        raise_exceptions=False,
    )
    connection.open = _refuse_to_open  # a bind on a closed connection would connect again, without TLS
    connection.strategy._outstanding = {}  # noqa: SLF001  what its own open() prepares
    connection.socket = sock
    connection.closed = False
    connection.listening = True
    return connection


@contextlib.contextmanager
def plain_entries(connection: Any) -> Iterator[None]:
    """Have the library return entries as they came: it makes text of every value, which nobody here reads.

    And for other threads, which there are none of, it copies every entry deeply.
    """
    strategy = connection.strategy
    strategy.thread_safe = False
    strategy.decode_response_fast = partial(_decode, strategy.decode_response_fast)
    try:
        yield
    finally:
        strategy.thread_safe = True
        del strategy.decode_response_fast  # the class's own again


def _decode(decode: Callable[[Any], dict[str, Any]], message: Mapping[str, Any]) -> dict[str, Any]:
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
