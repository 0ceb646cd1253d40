"""Exchanges on signed-in connections: a new connection signs in, and a lost sign-in is tried once more.

The rules about sign-ins are all here. A new connection signs in while it holds
the gate. A 401 there is a refusal: it stops the gate and is never repeated. A
401 on a connection that had been signed in is a finding about the network; one
new connection is tried for it, once in a run.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.facts.policy import LOST, NOT_YET
from pytest_flowscape.probes import network
from pytest_flowscape.probes.ews import answers, codes
from pytest_flowscape.probes.ews.connection import Authorization, Broken
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.pool import Line
from pytest_flowscape.probes.ews.sign_in import BASIC, Peer, RefusedHere, WayMissing, candidates, speaker
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.probes.ledger import LEDGER, REFUSED, SIGNED_IN
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.site.model import Exchange

_MIXED_UP = (
    "a signed-in connection was refused (HTTP 401): a balancer that mixes up connections, a failover, "
    "or a password that was changed"
)


@dataclass
class Call:
    """One request: what to send, for whom, and what happened to the password on the way.

    ``party`` is whom the server charges. ``mailboxes`` are those that it opens
    as delegate, each a store session. ``headers`` are sent along with ours.
    ``once``: it may change something, and is never sent a second time.
    ``known``: another server has accepted the password just now, so that a lost
    answer may be asked for again. ``stop_on_refusal`` False leaves the gate open
    after a refusal, for the one other way that a proven password may try.
    ``shown`` and ``inside`` are results, see Speaker.
    """

    operation: str
    body: bytes
    anchor: str = ""
    party: str = ""
    mailboxes: frozenset[str] = frozenset()
    stop_on_refusal: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    known: bool = False
    shown: bool = field(default=False, init=False)
    inside: str = field(default="", init=False)


class Authenticator:
    """Post calls as one account, and keep what is known of its password; safe to use from several threads.

    ``ways`` and ``way`` as for EwsSession. ``proven``: a server has accepted the
    password. Where there is no way to sign in, ``no_way`` says why.
    """

    def __init__(
        self, exchange: Exchange, username: str, password: Secret, *, gate: Gate, ways: Sequence[str], way: str
    ) -> None:
        self.exchange = exchange
        self.username = username
        self.gate = gate
        self.candidates, self.no_way = candidates(ways, exchange.auth, proxied=_is_proxied(exchange))
        self.way = way or next(iter(self.candidates), "")
        self.proven = bool(way)
        self.counts: Counter[str] = Counter()
        self._password = password
        self._lock = threading.Lock()

    def use(self, way: str) -> None:
        """Sign in by this way from now on."""
        self.way = way

    def prove(self) -> None:
        """Know that a server has accepted the password."""
        self.proven = True

    def count(self, what: str) -> None:
        """Count one request or handshake; the legs of a handshake are not requests of their own."""
        with self._lock:
            self.counts[what] += 1

    def may_have_judged(self, call: Call, trouble: Trouble) -> bool:
        """Whether the server may have judged a password that nothing has proven, and did not say how.

        Then the call is never sent again; where the answer was lost, all sign-ins are stopped.
        """
        judged = call.shown and not self.proven and not call.known and trouble.kind not in NOT_YET
        if judged and trouble.kind in LOST:
            self.gate.stop(f"the answer to the sign-in of {self.username} was lost")
        return judged

    def post(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        """Send a call and return the answer; on a new line it signs in. Raises Broken and SignInStopped."""
        # what is sent once only is not sent into a connection that the server has since closed
        if not line.usable or (call.once and line.connection.has_ended):
            return self._sign_in(line, call, deadline)
        self.count(call.operation)
        answer = self._post_signed_in(line, call, deadline)
        if not isinstance(answer, Trouble) and answer.status == codes.UNAUTHORIZED:
            return self._treat_loss(line, call, deadline)
        return answer

    # --- signing in ---------------------------------------------------------------------------------

    def _sign_in(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        """Open the connection, and sign in with this request while holding the gate."""
        line.close()
        line.connection.open(deadline)
        waiting = time.monotonic()
        with self.gate.new_sign_in():
            deadline.extend(time.monotonic() - waiting)
            self.count("handshakes")
            self.count(call.operation)
            try:
                answer = self._handshake(line, call, deadline)
            except WayMissing as missing:
                return Trouble(Kind.WAY_MISSING_HERE, f"{self.way}: {missing}")
            except RefusedHere as refused:
                LEDGER.note(REFUSED)
                return self._treat_refusal(line, call, Trouble(Kind.SIGN_IN_REFUSED, f"{self.way}: {refused}"))
            except KeyboardInterrupt:
                if call.shown and not self.proven:  # the password may have been judged, and nobody listened
                    self.gate.stop(f"the sign-in of {self.username} was interrupted")
                raise
            if answer.status == codes.UNAUTHORIZED:
                return self._treat_refusal(line, call, codes.http_trouble(answer))
            if call.shown:
                LEDGER.note(SIGNED_IN)  # not refused: the server's log has it, whatever the answer is
            if call.shown and _is_soap(answer):
                line.signed_in = True
                assert line.speaker is not None
                line.speaker.done()
                self.gate.trust()
        return answer

    def _handshake(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer:
        peer = Peer(network.bare_host(self.exchange.hostname), line.connection.peer_certificate)
        line.speaker = talk = speaker(self.way, self.username, self._password, peer)
        call.shown = False
        header = talk.opening()
        while True:
            call.shown, call.inside = talk.shown, talk.inside
            answer = self._post(line, call, deadline, header)
            header = talk.reply(answer.challenges) if answer.status == codes.UNAUTHORIZED else None
            if header is None:
                return answer
            if not line.connection.is_open:
                raise Broken(Trouble(Kind.RESET, f"the server closes the connection in the middle of {self.way}"))

    def _treat_refusal(self, line: Line, call: Call, trouble: Trouble) -> Trouble:
        """Close the gate after a refusal, and name the refusal by what is known about the password."""
        line.close()
        if not call.shown and trouble.status is not None:
            said = f"the server offers {self.way} and then does not take part in it"
            return replace(trouble, kind=Kind.LOST_SIGN_IN if self.proven else Kind.SIGN_IN_REFUSED, said=said)
        call.shown = True
        if call.stop_on_refusal:
            self.gate.stop(f"EWS refused the sign-in of {self.username}")
        if self.proven:
            said = f"refused after a sign-in had succeeded: {trouble.said}"
            return replace(trouble, kind=Kind.LOST_SIGN_IN, said=said)
        return trouble

    def _treat_loss(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        """Treat a 401 on a signed-in connection: one new connection in the whole run, else one fewer to use."""
        self.gate.doubt()
        line.close()
        if self.gate.take_second_try():
            return self._sign_in(line, call, deadline)
        line.lost = True
        return Trouble(Kind.LOST_SIGN_IN, _MIXED_UP, status=codes.UNAUTHORIZED)

    # --- sending ------------------------------------------------------------------------------------

    def _post_signed_in(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        """Post on a signed-in line; where the password goes along and is in doubt, alone, as if it were a sign-in."""
        assert line.speaker is not None
        if self.way != BASIC or not self.gate.in_doubt:
            return self._post(line, call, deadline, line.speaker.opening())
        waiting = time.monotonic()
        with self.gate.new_sign_in():
            deadline.extend(time.monotonic() - waiting)
            answer = self._post(line, call, deadline, line.speaker.opening())
            if answer.status == codes.UNAUTHORIZED:
                call.shown = True
                return self._treat_refusal(line, call, codes.http_trouble(answer))
            self.gate.trust()
        return answer

    @staticmethod
    def _post(line: Line, call: Call, deadline: Deadline, header: Authorization | None) -> HttpAnswer:
        plain = call.anchor.isascii() and call.anchor.isprintable()  # a header takes nothing else; it is only a hint
        anchor = {"X-AnchorMailbox": call.anchor} if call.anchor and plain else {}
        answer = line.connection.post(call.body, deadline, headers={**anchor, **call.headers}, authorization=header)
        shown = header is not None and line.speaker is not None and line.speaker.shown
        if shown and answer.status == codes.UNAUTHORIZED:
            LEDGER.note(REFUSED)  # the password, or a proof of it, went along
        return answer


def _is_proxied(exchange: Exchange) -> bool:
    try:
        return network.proxy_for(exchange.proxy, network.bare_host(exchange.hostname)) is not None
    except network.ProxyFailed:
        return True


def _is_soap(answer: HttpAnswer) -> bool:
    """Whether EWS itself spoke: an error of a box in between accepts no sign-in, and the next is a new one."""
    read = answers.read(answer)
    return not isinstance(read, Trouble) or bool(read.fault_code)
