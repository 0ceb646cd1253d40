"""Rooms that decide otherwise, late or not at all; and rooms whose mail reaches people."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from tests.simulator.ews_client import EMAIL, Client, distinguished
from tests.simulator.ews_items import create, delete, get
from tests.simulator.ews_meetings import (
    PERSON,
    ROOM,
    SHOWN,
    SUBJECT,
    end_change,
    ids_in,
    item_ids,
    items_in,
    meeting,
    read_meeting,
    response_object,
    send,
    subjects,
    time_span,
    working_hour,
)
from tests.simulator.harness import Simulator

NIGHT = 12  # hours after the morning meeting: nobody works then


@pytest.mark.parametrize(
    ("condition", "response", "left"),
    [
        ("auto-update", "Unknown", ([SUBJECT], [])),
        ("no-processing", "Unknown", ([], [])),
        ("no-answer", "Unknown", ([], [])),
        ("delegate-approval", "Tentative", ([SHOWN], ["Tentative: "])),
        ("delegate-accepts", "Accept", ([SHOWN], ["Tentative: ", "Accepted: "])),
        ("delegate-declines", "Decline", ([], ["Tentative: ", "Declined: "])),
        ("tentative", "Tentative", ([SHOWN], ["Tentative: "])),
        ("declined", "Decline", ([], ["Declined: "])),
        ("conflict", "Decline", ([], ["Declined: "])),
        ("conflict-on-update", "Accept", ([SHOWN], ["Accepted: "])),
        ("outside-window", "Decline", ([], ["Declined: "])),
        ("too-long", "Decline", ([], ["Declined: "])),
        ("work-hours-only", "Accept", ([SHOWN], ["Accepted: "])),
        ("keeps-subject", "Accept", ([SUBJECT], ["Accepted: "])),
        ("late-response", "Unknown", ([SHOWN], [])),
        ("late-request", "Unknown", ([], [])),
        ("moderated", "Unknown", ([], [])),
        ("restricted", "Unknown", ([], ["Undeliverable: "])),
        ("redirected", "Unknown", ([], [])),
        ("forwarding", "Accept", ([SHOWN], ["Accepted: "])),
        ("forwarding-elsewhere", "Accept", ([SHOWN], ["Accepted: "])),
        ("delegates", "Accept", ([SHOWN], ["Accepted: "])),
    ],
)
def test_what_the_room_makes_of_a_request(
    simulator: Simulator, client: Client, condition: str, response: str, left: tuple[list[str], list[str]]
) -> None:
    simulator.plant(f"{condition}:{ROOM}")
    now = read_meeting(client, send(client, meeting(ROOM)))
    copy, words = left
    assert (now.response, subjects(simulator, ROOM)) == (response, copy)
    assert subjects(simulator, EMAIL, "inbox") == [word + SUBJECT for word in words]


@pytest.mark.parametrize(
    ("condition", "folder", "subject"),
    [
        ("delegate-approval", "inbox", SUBJECT),
        ("delegate-accepts", "inbox", SUBJECT),
        ("moderated", "inbox", f"Approve: {SUBJECT}"),
        ("forwarding", "inbox", SUBJECT),
        ("redirected", "inbox", SUBJECT),
        ("delegates", "inbox", ""),
        ("forwarding-elsewhere", "inbox", ""),
        ("tentative", "inbox", ""),
    ],
)
def test_mail_that_reaches_people(
    simulator: Simulator, client: Client, condition: str, folder: str, subject: str
) -> None:
    simulator.plant(f"{condition}:{ROOM}")
    send(client, meeting(ROOM))
    assert subjects(simulator, PERSON, folder) == ([subject] if subject else [])
    assert simulator.count("mail.forwarded") == (condition in ("forwarding", "redirected", "forwarding-elsewhere"))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("declined", "you are not permitted to book"),
        ("conflict", "it conflicts with another meeting"),
        ("outside-window", "it is further ahead than 1 days"),
        ("too-long", "it is longer than 10 minutes"),
    ],
)
def test_a_declining_room_says_why(simulator: Simulator, client: Client, condition: str, said: str) -> None:
    simulator.plant(f"{condition}:{ROOM}")
    send(client, meeting(ROOM))
    read = client.basic(get(ids_in(client, EMAIL, "inbox")[0]))
    assert said in read.text(".//t:Body")
    assert read.text(".//t:ItemClass") == "IPM.Schedule.Meeting.Resp.Neg"


def test_a_delegates_answer_names_the_delegate(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"delegate-accepts:{ROOM}")
    send(client, meeting(ROOM))
    own, delegates = (client.basic(get(item)) for item in ids_in(client, EMAIL, "inbox"))
    people = [[read.text(f".//t:{who}//t:EmailAddress") for who in ("Sender", "From")] for read in (own, delegates)]
    assert people == [[ROOM, ROOM], [PERSON, ROOM]]
    assert [read.text(".//t:IsDelegated") for read in (own, delegates)] == ["false", "true"]


def test_two_meetings_at_one_time_conflict_and_free_ones_do_not(simulator: Simulator, client: Client) -> None:
    times = time_span(working_hour(), 60)
    shown = "<t:CalendarItem>{}<t:LegacyFreeBusyStatus>{}</t:LegacyFreeBusyStatus></t:CalendarItem>"
    folder = distinguished("calendar", ROOM)
    assert client.basic(create(shown.format(times, "Free"), folder=folder)).codes == ["NoError"]
    first = read_meeting(client, send(client, meeting(ROOM)))
    assert first.response == "Accept"
    assert read_meeting(client, send(client, meeting(ROOM))).response == "Decline"
    after = working_hour() + timedelta(hours=1)
    next_one = read_meeting(client, send(client, meeting(ROOM, begin=after)))
    assert next_one.response == "Accept"
    # extending the first one now runs into the next: the room declines, and has nothing of the meeting any more
    client.basic(end_change(first.item, 75))
    assert read_meeting(client, first.item).response == "Decline"
    assert first.uid not in [item["uid"] for item in items_in(simulator, ROOM)]
    assert first.uid in [item["uid"] for item in items_in(simulator, ROOM, "deleteditems")]
    # a cancelled one is in nobody's way
    client.basic(response_object("CancelCalendarItem", read_meeting(client, next_one.item).item))
    again = send(client, meeting(ROOM, begin=after))
    assert read_meeting(client, again).response == "Accept"


def test_somebody_is_faster_than_an_extension(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"conflict-on-update:{ROOM}")
    now = read_meeting(client, send(client, meeting(ROOM)))
    client.basic(end_change(now.item, 75))
    assert read_meeting(client, now.item).response == "Decline"


@pytest.mark.parametrize(
    ("hours", "minutes", "response"), [(0, 60, "Accept"), (NIGHT, 60, "Decline"), (5, 300, "Decline")]
)
def test_only_in_working_hours(simulator: Simulator, client: Client, hours: int, minutes: int, response: str) -> None:
    simulator.plant(f"work-hours-only:{ROOM}")
    begin = working_hour() + timedelta(hours=hours)
    assert read_meeting(client, send(client, meeting(ROOM, begin=begin, minutes=minutes))).response == response


def test_the_defaults_for_window_and_duration(simulator: Simulator, client: Client) -> None:
    far = working_hour(days=190)
    assert read_meeting(client, send(client, meeting(ROOM, begin=far))).response == "Decline"
    assert read_meeting(client, send(client, meeting(ROOM, minutes=1441))).response == "Decline"
    assert read_meeting(client, send(client, meeting(ROOM, minutes=1440))).response == "Accept"
    past = working_hour() - timedelta(days=60)
    assert read_meeting(client, send(client, meeting(ROOM, begin=past))).response == "Decline"


def test_a_late_answer_arrives_when_it_is_delivered_even_after_all_is_over(
    simulator: Simulator, client: Client
) -> None:
    simulator.plant(f"late-response:{ROOM}")
    before = simulator.items()
    item = read_meeting(client, send(client, meeting(ROOM)))
    assert simulator.deliver() == 1
    now = read_meeting(client, item.item)
    assert now.response == "Accept"
    client.basic(end_change(now.item, 75))
    now = read_meeting(client, item.item)
    assert now.response == "Unknown"
    client.basic(response_object("CancelCalendarItem", now.item))
    for box, folder in ((ROOM, "calendar"), (ROOM, "deleteditems"), (EMAIL, "deleteditems"), (EMAIL, "inbox")):
        client.basic(delete(*ids_in(client, box, folder)))
    assert simulator.items() == before
    assert simulator.deliver() == 1  # the answer to the extension
    (late,) = items_in(simulator, EMAIL, "inbox")
    assert (late["class"], late["uid"], late["subject"]) == ("MeetingResponse", item.uid, f"Accepted: {SUBJECT}")
    read = client.basic(get(ids_in(client, EMAIL, "inbox")[0]))
    assert read.text(".//t:IsOutOfDate") == "true"
    assert simulator.deliver() == 0


def test_an_answer_to_an_older_time_counts_no_more(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"late-response:{ROOM}")
    now = read_meeting(client, send(client, meeting(ROOM)))
    simulator.plant(f"no-answer:{ROOM}")
    client.basic(end_change(now.item, 75))
    assert simulator.deliver() == 1
    assert read_meeting(client, now.item).response == "Unknown"
    assert len(items_in(simulator, EMAIL, "inbox")) == 1


def test_a_slow_answer_comes_by_itself(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"slow-response:{ROOM}")
    item = send(client, meeting(ROOM))
    assert read_meeting(client, item).response == "Unknown"
    deadline = time.monotonic() + 20
    while read_meeting(client, item).response == "Unknown" and time.monotonic() < deadline:
        threading.Event().wait(0.05)  # nothing but the server's clock brings it
    assert read_meeting(client, item).response == "Accept"
    assert subjects(simulator, EMAIL, "inbox") == [f"Accepted: {SUBJECT}"]


def test_a_late_request_arrives_after_its_cancellation_was_sent(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"late-request:{ROOM}")
    item = read_meeting(client, send(client, meeting(ROOM)))
    client.basic(response_object("CancelCalendarItem", item.item))
    assert items_in(simulator, ROOM) == []
    assert simulator.deliver() == 3  # request, cancellation, answer
    assert subjects(simulator, ROOM) == [f"Canceled: {SHOWN}"]


def test_a_reset_forgets_mail_under_way(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"late-response:{ROOM}", f"late-request:{EMAIL}")
    send(client, meeting(ROOM))
    simulator.reset()
    assert simulator.deliver() == 0


@pytest.mark.parametrize("target", ["", f":{EMAIL}"])
def test_cancelling_is_refused_whichever_way(simulator: Simulator, client: Client, target: str) -> None:
    simulator.plant(f"cancel-refused{target}")
    item = read_meeting(client, send(client, meeting(ROOM))).item
    assert client.basic(response_object("CancelCalendarItem", item)).codes == ["ErrorAccessDenied"]
    to_all = 'SendMeetingCancellations="SendOnlyToAll"'
    assert client.basic(delete(item, attributes=to_all)).codes == ["ErrorAccessDenied"]
    assert subjects(simulator, ROOM) == [SHOWN]
    assert client.basic(delete(item)).codes == ["NoError"]


@pytest.mark.parametrize(("condition", "step"), [("no-create-right", 0), ("update-refused", 1), ("no-delete-right", 2)])
def test_refusals_in_the_organizers_own_mailbox(
    simulator: Simulator, client: Client, condition: str, step: int
) -> None:
    simulator.plant(f"{condition}:{EMAIL}")
    made = client.basic(meeting(ROOM))
    codes = made.codes
    if step:
        item = item_ids(made)[0]
        codes += client.basic(end_change(item, 75)).codes + client.basic(delete(item)).codes
    assert [code == "NoError" for code in codes] == [number != step for number in range(1 if step == 0 else 3)]


def test_an_updating_mailbox_keeps_requests_and_cancellations_in_its_inbox(
    simulator: Simulator, client: Client
) -> None:
    simulator.plant(f"auto-update:{ROOM}")
    item = read_meeting(client, send(client, meeting(ROOM)))
    read = client.basic(get(ids_in(client, ROOM, "calendar")[-1]))
    assert [read.text(f".//t:{name}") for name in ("MyResponseType", "LegacyFreeBusyStatus")] == [
        "NoResponseReceived",
        "Tentative",
    ]
    client.basic(end_change(item.item, 75))
    assert items_in(simulator, ROOM)[0]["end"] == (working_hour() + timedelta(minutes=75)).isoformat()
    client.basic(response_object("CancelCalendarItem", read_meeting(client, item.item).item))
    kinds = [i["class"] for i in items_in(simulator, ROOM, "inbox")]
    assert kinds == ["MeetingRequest", "MeetingRequest", "MeetingCancellation"]


def test_a_room_that_removes_cancelled_meetings(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"removes-cancelled:{ROOM}")
    item = read_meeting(client, send(client, meeting(ROOM)))
    client.basic(response_object("CancelCalendarItem", item.item))
    assert items_in(simulator, ROOM) == []


def test_an_answer_is_refused_for_a_cancelled_meeting(simulator: Simulator, client: Client) -> None:
    item = read_meeting(client, send(client, meeting(ROOM)))
    client.basic(response_object("CancelCalendarItem", item.item, "SendAndSaveCopy", "Sorry"))
    assert [i["class"] for i in items_in(simulator, EMAIL, "sentitems")] == ["MeetingCancellation"]
    copy = ids_in(client, ROOM, "calendar")[-1]
    assert client.basic(response_object("AcceptItem", copy)).codes == ["ErrorCalendarIsCancelledForAccept"]
    response = ids_in(client, EMAIL, "inbox")[0]
    assert client.basic(response_object("DeclineItem", response)).codes == ["ErrorInvalidItemForOperationDeclineItem"]
