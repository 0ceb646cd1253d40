"""From the bytes of a signed-in request to the bytes of its answer: checks, limits, the operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_flowscape.simulator.ews.access import identify
from pytest_flowscape.simulator.ews.busy import busy, inner_busy
from pytest_flowscape.simulator.ews.convert_id import convert_id
from pytest_flowscape.simulator.ews.create_item import create_item
from pytest_flowscape.simulator.ews.delete_item import delete_item
from pytest_flowscape.simulator.ews.envelope import Refusal, Request, answer, fault, schema_fault
from pytest_flowscape.simulator.ews.find_folder import find_folder
from pytest_flowscape.simulator.ews.find_item import find_item
from pytest_flowscape.simulator.ews.front_end import XML, Reply
from pytest_flowscape.simulator.ews.get_folder import get_folder
from pytest_flowscape.simulator.ews.get_item import get_item
from pytest_flowscape.simulator.ews.get_mail_tips import get_mail_tips
from pytest_flowscape.simulator.ews.get_rooms import get_room_lists, get_rooms
from pytest_flowscape.simulator.ews.get_server_time_zones import get_server_time_zones
from pytest_flowscape.simulator.ews.get_user_availability import get_user_availability
from pytest_flowscape.simulator.ews.get_user_configuration import get_user_configuration
from pytest_flowscape.simulator.ews.limits import Limits, MailboxSessions
from pytest_flowscape.simulator.ews.operation import Call, Content, Operation
from pytest_flowscape.simulator.ews.resolve_names import resolve_names
from pytest_flowscape.simulator.ews.schema import SchemaCheck
from pytest_flowscape.simulator.ews.sync_folder_items import sync_folder_items
from pytest_flowscape.simulator.ews.update_item import update_item
from pytest_flowscape.simulator.ews.writes import count_write
from pytest_flowscape.simulator.meetings.delivery import PostOffice
from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.write_traps import Effect

OPERATIONS: dict[str, Operation] = {
    "GetFolder": get_folder,
    "FindFolder": find_folder,
    "FindItem": find_item,
    "GetItem": get_item,
    "CreateItem": create_item,
    "UpdateItem": update_item,
    "DeleteItem": delete_item,
    "SyncFolderItems": sync_folder_items,
    "ResolveNames": resolve_names,
    "ConvertId": convert_id,
    "GetServerTimeZones": get_server_time_zones,
    "GetUserAvailability": get_user_availability,
    "GetUserConfiguration": get_user_configuration,
    "GetRoomLists": get_room_lists,
    "GetRooms": get_rooms,
    "GetMailTips": get_mail_tips,
}


@dataclass
class Outcome:
    """A reply to send after the server's latency, and what to undo once it is sent (or cannot be).

    ``effect`` is what befalls the reply on its way: it is lost, or held.
    """

    reply: Reply
    request: Request | None = None
    done: Callable[[], None] = lambda: None
    effect: Effect | None = None


class SoapService:
    """Answers EWS requests of accounts that have signed in."""

    def __init__(self, organisation: Organisation, limits: Limits, schema: SchemaCheck) -> None:
        self.organisation = organisation
        self.limits = limits
        self.schema = schema
        self.post = PostOffice(organisation, limits.reactor)

    def handle(self, account: Account, data: bytes, parsed: Request | Refusal) -> Outcome:
        """Answer one request, and count it under its operation and the mailboxes that it names.

        ``parsed`` is what ``parse`` reads in the bytes of the request, or refuses them for.
        """
        counters = self.organisation.counters
        counters["ews.requests"] += 1
        problems = self.schema.check("request", data)
        request: Request | None = None
        try:
            if isinstance(parsed, Refusal):
                raise parsed
            request = parsed
            counters[f"ews.{request.operation}"] += 1
            for address in request.addresses:
                counters[f"mailbox.{address}"] += 1
            if problems:
                raise schema_fault(problems[0])
            operation = OPERATIONS.get(request.operation)
            if operation is None:
                raise Refusal("ErrorInvalidRequest")  # noqa: TRY301  likewise
            return self._answer_within_limits(operation, account, request)
        except Refusal as refusal:
            return Outcome(self._fault(refusal), request)

    def _answer_within_limits(self, operation: Operation, account: Account, request: Request) -> Outcome:
        """Answer a request, with what limits and planted traps do to it."""
        trap = count_write(self.organisation, account, request)
        if trap is not None and trap.effect is Effect.BUSY:
            self.organisation.policy.throttle, self.organisation.policy.throttle_count = "busy", trap.count
        busy_reply = self._busy_reply(request)
        if busy_reply is not None:
            return Outcome(busy_reply, request)
        if trap is not None and trap.effect in (Effect.LOST_BEFORE, Effect.HELD_BEFORE):
            return Outcome(Reply(503), request, effect=trap.effect)
        outcome = self._perform(operation, account, request)
        outcome.effect = trap.effect if trap is not None else None
        return outcome

    def _perform(self, operation: Operation, account: Account, request: Request) -> Outcome:
        leave = self.limits.enter()
        sessions: MailboxSessions | None = None
        try:
            caller = identify(self.organisation, account, request.impersonation)
            sessions = MailboxSessions(self.limits, caller)
            reply = self._reply(request, operation(Call(self.organisation, caller, request, sessions)))
        except Refusal as refusal:
            reply = self._fault(refusal)
        self.post.collect()

        def done() -> None:
            leave()
            if sessions is not None:
                sessions.close_later()

        return Outcome(reply, request, done)

    def _busy_reply(self, request: Request) -> Reply | None:
        """Return the busy answer that the policy demands for this request, None for no throttling."""
        kind = self.limits.throttle()
        if not kind:
            return None
        back_off = self.organisation.policy.back_off_ms
        if kind == "503":
            seconds = max(1, -(-back_off // 1000))
            return Reply(503, b"Service Unavailable", headers=(("Retry-After", str(seconds)),))
        return self._fault(busy(back_off)) if kind == "busy" else self._reply(request, inner_busy(request, back_off))

    def _reply(self, request: Request, content: Content) -> Reply:
        body = answer(request.operation, content, self.organisation.policy.server_version)
        self.schema.check(f"answer to {request.operation}", body)
        return Reply(200, body, XML)

    def _fault(self, refusal: Refusal) -> Reply:
        body = fault(refusal)
        self.schema.check("fault", body)
        return Reply(500, body, XML)
