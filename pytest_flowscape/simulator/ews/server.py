"""The EWS endpoint as an HTTP resource: sign-in, conditions in front of EWS, then SOAP; every request is logged."""

from __future__ import annotations

import traceback
import uuid
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from twisted.python.failure import Failure
from twisted.web import resource, server

from pytest_flowscape.simulator.answer_holds import AnswerQueue, hold_for
from pytest_flowscape.simulator.ews.authentication import Authenticator, Connection
from pytest_flowscape.simulator.ews.envelope import Refusal, Request, parse
from pytest_flowscape.simulator.ews.front_end import Reply, front_reply, unauthorized
from pytest_flowscape.simulator.ews.request_log import note_request, summary
from pytest_flowscape.simulator.ews.soap import Outcome, SoapService
from pytest_flowscape.simulator.model import Organisation
from pytest_flowscape.simulator.write_traps import Effect

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
        answer_queue: AnswerQueue,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._reactor = reactor
        self._organisation = organisation
        self._authenticator = authenticator
        self._soap = soap
        self._answer_queue = answer_queue
        self._connections: WeakKeyDictionary[Any, Connection] = WeakKeyDictionary()
        self._numbers = count(1)

    def render(self, request: Any) -> int:
        """Answer a request, at once or after the policy's latency; or never, where the policy is silent."""
        received = self._reactor.seconds()
        policy = self._organisation.policy
        connection = self._connection(request)
        parsed = _parse(request)
        entry = note_request(self._organisation, request, connection, parsed)
        self._set_headers(request, connection)
        if policy.silent or policy.before_sign_in == SILENT:
            return server.NOT_DONE_YET
        try:
            outcome = self._outcome(request, connection, entry, parsed)
        except Exception:  # noqa: BLE001  a defect of the simulator must not look like an answer of Exchange
            self._soap.schema.problems.append(f"simulator error: {traceback.format_exc()}")
            outcome = Outcome(Reply(500, b"simulator error", "text/plain"))
        if hold_for(policy.answer_holds, str(entry["operation"])) is not None:
            outcome.effect = Effect.HELD
        if outcome.request is not None:
            self._apply_outages(outcome)
        lost = outcome.effect in (Effect.LOST, Effect.LOST_BEFORE)
        entry["status"] = 0 if lost else outcome.reply.status
        stalled = policy.stalled_until - self._reactor.seconds()
        # the answer leaves so long after the request came, whatever it took to make
        latency = received + policy.latency - self._reactor.seconds() if outcome.request and policy.latency else 0.0
        _Delivery(request, outcome, self._answer_queue).after(self._reactor, max(latency, stalled))
        return server.NOT_DONE_YET

    def _apply_outages(self, outcome: Outcome) -> None:
        """Count an answer of EWS, and do to it what the policy does to one of so many."""
        policy = self._organisation.policy
        if policy.drop_every is not None:
            self._organisation.counters["ews.answers"] += 1
            if self._organisation.counters["ews.answers"] % policy.drop_every == 0:
                outcome.effect = Effect.LOST
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

    def _set_headers(self, request: Any, connection: Connection) -> None:
        request.setHeader("server", "Microsoft-IIS/10.0")
        request.setHeader("x-feserver", connection.front_end)
        request.setHeader("request-id", str(uuid.uuid4()))
        own_id = request.getHeader("client-request-id") or ""
        if own_id and (request.getHeader("return-client-request-id") or "").lower() == "true":
            request.setHeader("client-request-id", own_id)

    def _outcome(
        self, request: Any, connection: Connection, entry: dict[str, object], parsed: Request | Refusal
    ) -> Outcome:
        policy = self._organisation.policy
        early = front_reply(policy.before_sign_in or self._bad_answer(connection))
        if early is not None:
            return Outcome(early)
        if request.path.decode("latin-1").lower() != PATH:
            return Outcome(front_reply("404") or Reply(404))
        answer = self._authenticator.authenticate(request.getHeader("authorization") or "", connection)
        if answer.account is None:
            return Outcome(unauthorized(answer.challenges))
        entry["user"] = self._organisation.logon_name(answer.account)
        entry["way"] = connection.way
        late = front_reply("403" if answer.account.ews_blocked else policy.after_sign_in)
        if late is not None:
            return Outcome(late)
        if request.method != b"POST":
            return Outcome(Reply(405, headers=(("Allow", "POST"),)))
        outcome = self._soap.handle(answer.account, _body(request), parsed)
        if outcome.request is not None:
            entry.update(summary(outcome.request))
        return outcome

    def _bad_answer(self, connection: Connection) -> str:
        """Return what a front end that serves no EWS answers instead, empty for a good one."""
        policy = self._organisation.policy
        if not policy.bad_front_end or connection.front_end != policy.bad_front_end or policy.bad_answers == 0:
            return ""
        if policy.bad_answers is not None:
            policy.bad_answers -= 1
        return "503"


def _body(request: Any) -> bytes:
    if request.content is None:
        return b""
    request.content.seek(0)
    data: bytes = request.content.read()
    return data


def _parse(request: Any) -> Request | Refusal:
    """Read the body, or return what EWS would refuse it for."""
    try:
        return parse(_body(request))
    except Refusal as refusal:
        return refusal


class _Delivery:
    """Sends one outcome later, unless the client has gone; what is to be undone is undone exactly once."""

    def __init__(self, request: Any, outcome: Outcome, answer_queue: AnswerQueue) -> None:
        self._request = request
        self._outcome = outcome
        self._answer_queue = answer_queue
        self._gone = False
        request.notifyFinish().addErrback(self._end)

    def after(self, reactor: Any, seconds: float) -> None:
        if self._outcome.effect in (Effect.HELD, Effect.HELD_BEFORE):
            self._answer_queue.keep(self._send)
        elif self._outcome.effect in (Effect.LOST, Effect.LOST_BEFORE):
            self._request.channel.transport.abortConnection()  # which calls _end
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

    def _end(self, failure: Failure) -> None:  # noqa: ARG002  Twisted's signature
        self._gone = True
        self._answer_queue.discard(self._send)
        self._outcome.done()
        self._outcome.done = lambda: None
