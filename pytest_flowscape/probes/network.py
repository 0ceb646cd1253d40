"""Bounded network steps that the probes share: resolve, connect, CONNECT through a proxy, TLS, and what went wrong.

Every step takes a deadline and ends by it. What fails becomes a Trouble.
"""

from __future__ import annotations

import errno
import queue
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.probes.trust import verification_trouble

_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EHOSTDOWN}
_PROXY_HEAD = 65536


class Deadline:
    """A moment by which something must have ended; ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, never negative; next to none once the run was told to stop."""
        return max(0.0, min(self._end - time.monotonic(), INTERRUPTION.left()))

    def require(self) -> float:
        """Return the seconds left. Raises TimeoutError if there are none."""
        left = self.left()
        if left <= 0:
            raise TimeoutError("the time for this step is used up")
        return left

    def part(self, share: float) -> Deadline:
        """Return a deadline at this share (0 to 1) of the time left."""
        return Deadline(self.left() * share)

    def extend(self, seconds: float) -> None:
        """Move the deadline, for time spent in a queue of our own."""
        self._end += seconds


@dataclass(frozen=True)
class Address:
    """One resolved address; ``sockaddr`` is what connect() takes."""

    family: socket.AddressFamily
    sockaddr: Any

    @property
    def text(self) -> str:
        """Return the IP address."""
        return str(self.sockaddr[0])

    @property
    def version(self) -> str:
        """Return IPv4 or IPv6."""
        return "IPv6" if self.family == socket.AF_INET6 else "IPv4"


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy that the site file asks for."""

    host: str
    port: int


class HandshakeFailed(OSError):  # noqa: N818  named by what happened
    """TLS could not be agreed on; the text says why in a few words."""


class ProxyFailed(OSError):  # noqa: N818  named by what happened
    """The proxy did not open a tunnel; ``status`` is its answer."""

    def __init__(self, said: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(said)


def bare_host(hostname: str) -> str:
    """Return the hostname without the brackets of an IPv6 address."""
    return hostname[1:-1] if hostname.startswith("[") and hostname.endswith("]") else hostname


def proxy_for(setting: str, hostname: str) -> Proxy | None:
    """Return the proxy that ``[exchange] proxy`` means for this host: empty none, ``system``, or a URL.

    Environment variables count only for ``system``. Raises ProxyFailed for a
    proxy that is not plain HTTP.
    """
    url = setting
    if setting == "system":
        import urllib.request  # noqa: PLC0415  rarely wanted, and slow to load

        bypassed = urllib.request.proxy_bypass(hostname)
        url = "" if bypassed else urllib.request.getproxies().get("https", "")
    if not url:
        return None
    parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme != "http" or not host:
        raise ProxyFailed("the configured proxy is not an http:// URL")
    return Proxy(host, port or 80)


def resolve(host: str, port: int, deadline: Deadline) -> tuple[Address, ...]:
    """Resolve a name to its A and AAAA addresses, in the system's order, each once.

    Raises socket.gaierror or TimeoutError. The system's resolver has no
    deadline, so it is asked in a thread that is left behind if it hangs.
    """
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except UnicodeError:
            answers.put(socket.gaierror(socket.EAI_NONAME, "not a valid host name"))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        found = answers.get(timeout=deadline.require())
    except queue.Empty:
        raise TimeoutError("the name service does not answer") from None
    if isinstance(found, OSError):
        raise found
    families = (socket.AF_INET, socket.AF_INET6)
    return tuple(dict.fromkeys(Address(entry[0], entry[4]) for entry in found if entry[0] in families))


def connect(address: Address, deadline: Deadline) -> socket.socket:
    """Open a TCP connection to one address. Raises OSError."""
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.settimeout(deadline.require())
        sock.connect(address.sockaddr)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def open_tunnel(sock: socket.socket, host: str, port: int, deadline: Deadline) -> None:
    """Ask a proxy at the other end for a tunnel (CONNECT, RFC 9110 9.3.6). Raises OSError; sends no credentials."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    sock.settimeout(deadline.require())
    sock.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode("ascii", "replace"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        sock.settimeout(deadline.require())
        byte = sock.recv(1)  # one by one: what follows the head belongs to TLS
        if not byte or len(head) > _PROXY_HEAD:
            raise ProxyFailed("the proxy closed the connection")
        head += byte
    words = head.split(b"\r\n", 1)[0].split()
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
    if status != HTTPStatus.OK:
        raise ProxyFailed(f"the proxy refuses a tunnel to the host (status {status})", status)


def secure(
    sock: socket.socket, proxy: Proxy | None, host: tuple[str, int], context: ssl.SSLContext, deadline: Deadline
) -> ssl.SSLSocket:
    """Do the TLS handshake with a host and port, through a tunnel where the connection leads to a proxy.

    The plain socket is closed if it fails. Raises OSError.
    """
    try:
        if proxy is not None:
            open_tunnel(sock, *host, deadline)
        return start_tls(sock, context, host[0], deadline)
    except BaseException:
        sock.close()
        raise


def start_tls(sock: socket.socket, context: ssl.SSLContext, host: str, deadline: Deadline) -> ssl.SSLSocket:
    """Do the TLS handshake within the deadline; the plain socket is closed if it fails.

    Raises ssl.SSLCertVerificationError, TimeoutError, or HandshakeFailed for all
    other ways to fail.
    """
    try:
        sock.settimeout(deadline.require())
        sock.getpeername()  # where the connection has already ended, the library would leave a socket open
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException as error:
        sock.close()
        if isinstance(error, ssl.SSLCertVerificationError) or not isinstance(error, (OSError, ValueError)):
            raise
        if isinstance(error, TimeoutError) or (isinstance(error, ssl.SSLError) and "timed out" in str(error)):
            raise TimeoutError("no TLS handshake in time") from None
        raise HandshakeFailed(_tls_words(error)) from None  # ValueError: a host name that cannot be sent


def _tls_words(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return "the answer is not TLS"
    if reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW"}:
        return "no TLS 1.2 or later is offered"
    if isinstance(error, (ConnectionError, ssl.SSLEOFError)):
        return "the connection was closed during the TLS handshake"
    return f"the TLS handshake failed ({reason or type(error).__name__})"


def trouble_of(error: BaseException, seconds: float = 0.0) -> Trouble:
    """Return what an error of these steps, of sockets or of the HTTP libraries means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return verification_trouble(error, seconds)
    kind, said = _kind_of(error)
    status = error.status if isinstance(error, ProxyFailed) else None
    return Trouble(kind, said, status=status, seconds=seconds)


def _kind_of(error: BaseException) -> tuple[Kind, str]:
    if isinstance(error, HandshakeFailed):
        return Kind.TLS_OTHER, str(error)
    if isinstance(error, ProxyFailed):
        return Kind.RESET, str(error)
    if isinstance(error, socket.gaierror):
        return Kind.UNRESOLVABLE, f"DNS does not resolve the name ({error.strerror or 'no answer'})"
    if isinstance(error, TimeoutError):
        return Kind.SILENT, str(error) if str(error).startswith("no TLS") else "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return Kind.REFUSED, "the connection was refused"
    if isinstance(error, OSError) and error.errno in _NO_ROUTE:
        return Kind.SILENT, f"no way to the host ({error.strerror})"
    if isinstance(error, (OSError, EOFError)):
        return Kind.RESET, "the connection was broken"
    return Kind.OTHER, f"unexpected error ({type(error).__name__})"
