"""Busy answers: a SOAP fault, a 503, or an inner error in place of every answer, in the shape of the operation.

Microsoft, "EWS throttling in Exchange", tables 3 and 4.
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, M, Refusal, Request, refusal_message
from pytest_flowscape.simulator.ews.get_user_availability import availability_refusal
from pytest_flowscape.simulator.ews.operation import Content
from pytest_flowscape.simulator.ews.sync_folder_items import sync_refusal

# elements that have a response message of their own each
_IDS = ("FolderId", "DistinguishedFolderId", "AlternateId")
# operations with a response message for each child of this element
_HOLDS_ITEMS = {"GetItem": "ItemIds", "CreateItem": "Items", "UpdateItem": "ItemChanges", "DeleteItem": "ItemIds"}


def busy(back_off: int) -> Refusal:
    """Return the fault of a busy server, which asks to wait for so many milliseconds."""
    return Refusal("ErrorServerBusy", values={"BackOffMilliseconds": str(back_off)})


def inner_busy(request: Request, back_off: int) -> Content:
    """Return an answer in which everything asked for is refused by an inner error: the server is busy."""
    cause = busy(back_off)
    refusal = Refusal(
        "ErrorInternalServerError",
        values={
            "InnerErrorMessageText": cause.text,
            "InnerErrorResponseCode": cause.code,
            "InnerErrorDescriptiveLinkKey": "0",
            **cause.values,
        },
    )
    operation = request.operation
    if operation == "GetUserAvailability":
        return availability_refusal(request, refusal)
    if operation in ("GetRooms", "GetRoomLists", "GetMailTips"):
        return refusal_message(f"{operation}Response", refusal)
    if operation == "SyncFolderItems":
        return [sync_refusal(refusal)]
    name = f"{operation}ResponseMessage"
    if operation == "GetServerTimeZones":  # its schema wants the element in a refusal too
        return [refusal_message(name, refusal, M.TimeZoneDefinitions())]
    holder = _HOLDS_ITEMS.get(operation)
    items = None if holder is None else request.body.find(f"m:{holder}", NS)
    if items is not None:
        # an element of its own for each answer: lxml would move a shared one from answer to answer
        empty = [] if operation == "DeleteItem" else [M.Items]
        return [refusal_message(name, refusal, *(make() for make in empty)) for _ in items]
    ids = sum(1 for e in request.body.iter() if etree.QName(e).localname in _IDS)
    return [refusal_message(name, refusal) for _ in range(max(1, ids))]
