"""GetRoomLists: the room lists of the organisation; the answer is one response message, without a list around it."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.envelope import M, Request, T, message, smtp_address
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.model import Organisation

NAME = "GetRoomListsResponse"


def get_room_lists(
    organisation: Organisation,
    caller: Caller,  # noqa: ARG001  every operation has the same form
    request: Request,  # noqa: ARG001
    sessions: MailboxSessions,  # noqa: ARG001
) -> etree._Element:
    """Answer GetRoomLists (Microsoft, "GetRoomLists operation"): the whole response."""
    lists = (T.Address(*smtp_address(known.name, known.address, "PublicDL")) for known in organisation.room_lists)
    return message(NAME, M.RoomLists(*lists))
