"""One request to EWS from start to answer: a line, a sign-in if it is new, the exchange, a second try if it is due.

The rules about sign-ins are all here. A new connection signs in while it holds
the gate. A 401 there is a refusal: it stops the gate and is never repeated. A
401 on a connection that had been signed in is a finding about the network; one
new connection is tried for it, once in a run.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.facts.policy import LOST, NOT_YET, THROTTLING
from pytest_flowscape.probes import network
from pytest_flowscape.probes.ews import answers, codes
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.batch import Look
from pytest_flowscape.probes.ews.connection import Authorization, Broken, Connection, Sent
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.pool import Line, Pool
from pytest_flowscape.probes.ews.retry import Attempts, BackOff, Patience
from pytest_flowscape.probes.ews.sign_in import BASIC, Peer, RefusedHere, WayMissing, speaker
from pytest_flowscape.probes.ews.store_sessions import StoreSessions
from pytest_flowscape.probes.gate import Gate, SignInStopped
from pytest_flowscape.probes.ledger import AGAIN, LEDGER, REFUSED, SIGNED_IN, THROTTLED
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.site.model import Exchange

_ERROR = b'ResponseClass="Error"'
_MIXED_UP = (
    "a signed-in connection was refused (HTTP 401): a balancer that mixes up connections, a failover, "
    "or a password that was changed"
)


@dataclass
class Call:
    """One request: what to send, for whom, and what happened to the password on the way.

    ``party`` is whom the server charges. ``mailboxes`` are those that it opens
    as delegate, each a store session. ``headers`` are sent along with ours.
    ``once``: it may change something, and is never sent a second time. ``known``: another server has accepted
    the password just now, so that a lost answer may be asked for again. ``stop_on_refusal`` False leaves the
    gate open after a refusal, for the one other way that a proven password may
    try. ``shown`` and ``inside`` are results, see Speaker.
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


@dataclass(eq=False)
class _Turn:
    """A try of a call that waits for a line, and how far it was brought by whoever gave the line back."""

    call: Call
    attempts: Attempts
    since: float = field(default_factory=time.monotonic)
    deadline: Deadline = field(default_factory=lambda: Deadline(0.0))
    header: Authorization | None = None
    sent: Sent | None = None
    failed: SignInStopped | Broken | None = None

    def next(self) -> Deadline:
        """End the waiting, and give the time for the try: a queue of our own is not the server's time."""
        self.attempts.deadline.extend(time.monotonic() - self.since)
        self.deadline = self.attempts.next()
        return self.deadline


class Conversation:
    """Send requests over the session's connections; safe to use from several threads."""

    def __init__(
        self,
        exchange: Exchange,
        username: str,
        password: Secret,
        *,
        gate: Gate,
        run_id: str,
        connections: int,
        mailboxes: int,
        way: str,
    ) -> None:
        self.exchange = exchange
        self.username = username
        self.way = way
        self.proven = bool(way)
        self.counts: Counter[str] = Counter()
        self.front_ends: set[str] = set()
        self.server_version = ""
        self._password = password
        self._gate = gate
        self._count_lock = threading.Lock()
        self._halved = False
        self._back_off = BackOff(gate.folder)
        self._patience = Patience(exchange.timeout)
        self._sessions = StoreSessions(mailboxes)
        avoid: set[str] = set()
        self.pool = Pool(connections, lambda: Connection(exchange, run_id, avoid))

    def ask(self, call: Call, look: Look | None = None) -> Envelope | Trouble:
        """Ask, again where retry.py says so, and give the answer or the last trouble.

        ``look`` finds trouble inside an answer that is worth another try; when
        there are no more tries, that answer is the answer.
        """
        if self._patience.gave_up is not None:
            return self._patience.gave_up
        attempts = Attempts(self.exchange.timeout)
        started = time.monotonic()
        while True:
            told = self._read(self._once(call, attempts), call)
            trouble = told if isinstance(told, Trouble) else look(told) if look else None
            if trouble is None or self._is_final(call, trouble, attempts):
                self._patience.heed(trouble, time.monotonic() - started)
                return told
            LEDGER.note(AGAIN)

    def _is_final(self, call: Call, trouble: Trouble, attempts: Attempts) -> bool:
        """Heed a trouble, and tell whether it is the answer; waits for the next try where it is not."""
        self.note(trouble, call.party)
        if call.shown and not self.proven and not call.known and trouble.kind not in NOT_YET:
            # the password may have been judged, and nobody told us how
            if trouble.kind in LOST:
                self._gate.stop(f"the answer to the sign-in of {self.username} was lost")
            return True
        return not attempts.again(trouble)

    def pass_on(self, call: Call) -> HttpAnswer | Trouble:
        """Send once what another client wrote, by the same rules, and give the answer as it came; heed throttling."""
        if self._patience.gave_up is not None:
            return self._patience.gave_up
        answer = self._once(call, Attempts(self.exchange.timeout, once=True))
        told = self._read(answer, call)
        for trouble in [told] if isinstance(told, Trouble) else answers.troubles(told):
            self.note(trouble, call.party)
        return answer

    def note(self, trouble: Trouble, party: str) -> None:
        """Heed a throttling answer: remember its back-off, and halve the connections of the run once."""
        if trouble.kind not in THROTTLING:
            return
        self._back_off.note(party, trouble)
        LEDGER.note(THROTTLED)
        self.count("throttled")
        self._halve()

    def _halve(self) -> None:
        with self._count_lock:
            first, self._halved = not self._halved, True
        if first:
            self.pool.halve()

    def _once(self, call: Call, attempts: Attempts) -> HttpAnswer | Trouble:
        if not self._halved and self._back_off.throttled:  # it may have been another process
            self._halve()
        while True:
            wait = self._back_off.left(call.party)
            if wait >= attempts.deadline.left():
                return Trouble(Kind.THROTTLED, f"the server asked to wait {wait:.0f} seconds more", back_off=wait)
            if wait:
                time.sleep(wait)
            told = self._in_turn(call, attempts)
            if told is not None:
                return told

    def _in_turn(self, call: Call, attempts: Attempts) -> HttpAnswer | Trouble | None:
        """Make the exchange when it is this call's turn; None if meanwhile the server has asked its party to wait."""
        turn = _Turn(call, attempts)
        LEDGER.will_send(call.body)
        try:
            with self._sessions.opened(call.mailboxes), self.pool.line(partial(self._begin, turn)) as line:
                if line is None:
                    return Trouble(Kind.LOST_SIGN_IN, "no signed-in connection is left, and none may be added")
                if turn.failed is not None:
                    raise turn.failed
                if turn.sent is not None:
                    return self._after(line, call, turn.deadline, self._receive(line, turn.sent, turn.header))
                if self._back_off.left(call.party):
                    return None
                self._gate.check()
                return self._exchange(line, call, turn.next())
        except SignInStopped as stopped:
            return Trouble(Kind.STOPPED, stopped.reason)
        except Broken as broken:
            return broken.trouble

    def _begin(self, turn: _Turn, line: Line) -> None:
        """Send for the thread that waits for this line; leave to it whatever is out of the ordinary."""
        call = turn.call
        try:
            ordinary = line.smooth and not call.once  # a new line is not smooth yet
            if ordinary and not self._back_off.left(call.party) and not self._one_by_one:
                self._gate.check()
                self.count(call.operation)
                assert line.speaker is not None
                turn.header = line.speaker.opening()
                turn.sent = self._send(line, call, turn.next(), turn.header)
        except (SignInStopped, Broken) as error:
            turn.failed = error

    def _exchange(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        # what is sent once only is not sent into a connection that the server has closed meanwhile
        if not line.usable or (call.once and line.connection.has_ended):
            return self._new_sign_in(line, call, deadline)
        self.count(call.operation)
        return self._after(line, call, deadline, self._guarded_post(line, call, deadline))

    def _after(self, line: Line, call: Call, deadline: Deadline, answer: HttpAnswer | Trouble) -> HttpAnswer | Trouble:
        if not isinstance(answer, Trouble) and answer.status == codes.UNAUTHORIZED:
            return self._lost(line, call, deadline)
        return answer

    # --- signing in ---------------------------------------------------------------------------------

    def _new_sign_in(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        """Open the connection, and sign in with this request while holding the gate."""
        line.close()
        line.connection.open(deadline)
        waiting = time.monotonic()
        with self._gate.new_sign_in():
            deadline.extend(time.monotonic() - waiting)
            self.count("handshakes")
            self.count(call.operation)
            try:
                answer = self._handshake(line, call, deadline)
            except WayMissing as missing:
                return Trouble(Kind.WAY_MISSING_HERE, f"{self.way}: {missing}")
            except RefusedHere as refused:
                LEDGER.note(REFUSED)
                return self._refused(line, call, Trouble(Kind.SIGN_IN_REFUSED, f"{self.way}: {refused}"))
            except KeyboardInterrupt:
                if call.shown and not self.proven:  # the password may have been judged, and nobody listened
                    self._gate.stop(f"the sign-in of {self.username} was interrupted")
                raise
            if answer.status == codes.UNAUTHORIZED:
                return self._refused(line, call, codes.http_trouble(answer))
            if call.shown:
                LEDGER.note(SIGNED_IN)  # not refused: the server's log has it, whatever the answer is
            if call.shown and _is_soap(answer):
                line.signed_in = True
                assert line.speaker is not None
                line.speaker.done()
                self._gate.trust()
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

    def _refused(self, line: Line, call: Call, trouble: Trouble) -> Trouble:
        """Close the gate after a refusal, and name the refusal by what is known about the password."""
        line.close()
        if not call.shown and trouble.status is not None:
            said = f"the server offers {self.way} and then does not take part in it"
            return replace(trouble, kind=Kind.LOST_SIGN_IN if self.proven else Kind.SIGN_IN_REFUSED, said=said)
        call.shown = True
        if call.stop_on_refusal:
            self._gate.stop(f"EWS refused the sign-in of {self.username}")
        if self.proven:
            return replace(
                trouble, kind=Kind.LOST_SIGN_IN, said=f"refused after a sign-in had succeeded: {trouble.said}"
            )
        return trouble

    def _lost(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        """Treat a 401 on a signed-in connection: one new connection in the whole run, else one fewer to use."""
        self._gate.doubt()
        line.close()
        if self._gate.take_second_try():
            return self._new_sign_in(line, call, deadline)
        self.pool.lose_one()
        return Trouble(Kind.LOST_SIGN_IN, _MIXED_UP, status=codes.UNAUTHORIZED)

    # --- requests -----------------------------------------------------------------------------------

    @property
    def _one_by_one(self) -> bool:
        """Whether each request shows a password that is in doubt, and so goes alone."""
        return self.way == BASIC and self._gate.in_doubt

    def _guarded_post(self, line: Line, call: Call, deadline: Deadline) -> HttpAnswer | Trouble:
        """Post on a signed-in line; where the password goes along and is in doubt, as if it were a sign-in."""
        assert line.speaker is not None
        if not self._one_by_one:
            return self._post(line, call, deadline, line.speaker.opening())
        waiting = time.monotonic()
        with self._gate.new_sign_in():
            deadline.extend(time.monotonic() - waiting)
            answer = self._post(line, call, deadline, line.speaker.opening())
            if answer.status == codes.UNAUTHORIZED:
                call.shown = True
                return self._refused(line, call, codes.http_trouble(answer))
            self._gate.trust()
        return answer

    def _post(self, line: Line, call: Call, deadline: Deadline, header: Authorization | None) -> HttpAnswer:
        return self._receive(line, self._send(line, call, deadline, header), header)

    @staticmethod
    def _send(line: Line, call: Call, deadline: Deadline, header: Authorization | None) -> Sent:
        plain = call.anchor.isascii() and call.anchor.isprintable()  # a header takes nothing else; it is only a hint
        anchor = {"X-AnchorMailbox": call.anchor} if call.anchor and plain else {}
        return line.connection.send(call.body, deadline, headers={**anchor, **call.headers}, authorization=header)

    @staticmethod
    def _receive(line: Line, sent: Sent, header: Authorization | None) -> HttpAnswer:
        answer = line.connection.receive(sent)
        line.smooth = answer.status == HTTPStatus.OK and _ERROR not in answer.body
        shown = header is not None and line.speaker is not None and line.speaker.shown
        if shown and answer.status == codes.UNAUTHORIZED:
            LEDGER.note(REFUSED)  # the password, or a proof of it, went along
        return answer

    def _read(self, answer: HttpAnswer | Trouble, call: Call) -> Envelope | Trouble:
        """Read an answer. A SOAP answer to whoever has shown the password proves it; an earlier one proves nothing."""
        if isinstance(answer, Trouble):
            return answer
        told = answers.read(answer)
        soap = not isinstance(told, Trouble) or bool(told.fault_code)
        with self._count_lock:
            self.front_ends.update(name for name in answer.all("X-FEServer") if name)
            self.proven = self.proven or (soap and call.shown)
        if soap and not self.server_version:
            self.server_version = told.version if isinstance(told, Envelope) else answers.version_of(answer)
        if isinstance(told, Envelope) and not self.proven:
            return Trouble(Kind.OTHER, "EWS answers without having been shown the password", status=answer.status)
        return told

    def count(self, what: str) -> None:
        """Count one request or handshake; the legs of a handshake are no requests of their own."""
        with self._count_lock:
            self.counts[what] += 1


def _is_soap(answer: HttpAnswer) -> bool:
    """Whether EWS itself spoke: an error of a box in between accepts no sign-in, and the next is a new one."""
    told = answers.read(answer)
    return not isinstance(told, Trouble) or bool(told.fault_code)
