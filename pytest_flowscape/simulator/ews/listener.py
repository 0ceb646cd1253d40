"""The TCP side of the EWS endpoint: TLS with the certificate of the moment, silence, closing and opening again."""

from __future__ import annotations

from typing import Any

from twisted.internet import protocol
from twisted.internet.interfaces import IAddress
from twisted.protocols.tls import TLSMemoryBIOFactory

from pytest_flowscape.simulator.loopback import listen
from pytest_flowscape.simulator.model import Organisation


class _Mute(protocol.Protocol):
    """A connection that is accepted and never answered, not even with TLS."""


class EwsFactory(protocol.ServerFactory):
    """Builds the protocol of each connection and keeps all of them, so that they can be dropped at once."""

    noisy = False

    def __init__(self, organisation: Organisation, contexts: Any, site: Any) -> None:
        self._organisation = organisation
        self._tls: Any = TLSMemoryBIOFactory(contexts, isClient=False, wrappedFactory=site)
        self._tls.noisy = False
        self._mute: list[_Mute] = []

    def doStart(self) -> None:  # noqa: N802  Twisted's name
        """Start the wrapped factories too, when the listener opens."""
        super().doStart()  # type: ignore[no-untyped-call]
        self._tls.doStart()

    def doStop(self) -> None:  # noqa: N802  Twisted's name
        """Stop the wrapped factories too, when the listener closes."""
        self._tls.doStop()
        super().doStop()  # type: ignore[no-untyped-call]

    def buildProtocol(self, addr: IAddress | None) -> Any:  # noqa: N802  Twisted's name
        """Count the connection and return its protocol."""
        self._organisation.counters["ews.connections"] += 1
        if self._organisation.policy.silent:
            mute = _Mute()
            self._mute.append(mute)
            return mute
        return self._tls.buildProtocol(addr)

    def drop_all(self) -> None:
        """Abort every open connection."""
        for tls in list(self._tls.protocols):
            if tls.transport is not None:
                tls.abortConnection()
        for mute in self._mute:
            if mute.transport is not None:
                mute.transport.abortConnection()
        self._mute.clear()


class EwsListener:
    """The listening sockets on one port: 127.0.0.1, and ::1 where ``localhost`` means that too."""

    def __init__(self, reactor: Any, factory: EwsFactory) -> None:
        self._reactor = reactor
        self._factory = factory
        self._ports: list[Any] = []
        self._closed: set[str] = set()
        self.port = 0

    def open(self) -> None:
        """Listen on every address, on the same port as before if there was one.

        Raises an OSError or CannotListenError where that is impossible.
        """
        closed, self._closed = self._closed, set()
        if self._ports:
            self._ports += [self._open(self.port, host) for host in closed]
            return
        self._ports = listen(self._open, self.port)
        self.port = int(self._ports[0].getHost().port)

    def _open(self, port: int, host: str) -> Any:
        return self._reactor.listenTCP(port, self._factory, interface=host)

    def close_host(self, host: str) -> None:
        """Refuse connections to one of the addresses, where it is listened to at all, until ``open``."""
        for listening in [one for one in self._ports if one.getHost().host == host]:
            listening.stopListening()
            self._ports.remove(listening)
            self._closed.add(host)

    def close(self) -> None:
        """Refuse new connections and abort those that are open."""
        for listening in self._ports:
            listening.stopListening()
        self._ports.clear()
        self._factory.drop_all()
