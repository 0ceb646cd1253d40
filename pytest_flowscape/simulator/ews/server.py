"""The EWS endpoint as an HTTP resource: sign-in, conditions in front of EWS, then SOAP; every request is logged."""

from __future__ import annotations

import time
import traceback
import uuid
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from twisted.python.failure import Failure
from twisted.web import resource, server

from pytest_flowscape.simulator.ews.authentication import Authenticator, Connection
from pytest_flowscape.simulator.ews.envelope import Refusal, Request, parse
from pytest_flowscape.simulator.ews.front import Reply, front_reply, unauthorized
from pytest_flowscape.simulator.ews.holding import Holding
from pytest_flowscape.simulator.ews.soap import Outcome, SoapService
from pytest_flowscape.simulator.ews.wanted import wanted
from pytest_flowscape.simulator.held_answers import due
from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.write_traps import Spring

PATH = "/ews/exchange.asmx"
SILENT = "silent"


class EwsResource(resource.Resource):
    """Everything under the root of the HTTPS listener."""

    isLeaf = True  # noqa: N815  Twisted's name

    def __init__(
        self,
        reactor: Any,
        organisation: Organisation,
        authenticator: Authenticator,
        soap: SoapService,
        holding: Holding,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._reactor = reactor
        self._organisation = organisation
        self._authenticator = authenticator
        self._soap = soap
        self._holding = holding
        self._connections: WeakKeyDictionary[Any, Connection] = WeakKeyDictionary()
        self._numbers = count(1)

    def render(self, request: Any) -> int:
        """Answer a request, at once or after the policy's latency; or never, where the policy is silent."""
        came = self._reactor.seconds()
        policy = self._organisation.policy
        connection = self._connection(request)
        asked = _asked(request)
        entry = self._log_entry(request, connection, asked)
        if policy.silent or policy.before_sign_in == SILENT:
            return server.NOT_DONE_YET
        try:
            outcome = self._outcome(request, connection, entry, asked)
        except Exception:  # noqa: BLE001  a defect of the simulator must not look like an answer of Exchange
            self._soap.schema.problems.append(f"simulator error: {traceback.format_exc()}")
            outcome = Outcome(Reply(500, b"simulator error", "text/plain"))
        if due(policy.held, str(entry["operation"])) is not None:
            outcome.spring = Spring.HELD
        if outcome.request is not None:
            self._outages(outcome)
        lost = outcome.spring in (Spring.LOST, Spring.LOST_BEFORE)
        entry["status"] = 0 if lost else outcome.reply.status
        stalled = policy.stalled_until - self._reactor.seconds()
        # the answer leaves so long after the request came, whatever it took to make
        latency = came + policy.latency - self._reactor.seconds() if outcome.request and policy.latency else 0.0
        _Delivery(request, outcome, self._holding).after(self._reactor, max(latency, stalled))
        return server.NOT_DONE_YET

    def _outages(self, outcome: Outcome) -> None:
        """Count an answer of EWS, and do to it what the policy does to one of so many."""
        policy = self._organisation.policy
        if policy.drop_every is not None:
            self._organisation.counters["ews.answers"] += 1
            if self._organisation.counters["ews.answers"] % policy.drop_every == 0:
                outcome.spring = Spring.LOST
                self._organisation.counters["ews.dropped"] += 1
        if policy.stall_after is not None:
            policy.stall_after -= 1
            if policy.stall_after <= 0:
                policy.stall_after = None
                policy.stalled_until = self._reactor.seconds() + policy.stall_seconds

    def _connection(self, request: Any) -> Connection:
        channel = request.channel
        if channel not in self._connections:
            number = next(self._numbers)
            names = self._organisation.policy.front_ends
            self._connections[channel] = Connection(number, names[number % len(names)])
            self._organisation.counters["ews.http_connections"] += 1
        return self._connections[channel]

    def _log_entry(self, request: Any, connection: Connection, asked: Request | Refusal) -> dict[str, object]:
        entry: dict[str, object] = {
            "time": time.time(),
            "operation": "",
            "mailboxes": [],
            "impersonated": "",
            "connection": connection.number,
            "status": 0,
            "user": "",
            "way": "",
            "request_id": request.getHeader("client-request-id") or "",
            "user_agent": request.getHeader("user-agent") or "",
            # what tests look for in everything that a client leaves behind
            "authorization": request.getHeader("authorization") or "",
            "sent": _sent(request, connection, asked),
        }
        self._organisation.log.append(entry)
        request.setHeader("server", "Microsoft-IIS/10.0")
        request.setHeader("x-feserver", connection.front_end)
        request.setHeader("request-id", str(uuid.uuid4()))
        if entry["request_id"] and (request.getHeader("return-client-request-id") or "").lower() == "true":
            request.setHeader("client-request-id", str(entry["request_id"]))
        return entry

    def _outcome(
        self, request: Any, connection: Connection, entry: dict[str, object], asked: Request | Refusal
    ) -> Outcome:
        policy = self._organisation.policy
        early = front_reply(policy.before_sign_in or self._spoilt(connection))
        if early is not None:
            return Outcome(early)
        if request.path.decode("latin-1").lower() != PATH:
            return Outcome(front_reply("404") or Reply(404))
        judged = self._authenticator.authenticate(request.getHeader("authorization") or "", connection)
        if judged.account is None:
            return Outcome(unauthorized(judged.challenges))
        entry["user"] = self._organisation.logon_name(judged.account)
        entry["way"] = connection.way
        late = front_reply("403" if judged.account.ews_blocked else policy.after_sign_in)
        if late is not None:
            return Outcome(late)
        if request.method != b"POST":
            return Outcome(Reply(405, headers=(("Allow", "POST"),)))
        return self._soap_outcome(request, judged.account, entry, asked)

    def _spoilt(self, connection: Connection) -> str:
        """Return what a front end that serves no EWS answers instead, empty for a good one."""
        policy = self._organisation.policy
        if not policy.bad_front_end or connection.front_end != policy.bad_front_end or policy.bad_answers == 0:
            return ""
        if policy.bad_answers is not None:
            policy.bad_answers -= 1
        return "503"

    def _soap_outcome(
        self, request: Any, account: Account, entry: dict[str, object], asked: Request | Refusal
    ) -> Outcome:
        outcome = self._soap.handle(account, _body(request), asked)
        if outcome.request is not None:
            told = outcome.request
            entry["operation"] = told.operation
            entry["mailboxes"] = list(told.addresses)
            entry["impersonated"] = told.impersonation.value if told.impersonation else ""
        return outcome


def _body(request: Any) -> bytes:
    if request.content is None:
        return b""
    request.content.seek(0)
    data: bytes = request.content.read()
    return data


def _asked(request: Any) -> Request | Refusal:
    """Read the body, or give what EWS would refuse it for."""
    try:
        return parse(_body(request))
    except Refusal as refusal:
        return refusal


def _sent(request: Any, connection: Connection, asked: Request | Refusal) -> dict[str, object]:
    """Return what the body asks and as whom, whether or not EWS will ever see it: a sign-in's legs carry it too."""
    connection.credentials = connection.credentials or bool(request.getHeader("authorization"))
    if isinstance(asked, Refusal):
        return {"operation": "", "impersonated": "", "mailboxes": [], "credentials": connection.credentials}
    return wanted(asked) | {
        "operation": asked.operation,
        "impersonated": asked.impersonation.value if asked.impersonation else "",
        "mailboxes": list(asked.addresses),
        "credentials": connection.credentials,
    }


class _Delivery:
    """Sends one outcome later, unless the client has gone; what is to be undone is undone exactly once."""

    def __init__(self, request: Any, outcome: Outcome, holding: Holding) -> None:
        self._request = request
        self._outcome = outcome
        self._holding = holding
        self._gone = False
        request.notifyFinish().addErrback(self._lost)

    def after(self, reactor: Any, seconds: float) -> None:
        if self._outcome.spring in (Spring.HELD, Spring.HELD_BEFORE):
            self._holding.hold(self._send)
        elif self._outcome.spring in (Spring.LOST, Spring.LOST_BEFORE):
            self._request.channel.transport.abortConnection()  # which calls _lost
        elif seconds > 0:
            reactor.callLater(seconds, self._send)
        else:
            self._send()

    def _send(self) -> None:
        if self._gone:
            return
        reply = self._outcome.reply
        self._request.setResponseCode(reply.status)
        self._request.setHeader("content-type", reply.content_type)
        self._request.setHeader("content-length", str(len(reply.body)))
        for name, value in reply.headers:
            self._request.responseHeaders.addRawHeader(name, value)
        self._outcome.done()
        self._outcome.done = lambda: None
        if reply.body:
            self._request.write(reply.body)
        self._request.finish()

    def _lost(self, failure: Failure) -> None:  # noqa: ARG002  Twisted's signature
        self._gone = True
        self._holding.discard(self._send)
        self._outcome.done()
        self._outcome.done = lambda: None
