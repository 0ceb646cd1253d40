"""The ways to sign in to EWS with a password: Negotiate and NTLM by pyspnego, Basic; one speaker per connection.

The password is revealed in one place each, at the last call, and a library's
error never leaves this module with its frames.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import CredentialsExpiredError, InvalidCredentialError

from pytest_flowscape.core.errors import FlowscapeError
from pytest_flowscape.core.secret import Secret
from pytest_flowscape.probes.certificates import server_end_point
from pytest_flowscape.probes.ews.connection import Authorization

NEGOTIATE, NTLM, BASIC = WAYS = ("Negotiate", "NTLM", "Basic")

# At level DEBUG pyspnego logs whole tokens, from which a weak password can be guessed offline.
logging.getLogger("spnego").setLevel(logging.WARNING)

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)(?=\s|$)(?!\s*=)")
_OUTSIDE_QUOTES = re.compile(r""",(?=(?:[^"]*"[^"]*")*[^"]*$)""")
_LOGON_DENIED = -2146893044  # SEC_E_LOGON_DENIED: Windows asked a domain controller, which refused
_KERBEROS_REFUSED = (
    "preauthentication failed",
    "not found in kerberos database",
    "credentials have been revoked",
    "password has expired",
)


class WayMissing(FlowscapeError):  # noqa: N818  named by what happened
    """This machine cannot speak the way; the text says why. No password was shown to anybody."""


class RefusedHere(FlowscapeError):  # noqa: N818  named by what happened
    """The platform itself asked a domain controller, which refused the password or the account."""


@dataclass(frozen=True)
class Peer:
    """The server end of a connection: its name for the service principal, its certificate for channel binding."""

    hostname: str
    certificate: bytes


def schemes(challenges: Iterable[str]) -> tuple[str, ...]:
    """Return the scheme names of WWW-Authenticate values (RFC 9110 11.6.1), each once, in their order."""
    found: dict[str, str] = {}
    for challenge in challenges:
        for part in _OUTSIDE_QUOTES.split(challenge):
            match = _SCHEME.match(part)
            if match:
                found.setdefault(match.group(1).lower(), match.group(1))
    return tuple(found.values())


def candidates(offered: Sequence[str], auth: str, *, proxied: bool) -> tuple[tuple[str, ...], str]:
    """Return the ways to try, in order, and why there are none (empty if there are).

    ``auth`` is that of the site file. Basic is never sent through a proxy.
    """
    known = {way.lower() for way in offered}
    wanted = [way for way in WAYS if auth in ("auto", way.lower())]
    ways = [way for way in wanted if way.lower() in known]
    if not ways:
        asked = "a way with a password" if auth == "auto" else auth
        return (), f"the site file asks for {asked}, the server offers {', '.join(offered) or 'nothing'}"
    if proxied and BASIC in ways:
        ways.remove(BASIC)
        if not ways:
            return (), "Basic is the only way left, and it is never sent through a proxy"
    return tuple(ways), ""


def speaker(way: str, username: str, password: Secret, peer: Peer) -> Speaker:
    """Return the speaker of one connection for a way. Raises WayMissing."""
    if way == BASIC:
        return _Basic(username, password)
    if way in WAYS:
        return _Tokens(way, username, password, peer)
    raise WayMissing(f"{way} is not a way with a password")


class Speaker:
    """What one connection says to sign in.

    ``shown``: whether the password, or a proof of it, has been sent.
    ``inside`` is ``ntlm`` or ``kerberos`` within Negotiate, empty if not known.
    """

    shown = False
    inside = ""

    def opening(self) -> Authorization | None:
        """Return the header of the next request. Raises WayMissing or RefusedHere."""
        raise NotImplementedError

    def reply(self, challenges: Sequence[str]) -> Authorization | None:
        """Return the header that answers a 401, None if that 401 is final. Raises WayMissing or RefusedHere."""
        raise NotImplementedError

    def done(self) -> None:
        """Learn that the server has accepted the sign-in."""


class _Basic(Speaker):
    """RFC 7617; ISO 8859-1 as the Python clients of EWS send it, UTF-8 where that cannot hold the characters."""

    def __init__(self, username: str, password: Secret) -> None:
        self._username = username
        self._password = password

    def opening(self) -> Authorization | None:
        self.shown = True
        return Authorization(f"{BASIC} {base64.b64encode(self._bytes()).decode('ascii')}")

    def _bytes(self) -> bytes:
        try:
            return f"{self._username}:{self._password.reveal()}".encode("latin-1")
        except UnicodeEncodeError:
            pass
        return f"{self._username}:{self._password.reveal()}".encode()

    def reply(self, challenges: Sequence[str]) -> Authorization | None:  # noqa: ARG002  there is no dialogue
        return None


class _Tokens(Speaker):
    """Negotiate (RFC 4559) and NTLM ([MS-NTHT]), bound to the TLS channel (tls-server-end-point)."""

    def __init__(self, way: str, username: str, password: Secret, peer: Peer) -> None:
        self._way = way
        self._username = username
        self._password = password
        self._peer = peer
        self._context: Any = None
        self._pending = b""  # a token that was made to see whether one can be had
        self._sent = 0
        self._signed_in = False

    def opening(self) -> Authorization | None:
        if self._signed_in and self.inside != "kerberos":
            return None  # NTLM signs in the connection
        # a server may ask for a Kerberos ticket with every request
        self._context = self._start() if self._context is None else self._context.new_context()
        self._sent = 0
        return self._say(b"")

    def reply(self, challenges: Sequence[str]) -> Authorization | None:
        token = _token(challenges, self._way)
        if not token or self._context is None or self._context.complete or self._sent > 4:
            return None
        return self._say(token)

    def done(self) -> None:
        self._signed_in = True
        if self.inside != "kerberos":
            self._context = None  # it holds what was made of the password

    def _say(self, token: bytes) -> Authorization | None:
        try:
            said = self._pending or self._context.step(token or None)
            self._pending = b""
            self.inside = str(self._context.negotiated_protocol or self.inside)
        except Exception as error:  # noqa: BLE001  pyspnego, GSSAPI and SSPI raise what they like
            self._context = None
            if self.shown:
                return None  # the server has judged; what it said with that does not matter any more
            failure: Exception | None = _failure(error)
        else:
            failure = None
        if failure is not None:
            raise failure
        if not said:
            return None
        self._sent += 1
        self.shown = self.shown or self._sent > 1 or self.inside == "kerberos"
        return Authorization(f"{self._way} {base64.b64encode(said).decode('ascii')}")

    def _start(self) -> Any:
        """Make the context: never one that tries the password by Kerberos and, when refused, again by NTLM."""
        if self._way == NTLM:
            return self._client("ntlm")
        if sys.platform != "win32" and _kerberos_here():
            return self._kerberos() or self._client("ntlm")
        return self._client("negotiate")

    def _client(self, protocol: str) -> Any:
        binding = GssChannelBindings(application_data=server_end_point(self._peer.certificate))
        try:
            return spnego.client(
                spnego.Password(self._username, self._password.reveal()),
                hostname=self._peer.hostname,
                service="HTTP",
                channel_bindings=binding,
                protocol=protocol,
            )
        except Exception as error:  # noqa: BLE001  see _say
            failure = _failure(error)
        raise failure

    def _kerberos(self) -> Any:
        """Make a Kerberos context if a ticket can be had; None if no domain controller judged the password."""
        try:
            context = self._client("kerberos")
            self._pending = context.step() or b""
        except WayMissing:
            return None
        except RefusedHere:
            raise
        except Exception as error:  # noqa: BLE001  see _say
            failure = _failure(error)
        else:
            return context
        if isinstance(failure, RefusedHere):
            raise failure
        return None


def _kerberos_here() -> bool:
    try:
        import gssapi  # type: ignore[import-not-found,unused-ignore]  # noqa: F401, PLC0415  optional, for Kerberos on Linux and macOS
    except Exception:  # noqa: BLE001  it fails in many ways where the system library is missing
        return False
    return True


def _failure(error: Exception) -> WayMissing | RefusedHere:
    """Return whether a domain controller refused or the way does not work here; the error itself is dropped."""
    denied = getattr(getattr(error, "base_error", None), "winerror", None) == _LOGON_DENIED
    judged = isinstance(error, (InvalidCredentialError, CredentialsExpiredError))
    if judged or denied or any(words in str(error).lower() for words in _KERBEROS_REFUSED):
        return RefusedHere(f"a domain controller refuses the sign-in ({type(error).__name__})")
    return WayMissing(f"this machine cannot do it ({type(error).__name__})")


def _token(challenges: Sequence[str], way: str) -> bytes:
    """Return the token that the server sent for a way, empty if it sent none."""
    for part in (part for challenge in challenges for part in _OUTSIDE_QUOTES.split(challenge)):
        scheme, _, rest = part.strip().partition(" ")
        if scheme.lower() == way.lower() and rest.strip():
            try:
                return base64.b64decode(rest.strip(), validate=True)
            except (binascii.Error, ValueError):
                return b""
    return b""
