"""The listeners: LDAP over TLS, LDAP with StartTLS, and the global catalog over TLS, all on loopback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from twisted.internet import protocol
from twisted.internet.interfaces import IAddress

from pytest_flowscape.simulator.directory.protocol import DirectoryProtocol, Endpoint
from pytest_flowscape.simulator.loopback import listen
from pytest_flowscape.simulator.model import Organisation


class DirectoryFactory(protocol.ServerFactory):
    """Creates the connections of one listener and keeps the open ones."""

    noisy = False

    def __init__(self, endpoint: Endpoint, numbers: Callable[[], int]) -> None:
        self.endpoint = endpoint
        self._numbers = numbers
        self._open: set[DirectoryProtocol] = set()

    def buildProtocol(self, addr: IAddress | None) -> DirectoryProtocol:  # noqa: ARG002, N802  Twisted's name
        """Count the connection and create it."""
        self.endpoint.organisation.counters["ldap.connections"] += 1
        connection = DirectoryProtocol(self.endpoint, self._numbers(), self._open.discard)
        connection.factory = self
        self._open.add(connection)
        return connection

    def drop_all(self) -> None:
        """Abort every open connection."""
        for connection in list(self._open):
            connection.abort()


class DirectoryListener:
    """The running directory: its port numbers, and how to end it. To be made in the reactor's thread.

    ``contexts`` is Twisted's IOpenSSLServerConnectionCreator, for LDAPS and
    StartTLS. ``child_port`` is LDAP over TLS at a domain controller of the first
    child domain, 0 where the forest has none. Raises CannotListenError where
    127.0.0.1 has no port left.
    """

    def __init__(self, reactor: Any, organisation: Organisation, contexts: Any) -> None:
        self._numbers = count(1).__next__
        self._reactor = reactor
        self._listening: list[Any] = []
        endpoint = Endpoint(organisation, contexts, organisation.base_dn)
        self._factories: list[DirectoryFactory] = []
        self.ldaps_port = self._listen(endpoint)
        self.ldap_port = self._listen(replace(endpoint, tls=False))
        self.gc_port = self._listen(replace(endpoint, catalog=True))
        children = [one.base_dn for one in organisation.more_domains if not one.trusted]
        self.child_port = self._listen(replace(endpoint, domain=children[0])) if children else 0

    def stop(self) -> None:
        """Refuse new connections and abort those that are open."""
        for listening in self._listening:
            listening.stopListening()
        self._listening.clear()
        for factory in self._factories:
            factory.drop_all()

    def _listen(self, endpoint: Endpoint) -> int:
        factory = DirectoryFactory(endpoint, self._numbers)
        self._factories.append(factory)
        opened = listen(partial(self._open, factory))
        self._listening += opened
        return int(opened[0].getHost().port)

    def _open(self, factory: DirectoryFactory, port: int, host: str) -> Any:
        if factory.endpoint.tls:
            return self._reactor.listenSSL(port, factory, factory.endpoint.contexts, interface=host)
        return self._reactor.listenTCP(port, factory, interface=host)
