"""GetRoomLists and GetRooms: the room lists of the organisation, and the rooms of one that address lists show."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import (
    NS,
    M,
    Refusal,
    T,
    message,
    refusal_message,
    required,
    smtp_address,
)
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.model import Organisation, RoomList


def get_room_lists(call: Call) -> etree._Element:
    """Answer GetRoomLists (Microsoft, "GetRoomLists operation"): the whole response."""
    lists = call.organisation.room_lists
    addresses = (T.Address(*smtp_address(one.name, one.address, "PublicDL")) for one in lists)
    return message("GetRoomListsResponse", M.RoomLists(*addresses))


def get_rooms(call: Call) -> etree._Element:
    """Answer GetRooms (Microsoft, "GetRooms operation"): the whole response.

    An address that is not a room list's gives ErrorNameResolutionNoResults.
    Raises Refusal (a fault) for a request that the schema forbids.
    """
    address = required(call.body, "m:RoomList").findtext("t:EmailAddress", "", NS).strip().lower()
    found = next((one for one in call.organisation.room_lists if one.address.lower() == address), None)
    if found is None:
        return refusal_message("GetRoomsResponse", Refusal("ErrorNameResolutionNoResults"))
    return message("GetRoomsResponse", M.Rooms(*_rooms(call.organisation, found)))


def _rooms(organisation: Organisation, room_list: RoomList) -> Iterator[etree._Element]:
    mailboxes = {mailbox.owner_sid: mailbox for mailbox in organisation.mailboxes.values()}
    for sid in room_list.members:
        account, mailbox = organisation.accounts.get(sid), mailboxes.get(sid)
        if account is not None and mailbox is not None and not mailbox.hidden_from_address_list:
            name = account.display_name or account.sam
            yield T.Room(T.Id(*smtp_address(name, mailbox.primary, "Mailbox")))
