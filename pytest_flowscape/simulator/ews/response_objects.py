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

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.envelope import NS, Refusal, T, required
from pytest_flowscape.simulator.ews.item_access import ItemTarget, find_item
from pytest_flowscape.simulator.ews.item_ids import item_id, read_change_key
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.writes import CANCEL, permit_write
from pytest_flowscape.simulator.meetings.attendants import copy_of, settle
from pytest_flowscape.simulator.meetings.letters import keep_copy, meeting_of, owner, post, response
from pytest_flowscape.simulator.meetings.organizing import TO_NONE, Desk, cancel, organizes
from pytest_flowscape.simulator.model import Mailbox, Organisation
from pytest_flowscape.simulator.model_items import Item, Person, Value
from pytest_flowscape.simulator.model_meetings import Meeting

# MessageDisposition, as what it means for those invited
_HOW = {"SaveOnly": "SendToNone", "SendOnly": "SendOnlyToAll", "SendAndSaveCopy": "SendToAllAndSaveCopy"}


@dataclass(frozen=True)
class Answer:
    """One way to answer a request, and the codes that refuse it."""

    response: str
    of_organizer: str
    of_cancelled: str
    of_other: str


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


def respond(
    organisation: Organisation, caller: Caller, element: etree._Element, disposition: str, sessions: MailboxSessions
) -> list[etree._Element]:
    """Carry out one response object of a CreateItem, and give the items that it made. Raises Refusal."""
    if not disposition:
        raise Refusal("ErrorMessageDispositionRequired")
    reference = required(element, "t:ReferenceItemId")
    target = find_item(organisation, caller, reference, sessions)
    known = read_change_key(reference)
    if known is None:
        raise Refusal("ErrorChangeKeyRequired")
    if known != target.item.changed:
        raise Refusal("ErrorStaleObject")
    name = etree.QName(element).localname
    desk = Desk(organisation, target.mailbox, _HOW[disposition], datetime.now(timezone.utc))
    text = (element.findtext("t:NewBodyContent", "", NS) or element.findtext("t:Body", "", NS)).strip()
    if name == "CancelCalendarItem":
        return _cancel(desk, caller, target, text)
    return _answer(desk, caller, target, _ANSWERS[name], text)


def _cancel(desk: Desk, caller: Caller, target: ItemTarget, text: str) -> list[etree._Element]:
    item, mailbox = target.item, target.mailbox
    if item.kind != "CalendarItem":
        raise Refusal("ErrorInvalidItemForOperationCancelItem")
    if not organizes(mailbox, item):
        raise Refusal("ErrorCalendarIsNotOrganizer")
    if "Delete" not in target.rights:
        raise Refusal("ErrorAccessDenied")
    permit_write(desk.organisation, caller, mailbox, CANCEL)
    cancel(desk, item, text=text)
    mailbox.opened().move(item, "deleteditems")
    return []


def _answer(desk: Desk, caller: Caller, target: ItemTarget, answer: Answer, text: str) -> list[etree._Element]:
    organisation, mailbox, item = desk.organisation, target.mailbox, target.item
    if item.kind not in ("CalendarItem", "MeetingRequest"):
        raise Refusal(answer.of_other)
    if organizes(mailbox, item):
        raise Refusal(answer.of_organizer)
    if item.values.get("calendar:IsCancelled"):
        raise Refusal(answer.of_cancelled)
    if "Modify" not in target.rights:
        raise Refusal("ErrorAccessDenied")
    permit_write(organisation, caller, mailbox, "CreateItem")
    meeting = _invited_to(organisation, mailbox, item)
    held = settle(mailbox, meeting, answer.response, desk.now)
    if item.kind == "MeetingRequest":
        mailbox.opened().move(item, "deleteditems")
    if desk.how != TO_NONE:
        sender = Person(caller.acting.display_name, caller.acting.mail)
        letter = response(meeting, answer.response, text, sender=sender, author=owner(organisation, mailbox))
        post(organisation, letter)
        if desk.how.endswith("SaveCopy"):
            keep_copy(mailbox, letter, (letter.to,), desk.now)
    return [] if held is None else [T.CalendarItem(item_id(organisation, mailbox, held))]


def _invited_to(organisation: Organisation, mailbox: Mailbox, item: Item) -> Meeting:
    """Return the meeting behind a request or an attendee's copy: the copy's values, with what the request has newer."""
    held = copy_of(mailbox, item.uid)
    meeting = meeting_of(organisation, mailbox, held if held is not None else item)
    organizer = item.values.get("calendar:Organizer")
    return Meeting(
        meeting.uid,
        organizer if isinstance(organizer, Person) else meeting.organizer,
        meeting.sequence,
        meeting.values if held is None else {**meeting.values, **_newer(item)},
    )


def _newer(item: Item) -> dict[str, Value]:
    return {uri: item.values[uri] for uri in ("calendar:Start", "calendar:End") if uri in item.values}
