"""CreateItem with a response object: a meeting cancelled by its organizer, or answered by somebody invited.

EWS reference, "CancelCalendarItem", "AcceptItem", "TentativelyAcceptItem",
"DeclineItem", and "ResponseCode" for the refusals. A cancelled meeting is moved
to Deleted Items, as is the request that was answered. The change key of the
item must be given, and be the newest one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, Refusal, T, required
from pytest_flowscape.simulator.ews.item_access import ItemTarget, find_item
from pytest_flowscape.simulator.ews.item_ids import item_id, read_change_key
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.ews.writes import CANCEL, permit_write
from pytest_flowscape.simulator.meetings.attendants import copy_of, settle
from pytest_flowscape.simulator.meetings.letters import keep_copy, meeting_of, owner, post, response
from pytest_flowscape.simulator.meetings.organizer import TO_NONE, Desk, cancel, organizes
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item, Person, Value
from pytest_flowscape.simulator.model_meetings import Meeting

# MessageDisposition, as what it means for those invited
_HOW = {"SaveOnly": "SendToNone", "SendOnly": "SendOnlyToAll", "SendAndSaveCopy": "SendToAllAndSaveCopy"}


@dataclass(frozen=True)
class Answer:
    """One way to answer a request, and the codes that refuse it: to the organizer, for a cancelled one, for others."""

    response: str
    organizer_code: str
    cancelled_code: str
    other_code: str


_ANSWERS = {
    "AcceptItem": Answer(
        "Accept",
        "ErrorCalendarIsOrganizerForAccept",
        "ErrorCalendarIsCancelledForAccept",
        "ErrorInvalidItemForOperationAcceptItem",
    ),
    "TentativelyAcceptItem": Answer(
        "Tentative",
        "ErrorCalendarIsOrganizerForTentative",
        "ErrorCalendarIsCancelledForTentative",
        "ErrorInvalidItemForOperationTentative",
    ),
    "DeclineItem": Answer(
        "Decline",
        "ErrorCalendarIsOrganizerForDecline",
        "ErrorCalendarIsCancelledForDecline",
        "ErrorInvalidItemForOperationDeclineItem",
    ),
}
RESPONSE_OBJECTS = ("CancelCalendarItem", *_ANSWERS)


def respond(call: Call, element: etree._Element, disposition: str) -> list[etree._Element]:
    """Carry out one response object of a CreateItem, and return the items that it creates. Raises Refusal."""
    if not disposition:
        raise Refusal("ErrorMessageDispositionRequired")
    reference = required(element, "t:ReferenceItemId")
    target = find_item(call, reference)
    known = read_change_key(reference)
    if known is None:
        raise Refusal("ErrorChangeKeyRequired")
    if known != target.item.changed:
        raise Refusal("ErrorStaleObject")
    name = etree.QName(element).localname
    desk = Desk(call.organisation, target.mailbox, _HOW[disposition], datetime.now(timezone.utc))
    text = (element.findtext("t:NewBodyContent", "", NS) or element.findtext("t:Body", "", NS)).strip()
    if name == "CancelCalendarItem":
        return _cancel(call, desk, target, text)
    return _answer(call, desk, target, _ANSWERS[name], text)


def _cancel(call: Call, desk: Desk, target: ItemTarget, text: str) -> list[etree._Element]:
    item, mailbox = target.item, target.mailbox
    if item.kind != "CalendarItem":
        raise Refusal("ErrorInvalidItemForOperationCancelItem")
    if not organizes(mailbox, item):
        raise Refusal("ErrorCalendarIsNotOrganizer")
    if "Delete" not in target.rights:
        raise Refusal("ErrorAccessDenied")
    permit_write(call, mailbox, CANCEL)
    cancel(desk, item, text=text)
    mailbox.contents().move(item, "deleteditems")
    return []


def _answer(call: Call, desk: Desk, target: ItemTarget, answer: Answer, text: str) -> list[etree._Element]:
    organisation, mailbox, item = desk.organisation, target.mailbox, target.item
    if item.kind not in ("CalendarItem", "MeetingRequest"):
        raise Refusal(answer.other_code)
    if organizes(mailbox, item):
        raise Refusal(answer.organizer_code)
    if item.values.get("calendar:IsCancelled"):
        raise Refusal(answer.cancelled_code)
    if "Modify" not in target.rights:
        raise Refusal("ErrorAccessDenied")
    permit_write(call, mailbox, "CreateItem")
    meeting = _meeting_behind(organisation, mailbox, item)
    held = settle(mailbox, meeting, answer.response, desk.now)
    if item.kind == "MeetingRequest":
        mailbox.contents().move(item, "deleteditems")
    if desk.how != TO_NONE:
        sender = Person(call.caller.acting.display_name, call.caller.acting.mail)
        letter = response(meeting, answer.response, text, sender=sender, author=owner(organisation, mailbox))
        post(organisation, letter)
        if desk.how.endswith("SaveCopy"):
            keep_copy(mailbox, letter, (letter.to,), desk.now)
    return [] if held is None else [T.CalendarItem(item_id(organisation, mailbox, held))]


def _meeting_behind(organisation: Organisation, mailbox: Mailbox, item: Item) -> Meeting:
    """Return the meeting behind a request or an attendee's copy: the copy's values, with what the request has newer."""
    held = copy_of(mailbox, item.uid)
    meeting = meeting_of(organisation, mailbox, held if held is not None else item)
    organizer = item.values.get("calendar:Organizer")
    return Meeting(
        meeting.uid,
        organizer if isinstance(organizer, Person) else meeting.organizer,
        meeting.sequence,
        meeting.values if held is None else {**meeting.values, **_newer_times(item)},
    )


def _newer_times(item: Item) -> dict[str, Value]:
    return {uri: item.values[uri] for uri in ("calendar:Start", "calendar:End") if uri in item.values}
