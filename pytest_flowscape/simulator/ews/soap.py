"""From the bytes of a signed-in request to the bytes of its answer: checks, limits, the operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller, identify
from pytest_flowscape.simulator.ews.convert_id import convert_id
from pytest_flowscape.simulator.ews.create_item import create_item
from pytest_flowscape.simulator.ews.delete_item import delete_item
from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, Request, answer, fault, refusal_message
from pytest_flowscape.simulator.ews.find_folder import find_folder
from pytest_flowscape.simulator.ews.find_item import find_item
from pytest_flowscape.simulator.ews.front import XML, Reply
from pytest_flowscape.simulator.ews.get_folder import get_folder
from pytest_flowscape.simulator.ews.get_item import get_item
from pytest_flowscape.simulator.ews.get_mail_tips import get_mail_tips
from pytest_flowscape.simulator.ews.get_room_lists import get_room_lists
from pytest_flowscape.simulator.ews.get_rooms import get_rooms
from pytest_flowscape.simulator.ews.get_server_time_zones import get_server_time_zones
from pytest_flowscape.simulator.ews.get_user_availability import get_user_availability, refused
from pytest_flowscape.simulator.ews.get_user_configuration import get_user_configuration
from pytest_flowscape.simulator.ews.resolve_names import resolve_names
from pytest_flowscape.simulator.ews.schema import SchemaCheck
from pytest_flowscape.simulator.ews.sessions import Limits, MailboxSessions
from pytest_flowscape.simulator.ews.sync_folder_items import refused as refused_sync
from pytest_flowscape.simulator.ews.sync_folder_items import sync_folder_items
from pytest_flowscape.simulator.ews.update_item import update_item
from pytest_flowscape.simulator.ews.writes import note_write
from pytest_flowscape.simulator.meetings.delivery import PostOffice
from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.write_traps import Spring

# a list of response messages, or the whole response where it has none
Content = list[etree._Element] | etree._Element  # noqa: SLF001  lxml's name for its type
Operation = Callable[[Organisation, Caller, Request, MailboxSessions], Content]
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
# elements that have a response message of their own each
ONE_ANSWER_EACH = ("FolderId", "DistinguishedFolderId", "AlternateId")
# operations with a response message for each child of this element
HOLDS_ITEMS = {"GetItem": "ItemIds", "CreateItem": "Items", "UpdateItem": "ItemChanges", "DeleteItem": "ItemIds"}


@dataclass
class Outcome:
    """A reply to send after the server's latency, and what to undo once it is sent (or cannot be).

    ``spring`` is what befalls the reply on its way: it is lost, or held.
    """

    reply: Reply
    request: Request | None = None
    done: Callable[[], None] = lambda: None
    spring: Spring | None = None


class SoapService:
    """Answers EWS requests of accounts that have signed in."""

    def __init__(self, organisation: Organisation, limits: Limits, schema: SchemaCheck) -> None:
        self.organisation = organisation
        self.limits = limits
        self.schema = schema
        self.post = PostOffice(organisation, limits.reactor)

    def handle(self, account: Account, data: bytes, asked: Request | Refusal) -> Outcome:
        """Answer one request, and count it under its operation and the mailboxes that it names.

        ``asked`` is what ``parse`` reads in the bytes of the request, or refuses them for.
        """
        counters = self.organisation.counters
        counters["ews.requests"] += 1
        problems = self.schema.check("request", data)
        request: Request | None = None
        try:
            if isinstance(asked, Refusal):
                raise asked
            request = asked
            counters[f"ews.{request.operation}"] += 1
            for address in request.addresses:
                counters[f"mailbox.{address}"] += 1
            if problems:
                said = f"The request failed schema validation: {problems[0]}"
                raise Refusal("ErrorSchemaValidation", said, {"LineNumber": "1", "Violation": problems[0]})  # noqa: TRY301
            operation = OPERATIONS.get(request.operation)
            if operation is None:
                raise Refusal("ErrorInvalidRequest")  # noqa: TRY301  one way to write a refusal
            return self._befallen(operation, account, request)
        except Refusal as refusal:
            return Outcome(self._fault(refusal), request)

    def _befallen(self, operation: Operation, account: Account, request: Request) -> Outcome:
        """Answer a request, with what limits and planted traps do to it."""
        trap = note_write(self.organisation, account, request)
        if trap is not None and trap.spring is Spring.BUSY:
            self.organisation.policy.throttle, self.organisation.policy.throttle_count = "busy", trap.count
        throttled = self._throttled(request)
        if throttled is not None:
            return Outcome(throttled, request)
        if trap is not None and trap.spring in (Spring.LOST_BEFORE, Spring.HELD_BEFORE):
            return Outcome(Reply(503), request, spring=trap.spring)
        outcome = self._perform(operation, account, request)
        outcome.spring = trap.spring if trap is not None else None
        return outcome

    def _perform(self, operation: Operation, account: Account, request: Request) -> Outcome:
        leave = self.limits.enter()
        sessions: MailboxSessions | None = None
        try:
            caller = identify(self.organisation, account, request.impersonation)
            sessions = self.limits.sessions(caller)
            reply = self._answer(request.operation, operation(self.organisation, caller, request, sessions))
        except Refusal as refusal:
            reply = self._fault(refusal)
        self.post.collect()

        def done() -> None:
            leave()
            if sessions is not None:
                sessions.close_later()

        return Outcome(reply, request, done)

    def _answer(self, operation: str, content: Content) -> Reply:
        body = answer(operation, content, self.organisation.policy.server_version)
        self.schema.check(f"answer to {operation}", body)
        return Reply(200, body, XML)

    def _fault(self, refusal: Refusal) -> Reply:
        body = fault(refusal)
        self.schema.check("fault", body)
        return Reply(500, body, XML)

    def _throttled(self, request: Request) -> Reply | None:
        """Return the busy answer that the policy demands for this request, None for no throttling."""
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
        if request.operation == "GetUserAvailability":
            return self._answer(request.operation, refused(request, inner))
        if request.operation in ("GetRooms", "GetRoomLists", "GetMailTips"):
            return self._answer(request.operation, refusal_message(f"{request.operation}Response", inner))
        if request.operation == "SyncFolderItems":
            return self._answer(request.operation, [refused_sync(inner)])
        name = f"{request.operation}ResponseMessage"
        if request.operation == "GetServerTimeZones":  # its schema wants the element in a refusal too
            return self._answer(request.operation, [refusal_message(name, inner, M.TimeZoneDefinitions())])
        holder = HOLDS_ITEMS.get(request.operation)
        held = None if holder is None else request.body.find(f"m:{holder}", NS)
        if held is not None:
            # an element of its own for each answer: lxml would move a shared one from answer to answer
            empty = [] if request.operation == "DeleteItem" else [M.Items]
            answers = [refusal_message(name, inner, *(make() for make in empty)) for _ in held]
            return self._answer(request.operation, answers)
        ids = sum(1 for e in request.body.iter() if etree.QName(e).localname in ONE_ANSWER_EACH)
        return self._answer(request.operation, [refusal_message(name, inner) for _ in range(max(1, ids))])
