"""Requests about meetings, as text, and what became of them, for the raw EWS client of these tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tests.simulator.ews_client import EMAIL, Client, Reply, envelope
from tests.simulator.ews_items import EVERYTHING, create, field, find, get, setting, shape, update
from tests.simulator.harness import Simulator

ROOM, PERSON = "atlas@demo.test", "anna.lind@demo.test"
TO_ALL = 'MessageDisposition="SendOnly" SendMeetingInvitations="SendOnlyToAll"'
UPDATE_ALL = 'MessageDisposition="SaveOnly" SendMeetingInvitationsOrCancellations="SendOnlyToAll"'
SUBJECT = "Budget run-17"
SHOWN = "Flowscape Service "  # what a room makes of the subject


def working_hour(days: int = 8) -> datetime:
    """Return eleven o'clock in Western Europe, on the first Tuesday at least so many days ahead."""
    day = datetime.now(timezone.utc).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return day + timedelta(days=(1 - day.weekday()) % 7)


def time_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def time_span(begin: datetime, minutes: int) -> str:
    return f"<t:Start>{time_text(begin)}</t:Start><t:End>{time_text(begin + timedelta(minutes=minutes))}</t:End>"


def attendees(kind: str, *addresses: str) -> str:
    people = "".join(
        f"<t:Attendee><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:Attendee>"
        for address in addresses
    )
    return f"<t:{kind}>{people}</t:{kind}>"


def meeting(
    *rooms: str,
    people: tuple[str, ...] = (),
    begin: datetime | None = None,
    minutes: int = 60,
    attributes: str = TO_ALL,
    first: str = "",
    impersonate: str = EMAIL,
) -> bytes:
    times = time_span(begin or working_hour(), minutes)
    who = (attendees("RequiredAttendees", *people) if people else "") + (
        attendees("Resources", *rooms) if rooms else ""
    )
    item = f"<t:CalendarItem><t:Subject>{SUBJECT}</t:Subject>{first}{times}{who}</t:CalendarItem>"
    return create(item, attributes=attributes, impersonate=impersonate)


def end_change(item: str, minutes: int, attributes: str = UPDATE_ALL, begin: datetime | None = None) -> bytes:
    end = (begin or working_hour()) + timedelta(minutes=minutes)
    return update(item, setting(field("calendar:End"), f"<t:End>{time_text(end)}</t:End>"), attributes=attributes)


def response_object(name: str, item: str, disposition: str = "SendOnly", text: str = "") -> bytes:
    """Return the request with a response object: CancelCalendarItem, AcceptItem, ..."""
    reference = item.replace("t:ItemId", "t:ReferenceItemId")
    body = text and (
        f'<t:NewBodyContent BodyType="Text">{text}</t:NewBodyContent>'
        if name == "CancelCalendarItem"
        else f'<t:Body BodyType="Text">{text}</t:Body>'
    )
    content = reference + body if name == "CancelCalendarItem" else body + reference
    return create(f"<t:{name}>{content}</t:{name}>", attributes=f'MessageDisposition="{disposition}"')


@dataclass(frozen=True)
class Organized:
    """The organizer's item as it is now."""

    item: str
    response: str
    responded: str
    uid: str
    reply: Reply


def read_meeting(client: Client, known: str) -> Organized:
    """Read the organizer's item, whose change key may have moved on."""
    reply = client.basic(get(known, properties=shape(base=EVERYTHING)))
    assert reply.codes == ["NoError"], reply.codes
    found = reply.all(".//t:CalendarItem/t:ItemId")[0]
    attendee = ".//t:Resources/t:Attendee/t:"
    return Organized(
        f'<t:ItemId Id="{found.get("Id")}" ChangeKey="{found.get("ChangeKey")}"/>',
        reply.text(f"{attendee}ResponseType"),
        reply.text(f"{attendee}LastResponseTime"),
        reply.text(".//t:UID"),
        reply,
    )


def items_in(simulator: Simulator, address: str, folder: str = "calendar") -> list[dict[str, object]]:
    """Return what lies in a folder now, without the appointments that were there at first."""
    return [
        item
        for item in simulator.items()
        if (item["mailbox"], item["folder"]) == (address, folder) and not str(item["subject"]).startswith("Meeting ")
    ]


def subjects(simulator: Simulator, address: str, folder: str = "calendar") -> list[str]:
    return [str(item["subject"]) for item in items_in(simulator, address, folder)]


def item_ids(reply: Reply) -> list[str]:
    """Return the ids of an answer, as a request names them."""
    return [f'<t:ItemId Id="{e.get("Id")}" ChangeKey="{e.get("ChangeKey")}"/>' for e in reply.all(".//t:ItemId")]


def send(client: Client, request: bytes) -> str:
    """Send a request that succeeds, and return the first id of its answer."""
    reply = client.basic(request)
    assert reply.codes == ["NoError"]
    return item_ids(reply)[0]


def ids_in(client: Client, address: str, folder: str) -> list[str]:
    return item_ids(client.basic(find(address, folder=folder)))


def mail_tips(*recipients: str, asked: str = "DeliveryRestriction ModerationStatus InvalidRecipient") -> bytes:
    named = "".join(
        f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox>"
        for address in recipients
    )
    return envelope(
        f"<m:GetMailTips><m:SendingAs><t:EmailAddress>{EMAIL}</t:EmailAddress></m:SendingAs>"
        f"<m:Recipients>{named}</m:Recipients><m:MailTipsRequested>{asked}</m:MailTipsRequested></m:GetMailTips>"
    )
