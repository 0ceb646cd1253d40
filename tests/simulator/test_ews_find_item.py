"""FindItem of the simulated EWS: what it leaves out, by what it chooses, and in which pages."""

from __future__ import annotations

import pytest

from tests.simulator.ews_client import Client, distinguished, get_folder
from tests.simulator.ews_items import (
    END,
    ROOM,
    SAME_TAG,
    START,
    TAG,
    create_item,
    field,
    find,
    get,
    shape,
    subjects,
    update,
)

THREE_ITEMS = "zuerich@demo.test"
SUBJECT = field("item:Subject")


def test_find_item_leaves_out_bodies_and_attendees(client: Client) -> None:
    create_item(client, first='<t:Body BodyType="Text">Text</t:Body>')
    asked = shape(field("item:Body"), field("calendar:RequiredAttendees"), SUBJECT)
    reply = client.basic(find(ROOM, properties=asked))
    assert (subjects(reply), reply.all(".//t:Body"), reply.all(".//t:RequiredAttendees")) == (["Made"], [], [])


def test_one_extended_property_by_either_name_of_its_set(client: Client) -> None:
    held = f"<t:ExtendedProperty>{TAG}<t:Value>run-1</t:Value></t:ExtendedProperty>"
    item = create_item(client, first=held)
    exists = f"<t:Exists>{SAME_TAG}</t:Exists>"
    equal = "<t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value='run-1'/></t:FieldURIOrConstant></t:IsEqualTo>"
    for choice in (exists, equal.format(TAG), equal.format(SAME_TAG)):
        assert len(client.basic(find(ROOM, choice=choice)).all(".//t:ItemId")) == 1
    assert client.basic(get(item, properties=shape(SAME_TAG))).text(".//t:ExtendedProperty/t:Value") == "run-1"
    assert client.basic(update(item, f"<t:DeleteItemField>{SAME_TAG}</t:DeleteItemField>")).codes == ["NoError"]
    assert client.basic(find(ROOM, choice=exists)).all(".//t:ItemId") == []


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
    create_item(client)
    reply = client.basic(find(ROOM, choice=choice))
    assert code in (reply.fault, *reply.codes)


def test_two_properties_are_compared(client: Client) -> None:
    create_item(client)
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
        create_item(client, str(number))
    reply = client.basic(find(ROOM, page=f"<m:IndexedPageItemView {page}/>", properties=shape(SUBJECT)))
    (root,) = reply.all(".//m:RootFolder")
    assert "".join(subjects(reply)) == found
    assert (root.get("IndexedPagingOffset"), root.get("IncludesLastItemInRange")) == told
    assert root.get("TotalItemsInView") == "3"


def test_a_calendar_view_takes_no_restriction_and_is_for_calendars(client: Client) -> None:
    view = f'<m:CalendarView StartDate="{START}" EndDate="{END}"/>'
    chosen = f"<t:Exists>{SUBJECT}</t:Exists>"
    assert client.basic(find(ROOM, page=view, choice=chosen)).fault == "ErrorInvalidRequest"
    reply = client.basic(find(ROOM, page=view, folder="inbox"))
    assert reply.codes == ["ErrorCalendarFolderIsInvalidForCalendarView"]
    backwards = f'<m:CalendarView StartDate="{END}" EndDate="{START}"/>'
    assert client.basic(find(ROOM, page=backwards)).fault == "ErrorCalendarEndDateIsEarlierThanStartDate"


def test_what_was_there_at_first_is_found_as_items(client: Client) -> None:
    reply = client.basic(find(THREE_ITEMS, properties=shape(SUBJECT)))
    assert subjects(reply) == ["Meeting 1", "Meeting 2", "Meeting 3"]
    told = client.basic(get_folder(distinguished("calendar", THREE_ITEMS), properties=("TotalCount",)))
    assert told.text(".//t:TotalCount") == "3"
