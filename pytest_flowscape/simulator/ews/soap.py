"""From the bytes of a signed-in request to the bytes of its answer: checks, limits, the operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller, identify
from pytest_flowscape.simulator.ews.envelope import Refusal, Request, answer, fault, parse, refusal_message
from pytest_flowscape.simulator.ews.front import XML, Reply
from pytest_flowscape.simulator.ews.get_folder import get_folder
from pytest_flowscape.simulator.ews.resolve_names import resolve_names
from pytest_flowscape.simulator.ews.schema import SchemaCheck
from pytest_flowscape.simulator.ews.sessions import Limits, MailboxSessions
from pytest_flowscape.simulator.ews.sync_folder_items import sync_folder_items
from pytest_flowscape.simulator.model import Account, Organisation

Operation = Callable[[Organisation, Caller, Request, MailboxSessions], list[etree._Element]]  # noqa: SLF001  lxml's name for its type
OPERATIONS: dict[str, Operation] = {
    "GetFolder": get_folder,
    "SyncFolderItems": sync_folder_items,
    "ResolveNames": resolve_names,
}


@dataclass
class Outcome:
    """A reply to send after the server's latency, and what to undo once it is sent (or cannot be)."""

    reply: Reply
    request: Request | None = None
    done: Callable[[], None] = lambda: None


class SoapService:
    """Answers EWS requests of accounts that have signed in."""

    def __init__(self, organisation: Organisation, limits: Limits, schema: SchemaCheck) -> None:
        self.organisation = organisation
        self.limits = limits
        self.schema = schema

    def handle(self, account: Account, data: bytes) -> Outcome:
        """Answer one request, and count it under its operation and the mailboxes that it names."""
        counters = self.organisation.counters
        counters["ews.requests"] += 1
        problems = self.schema.check("request", data)
        request: Request | None = None
        try:
            request = parse(data)
            counters[f"ews.{request.operation}"] += 1
            for address in request.addresses:
                counters[f"mailbox.{address}"] += 1
            operation = OPERATIONS.get(request.operation)
            if operation is None:
                raise Refusal("ErrorInvalidRequest")  # noqa: TRY301  one way to write a refusal
            if problems:
                said = f"The request failed schema validation: {problems[0]}"
                raise Refusal("ErrorSchemaValidation", said, {"LineNumber": "1", "Violation": problems[0]})  # noqa: TRY301
            throttled = self._throttled(request)
            if throttled is not None:
                return Outcome(throttled, request)
            return self._perform(operation, account, request)
        except Refusal as refusal:
            return Outcome(self._fault(refusal), request)

    def _perform(self, operation: Operation, account: Account, request: Request) -> Outcome:
        leave = self.limits.enter()
        sessions: MailboxSessions | None = None
        try:
            caller = identify(self.organisation, account, request.impersonation)
            sessions = self.limits.sessions(caller)
            reply = self._answer(request.operation, operation(self.organisation, caller, request, sessions))
        except Refusal as refusal:
            reply = self._fault(refusal)

        def done() -> None:
            leave()
            if sessions is not None:
                sessions.close_later()

        return Outcome(reply, request, done)

    def _answer(self, operation: str, messages: list[etree._Element]) -> Reply:
        body = answer(operation, messages, self.organisation.policy.server_version)
        self.schema.check(f"answer to {operation}", body)
        return Reply(200, body, XML)

    def _fault(self, refusal: Refusal) -> Reply:
        body = fault(refusal)
        self.schema.check("fault", body)
        return Reply(500, body, XML)

    def _throttled(self, request: Request) -> Reply | None:
        """Give the busy answer that the policy demands for this request, None for no throttling."""
        kind = self.limits.throttle()
        if not kind:
            return None
        milliseconds = self.organisation.policy.back_off_ms
        back_off = {"BackOffMilliseconds": str(milliseconds)}
        if kind == "503":
            seconds = max(1, -(-milliseconds // 1000))
            return Reply(503, b"Service Unavailable", headers=(("Retry-After", str(seconds)),))
        busy = Refusal("ErrorServerBusy", values=back_off)
        if kind == "busy":
            return self._fault(busy)
        inner = Refusal(
            "ErrorInternalServerError",
            values={
                "InnerErrorMessageText": busy.text,
                "InnerErrorResponseCode": busy.code,
                "InnerErrorDescriptiveLinkKey": "0",
                **back_off,
            },
        )
        ids = sum(1 for e in request.body.iter() if etree.QName(e).localname in ("FolderId", "DistinguishedFolderId"))
        name = f"{request.operation}ResponseMessage"
        return self._answer(request.operation, [refusal_message(name, inner) for _ in range(max(1, ids))])
