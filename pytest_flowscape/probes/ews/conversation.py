"""One request to EWS from start to answer: its tries, its turn for a connection, what a throttling server asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.facts.policy import THROTTLING
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.authentication import Authenticator, Call
from pytest_flowscape.probes.ews.connection import Broken, Connection
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.pool import Pool
from pytest_flowscape.probes.ews.retry import Attempts, BackOff, Patience
from pytest_flowscape.probes.ews.store_sessions import StoreSessions
from pytest_flowscape.probes.gate import SignInStopped
from pytest_flowscape.probes.ledger import AGAIN, LEDGER, THROTTLED

T = TypeVar("T")


class Conversation:
    """Send an account's requests over at most ``connections`` connections; safe to use from several threads."""

    def __init__(self, account: Authenticator, *, run_id: str, connections: int, mailboxes: int) -> None:
        self.front_ends: set[str] = set()
        self.server_version = ""
        self._account = account
        self._timeout = account.exchange.timeout
        self._lock = threading.Lock()
        self._halved = False
        self._back_off = BackOff(account.gate.folder)
        self._patience = Patience(self._timeout)
        self._sessions = StoreSessions(mailboxes)
        avoid: set[str] = set()
        self.pool = Pool(connections, lambda: Connection(account.exchange, run_id, avoid))

    def ask(self, call: Call, read: Callable[[Envelope], T], trouble_in: Callable[[T], Trouble | None]) -> T | Trouble:
        """Ask, again where retry.py says so, and return what ``read`` makes of the answer, or the last trouble.

        ``trouble_in`` finds trouble in what was read that is worth another try;
        when there are no more tries, that is the answer.
        """
        if self._why_closed is not None:
            return self._why_closed
        attempts = Attempts(self._timeout)
        started = time.monotonic()
        while True:
            envelope = self._read(self._once(call, attempts), call)
            found: T | Trouble
            trouble: Trouble | None
            if isinstance(envelope, Trouble):
                found = trouble = envelope
            else:
                found = fact = read(envelope)
                trouble = trouble_in(fact)
            if trouble is None or self._is_final(call, trouble, attempts):
                self._patience.learn(trouble, time.monotonic() - started)
                return found
            LEDGER.note(AGAIN)

    @property
    def _why_closed(self) -> Trouble | None:
        """Return why nothing is asked at all, None where there is no reason."""
        if not self._account.way:
            return Trouble(Kind.WAY_MISSING_HERE, self._account.no_way)
        return self._patience.exhausted

    def _is_final(self, call: Call, trouble: Trouble, attempts: Attempts) -> bool:
        """Whether a trouble is the answer; waits for the next try where it is not."""
        self.note(trouble, call.party)
        return self._account.may_have_judged(call, trouble) or not attempts.again(trouble)

    def pass_on(self, call: Call) -> HttpAnswer | Trouble:
        """Send once what another client wrote, by the same rules, and return the answer as it came; note throttling."""
        if self._why_closed is not None:
            return self._why_closed
        answer = self._once(call, Attempts(self._timeout, once=True))
        read = self._read(answer, call)
        for trouble in [read] if isinstance(read, Trouble) else answers.troubles(read):
            self.note(trouble, call.party)
        return answer

    def note(self, trouble: Trouble, party: str) -> None:
        """Note a throttling answer: remember its back-off, and halve the connections of the run once."""
        if trouble.kind not in THROTTLING:
            return
        self._back_off.note(party, trouble)
        LEDGER.note(THROTTLED)
        self._account.count("throttled")
        self._halve()

    def _halve(self) -> None:
        with self._lock:
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
            answer = self._in_turn(call, attempts)
            if answer is not None:
                return answer

    def _in_turn(self, call: Call, attempts: Attempts) -> HttpAnswer | Trouble | None:
        """Make the exchange when it is this call's turn; None if the server has since asked its party to wait."""
        waiting = time.monotonic()
        try:
            with self._sessions.hold(call.mailboxes), self.pool.line() as line:
                if line is None:
                    return Trouble(Kind.LOST_SIGN_IN, "no signed-in connection is left, and none may be added")
                attempts.deadline.extend(time.monotonic() - waiting)  # a queue of our own is not the server's time
                if self._back_off.left(call.party):
                    return None
                self._account.gate.check()
                return self._account.post(line, call, attempts.next())
        except SignInStopped as stopped:
            return Trouble(Kind.STOPPED, stopped.reason)
        except Broken as broken:
            return broken.trouble

    def _read(self, answer: HttpAnswer | Trouble, call: Call) -> Envelope | Trouble:
        """Read an answer. A SOAP answer to a request that showed the password proves it; an earlier one does not."""
        if isinstance(answer, Trouble):
            return answer
        read = answers.read(answer)
        soap = not isinstance(read, Trouble) or bool(read.fault_code)
        with self._lock:
            self.front_ends.update(name for name in answer.all("X-FEServer") if name)
        if soap and call.shown:
            self._account.prove()
        if soap and not self.server_version:
            self.server_version = read.version if isinstance(read, Envelope) else answers.version_of(answer)
        if isinstance(read, Envelope) and not self._account.proven:
            return Trouble(Kind.OTHER, "EWS answers without having been shown the password", status=answer.status)
        return read
