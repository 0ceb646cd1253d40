"""What the simulated EWS answers about items: creating, reading, finding, changing, deleting, synchronising."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.ews_client import EMAIL, Client, Reply, distinguished, envelope, get_folder, sync
from tests.simulator.ews_items import (
    END,
    IDS,
    SAME_TAG,
    START,
    TAG,
    appointment,
    create,
    delete,
    field,
    find,
    get,
    setting,
    shape,
    update,
)
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
THREE_ITEMS = "zuerich@demo.test"
CALENDAR = distinguished("calendar", ROOM)
SUBJECT = field("item:Subject")


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    with Client(simulator) as connected:
        yield connected


def item_id(reply: Reply) -> str:
    """The ItemId of an answer, as a request names it."""
    (found,) = reply.all(".//t:ItemId")
    return f'<t:ItemId Id="{found.get("Id")}" ChangeKey="{found.get("ChangeKey")}"/>'


def made(client: Client, subject: str = "Made", first: str = "", last: str = "", folder: str = CALENDAR) -> str:
    reply = client.basic(create(appointment(subject, first, last), folder=folder))
    assert reply.codes == ["NoError"]
    return item_id(reply)


def subjects(reply: Reply) -> list[str]:
    return [e.text or "" for e in reply.all(".//t:Subject")]


def test_an_item_is_made_read_changed_and_deleted(client: Client) -> None:
    item = made(client, last="<t:Location>Here</t:Location>")
    read = client.basic(get(item))
    assert (read.codes, read.text(".//t:Subject"), read.text(".//t:Location")) == (["NoError"], "Made", "Here")
    assert read.text(".//t:LegacyFreeBusyStatus") == "Busy"
    changed = client.basic(update(item, setting(SUBJECT, "<t:Subject>Changed</t:Subject>")))
    assert changed.codes == ["NoError"]
    assert changed.text(".//t:Count") == "0"
    assert item_id(changed) != item
    assert client.basic(get(item)).text(".//t:Subject") == "Changed"
    assert client.basic(delete(item)).codes == ["NoError"]
    for request in (get(item), delete(item), update(item, setting(SUBJECT, "<t:Subject>x</t:Subject>"))):
        assert client.basic(request).codes == ["ErrorItemNotFound"]


def test_without_a_folder_it_goes_to_the_callers_own(client: Client) -> None:
    made(client, folder="")
    own = client.basic(find(EMAIL, properties=shape(SUBJECT)))
    assert "Made" in subjects(own)
    assert client.basic(find(ROOM)).all(".//t:ItemId") == []


@pytest.mark.parametrize(
    ("attributes", "folder"),
    [('MessageDisposition="SaveOnly"', "drafts"), ('MessageDisposition="SendAndSaveCopy"', "sentitems")],
)
def test_a_message_goes_to_the_folder_of_its_disposition(client: Client, attributes: str, folder: str) -> None:
    message = "<t:Message><t:Subject>Note</t:Subject></t:Message>"
    assert client.basic(create(message, attributes=attributes)).codes == ["NoError"]
    assert subjects(client.basic(find(EMAIL, folder=folder, properties=shape(SUBJECT)))) == ["Note"]


def test_what_is_only_sent_is_kept_nowhere(client: Client) -> None:
    reply = client.basic(create("<t:Message/>", attributes='MessageDisposition="SendOnly"'))
    assert (reply.codes, reply.all(".//t:ItemId")) == (["NoError"], [])
    for folder in ("drafts", "sentitems", "outbox"):
        assert client.basic(find(EMAIL, folder=folder)).all(".//t:ItemId") == []


def test_attributes_that_calendar_items_and_messages_need(client: Client) -> None:
    item = made(client)
    message = item_id(client.basic(create("<t:Message/>")))
    subject = "<t:Subject>x</t:Subject>"
    answers = {
        "ErrorSendMeetingInvitationsRequired": create(appointment(), attributes='MessageDisposition="SaveOnly"'),
        "ErrorMessageDispositionRequired": create("<t:Message/>", attributes='SendMeetingInvitations="SendToNone"'),
        "ErrorSendMeetingInvitationsOrCancellationsRequired": update(
            item, setting(SUBJECT, subject), attributes='MessageDisposition="SaveOnly"'
        ),
        "ErrorSendMeetingCancellationsRequired": delete(item, attributes=""),
    }
    assert {code: client.basic(request).codes for code, request in answers.items()} == {c: [c] for c in answers}
    changed = update(message, setting(SUBJECT, subject, kind="Message"), attributes="")
    assert client.basic(changed).codes == ["ErrorMessageDispositionRequired"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (setting(SUBJECT, "<t:Location>x</t:Location>"), "ErrorUpdatePropertyMismatch"),
        (setting(SUBJECT, ""), "ErrorIncorrectUpdatePropertyCount"),
        (
            setting(SUBJECT, "<t:Subject>x</t:Subject><t:Importance>Low</t:Importance>"),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (setting(field("calendar:IsMeeting"), "<t:IsMeeting>true</t:IsMeeting>"), "ErrorInvalidPropertySet"),
        (setting(SUBJECT, "<t:Subject>x</t:Subject>", "AppendToItemField"), "ErrorInvalidPropertyAppend"),
        (f"<t:DeleteItemField>{field('calendar:Start')}</t:DeleteItemField>", "ErrorInvalidPropertyDelete"),
        (f"<t:DeleteItemField>{field('item:ItemId')}</t:DeleteItemField>", "ErrorInvalidPropertyDelete"),
        (f"<t:DeleteItemField>{field('message:From')}</t:DeleteItemField>", "ErrorInvalidPropertyRequest"),
        (
            setting(field("calendar:End"), "<t:End>2031-03-05T20:00:00Z</t:End>"),
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        (setting(field("calendar:End"), "<t:End>2041-03-05T20:00:00Z</t:End>"), "ErrorCalendarDurationIsTooLong"),
    ],
    ids=lambda value: value if value.startswith("Error") else str(len(value)),
)
def test_a_change_that_cannot_be_made_changes_nothing(client: Client, changes: str, code: str) -> None:
    item = made(client)
    location = setting(field("calendar:Location"), "<t:Location>There</t:Location>")
    assert client.basic(update(item, location, changes)).codes == [code]
    read = client.basic(get(item))
    assert (item_id(read), read.text(".//t:Location"), read.text(".//t:Subject")) == (item, "", "Made")


def test_what_only_the_server_sets_cannot_be_created(client: Client) -> None:
    reply = client.basic(create(appointment(last="<t:IsMeeting>true</t:IsMeeting>"), folder=CALENDAR))
    assert reply.codes == ["ErrorInvalidPropertySet"]
    assert client.basic(find(ROOM)).all(".//t:ItemId") == []


def test_bodies_and_attendees_are_appended_to(client: Client) -> None:
    attendee = "<t:Attendee><t:Mailbox><t:EmailAddress>{}@demo.test</t:EmailAddress></t:Mailbox></t:Attendee>"
    invited = "<t:RequiredAttendees>" + attendee + "</t:RequiredAttendees>"
    item = made(client, first='<t:Body BodyType="Text">One</t:Body>', last=invited.format("anna.lind"))
    uris = (field("item:Body"), field("calendar:RequiredAttendees"))
    more = ('<t:Body BodyType="Text"> two</t:Body>', invited.format("maeve.obrien"))
    changes = [setting(uri, value, "AppendToItemField") for uri, value in zip(uris, more, strict=True)]
    assert client.basic(update(item, *changes)).codes == ["NoError"]
    read = client.basic(get(item))
    assert read.text(".//t:Body") == "One two"
    assert [e.text for e in read.all(".//t:RequiredAttendees//t:EmailAddress")] == [
        "anna.lind@demo.test",
        "maeve.obrien@demo.test",
    ]


def test_an_attendees_answer_is_not_the_clients_to_set(simulator: Simulator, client: Client) -> None:
    mailbox = "<t:Mailbox><t:EmailAddress>aurora@demo.test</t:EmailAddress></t:Mailbox>"
    attendee = f"<t:Attendee>{mailbox}<t:ResponseType>Accept</t:ResponseType></t:Attendee>"
    item = made(client, last=f"<t:Resources>{attendee}</t:Resources>")
    assert client.basic(get(item)).text(".//t:Resources//t:ResponseType") == "Unknown"
    # and an attendee is no mailbox that the request opens
    assert simulator.count("mailbox.aurora@demo.test") == 0
    assert simulator.count(f"mailbox.{ROOM}") == 1


def test_find_item_leaves_out_bodies_and_attendees(client: Client) -> None:
    made(client, first='<t:Body BodyType="Text">Text</t:Body>')
    asked = shape(field("item:Body"), field("calendar:RequiredAttendees"), SUBJECT)
    reply = client.basic(find(ROOM, properties=asked))
    assert (subjects(reply), reply.all(".//t:Body"), reply.all(".//t:RequiredAttendees")) == (["Made"], [], [])


def test_one_extended_property_by_either_name_of_its_set(client: Client) -> None:
    held = f"<t:ExtendedProperty>{TAG}<t:Value>run-1</t:Value></t:ExtendedProperty>"
    item = made(client, first=held)
    exists = f"<t:Exists>{SAME_TAG}</t:Exists>"
    equal = "<t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value='run-1'/></t:FieldURIOrConstant></t:IsEqualTo>"
    for choice in (exists, equal.format(TAG), equal.format(SAME_TAG)):
        assert len(client.basic(find(ROOM, choice=choice)).all(".//t:ItemId")) == 1
    assert client.basic(get(item, properties=shape(SAME_TAG))).text(".//t:ExtendedProperty/t:Value") == "run-1"
    assert client.basic(update(item, f"<t:DeleteItemField>{SAME_TAG}</t:DeleteItemField>")).codes == ["NoError"]
    assert client.basic(find(ROOM, choice=exists)).all(".//t:ItemId") == []


def test_extended_properties_by_tag_and_with_several_values(client: Client) -> None:
    one = '<t:ExtendedFieldURI PropertyTag="0x3a45" PropertyType="Integer"/>'
    many = TAG.replace('"String"', '"StringArray"')
    values = "<t:Values><t:Value>a</t:Value><t:Value>b</t:Value></t:Values>"
    item = made(
        client,
        first=f"<t:ExtendedProperty>{one}<t:Value>7</t:Value></t:ExtendedProperty>"
        f"<t:ExtendedProperty>{many}{values}</t:ExtendedProperty>",
    )
    read = client.basic(get(item, properties=shape(one, many)))
    assert [e.text for e in read.all(".//t:ExtendedProperty//t:Value")] == ["7", "a", "b"]
    wrong = f"<t:ExtendedProperty>{one}<t:Value>seven</t:Value></t:ExtendedProperty>"
    reply = client.basic(create(appointment(first=wrong), folder=CALENDAR))
    assert reply.codes == ["ErrorInvalidExtendedPropertyValue"]


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (f"<t:Exists>{field('item:Body')}</t:Exists>", "ErrorUnsupportedPathForQuery"),
        (
            (
                f"<t:IsEqualTo>{field('calendar:Start')}<t:FieldURIOrConstant><t:Constant Value='soon'/>"
                "</t:FieldURIOrConstant></t:IsEqualTo>"
            ),
            "ErrorInvalidValueForProperty",
        ),
        (
            f"<t:Contains ContainmentMode='Substring'>{field('calendar:Start')}<t:Constant Value='2031'/></t:Contains>",
            "ErrorContainsFilterWrongType",
        ),
        (
            "<t:Exists><t:ExtendedFieldURI PropertyName='tag' PropertyType='String'/></t:Exists>",
            "ErrorInvalidExtendedProperty",
        ),
    ],
)
def test_restrictions_that_cannot_be(client: Client, choice: str, code: str) -> None:
    made(client)
    reply = client.basic(find(ROOM, choice=choice))
    assert code in (reply.fault, *reply.codes)


def test_two_properties_are_compared(client: Client) -> None:
    made(client)
    against = f"<t:FieldURIOrConstant>{field('calendar:End')}</t:FieldURIOrConstant>"
    for name, count in (("IsLessThan", 1), ("IsGreaterThanOrEqualTo", 0)):
        choice = f"<t:{name}>{field('calendar:Start')}{against}</t:{name}>"
        assert len(client.basic(find(ROOM, choice=choice)).all(".//t:ItemId")) == count


@pytest.mark.parametrize(
    ("page", "found", "told"),
    [
        ('MaxEntriesReturned="2" Offset="0" BasePoint="Beginning"', "01", ("2", "false")),
        ('MaxEntriesReturned="2" Offset="2" BasePoint="Beginning"', "2", ("3", "true")),
        ('MaxEntriesReturned="2" Offset="9" BasePoint="Beginning"', "", ("3", "true")),
        ('MaxEntriesReturned="2" Offset="0" BasePoint="End"', "12", ("2", "false")),
        ('MaxEntriesReturned="2" Offset="2" BasePoint="End"', "0", ("3", "true")),
    ],
)
def test_pages_from_both_ends(client: Client, page: str, found: str, told: tuple[str, str]) -> None:
    for number in range(3):
        made(client, str(number))
    reply = client.basic(find(ROOM, page=f"<m:IndexedPageItemView {page}/>", properties=shape(SUBJECT)))
    (root,) = reply.all(".//m:RootFolder")
    assert "".join(subjects(reply)) == found
    assert (root.get("IndexedPagingOffset"), root.get("IncludesLastItemInRange")) == told
    assert root.get("TotalItemsInView") == "3"


def test_ids_of_the_other_kind_and_empty_ones(client: Client) -> None:
    item = made(client)
    folder = client.basic(get_folder(CALENDAR)).folder_ids[0]
    assert client.basic(get(f'<t:ItemId Id="{folder}"/>')).codes == ["ErrorCannotUseFolderIdForItemId"]
    assert client.basic(get('<t:ItemId Id=""/>')).codes == ["ErrorInvalidIdEmpty"]
    as_folder = item.replace("ItemId", "FolderId")
    assert client.basic(get_folder(as_folder)).codes == ["ErrorCannotUseItemIdForFolderId"]


def test_no_item_is_one_of_a_series(client: Client) -> None:
    known = made(client).split('"')[1]
    occurrence = f'<t:OccurrenceItemId RecurringMasterId="{known}" InstanceIndex="1"/>'
    master = f'<t:RecurringMasterItemId OccurrenceId="{known}"/>'
    codes = ["ErrorCalendarCannotUseIdForOccurrenceId", "ErrorCalendarCannotUseIdForRecurringMasterId"]
    assert client.basic(get(occurrence, master)).codes == codes
    assert client.basic(delete(occurrence, master)).codes == codes
    changes = [client.basic(update(one, setting(SUBJECT, "<t:Subject>x</t:Subject>"))) for one in (occurrence, master)]
    assert [reply.codes for reply in changes] == [[code] for code in codes]


def test_a_calendar_view_takes_no_restriction_and_is_for_calendars(client: Client) -> None:
    view = f'<m:CalendarView StartDate="{START}" EndDate="{END}"/>'
    chosen = f"<t:Exists>{SUBJECT}</t:Exists>"
    assert client.basic(find(ROOM, page=view, choice=chosen)).fault == "ErrorInvalidRequest"
    reply = client.basic(find(ROOM, page=view, folder="inbox"))
    assert reply.codes == ["ErrorCalendarFolderIsInvalidForCalendarView"]
    backwards = f'<m:CalendarView StartDate="{END}" EndDate="{START}"/>'
    assert client.basic(find(ROOM, page=backwards)).fault == "ErrorCalendarEndDateIsEarlierThanStartDate"


def test_a_refusal_that_stops_the_batch_leaves_the_rest_unprocessed(simulator: Simulator, client: Client) -> None:
    closed = made(client)
    items = [made(client, folder=distinguished("calendar", "aurora@demo.test")) for _ in range(2)]
    simulator.plant(f"stops-batch:{ROOM}")
    reply = client.basic(delete(items[0], closed, items[1]))
    assert reply.codes == ["NoError", "ErrorAccessDenied", "ErrorBatchProcessingStopped"]
    assert client.basic(get(*items)).codes == ["ErrorItemNotFound", "NoError"]


def test_synchronisation_one_change_at_a_time_misses_nothing_and_repeats_nothing(client: Client) -> None:
    items = [made(client, str(number)) for number in range(3)]
    first = client.basic(sync(ROOM, ROOM))
    assert [e.get("Id") for e in first.all(".//t:Create//t:ItemId")] == [items[0].split('"')[1]]
    state = first.text(".//m:SyncState")
    # while the client knows only the first: all three change, the second goes, a fourth comes
    for item in items:
        client.basic(update(item, setting(SUBJECT, "<t:Subject>new</t:Subject>")))
    client.basic(delete(items[1]))
    items.append(made(client, "3"))
    seen = []
    while True:
        reply = client.basic(sync(ROOM, ROOM, state))
        assert reply.codes == ["NoError"]
        state = reply.text(".//m:SyncState")
        for kind in ("Create", "Update", "Delete"):
            seen += [(kind, e.get("Id")) for e in reply.all(f".//t:{kind}//t:ItemId")]
        if reply.text(".//m:IncludesLastItemInRange") == "true":
            break
    ids = [item.split('"')[1] for item in items]
    assert seen == [("Update", ids[0]), ("Create", ids[2]), ("Create", ids[3])]
    client.basic(delete(items[0], items[2]))
    last = client.basic(sync(ROOM, ROOM, state, most=9))
    assert [e.get("Id") for e in last.all(".//t:Delete//t:ItemId")] == [ids[0], ids[2]]
    assert client.basic(sync(ROOM, ROOM, last.text(".//m:SyncState"))).all(".//m:Changes/*") == []


def test_a_refused_synchronisation_has_an_empty_state(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"CALENDAR-1:{ROOM}")
    reply = client.basic(sync(ROOM, ROOM))
    (state,) = reply.all(".//m:SyncState")
    assert (reply.codes, state.text) == (["ErrorCorruptData"], None)


def test_what_was_there_at_first_is_found_as_items(client: Client) -> None:
    reply = client.basic(find(THREE_ITEMS, properties=shape(SUBJECT)))
    assert subjects(reply) == ["Meeting 1", "Meeting 2", "Meeting 3"]
    told = client.basic(get_folder(distinguished("calendar", THREE_ITEMS), properties=("TotalCount",)))
    assert told.text(".//t:TotalCount") == "3"


def test_every_operation_can_be_told_to_wait(simulator: Simulator, client: Client) -> None:
    item = made(client)
    simulator.plant("inner-throttled")
    asked = {
        get(item, item): 2,
        delete(item): 1,
        update(item, setting(SUBJECT, "<t:Subject>x</t:Subject>")): 1,
        create(appointment(), appointment(), appointment(), folder=CALENDAR): 3,
        find(ROOM): 1,
        sync(ROOM, ROOM): 1,
    }
    for request, answers in asked.items():
        assert client.basic(request).codes == ["ErrorInternalServerError"] * answers


@pytest.mark.parametrize(
    "body",
    [
        "<m:GetItem/>",
        f"<m:GetItem><m:ItemShape>{IDS}</m:ItemShape></m:GetItem>",
        f"<m:FindItem><m:ItemShape>{IDS}</m:ItemShape></m:FindItem>",
        "<m:CreateItem/>",
        "<m:UpdateItem/>",
        "<m:DeleteItem/>",
        "<m:FindFolder/>",
    ],
)
def test_what_the_schema_forbids_is_a_schema_fault(simulator: Simulator, client: Client, body: str) -> None:
    reply = client.basic(envelope(body))
    assert (reply.status, reply.fault) == (500, "ErrorSchemaValidation")
    simulator.forget_schema_problems()
