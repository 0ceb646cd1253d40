"""FindItem: the items of folders, by page or as a calendar shows them, chosen by a Restriction and in an order.

Bodies, attendees and recipients are not told, as in Exchange (EWS reference,
"FindItem operation"): GetItem tells them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.batch import answer_each
from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, Request, T, attribute, message, required
from pytest_flowscape.simulator.ews.extended_properties import parse_value, read_name, value_of
from pytest_flowscape.simulator.ews.item_access import item_rights
from pytest_flowscape.simulator.ews.item_kinds import BY_URI
from pytest_flowscape.simulator.ews.item_properties import Seen
from pytest_flowscape.simulator.ews.item_shape import read_shape, write_item
from pytest_flowscape.simulator.ews.item_values import READY, comparable, parse_time
from pytest_flowscape.simulator.ews.paging import MAX_FOUND, cut, read_page
from pytest_flowscape.simulator.ews.restriction import Path, read_restriction
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.ews.target import Target, find_target
from pytest_flowscape.simulator.model import Organisation

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
Found = tuple[list[Seen], dict[str, str]]


def find_item(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer FindItem: one response message for each parent folder. Raises Refusal (a fault)."""
    body = request.body
    shape = read_shape(body, finding=True)
    parents = list(required(body, "m:ParentFolderIds"))
    associated = attribute(body, "Traversal") != "Shallow"
    if any(body.find(f"m:{name}", NS) is not None for name in _NOT_HERE):
        raise Refusal("ErrorInvalidRequest")
    choose = _choice(body)

    def one(element: etree._Element) -> etree._Element:
        target = find_target(organisation, caller, element)
        sessions.open(target.mailbox)
        if "Read" not in target.rights:
            raise Refusal("ErrorAccessDenied")
        # associated items (settings) and soft-deleted ones are in no folder of the simulator
        held = [] if associated else readable(organisation, target, caller)
        found, told = choose(target, held)
        return message(NAME, M.RootFolder(T.Items(*(write_item(seen, shape) for seen in found)), **told))

    return answer_each(NAME, parents, one)


def readable(organisation: Organisation, target: Target, caller: Caller) -> list[Seen]:
    """Return the items of a folder that the caller may read, the oldest first."""
    found = []
    for item in target.mailbox.opened().within(target.folder):
        rights = item_rights(organisation, target.mailbox, item, caller.acting)
        if "Read" in rights:
            found.append(Seen(organisation, target.mailbox, item, caller, rights))
    return found


def _choice(body: etree._Element) -> Callable[[Target, list[Seen]], Found]:
    """Read by what the request chooses: a CalendarView, or Restriction, SortOrder and page."""
    view = body.find("m:CalendarView", NS)
    if view is not None:
        if body.find("m:Restriction", NS) is not None or body.find("m:SortOrder", NS) is not None:
            # a calendar view knows neither; which code Exchange gives then is not documented
            raise Refusal("ErrorInvalidRequest")
        return _calendar_view(view)
    chosen = read_restriction(body, _path)
    orders = [
        (_path(order[0]), attribute(order, "Order") == "Descending") for order in body.iterfind("m:SortOrder/*", NS)
    ]
    page = read_page(body, "IndexedPageItemView")

    def choose(_target: Target, held: list[Seen]) -> Found:
        found = [seen for seen in held if chosen(seen)]
        for path, descending in reversed(orders):
            found.sort(key=lambda seen: _sort_key(path.value(seen)), reverse=descending)
        return cut(found, page)

    return choose


def _sort_key(value: Any) -> tuple[bool, Any]:
    members = () if value is None else comparable(value)
    return (True, members[0]) if members else (False, None)


def _calendar_view(view: etree._Element) -> Callable[[Target, list[Seen]], Found]:
    start, end = _moment(view, "StartDate"), _moment(view, "EndDate")
    most = int(view.get("MaxEntriesReturned", MAX_FOUND))
    if end < start:
        raise Refusal("ErrorCalendarEndDateIsEarlierThanStartDate")
    if end - start > MAX_VIEW:
        raise Refusal("ErrorCalendarViewRangeTooBig")

    def choose(target: Target, held: list[Seen]) -> Found:
        if target.folder != "calendar":
            raise Refusal("ErrorCalendarFolderIsInvalidForCalendarView")
        shown = [seen for seen in held if seen.item.kind == "CalendarItem" and _overlaps(seen, start, end)]
        shown.sort(key=lambda seen: _time(seen, "calendar:Start"))
        told = {
            "TotalItemsInView": str(min(len(shown), most)),
            "IncludesLastItemInRange": "true" if len(shown) <= most else "false",
        }
        return shown[:most], told

    return choose


def _moment(view: etree._Element, name: str) -> datetime:
    try:
        return parse_time(attribute(view, name))
    except ValueError as error:
        raise Refusal("ErrorCalendarInvalidAttributeValue") from error


def _time(seen: Seen, uri: str) -> datetime:
    moment = seen.item.values[uri]
    assert isinstance(moment, datetime)
    return moment


def _overlaps(seen: Seen, start: datetime, end: datetime) -> bool:
    begins, ends = _time(seen, "calendar:Start"), _time(seen, "calendar:End")
    # an appointment without length is shown where it begins
    return begins < end and (ends > start or begins == ends == start)


def _path(element: etree._Element) -> Path:
    if etree.QName(element).localname == "ExtendedFieldURI":
        name = read_name(element)

        def value(seen: Seen) -> Any:
            values = value_of(seen.item, name)
            if values is None:
                return None
            members = tuple(parse_value(name, text) for text in values)
            return members if name.property_type.endswith("Array") else members[0]

        return Path(value, lambda text: parse_value(name, text))
    known = BY_URI.get(element.get("FieldURI", ""))
    if known is None or known.codec is READY or not known.found:
        raise Refusal("ErrorUnsupportedPathForQuery")
    return Path(known.value, known.codec.parse)
