"""Sign-in at the EWS endpoint: Basic, NTLM and Negotiate (NTLM inside), as IIS does it.

NTLM authenticates a TCP connection: the handshake's state and its result
belong to the connection and end with it. Basic is judged for each request.
Kerberos is not spoken. Extended Protection demands the channel bindings of
this server's certificate ([MS-NLMP] 3.1.1.2, RFC 5929).
"""

from __future__ import annotations

import base64
import binascii
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import spnego
import spnego.channel_bindings
from spnego._ntlm_raw.crypto import lmowfv1, ntowfv1
from spnego.exceptions import BadBindingsError, SpnegoError

from pytest_flowscape.simulator.ews import ntlm_message
from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.sign_in import check_password, find_account, judge_sign_in

# what pyspnego raises for a token that is refused or damaged
DAMAGED = (SpnegoError, ValueError, LookupError, struct.error, StopIteration)
REALM = "mail.demo.test"
BEARER = (
    'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001@*", '
    'authorization_uri="https://sts.demo.test/adfs/oauth2/authorize"'
)


@dataclass
class Connection:
    """One TCP connection: its number, the handshake under way, and who it is signed in as (a SID).

    ``credentials`` is True where any request on it had an Authorization header,
    ``carried`` how many requests its sign-in has served.
    """

    number: int
    front_end: str = ""
    sid: str = ""
    way: str = ""
    handshake: spnego.ContextProxy | None = field(default=None, repr=False)
    scheme: str = ""
    counted: bool = False
    carried: int = 0
    credentials: bool = False


@dataclass(frozen=True)
class Answer:
    """The result for one request: the account, or the WWW-Authenticate values of a 401."""

    account: Account | None = None
    challenges: tuple[str, ...] = ()


class Authenticator:
    """Judges the Authorization header of each request against the organisation's accounts."""

    def __init__(self, organisation: Organisation, hash_file: Path) -> None:
        self.organisation = organisation
        self.end_point_hash = b""
        self._hash_file = hash_file
        self._write_hashes("")
        # where pyspnego's acceptor looks for the secret of the account that signs in
        os.environ["NTLM_USER_FILE"] = str(hash_file)

    def _write_hashes(self, line: str) -> None:
        self._hash_file.touch(mode=0o600)
        self._hash_file.write_text(line, encoding="utf-8")

    def authenticate(self, header: str, connection: Connection) -> Answer:
        """Judge one request; ``header`` is its Authorization header or empty.

        Counts ``ews.unauthenticated``, ``ews.refused`` and ``ews.sign_ins``.
        """
        policy = self.organisation.policy
        scheme, _, value = header.partition(" ")
        if not header:
            account = self.organisation.accounts.get(connection.sid)
            if account and self._mixed_up(connection):
                connection.sid, account = "", None
            return Answer(account) if account else self._challenge()
        offered = {way.lower(): way for way in policy.ways}
        way = offered.get(scheme.lower(), "")
        if policy.bearer_only or not way:
            return self._challenge()
        try:
            token = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            return self._challenge()
        if way == "Basic":
            return self._basic(token, connection)
        return self._handshake(way, token, connection)

    def _mixed_up(self, connection: Connection) -> bool:
        """Whether a balancer sends this request elsewhere: NTLM has signed in a connection, not a client."""
        policy = self.organisation.policy
        connection.carried += 1
        if policy.mixed_up_after is None or connection.carried <= policy.mixed_up_after or policy.mix_ups == 0:
            return False
        if policy.mix_ups is not None:
            policy.mix_ups -= 1
        self.organisation.counters["ews.mixed_up"] += 1
        return True

    def _challenge(self, *, refused: bool = False) -> Answer:
        self.organisation.counters["ews.refused" if refused else "ews.unauthenticated"] += 1
        policy = self.organisation.policy
        if policy.bearer_only:
            return Answer(challenges=(BEARER,))
        return Answer(challenges=tuple(f'Basic realm="{REALM}"' if w == "Basic" else w for w in policy.ways))

    def _basic(self, token: bytes, connection: Connection) -> Answer:
        try:
            text = token.decode("utf-8")
        except UnicodeDecodeError:
            text = token.decode("latin-1")
        name, _, password = text.partition(":")
        account = find_account(self.organisation, name)
        code = check_password(self.organisation, account, password, at_controller=False)
        return self._outcome(account, code, "Basic", connection)

    def _outcome(self, account: Account | None, code: str, way: str, connection: Connection) -> Answer:
        if code or account is None or way in account.ews_refuses:
            connection.sid = ""
            return self._challenge(refused=True)
        if way != "Basic":
            connection.sid, connection.carried = account.sid, 1
        if way != "Basic" or not connection.counted:
            self.organisation.counters["ews.sign_ins"] += 1
        connection.counted = True
        connection.way = way
        return Answer(account)

    def _handshake(self, way: str, token: bytes, connection: Connection) -> Answer:
        kind = ntlm_message.message_type(token)
        if kind == ntlm_message.NEGOTIATE or connection.handshake is None or connection.scheme != way:
            connection.sid = ""
            connection.scheme = way
            connection.handshake = self._acceptor(way)
        sent = ntlm_message.read_authenticate(token)
        if sent is not None:
            return self._prove(way, token, sent, connection)
        try:
            reply = connection.handshake.step(token)
        except DAMAGED:
            connection.handshake = None
            return self._challenge()
        self.organisation.counters["ews.challenges"] += 1
        return Answer(challenges=(f"{way} {base64.b64encode(reply or b'').decode()}",))

    def _acceptor(self, way: str) -> spnego.ContextProxy:
        options = spnego.NegotiateOptions.use_ntlm
        if way == "Negotiate":
            options |= spnego.NegotiateOptions.use_negotiate
        bindings = None
        if self.organisation.policy.extended_protection:
            data = b"tls-server-end-point:" + self._expected_hash()
            bindings = spnego.channel_bindings.GssChannelBindings(application_data=data)
        return spnego.server("localhost", "http", channel_bindings=bindings, protocol=way.lower(), options=options)

    def _expected_hash(self) -> bytes:
        # behind a box that ends TLS, the server binds to a certificate that the client never sees
        return b"\xff" * 32 if self.organisation.policy.bridged else self.end_point_hash

    def _prove(self, way: str, token: bytes, sent: ntlm_message.Authenticate, connection: Connection) -> Answer:
        """Take the last message of a handshake: prove the password, then judge the account."""
        handshake, connection.handshake = connection.handshake, None
        name = f"{sent.domain}\\{sent.user}" if sent.domain else sent.user
        account = find_account(self.organisation, name)
        if self.organisation.policy.extended_protection and not any(sent.bindings):
            return self._outcome(account, "bindings", way, connection)
        try:
            proven = handshake is not None and self._step(handshake, token, name, account)
        except BadBindingsError:
            return self._outcome(account, "bindings", way, connection)
        code = judge_sign_in(self.organisation, account, proven=proven, at_controller=False)
        return self._outcome(account, code, way, connection)

    def _step(self, handshake: spnego.ContextProxy, token: bytes, name: str, account: Account | None) -> bool:
        """Let pyspnego check the response against the account's hashes. Raises BadBindingsError."""
        if account is None or account.password is None or ":" in name:
            return False
        hashes = (lmowfv1(account.password).hex(), ntowfv1(account.password).hex())
        self._write_hashes(f"{name}:1000:{hashes[0]}:{hashes[1]}:[U]:LCT-00000000\n")
        try:
            handshake.step(token)
        except BadBindingsError:
            raise
        except DAMAGED:
            return False
        finally:
            self._write_hashes("")
        return handshake.complete
