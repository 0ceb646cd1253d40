"""FindItem: the items of folders, by page or as a calendar shows them, chosen by a Restriction and in an order.

Bodies, attendees and recipients are left out, as in Exchange (EWS reference,
"FindItem operation"): GetItem has them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, T, attribute, message, required
from pytest_flowscape.simulator.ews.extended_properties import parse_value, read_name, value_of
from pytest_flowscape.simulator.ews.folder_access import Target, find_readable
from pytest_flowscape.simulator.ews.item_access import item_rights
from pytest_flowscape.simulator.ews.item_kinds import BY_URI
from pytest_flowscape.simulator.ews.item_properties import ItemView
from pytest_flowscape.simulator.ews.item_shape import read_shape, write_item
from pytest_flowscape.simulator.ews.item_values import READY, comparable, format_truth, parse_time
from pytest_flowscape.simulator.ews.operation import Call, answer_each
from pytest_flowscape.simulator.ews.paging import MAX_FOUND, page_of, read_page
from pytest_flowscape.simulator.ews.restriction import Path, read_restriction

NAME = "FindItemResponseMessage"
MAX_VIEW = timedelta(days=2 * 366)  # ErrorCalendarViewRangeTooBig: more than two years
# kinds of view, grouping and searching that the simulator does not have
_NOT_HERE = (
    "FractionalPageItemView",
    "SeekToConditionPageItemView",
    "ContactsView",
    "GroupBy",
    "DistinguishedGroupBy",
    "QueryString",
)
# from the items that may be read to those that the answer has, and the attributes of its RootFolder
Choice = Callable[[Target, list[ItemView]], tuple[list[ItemView], dict[str, str]]]


def find_item(call: Call) -> list[etree._Element]:
    """Answer FindItem: one response message for each parent folder. Raises Refusal (a fault)."""
    body = call.body
    shape = read_shape(body, finding=True)
    parents = list(required(body, "m:ParentFolderIds"))
    associated = attribute(body, "Traversal") != "Shallow"
    if any(body.find(f"m:{name}", NS) is not None for name in _NOT_HERE):
        raise Refusal("ErrorInvalidRequest")
    choose = _choice(body)

    def answer(element: etree._Element) -> etree._Element:
        target = find_readable(call, element)
        # associated items (settings) and soft-deleted ones are in no folder of the simulator
        views, attributes = choose(target, [] if associated else _readable(call, target))
        items = T.Items(*(write_item(view, shape) for view in views))
        return message(NAME, M.RootFolder(items, **attributes))

    return answer_each(NAME, parents, answer)


def _readable(call: Call, target: Target) -> list[ItemView]:
    """Return the items of a folder that the caller may read, the oldest first."""
    organisation, mailbox, account = call.organisation, target.mailbox, call.caller.acting
    items = (
        (item, item_rights(organisation, mailbox, item, account)) for item in mailbox.contents().within(target.folder)
    )
    return [ItemView(organisation, mailbox, item, rights) for item, rights in items if "Read" in rights]


def _choice(body: etree._Element) -> Choice:
    """Read how the request chooses: by a CalendarView, or by Restriction, SortOrder and page."""
    view = body.find("m:CalendarView", NS)
    if view is not None:
        if body.find("m:Restriction", NS) is not None or body.find("m:SortOrder", NS) is not None:
            # a calendar view knows neither; which code Exchange gives then is not documented
            raise Refusal("ErrorInvalidRequest")
        return _calendar_view(view)
    satisfies = read_restriction(body, _path)
    orders = [
        (_path(order[0]), attribute(order, "Order") == "Descending") for order in body.iterfind("m:SortOrder/*", NS)
    ]
    page = read_page(body, "IndexedPageItemView")

    def choose(_target: Target, views: list[ItemView]) -> tuple[list[ItemView], dict[str, str]]:
        found = [view for view in views if satisfies(view)]
        for path, descending in reversed(orders):
            found.sort(key=lambda view: _sort_key(path.value(view)), reverse=descending)
        return page_of(found, page)

    return choose


def _sort_key(value: Any) -> tuple[bool, Any]:
    members = () if value is None else comparable(value)
    return (True, members[0]) if members else (False, None)


def _calendar_view(element: etree._Element) -> Choice:
    start, end = _date(element, "StartDate"), _date(element, "EndDate")
    size = int(element.get("MaxEntriesReturned", MAX_FOUND))
    if end < start:
        raise Refusal("ErrorCalendarEndDateIsEarlierThanStartDate")
    if end - start > MAX_VIEW:
        raise Refusal("ErrorCalendarViewRangeTooBig")

    def choose(target: Target, views: list[ItemView]) -> tuple[list[ItemView], dict[str, str]]:
        if target.folder != "calendar":
            raise Refusal("ErrorCalendarFolderIsInvalidForCalendarView")
        found = [view for view in views if view.item.kind == "CalendarItem" and _overlaps(view, start, end)]
        found.sort(key=lambda view: _time(view, "calendar:Start"))
        attributes = {
            "TotalItemsInView": str(min(len(found), size)),
            "IncludesLastItemInRange": format_truth(len(found) <= size),
        }
        return found[:size], attributes

    return choose


def _date(element: etree._Element, name: str) -> datetime:
    try:
        return parse_time(attribute(element, name))
    except ValueError as error:
        raise Refusal("ErrorCalendarInvalidAttributeValue") from error


def _time(view: ItemView, uri: str) -> datetime:
    moment = view.item.values[uri]
    assert isinstance(moment, datetime)
    return moment


def _overlaps(view: ItemView, start: datetime, end: datetime) -> bool:
    begins, ends = _time(view, "calendar:Start"), _time(view, "calendar:End")
    # an appointment without length is shown where it begins
    return begins < end and (ends > start or begins == ends == start)


def _path(element: etree._Element) -> Path:
    if etree.QName(element).localname == "ExtendedFieldURI":
        name = read_name(element)

        def value(view: ItemView) -> Any:
            values = value_of(view.item, name)
            if values is None:
                return None
            members = tuple(parse_value(name, text) for text in values)
            return members if name.property_type.endswith("Array") else members[0]

        return Path(value, lambda text: parse_value(name, text))
    known = BY_URI.get(element.get("FieldURI", ""))
    if known is None or known.codec is READY or not known.listed:
        raise Refusal("ErrorUnsupportedPathForQuery")
    return Path(known.value, known.codec.parse)
