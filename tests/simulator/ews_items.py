"""Requests about items, as text, for the raw EWS client of these tests."""

from __future__ import annotations

from tests.simulator.ews_client import Client, Reply, distinguished, envelope

ROOM = "atlas@demo.test"
CALENDAR = distinguished("calendar", ROOM)
START, END = "2031-03-05T21:00:00Z", "2031-03-05T22:00:00Z"
IDS = "<t:BaseShape>IdOnly</t:BaseShape>"
EVERYTHING = "<t:BaseShape>AllProperties</t:BaseShape>"
TAG = '<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="tag" PropertyType="String"/>'
SAME_TAG = (
    '<t:ExtendedFieldURI PropertySetId="00020329-0000-0000-C000-000000000046" PropertyName="tag"'
    ' PropertyType="String"/>'
)


def field(uri: str) -> str:
    return f'<t:FieldURI FieldURI="{uri}"/>'


def shape(*added: str, base: str = IDS) -> str:
    more = f"<t:AdditionalProperties>{''.join(added)}</t:AdditionalProperties>" if added else ""
    return f"<m:ItemShape>{base}{more}</m:ItemShape>"


def create(
    *items: str,
    folder: str = "",
    attributes: str = 'MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone"',
    impersonate: str = "",
) -> bytes:
    saved = f"<m:SavedItemFolderId>{folder}</m:SavedItemFolderId>" if folder else ""
    body = f"<m:CreateItem {attributes}>{saved}<m:Items>{''.join(items)}</m:Items></m:CreateItem>"
    return envelope(body, impersonate)


def appointment(subject: str = "Made", first: str = "", last: str = "") -> str:
    """Return a calendar item; ``first`` comes before its start in the order of the schema, ``last`` after its end."""
    times = f"<t:Start>{START}</t:Start><t:End>{END}</t:End>"
    return f"<t:CalendarItem><t:Subject>{subject}</t:Subject>{first}{times}{last}</t:CalendarItem>"


def get(*ids: str, properties: str = "") -> bytes:
    asked = properties or shape(base=EVERYTHING)
    return envelope(f"<m:GetItem>{asked}<m:ItemIds>{''.join(ids)}</m:ItemIds></m:GetItem>")


def find(
    address: str, *, choice: str = "", page: str = "", folder: str = "calendar", properties: str = "", order: str = ""
) -> bytes:
    chosen = f"<m:Restriction>{choice}</m:Restriction>" if choice else ""
    body = (
        f'<m:FindItem Traversal="Shallow">{properties or shape()}{page}{chosen}{order}'
        f"<m:ParentFolderIds>{distinguished(folder, address)}</m:ParentFolderIds></m:FindItem>"
    )
    return envelope(body)


def update(
    item: str,
    *changes: str,
    attributes: str = 'MessageDisposition="SaveOnly" SendMeetingInvitationsOrCancellations="SendToNone"',
    resolution: str = "AlwaysOverwrite",
) -> bytes:
    body = (
        f'<m:UpdateItem ConflictResolution="{resolution}" {attributes}><m:ItemChanges><t:ItemChange>{item}'
        f"<t:Updates>{''.join(changes)}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
    return envelope(body)


def setting(uri: str, value: str, action: str = "SetItemField", kind: str = "CalendarItem") -> str:
    return f"<t:{action}>{uri}<t:{kind}>{value}</t:{kind}></t:{action}>"


def delete(*ids: str, how: str = "HardDelete", attributes: str = 'SendMeetingCancellations="SendToNone"') -> bytes:
    return envelope(
        f'<m:DeleteItem DeleteType="{how}" {attributes}><m:ItemIds>{"".join(ids)}</m:ItemIds></m:DeleteItem>'
    )


def item_id(reply: Reply) -> str:
    """Return the ItemId of an answer, as a request names it."""
    (found,) = reply.all(".//t:ItemId")
    return f'<t:ItemId Id="{found.get("Id")}" ChangeKey="{found.get("ChangeKey")}"/>'


def create_item(client: Client, subject: str = "Made", first: str = "", last: str = "", folder: str = CALENDAR) -> str:
    """Create an appointment, and return its ItemId."""
    reply = client.basic(create(appointment(subject, first, last), folder=folder))
    assert reply.codes == ["NoError"]
    return item_id(reply)


def subjects(reply: Reply) -> list[str]:
    return [e.text or "" for e in reply.all(".//t:Subject")]
