"""What is sent for a booking, request by request: harmless, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

import pytest
from exchangelib import CalendarItem
from lxml import etree

from pytest_flowscape.booking import calls
from pytest_flowscape.booking.calls import Patience
from pytest_flowscape.booking.client.account import AccountSettings
from pytest_flowscape.booking.client.booking_calendar import BookingCalendar
from pytest_flowscape.facts import TAG_NAME, TAG_SET, Kind, Trouble, Written
from pytest_flowscape.probes.ews import item_answers
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import MESSAGES, TYPES
from pytest_flowscape.site.model import Exchange
from tests.probes.ews_samples import fault, response

ROOM = "atlas@demo.test"
BEGIN = datetime(2031, 3, 5, 2, tzinfo=timezone.utc)
ITEM = Written(ROOM, "calendar", "run/1", "Flowscape acceptance test run/1", BEGIN, BEGIN + timedelta(minutes=30))
NAMES = {"m": MESSAGES, "t": TYPES}
IMPATIENT = Patience(2, 5.0)


class Wire:
    """Takes what a session would send, and answers as it should, in order; the last answer forever."""

    def __init__(self, *answers: bytes | Trouble) -> None:
        self.answers = list(answers)
        self.sent: list[etree._Element] = []

    def pass_on(self, body: bytes, *, anchor: str, headers: Mapping[str, str]) -> HttpAnswer | Trouble:
        self.sent.append(etree.fromstring(body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Trouble):
            return answer
        return HttpAnswer(500 if b"Fault" in answer else 200, (("Content-Type", "text/xml"),), answer)


def calendar(wire: Wire) -> BookingCalendar:
    settings = AccountSettings(Exchange("mail.demo.test"), "D\\svc", "NTLM", "15.2.1748.10")
    return BookingCalendar(wire, settings, ROOM)


def success(operation: str) -> bytes:
    item = '<t:CalendarItem><t:ItemId Id="AAA" ChangeKey="BBB"/></t:CalendarItem>'
    return response(
        operation,
        f'<m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"<m:Items>{item}</m:Items></m:{operation}ResponseMessage>",
    )


def creation() -> bytes:
    return success("CreateItem")


def busy() -> bytes:
    return fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">10</t:Value>')


def text(request: etree._Element, path: str) -> list[str]:
    return [str(element.text) for element in request.iterfind(f".//{path}", NAMES)]


def test_a_booking_is_free_has_no_reminder_no_attendees_and_is_sent_to_nobody() -> None:
    wire = Wire(creation())
    envelopes = calls.send(lambda: calendar(wire).create(ITEM, "Body"))
    assert not isinstance(envelopes, Trouble)
    assert [item.item_id for item in item_answers.items(envelopes)] == ["AAA"]
    (request,) = wire.sent
    operation = request.find(".//m:CreateItem", NAMES)
    assert operation is not None
    assert operation.get("SendMeetingInvitations") == "SendToNone"
    assert text(request, "t:LegacyFreeBusyStatus") == ["Free"]
    assert text(request, "t:ReminderIsSet") in (["false"], ["0"])
    assert text(request, "t:Subject") == [ITEM.subject]
    assert text(request, "t:Mailbox/t:EmailAddress") == [ROOM]  # of the folder, and of nobody else
    for people in ("RequiredAttendees", "OptionalAttendees", "Resources"):
        assert request.find(f".//t:{people}", NAMES) is None
    (name,) = request.iterfind(".//t:ExtendedFieldURI", NAMES)
    assert (name.get("PropertySetId"), name.get("PropertyName")) == (TAG_SET, TAG_NAME)
    assert text(request, "t:ExtendedProperty/t:Value") == [ITEM.tag]
    assert "run_tag" not in {field.name for field in CalendarItem.FIELDS}  # nobody else's items know it


def test_changes_and_removals_are_sent_to_nobody_and_removals_are_for_good() -> None:
    wire = Wire(success("UpdateItem"))
    calendar(wire).move_end("AAA", "BBB", BEGIN)
    calendar(wire).delete("AAA", "BBB")
    update, delete = (request.find(".//m:UpdateItem", NAMES) for request in wire.sent[:1]), wire.sent[1]
    (change,) = update
    assert change is not None
    assert change.get("SendMeetingInvitationsOrCancellations") == "SendToNone"
    removal = delete.find(".//m:DeleteItem", NAMES)
    assert removal is not None
    assert (removal.get("DeleteType"), removal.get("SendMeetingCancellations")) == ("HardDelete", "SendToNone")


@pytest.mark.parametrize("code", ["ErrorInvalidRequest", "ErrorInvalidServerVersion", "ErrorAccessDenied"])
def test_a_refused_creation_is_sent_once_whatever_exchangelib_would_do(code: str) -> None:
    """exchangelib sends ErrorInvalidRequest once more for every API version that it knows."""
    wire = Wire(fault(code))
    done = calls.create(lambda: calendar(wire).create(ITEM, "Body"), lambda: False, IMPATIENT)
    assert done.trouble is not None
    assert done.trouble.code == code
    assert len(wire.sent) == 1


BROKEN = Trouble(Kind.RESET, "the connection was broken")


@pytest.mark.parametrize(
    ("answers", "happened", "sent", "succeeds", "unsure"),
    [
        ([creation()], False, 1, True, False),
        ([BROKEN], True, 1, True, False),  # its answer was lost: a look shows that it happened
        ([BROKEN], False, 1, False, True),  # it may still be on its way: never a second one
        ([BROKEN], None, 1, False, True),
        ([b"no xml at all"], False, 1, False, True),
        ([busy(), creation()], False, 2, True, False),  # refused in plain words
        ([busy(), creation()], None, 1, False, False),  # refused, but nobody knows what is there
        ([busy()], True, 1, True, False),
        ([busy()], False, 3, False, False),  # not forever
    ],
)
def test_a_creation_is_never_sent_twice_unless_it_is_known_not_to_have_happened(
    answers: list[bytes | Trouble], happened: bool | None, sent: int, succeeds: bool, unsure: bool
) -> None:
    wire = Wire(*answers)
    done = calls.create(lambda: calendar(wire).create(ITEM, "Body"), lambda: happened, IMPATIENT)
    assert len(wire.sent) == sent
    assert (done.trouble is None, done.unsure) == (succeeds, unsure)


@pytest.mark.parametrize(
    ("answers", "happened", "sent", "succeeds"),
    [
        ([success("UpdateItem")], False, 1, True),
        ([BROKEN, success("UpdateItem")], False, 2, True),
        ([BROKEN], True, 1, True),
        ([busy(), success("UpdateItem")], False, 2, True),
        ([fault("ErrorAccessDenied")], False, 1, False),
    ],
)
def test_a_change_may_be_sent_again(answers: list[bytes | Trouble], happened: bool, sent: int, succeeds: bool) -> None:
    wire = Wire(*answers)
    done = calls.change(lambda: calendar(wire).move_end("AAA", "BBB", BEGIN), lambda: happened, IMPATIENT)
    assert (len(wire.sent), done.trouble is None) == (sent, succeeds)


def test_a_back_off_that_is_too_long_ends_the_call() -> None:
    wire = Wire(fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">60000</t:Value>'))
    look: Callable[[], bool] = lambda: False  # noqa: E731  as short as can be
    done = calls.create(lambda: calendar(wire).create(ITEM, "Body"), look, IMPATIENT)
    assert done.trouble is not None
    assert (done.trouble.kind, len(wire.sent)) == (Kind.THROTTLED, 1)
