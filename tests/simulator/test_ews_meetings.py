"""A meeting on the simulated server, from invitation to cancellation: what each mailbox holds after every step."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulator.ews_client import EMAIL, Client, distinguished
from tests.simulator.ews_items import TAG, appointment, create, delete, field, find, get, setting, shape, update
from tests.simulator.ews_meetings import (
    PERSON,
    ROOM,
    SHOWN,
    SUBJECT,
    UPDATE_ALL,
    attendees,
    end_change,
    ids_in,
    item_ids,
    items_in,
    mail_tips,
    meeting,
    read_meeting,
    response_object,
    send,
    subjects,
    time_text,
    working_hour,
)
from tests.simulator.harness import Simulator

FOLDERS = ("calendar", "inbox", "sentitems", "deleteditems", "drafts", "outbox")


def test_a_room_accepts_is_extended_ended_and_cancelled(simulator: Simulator, client: Client) -> None:
    item = send(client, meeting(ROOM))
    now = read_meeting(client, item)
    assert (now.response, bool(now.responded)) == ("Accept", True)
    (copy,) = items_in(simulator, ROOM)
    assert (copy["uid"], copy["subject"], copy["end"]) == (
        now.uid,
        SHOWN,
        (working_hour() + timedelta(hours=1)).isoformat(),
    )
    assert subjects(simulator, EMAIL, "inbox") == [f"Accepted: {SUBJECT}"]
    assert subjects(simulator, EMAIL, "sentitems") == []
    for minutes, answers in ((75, 2), (30, 3)):
        assert client.basic(end_change(now.item, minutes)).codes == ["NoError"]
        now = read_meeting(client, item)
        assert now.response == "Accept"
        (copy,) = items_in(simulator, ROOM)
        assert copy["end"] == (working_hour() + timedelta(minutes=minutes)).isoformat()
        assert len(items_in(simulator, EMAIL, "inbox")) == answers
    assert client.basic(response_object("CancelCalendarItem", now.item)).codes == ["NoError"]
    (copy,) = items_in(simulator, ROOM)
    assert (copy["subject"], copy["uid"]) == (f"Canceled: {SHOWN}", now.uid)
    read = client.basic(get(ids_in(client, ROOM, "calendar")[-1]))
    shown = [read.text(f".//t:{name}") for name in ("IsCancelled", "LegacyFreeBusyStatus", "AppointmentState")]
    assert shown == ["true", "Free", "7"]
    assert items_in(simulator, EMAIL) == []
    assert subjects(simulator, EMAIL, "deleteditems") == [SUBJECT]
    gone = ids_in(client, EMAIL, "deleteditems")
    assert client.basic(delete(*gone, attributes='SendMeetingCancellations="SendOnlyToAll"')).codes == ["NoError"]
    # what a room has dealt with lies in its deleted items
    assert [i["class"] for i in items_in(simulator, ROOM, "deleteditems")] == [
        *["MeetingRequest"] * 3,
        "MeetingCancellation",
    ]
    assert items_in(simulator, ROOM, "inbox") == []


def test_everything_it_leaves_can_be_found_by_uid_and_removed(simulator: Simulator, client: Client) -> None:
    before = simulator.items()
    tagged = f"<t:ExtendedProperty>{TAG}<t:Value>run-17</t:Value></t:ExtendedProperty>"
    now = read_meeting(client, send(client, meeting(ROOM, first=tagged)))
    client.basic(end_change(now.item, 75))
    client.basic(response_object("CancelCalendarItem", read_meeting(client, now.item).item))
    # the tag did not travel, the UID did
    assert [i["mailbox"] for i in simulator.items() if i["extended"]] == [EMAIL]
    same = (
        f"<t:IsEqualTo>{field('calendar:UID')}<t:FieldURIOrConstant><t:Constant Value='{now.uid}'/>"
        "</t:FieldURIOrConstant></t:IsEqualTo>"
    )
    left = [item_ids(client.basic(find(box, folder=name, choice=same))) for box in (EMAIL, ROOM) for name in FOLDERS]
    assert [len(part) for part in left] == [0, 2, 0, 1, 0, 0, 1, 0, 0, 3, 0, 0]
    assert set(client.basic(delete(*(item for part in left for item in part))).codes) == {"NoError"}
    assert simulator.items() == before


def test_an_invitation_is_sent_as_its_attribute_says(simulator: Simulator, client: Client) -> None:
    for how, copies in (("SendToNone", None), ("SendOnlyToAll", 0), ("SendToAllAndSaveCopy", 1)):
        simulator.reset()
        with Client(simulator) as again:
            attributes = f'MessageDisposition="SaveOnly" SendMeetingInvitations="{how}"'
            item = read_meeting(again, send(again, meeting(ROOM, attributes=attributes)))
        was_sent = item.reply.text(".//t:MeetingRequestWasSent")
        assert (was_sent, len(items_in(simulator, ROOM))) == (("false", 0) if copies is None else ("true", 1))
        assert [i["class"] for i in items_in(simulator, EMAIL, "sentitems")] == ["MeetingRequest"] * (copies or 0)


def test_a_change_is_told_as_its_attribute_says(simulator: Simulator, client: Client) -> None:
    item = read_meeting(client, send(client, meeting(ROOM)))
    silent = UPDATE_ALL.replace("SendOnlyToAll", "SendToNone")
    client.basic(end_change(item.item, 90, silent))
    assert read_meeting(client, item.item).response == "Unknown"  # nobody has answered the new time
    assert items_in(simulator, ROOM)[0]["end"] == (working_hour() + timedelta(hours=1)).isoformat()
    only_new = UPDATE_ALL.replace("SendOnlyToAll", "SendOnlyToChanged")
    now = read_meeting(client, item.item).item
    client.basic(
        update(
            now,
            setting(field("calendar:RequiredAttendees"), attendees("RequiredAttendees", PERSON)),
            attributes=only_new,
        )
    )
    assert subjects(simulator, PERSON, "inbox") == [SUBJECT]
    assert items_in(simulator, ROOM)[0]["end"] == (working_hour() + timedelta(hours=1)).isoformat()
    # who is taken out is told that it is cancelled
    now = read_meeting(client, item.item).item
    gone = f"<t:DeleteItemField>{field('calendar:RequiredAttendees')}</t:DeleteItemField>"
    assert client.basic(update(now, gone, attributes=UPDATE_ALL)).codes == ["NoError"]
    assert subjects(simulator, PERSON, "inbox") == [SUBJECT, f"Canceled: {SUBJECT}"]
    assert subjects(simulator, PERSON) == [f"Canceled: {SUBJECT}"]
    assert items_in(simulator, ROOM)[0]["end"] == (working_hour() + timedelta(minutes=90)).isoformat()


@pytest.mark.parametrize(("how", "room"), [("SendToNone", [SHOWN]), ("SendOnlyToAll", [f"Canceled: {SHOWN}"])])
def test_a_meeting_deleted_by_its_organizer(simulator: Simulator, client: Client, how: str, room: list[str]) -> None:
    item = send(client, meeting(ROOM))
    assert client.basic(delete(item, attributes=f'SendMeetingCancellations="{how}"')).codes == ["NoError"]
    assert (subjects(simulator, ROOM), items_in(simulator, EMAIL)) == (room, [])


def test_an_attendee_cannot_change_or_cancel_the_meeting(simulator: Simulator, client: Client) -> None:
    send(client, meeting(ROOM))
    copy = ids_in(client, ROOM, "calendar")[-1]
    zone = setting(field("calendar:EndTimeZone"), '<t:EndTimeZone Id="UTC"/>')
    end = setting(field("calendar:End"), f"<t:End>{time_text(working_hour() + timedelta(hours=2))}</t:End>")
    for changes, named in (((end, zone), "calendar:EndTimeZone"), ((end,), "calendar:End")):
        reply = client.basic(update(copy, *changes))
        assert reply.codes == ["ErrorInvalidPropertySet"]
        assert [e.get("FieldURI") for e in reply.all(".//m:MessageXml/t:FieldURI")] == [named]
    assert client.basic(response_object("CancelCalendarItem", copy)).codes == ["ErrorCalendarIsNotOrganizer"]
    # what is the attendee's own can be changed, and the copy be deleted: the organizer hears nothing of it
    assert client.basic(update(copy, setting(field("item:Subject"), "<t:Subject>Mine</t:Subject>"))).codes == [
        "NoError"
    ]
    for how in ("SendOnlyToAll",):
        assert client.basic(delete(copy, attributes=f'SendMeetingCancellations="{how}"')).codes == ["NoError"]
    assert subjects(simulator, EMAIL, "inbox") == [f"Accepted: {SUBJECT}"]


def test_cancelling_wants_the_newest_change_key_of_a_calendar_item(simulator: Simulator, client: Client) -> None:
    before = send(client, meeting(ROOM))  # the room's answer has changed the item since
    key = before.split('"')[1]
    cases = {
        "ErrorStaleObject": before,
        "ErrorChangeKeyRequired": f'<t:ItemId Id="{key}"/>',
        "ErrorInvalidItemForOperationCancelItem": ids_in(client, EMAIL, "inbox")[0],
    }
    for code, item in cases.items():
        assert client.basic(response_object("CancelCalendarItem", item)).codes == [code]
    assert subjects(simulator, ROOM) == [SHOWN]


def test_an_appointment_of_a_rooms_own_is_nobodys_meeting(simulator: Simulator, client: Client) -> None:
    item = send(client, create(appointment(), folder=distinguished("calendar", ROOM)))
    end = setting(field("calendar:End"), "<t:End>2031-03-05T23:00:00Z</t:End>")
    assert client.basic(update(item, end, attributes=UPDATE_ALL)).codes == ["NoError"]
    assert [i["subject"] for i in simulator.items() if i["folder"] in ("inbox", "sentitems")] == []


def test_people_get_requests_and_answer_themselves(simulator: Simulator, client: Client) -> None:
    item = send(client, meeting(people=(PERSON, "maeve.obrien@demo.test", "joerg.maeder@demo.test")))
    assert [i["class"] for i in items_in(simulator, PERSON, "inbox")] == ["MeetingRequest"]
    simulator.plant("unscoped")
    names = {
        PERSON: ("AcceptItem", "Accept", [SUBJECT]),
        "maeve.obrien@demo.test": ("TentativelyAcceptItem", "Tentative", [SUBJECT]),
        "joerg.maeder@demo.test": ("DeclineItem", "Decline", []),
    }
    for person, (name, _, _) in names.items():
        request = item_ids(client.basic(find(person, folder="inbox").replace(b"</s:Header>", _acts_as(person))))[0]
        answer = response_object(name, request, text="Fine").replace(b"</s:Header>", _acts_as(person))
        assert client.basic(answer).codes == ["NoError"]
        assert client.basic(answer).codes == ["ErrorItemNotFound"]  # the request has been moved
    reply = read_meeting(client, item).reply
    assert [e.text for e in reply.all(".//t:RequiredAttendees//t:ResponseType")] == [r for _, r, _ in names.values()]
    assert [subjects(simulator, person) for person in names] == [left for _, _, left in names.values()]
    assert len(items_in(simulator, EMAIL, "inbox")) == 3
    # the organizer cannot answer
    now = read_meeting(client, item).item
    codes = {name: client.basic(response_object(name, now)).codes for name, _, _ in names.values()}
    assert codes == {
        "AcceptItem": ["ErrorCalendarIsOrganizerForAccept"],
        "TentativelyAcceptItem": ["ErrorCalendarIsOrganizerForTentative"],
        "DeclineItem": ["ErrorCalendarIsOrganizerForDecline"],
    }


def _acts_as(person: str) -> bytes:
    identity = f"<t:PrimarySmtpAddress>{person}</t:PrimarySmtpAddress>"
    header = f"<t:ExchangeImpersonation><t:ConnectingSID>{identity}</t:ConnectingSID></t:ExchangeImpersonation>"
    return f"{header}</s:Header>".encode()


def test_an_answer_is_a_message_with_all_that_belongs_to_it(simulator: Simulator, client: Client) -> None:
    now = read_meeting(client, send(client, meeting(ROOM)))
    read = client.basic(get(ids_in(client, EMAIL, "inbox")[0]))
    names = (
        "ItemClass",
        "Body",
        "ResponseType",
        "UID",
        "Start",
        "IsDelegated",
        "IsOutOfDate",
        "HasBeenProcessed",
        "IsDraft",
    )
    assert [read.text(f".//t:MeetingResponse/t:{name}") for name in names] == [
        "IPM.Schedule.Meeting.Resp.Pos", "Your request was accepted.", "Accept", now.uid, time_text(working_hour()),
        "false", "false", "true", "false",
    ]  # fmt: skip
    assert [read.text(f".//t:{who}//t:EmailAddress") for who in ("Sender", "From")] == [ROOM, ROOM]
    assert read.all(".//t:AssociatedCalendarItemId")[0].get("Id") == now.item.split('"')[1]
    request = client.basic(get(ids_in(client, ROOM, "deleteditems")[0]))
    names = ("ItemClass", "UID", "MeetingRequestType", "IntendedFreeBusyStatus", "Start", "AppointmentSequenceNumber")
    assert [request.text(f".//t:MeetingRequest/t:{name}") for name in names] == [
        "IPM.Schedule.Meeting.Request", now.uid, "NewMeetingRequest", "Busy", time_text(working_hour()), "0",
    ]  # fmt: skip
    assert request.text(".//t:Organizer//t:EmailAddress") == EMAIL
    # it is a message for which UpdateItem wants a disposition
    read_it = setting(field("message:IsRead"), "<t:IsRead>true</t:IsRead>", kind="Message")
    inbox = ids_in(client, EMAIL, "inbox")[0]
    assert client.basic(update(inbox, read_it, attributes="")).codes == ["ErrorMessageDispositionRequired"]
    assert client.basic(update(inbox, read_it)).codes == ["NoError"]
    object_id = '<t:ExtendedFieldURI DistinguishedPropertySetId="Meeting" PropertyId="3" PropertyType="Binary"/>'
    told = [
        client.basic(find(box, folder=name, properties=shape(object_id)))
        for box, name in ((EMAIL, "inbox"), (ROOM, "calendar"))
    ]
    assert len({reply.all(".//t:ExtendedProperty/t:Value")[-1].text for reply in told}) == 1


def test_without_impersonation_of_itself_the_account_is_refused(simulator: Simulator, client: Client) -> None:
    simulator.plant("IMPERSONATION-3")
    assert client.basic(meeting(ROOM)).fault == "ErrorImpersonateUserDenied"
    assert items_in(simulator, ROOM) == []


def test_somebody_unknown_is_reported_and_a_stranger_is_not(simulator: Simulator, client: Client) -> None:
    send(client, meeting("nobody@demo.test", ROOM, people=("somebody@example.test",)))
    assert sorted(subjects(simulator, EMAIL, "inbox")) == [f"Accepted: {SUBJECT}", f"Undeliverable: {SUBJECT}"]
    assert simulator.count("mail.outside") == 1


def test_mail_tips_say_who_can_be_reached(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"moderated:{ROOM}", "restricted:aurora@demo.test")
    everybody = (ROOM, "aurora@demo.test", "bergen@demo.test", "nobody@demo.test", "somebody@example.test")
    for asked in ("DeliveryRestriction ModerationStatus InvalidRecipient", "All"):
        reply = client.basic(mail_tips(*everybody, asked=asked))
        assert reply.codes == ["NoError"] * 6
        names = ("DeliveryRestricted", "IsModerated", "InvalidRecipient")
        told = [[tip.text == "true" for tip in reply.all(f".//t:{name}")] for name in names]
        assert told == [
            [False, True, False, False, False],
            [True, False, False, False, False],
            [False, False, False, True, False],
        ]
    few = client.basic(mail_tips(ROOM, asked="ModerationStatus"))
    assert (len(few.all(".//t:IsModerated")), few.all(".//t:InvalidRecipient")) == (1, [])
    simulator.plant("inner-throttled")
    assert client.basic(mail_tips(ROOM)).codes == ["ErrorInternalServerError"]
