"""GetRooms: the rooms of one room list, without those that are hidden from address lists."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.envelope import (
    NS,
    M,
    Refusal,
    Request,
    T,
    message,
    refusal_message,
    required,
    smtp_address,
)
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.model import Organisation, RoomList

NAME = "GetRoomsResponse"


def get_rooms(
    organisation: Organisation,
    caller: Caller,  # noqa: ARG001  every operation has the same form
    request: Request,
    sessions: MailboxSessions,  # noqa: ARG001
) -> etree._Element:
    """Answer GetRooms (Microsoft, "GetRooms operation"): the whole response.

    An address that is no room list's gives ErrorNameResolutionNoResults.
    Raises Refusal (a fault) for a request that the schema forbids.
    """
    asked = required(request.body, "m:RoomList").findtext("t:EmailAddress", "", NS).strip().lower()
    found = next((known for known in organisation.room_lists if known.address.lower() == asked), None)
    if found is None:
        return refusal_message(NAME, Refusal("ErrorNameResolutionNoResults"))
    return message(NAME, M.Rooms(*_rooms(organisation, found)))


def _rooms(organisation: Organisation, room_list: RoomList) -> list[etree._Element]:
    owned = {mailbox.owner_sid: mailbox for mailbox in organisation.mailboxes.values()}
    rooms: list[etree._Element] = []
    for sid in room_list.members:
        account, mailbox = organisation.accounts.get(sid), owned.get(sid)
        if account is not None and mailbox is not None and not mailbox.hidden_from_address_list:
            name = account.display_name or account.sam
            rooms.append(T.Room(T.Id(*smtp_address(name, mailbox.primary, "Mailbox"))))
    return rooms
