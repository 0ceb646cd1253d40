"""Items of the simulated EWS: creating, reading, changing and deleting them."""

from __future__ import annotations

import pytest

from tests.simulator.ews_client import EMAIL, Client, distinguished, envelope, get_folder, sync
from tests.simulator.ews_items import (
    CALENDAR,
    IDS,
    ROOM,
    TAG,
    appointment,
    create,
    create_item,
    delete,
    field,
    find,
    get,
    item_id,
    setting,
    shape,
    subjects,
    update,
)
from tests.simulator.harness import Simulator

SUBJECT = field("item:Subject")


def test_an_item_is_made_read_changed_and_deleted(client: Client) -> None:
    item = create_item(client, last="<t:Location>Here</t:Location>")
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
    create_item(client, folder="")
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
    item = create_item(client)
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
    item = create_item(client)
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
    item = create_item(client, first='<t:Body BodyType="Text">One</t:Body>', last=invited.format("anna.lind"))
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
    item = create_item(client, last=f"<t:Resources>{attendee}</t:Resources>")
    assert client.basic(get(item)).text(".//t:Resources//t:ResponseType") == "Unknown"
    # and an attendee is no mailbox that the request opens
    assert simulator.count("mailbox.aurora@demo.test") == 0
    assert simulator.count(f"mailbox.{ROOM}") == 1


def test_extended_properties_by_tag_and_with_several_values(client: Client) -> None:
    one = '<t:ExtendedFieldURI PropertyTag="0x3a45" PropertyType="Integer"/>'
    many = TAG.replace('"String"', '"StringArray"')
    values = "<t:Values><t:Value>a</t:Value><t:Value>b</t:Value></t:Values>"
    item = create_item(
        client,
        first=f"<t:ExtendedProperty>{one}<t:Value>7</t:Value></t:ExtendedProperty>"
        f"<t:ExtendedProperty>{many}{values}</t:ExtendedProperty>",
    )
    read = client.basic(get(item, properties=shape(one, many)))
    assert [e.text for e in read.all(".//t:ExtendedProperty//t:Value")] == ["7", "a", "b"]
    wrong = f"<t:ExtendedProperty>{one}<t:Value>seven</t:Value></t:ExtendedProperty>"
    reply = client.basic(create(appointment(first=wrong), folder=CALENDAR))
    assert reply.codes == ["ErrorInvalidExtendedPropertyValue"]


def test_ids_of_the_other_kind_and_empty_ones(client: Client) -> None:
    item = create_item(client)
    folder = client.basic(get_folder(CALENDAR)).folder_ids[0]
    assert client.basic(get(f'<t:ItemId Id="{folder}"/>')).codes == ["ErrorCannotUseFolderIdForItemId"]
    assert client.basic(get('<t:ItemId Id=""/>')).codes == ["ErrorInvalidIdEmpty"]
    as_folder = item.replace("ItemId", "FolderId")
    assert client.basic(get_folder(as_folder)).codes == ["ErrorCannotUseItemIdForFolderId"]


def test_no_item_is_one_of_a_series(client: Client) -> None:
    known = create_item(client).split('"')[1]
    occurrence = f'<t:OccurrenceItemId RecurringMasterId="{known}" InstanceIndex="1"/>'
    master = f'<t:RecurringMasterItemId OccurrenceId="{known}"/>'
    codes = ["ErrorCalendarCannotUseIdForOccurrenceId", "ErrorCalendarCannotUseIdForRecurringMasterId"]
    assert client.basic(get(occurrence, master)).codes == codes
    assert client.basic(delete(occurrence, master)).codes == codes
    changes = [client.basic(update(one, setting(SUBJECT, "<t:Subject>x</t:Subject>"))) for one in (occurrence, master)]
    assert [reply.codes for reply in changes] == [[code] for code in codes]


def test_a_refusal_that_stops_the_batch_leaves_the_rest_unprocessed(simulator: Simulator, client: Client) -> None:
    closed = create_item(client)
    items = [create_item(client, folder=distinguished("calendar", "aurora@demo.test")) for _ in range(2)]
    simulator.plant(f"stops-batch:{ROOM}")
    reply = client.basic(delete(items[0], closed, items[1]))
    assert reply.codes == ["NoError", "ErrorAccessDenied", "ErrorBatchProcessingStopped"]
    assert client.basic(get(*items)).codes == ["ErrorItemNotFound", "NoError"]


def test_every_operation_can_be_told_to_wait(simulator: Simulator, client: Client) -> None:
    item = create_item(client)
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
